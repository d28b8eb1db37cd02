"""What holds for any text and any arguments: what is written is read back, cuts change nothing, nothing is read that is not there."""

from __future__ import annotations

import importlib.util
import random
import time
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]  # the one that knows what `re` makes of a pattern
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.tools import Reader, read
from sayso.tools.dialects import DIALECTS, ReadCall
from sayso.tools.dialects.compiled_dialect import CompiledDialect
from sayso.tools.dialects.dialect import FORMS, collect_signatures, resolve_dialect

FUZZ = Path(__file__).resolve().parents[1] / "chaos" / "fuzz_dialects.py"


def _fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_dialects", FUZZ)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fuzz = _fuzz()
AWKWARD = st.lists(st.sampled_from([*fuzz.MARKS, *"\"'\\{}[](),:<>`\n\t ", "]]>", "<![CDATA[", "&amp;", "5", "null", "“"]), max_size=4).map(
    "".join
)
TEXTS = st.text(max_size=12) | AWKWARD
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6)
KEYS = st.from_regex(r"[a-z_]{1,6}", fullmatch=True) | TEXTS
ARGUMENTS = st.dictionaries(KEYS, VALUES, max_size=3)
FREE = [{"name": "T1", "parameters": {}}, {"name": "other.tool", "parameters": {}}]


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def rule(value: Any) -> dict[str, Any]:
    """The schema of a value."""
    match value:
        case bool():
            return {"type": "boolean"}
        case None:
            return {"type": "null"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list():
            return {"type": "array"}
    return {"type": "object", "properties": {key: rule(inner) for key, inner in value.items()}}


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=25)
@given(ARGUMENTS, st.sampled_from(["T1", "other.tool"]), st.booleans())
def test_what_a_dialect_writes_is_read_back(name: str, arguments: dict[str, Any], tool: str, typed: bool) -> None:
    tools = [{"name": tool, "parameters": {"properties": {key: rule(value) for key, value in arguments.items()}}}] if typed else FREE
    text = DIALECTS[name].render(ReadCall(tool, arguments), tools=tools if typed else ())
    for dialect in (name, "auto"):
        reading = read(text, tools, dialect)
        assert [call.tool for call in reading.calls] == [tool]
        assert same(dict(reading.calls[0].arguments), arguments)
        assert (reading.text.strip(), reading.problems) == ("", ())


@pytest.mark.parametrize("name", DIALECTS)
def test_two_calls_of_one_reply_are_read_back(name: str) -> None:
    calls = [ReadCall("T1", {"a": "x", "b": [1, None]}), ReadCall("other.tool", {})]
    reading = read(DIALECTS[name].render(*calls), FREE, name)
    assert [(call.tool, call.arguments) for call in reading.calls] == [(call.tool, call.arguments) for call in calls]


@pytest.mark.parametrize("seed", range(4))
def test_no_text_is_too_strange_and_no_cut_changes_it(seed: int) -> None:
    for turn in range(150):
        fuzz.check_one(random.Random(f"tests.{seed}.{turn}"))


@given(st.text(max_size=200), st.integers(0, 200))
def test_any_text_reads_the_same_in_two_pieces(text: str, cut: int) -> None:
    reader = Reader(FREE)
    reader.feed(text[:cut])
    reader.feed(text[cut:])
    assert reader.close() == read(text, FREE)


HOSTILE = [
    "(",
    "<tool_call>",
    "`",
    "```",
    "[",
    "{",
    "[{",
    '{"name":',
    '{"a":',
    "[TOOL_CALLS]",
    "T1(",
    'T1("',
    "[T1(",
    "Action: T1\n",
    "“[T1(",
    '{{"a": {{',
    '{{"a": {{ } ',
    '{\\"a\\": ',
    "<think>",
]


@pytest.mark.parametrize("mark", HOSTILE)
def test_marks_in_a_row_take_time_in_step_with_their_number(mark: str) -> None:
    def seconds(times: int) -> float:
        start = time.process_time()
        read(mark * times, FREE)
        return time.process_time() - start

    assert min(seconds(8000), seconds(8000)) < 8 * min(seconds(2000) for _ in range(3)) + 0.05


@pytest.mark.parametrize(
    "lead", ['<tool_call>{"name": "T1", "arguments": {"x": "', "<tool_call><function=T1><parameter=x>", "<think>", "```\n"]
)
def test_a_long_argument_streams_at_no_growing_cost(lead: str) -> None:
    reader = Reader(FREE)
    reader.feed(lead)

    def seconds() -> float:
        start = time.process_time()
        for _ in range(20_000):
            reader.feed("a")
        return time.process_time() - start

    first, *_, last = [seconds() for _ in range(5)]
    assert last < 3 * first + 0.05


@pytest.mark.parametrize("dialect", ["auto", *DIALECTS])
@pytest.mark.parametrize("tools", [FREE, [{"name": "", "parameters": {}}]], ids=["tools", "none that can be named"])
def test_prose_is_searched_for_single_characters(tools: list[dict[str, Any]], dialect: str) -> None:
    """`re` passes over prose ten times as fast where all alternatives of a pattern begin with a literal character."""
    name = dialect if dialect in FORMS else resolve_dialect(dialect)
    trigger = CompiledDialect(collect_signatures(tools), name, False).trigger
    (((kind, (_, alternatives)),)) = _parser.parse(trigger.pattern)
    begins = {str(each[0][0]) for each in alternatives}
    assert (str(kind), begins) == ("BRANCH", {"LITERAL"})


def test_the_fuzzer_counts_what_it_tried() -> None:
    assert fuzz.run_by_chance(0.2, 1) > 0
