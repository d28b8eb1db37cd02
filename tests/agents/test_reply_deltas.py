"""A provider's pieces as the deltas of a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents.models.model import CallDelta, Delta, ReasoningDelta, TextDelta
from sayso.agents.models.reply_deltas import ReplyDeltas


def piece(**delta: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": delta}]}


def call(arguments: object = None, **fields: object) -> dict[str, object]:
    name = fields.pop("name", None)
    return piece(tool_calls=[{**fields, "function": {"name": name, "arguments": arguments}}])


SHADES: dict[str, tuple[list[object], list[Delta]]] = {
    "no index": (
        [call("{", id="a", name="f"), call("}"), call("{}", id="b", name="g")],
        [CallDelta(0, "a", "f", "{"), CallDelta(0, arguments="}"), CallDelta(1, "b", "g", "{}")],
    ),
    "no index and no id": (
        [call("{}", name="f"), call("{}", name="f")],
        [CallDelta(0, "", "f", "{}"), CallDelta(1, "", "f", "{}")],
    ),
    "index 0 for every call": (
        [call("{}", index=0, id="a", name="f"), call("{", index=0, id="b", name="g"), call("}", index=0)],
        [CallDelta(0, "a", "f", "{}"), CallDelta(1, "b", "g", "{"), CallDelta(1, arguments="}")],
    ),
    "id and name with every piece": (
        [call("{", index=0, id="a", name="f"), call("}", index=0, id="a", name="f")],
        [CallDelta(0, "a", "f", "{"), CallDelta(0, arguments="}")],
    ),
    "indexes that begin at 1": (
        [call("{}", index=1, id="a", name="f"), call("{}", index=2, id="b", name="g")],
        [CallDelta(0, "a", "f", "{}"), CallDelta(1, "b", "g", "{}")],
    ),
    "arguments that are no text": ([call({"x": "ü"}, index=0, id="a", name="f")], [CallDelta(0, "a", "f", '{"x": "ü"}')]),
    "the older function_call": (
        [piece(function_call={"name": "f", "arguments": "{"}), piece(function_call={"arguments": "}"})],
        [CallDelta(0, "", "f", "{"), CallDelta(0, arguments="}")],
    ),
    "thinking aloud": (
        [piece(reasoning_content="a"), piece(reasoning="b", content=None), piece(reasoning="c", reasoning_content="c")],
        [ReasoningDelta("a"), ReasoningDelta("b"), ReasoningDelta("c")],
    ),
    "content in parts": (
        [piece(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "ok"}, "?"])],
        [ReasoningDelta("hm"), TextDelta("ok")],
    ),
    "a refusal in words": ([piece(refusal="I cannot.")], [TextDelta("I cannot.")]),
    "only the first choice": (
        [{"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]}],
        [TextDelta("a")],
    ),
    "nothing in it": ([{}, {"choices": None}, {"choices": []}, {"choices": [{}]}, {"choices": [{"delta": None}]}, None, 3, []], []),
    "nonsense in it": ([piece(content=3, tool_calls=["x", {}], function_call="f", reasoning_content=["r"])], []),
}


@pytest.mark.parametrize(("chunks", "deltas"), SHADES.values(), ids=SHADES)
def test_every_shade_of_the_format_reads_alike(chunks: list[object], deltas: list[Delta]) -> None:
    reader = ReplyDeltas()
    assert [delta for chunk in chunks for delta in reader.feed(chunk)] + reader.end() == deltas


def test_the_end_of_a_reply_is_kept() -> None:
    reader = ReplyDeltas()
    reader.feed({"choices": [{"index": 0, "delta": {}, "finish_reason": "function_call"}], "usage": None})
    reader.feed({"choices": [], "usage": {"prompt_tokens": 3}})
    assert (reader.reply.finish, reader.reply.usage, reader.reply.has_content) == ("tool_calls", {"prompt_tokens": 3}, False)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 3), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "tool_calls", "function", "index", "id", "name", "arguments", "text"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@given(st.lists(json_values, max_size=4), json_values)
def test_no_json_breaks_the_reader(chunks: list[object], delta: object) -> None:
    reader = ReplyDeltas()
    for chunk in [*chunks, {"choices": [{"delta": delta}]}, {"choices": [{"delta": {"tool_calls": delta}}]}]:
        for read in [*reader.feed(chunk), *reader.end()]:
            assert isinstance(read, (TextDelta, ReasoningDelta, CallDelta))
