"""The arguments of a call are told while they are written: the same call in the end, and nothing that it does not hold."""

from __future__ import annotations

import importlib.util
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sayso.tools import Reader, read
from sayso.tools.dialects import (
    DIALECTS,
    AllWasReasoning,
    ArgumentDelta,
    CallDropped,
    CallRead,
    CallStarted,
    CallTextDelta,
    CallWithdrawn,
    OpenAIDeltas,
    ProblemRead,
    ReadCall,
    ReadEvent,
    TextRead,
)

FUZZ = Path(__file__).resolve().parents[1] / "chaos" / "fuzz_dialects.py"
TOOLS: list[dict[str, Any]] = [
    {
        "name": "write",
        "parameters": {
            "properties": {
                "path": {"type": "string"},
                "content": {"type": "string"},
                "mode": {"enum": ["a", "w"]},
                "size": {"type": "integer"},
            },
            "required": ["path"],
        },
    },
    {"name": "ask", "parameters": {"properties": {"question": {"type": "string"}}, "required": ["question"]}},
    {"name": "now", "parameters": {}},
]


def _fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_dialects", FUZZ)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fuzz = _fuzz()


def stream(pieces: Iterable[object], tools: Sequence[dict[str, Any]], dialect: str = "auto") -> tuple[Reader, list[ReadEvent]]:
    reader = Reader(tools, dialect, arguments=True)
    events = [event for piece in pieces for event in reader.feed(piece)]
    return reader, [*events, *reader.finish()]


def check(text: str, pieces: Iterable[object], tools: Sequence[dict[str, Any]], dialect: str = "auto") -> int:
    """Assert what holds for any text and any cut. Return how many pieces of arguments were told."""
    reader, events = stream(pieces, tools, dialect)
    assert reader.close() == read(text, tools, dialect)
    open_calls: set[int] = set()
    written: dict[int, str] = defaultdict(str)
    texts: dict[tuple[int, str], str] = defaultdict(str)
    for event in events:
        match event:
            case CallStarted(_, number):
                assert number not in open_calls
                open_calls.add(number)
            case CallTextDelta(number, piece):
                assert number in open_calls
                assert piece
                written[number] += piece
            case ArgumentDelta(number, name, piece):
                assert number in open_calls
                assert piece
                texts[number, name] += piece
            case CallRead(call, number):
                assert written[number] in ("", text[slice(*call.span)])
                assert (number in open_calls) == bool(written[number])
                open_calls.discard(number)
                assert {name: call.arguments[name] for each, name in texts if each == number} == {
                    name: piece for (each, name), piece in texts.items() if each == number
                }
            case ProblemRead(problem, number):
                assert written[number] in text[problem.span[0] :]
                open_calls.discard(number)
            case CallDropped(_, number):
                open_calls.remove(number)
            case AllWasReasoning():
                assert not open_calls
            case _:
                pass
    assert not open_calls
    return len(texts)


@pytest.mark.parametrize("seed", range(4))
def test_no_text_is_too_strange_for_the_deltas(seed: int) -> None:
    for turn in range(150):
        chance = random.Random(f"arguments.{seed}.{turn}")
        text = fuzz.make_text(chance)
        for pieces in (fuzz.cut_text(text, chance), list(text)):
            try:
                check(text, pieces, fuzz.TOOLS)
            except Exception as error:
                raise AssertionError(f"{text!r} in {[len(piece) for piece in pieces]}: {error!r}") from error


CONTENT = 'Dear "Ada",\n\tit\'s 5 < 6 & {"a": [1]} \\n é 🍔\n\n</parameter x> bye\n'


@pytest.mark.parametrize("content", [CONTENT, "a", "  two  ", "\nx\n", "", "5", "null", "{}", "<b>x</b>", "C:\\temp", "a, b"])
@pytest.mark.parametrize("name", DIALECTS)
def test_arguments_stream_in_every_dialect_at_every_cut(name: str, content: str) -> None:
    call = ReadCall("write", {"path": "notes/a.txt", "content": content, "size": 3, "mode": "a"})
    text = DIALECTS[name].render(call, ReadCall("ask", {"question": f"Is {content or 'it'} right"}), tools=TOOLS)
    check(text, list(text), TOOLS, name)
    for cut in range(0, len(text), 19):
        check(text, [text[:cut], text[cut:]], TOOLS)
        check(text, [text[:cut], *text[cut : cut + 20], text[cut + 20 :]], TOOLS)


def tell(pieces: Iterable[object], dialect: str = "auto") -> list[ReadEvent]:
    return [event for event in stream(pieces, TOOLS, dialect)[1] if not isinstance(event, CallTextDelta | TextRead)]


def test_a_text_between_parentheses_streams_up_to_its_first_comma() -> None:
    events = tell(["So ask(Who wro", "te (or sang) this", ", then?", ")"])
    assert events == [
        CallStarted("ask", 0),
        ArgumentDelta(0, "question", "Who wro"),
        ArgumentDelta(0, "question", "te (or sang) this"),
        ArgumentDelta(0, "question", ", then?"),
        CallRead(ReadCall("ask", {"question": "Who wrote (or sang) this, then?"}, (3, 39)), 0),
    ]


NEVER_TOLD = {
    "in quotes": ['He wrote "ask(who ', 'am I)" there.'],
    "in code": ["Write `ask(who ", "am I)` there."],
    "a quotation": ["> ask(who ", "am I)\n"],
    "a fence": ["```\nask(who ", "am I)\n```"],
    "an example of JSON": ['Say "{"name": "ask", "arguments": {"question": "who ', 'am I"}}" there.'],
    "reasoning": ["<think>ask(who ", "am I)</think>"],
    "a plural": ["Your ask(s", ") and now(s", ")."],
    "a signature": ["It is ask(question", ")."],
}


@pytest.mark.parametrize("pieces", NEVER_TOLD.values(), ids=NEVER_TOLD)
def test_of_a_mention_nothing_is_told(pieces: list[str]) -> None:
    text = "".join(pieces)
    for cut in (pieces, list(text)):
        assert not [event for event in tell(cut) if isinstance(event, CallStarted | ArgumentDelta)]


DATA = {
    "JSON that goes on as data": ['{"name": "ask", "arguments": {"question": "who', '"}, "score": 1}'],
    "a link": ["[ask(who ", "am I)](x)"],
}


@pytest.mark.parametrize("pieces", DATA.values(), ids=DATA)
def test_what_turns_out_to_be_no_call_is_dropped(pieces: list[str]) -> None:
    events = tell(pieces)
    assert (events[0], events[-1]) == (CallStarted("ask", 0), CallDropped("ask", 0))
    assert not any(isinstance(event, CallRead | ProblemRead) for event in events)


def _chunk(index: int, **function: str) -> dict[str, Any]:
    return {
        "choices": [
            {"delta": {"tool_calls": [{"index": index, "function": function} | ({"id": f"c{index}"} if "name" in function else {})]}}
        ]
    }


def test_each_call_of_a_list_streams() -> None:
    text = (
        '[TOOL_CALLS][{"name": "ask", "arguments": {"question": "one"}}, {"name": "nobody", "arguments": {}}, '
        '{"name": "write", "arguments": {"path": "a\\n", "content": "two"}}, {"name": "ask", "arguments": {"question": "three"}}]'
    )
    events = stream(text, TOOLS)[1]
    assert [event for event in events if isinstance(event, CallStarted)] == [
        *(CallStarted("ask", 0), CallStarted("write", 1), CallStarted("ask", 2))
    ]
    told: dict[tuple[int, str], str] = {}
    for event in events:
        if isinstance(event, ArgumentDelta):
            told[event.number, event.name] = told.get((event.number, event.name), "") + event.text
    assert told == {(0, "question"): "one", (1, "path"): "a\n", (1, "content"): "two", (2, "question"): "three"}
    assert [event.number for event in events if isinstance(event, CallRead)] == [0, 1, 2]
    assert [event.problem.tool for event in events if isinstance(event, ProblemRead)] == ["nobody"]


def test_calls_in_the_provider_s_own_field_stream_too() -> None:
    chunks = [
        _chunk(0, name="write", arguments='{"path": "a'),
        _chunk(1, name="ask", arguments='{"question": "\\ud83c'),
        _chunk(0, arguments='.txt", "size": 3, "content": "x\\'),
        _chunk(1, arguments='\\udf54?"}'),
        _chunk(0, arguments='n"}'),
    ]
    assert [event for event in stream(chunks, TOOLS)[1] if not isinstance(event, CallTextDelta)] == [
        CallStarted("write", 0),
        ArgumentDelta(0, "path", "a"),
        CallStarted("ask", 1),
        ArgumentDelta(0, "path", ".txt"),
        ArgumentDelta(0, "content", "x"),
        ArgumentDelta(1, "question", "🍔?"),
        ArgumentDelta(0, "content", "\n"),
        CallRead(ReadCall("write", {"path": "a.txt", "size": 3, "content": "x\n"}), 0),
        CallRead(ReadCall("ask", {"question": "🍔?"}), 1),
    ]
    assert "".join(event.text for event in stream(chunks, TOOLS)[1] if isinstance(event, CallTextDelta) and event.number == 1) == (
        '{"question": "\\ud83c\\udf54?"}'
    )


def test_without_arguments_only_the_beginning_of_a_call_is_told() -> None:
    reader = Reader(TOOLS)
    assert reader.feed("ask(Who wrote ") == [CallStarted("ask")]
    assert reader.feed("this ") == []


LONG = {
    "call": "ask(Who wrote ",
    "hermes": '<tool_call>{"name": "ask", "arguments": {"question": "',
    "qwen3_coder": "<tool_call><function=ask><parameter=question>",
    "gemma": '<|tool_call>call:ask{question:<|"|>',
}


@pytest.mark.parametrize("lead", LONG.values(), ids=LONG)
def test_a_long_argument_is_told_at_no_growing_cost(lead: str) -> None:
    reader = Reader(TOOLS, arguments=True)
    reader.feed(lead)

    def seconds() -> float:
        start = time.process_time()
        for _ in range(20_000):
            reader.feed("a")
        return time.process_time() - start

    first, *_, last = [seconds() for _ in range(5)]
    assert last < 3 * first + 0.05


def assemble(pieces: Iterable[object], tools: Sequence[dict[str, Any]], dialect: str = "auto") -> tuple[str, list[tuple[str, str]]]:
    """The content and the calls of the message that a client of an OpenAI stream puts together."""
    reader, deltas = Reader(tools, dialect, arguments=True), OpenAIDeltas()
    sent = [delta for piece in pieces for delta in deltas.feed(reader.feed(piece))]
    sent += [*deltas.feed(reader.finish()), *deltas.finish()]
    content, calls = "", list[list[str]]()
    for delta in sent:
        content += str(delta.get("content", ""))
        for call in delta.get("tool_calls", ()):  # type: ignore[attr-defined]
            if "id" in call:
                assert (call["index"], call["id"], call["type"]) == (len(calls), f"call_{len(calls)}", "function")
                calls.append([call["function"]["name"], ""])
            calls[call["index"]][1] += call["function"]["arguments"]
    return content, [(name, arguments) for name, arguments in calls]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("content", [CONTENT, "x"])
@pytest.mark.parametrize("name", DIALECTS)
def test_a_client_of_the_openai_deltas_gets_the_same_calls(name: str, content: str) -> None:
    call = ReadCall("write", {"size": 3, "path": "a.txt", "content": content, "mode": "a"})
    text = f"Well.\n{DIALECTS[name].render(call, ReadCall('now', {}), tools=TOOLS)}"
    reading = read(text, TOOLS, name)
    for pieces in ([text], list(text), [text[:60], text[60:]]):
        written, calls = assemble(pieces, TOOLS, name)
        assert written == reading.text
        assert [(tool, json.loads(arguments)) for tool, arguments in calls] == [(each.tool, each.arguments) for each in reading.calls]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_no_call_is_never_whole_json_in_the_openai_deltas(seed: int) -> None:
    for turn in range(150):
        chance = random.Random(f"deltas.{seed}.{turn}")
        text = fuzz.make_text(chance)
        calls = sorted((call.tool, json.dumps(call.arguments, sort_keys=True)) for call in read(text, fuzz.TOOLS).calls)
        for pieces in (fuzz.cut_text(text, chance), list(text)):
            sent = [(tool, json.loads(arguments)) for tool, arguments in assemble(pieces, fuzz.TOOLS)[1] if _is_json(arguments)]
            assert sorted((tool, json.dumps(given, sort_keys=True)) for tool, given in sent) == calls, text


def test_a_call_that_is_taken_back_is_never_closed() -> None:
    marked = DIALECTS["hermes"].render(ReadCall("ask", {"question": "b"}))
    content, calls = assemble(["So ask(Who is it", "). ", marked], TOOLS)
    assert content == "So . ask(Who is it)"
    assert [(tool, _is_json(arguments)) for tool, arguments in calls] == [("ask", False), ("ask", True)]


def test_a_call_in_the_text_beside_one_in_the_field_of_its_own_is_sent_once() -> None:
    chunks: list[object] = [
        {"choices": [{"delta": {"content": "ask(Who is it"}}]},
        {"choices": [{"delta": {"content": "?)"}}]},
        _chunk(0, name="ask", arguments='{"question": "Who is it?"}'),
    ]
    _, calls = assemble(chunks, TOOLS)
    assert [(tool, _is_json(arguments)) for tool, arguments in calls] == [("ask", False), ("ask", True)]
    (early, _) = (event for event in stream(chunks, TOOLS)[1] if isinstance(event, CallRead))
    assert CallWithdrawn(early.call, "ask(Who is it?)", 0) in stream(chunks, TOOLS)[1]
