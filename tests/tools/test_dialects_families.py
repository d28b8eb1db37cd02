"""One reader for every family: each form is read, cut anywhere it reads the same, and what only looks like a call is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sayso.tools import Reader, read
from sayso.tools.dialects import DIALECTS, CallRead, CallStarted, ReadCall, Reading, ReasoningRead, TextRead, dialect_for_model
from sayso.tools.dialects.dialect import resolve_dialect
from sayso.tools.errors import UsageError


def schema(name: str, *required: str, **kinds: str) -> dict[str, Any]:
    properties = {key: {"type": kind} for key, kind in kinds.items()}
    return {"type": "function", "function": {"name": name, "parameters": {"properties": properties, "required": list(required)}}}


TOOLS = [
    schema("weather", "city", city="string", days="integer", metric="boolean"),
    schema("now", zone="string"),
    schema("save", "text", text="string"),
    schema("tag", names="array", box="object"),
]
Calls = list[tuple[str, dict[str, Any]]]
OSLO: Calls = [("weather", {"city": "Oslo", "days": 2})]
OSLO_NOW: Calls = [*OSLO, ("now", {})]

FORMS: Mapping[str, tuple[str, str, Calls, str]] = {
    "call": ("call", 'So: weather(city="Oslo", days=2)\nit', OSLO, "So: \nit"),
    "call, places": ("call", "weather(Oslo, 2)", OSLO, ""),
    "call, object": ("call", 'weather({"city": "Oslo", "days": 2})', OSLO, ""),
    "call, case": ("call", "Weather(Oslo, '2')", OSLO, ""),
    "call, led": ("call", "functions.weather(Oslo, 2)", OSLO, ""),
    "python": ("python", "[weather(city='Oslo', days=2), now()]", OSLO_NOW, ""),
    "python, stars": ("python", "[weather(**{'city': 'Oslo', 'days': 2})]", OSLO, ""),
    "json, fence": ("json", 'So:\n```json\n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\n```', OSLO, "So:\n"),
    "json, bare": ("json", '{"name": "weather", "parameters": {"city": "Oslo", "days": "2"}}', OSLO, ""),
    "json, list": ("json", '[{"tool": "weather", "args": {"city": "Oslo", "days": 2}}, {"name": "now", "input": {}}]', OSLO_NOW, ""),
    "json, openai": (
        "json",
        '{"tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\", \\"days\\": 2}"}}]}',
        OSLO,
        "",
    ),
    "hermes": ("hermes", '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\n</tool_call>', OSLO, ""),
    "hermes, two": (
        "hermes",
        '<tool_call>{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}</tool_call>\n<tool_call>{"name": "now"}</tool_call>',
        OSLO_NOW,
        "\n",
    ),
    "react": ("react", 'Thought: hm\nAction: weather\nAction Input: {"city": "Oslo", "days": 2}', OSLO, "Thought: hm\n"),
    "react, invented": (
        "react",
        "Action: save\nAction Input: a, b\nObservation: weather(Oslo)",
        [("save", {"text": "a, b"})],
        "\nObservation: weather(Oslo)",
    ),
    "llama 3": ("llama3", '<|python_tag|>{"name": "weather", "parameters": {"city": "Oslo", "days": 2}}<|eom_id|>', OSLO, ""),
    "llama 4": ("llama4", '<|python_start|>[weather(city="Oslo", days=2)]<|python_end|>', OSLO, ""),
    "mistral 3": ("mistral", '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}]', OSLO, ""),
    "mistral 11": ("mistral", '[TOOL_CALLS]weather[ARGS]{"city": "Oslo", "days": 2}[TOOL_CALLS]now[ARGS]{}', OSLO_NOW, ""),
    "deepseek 3": (
        "deepseek",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n"
        '{"city": "Oslo", "days": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
        OSLO,
        "",
    ),
    "deepseek 3.1": (
        "deepseek",
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{"city": "Oslo", "days": 2}'
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        OSLO,
        "",
    ),
    "dsml": (
        "deepseek_dsml",
        '<｜DSML｜function_calls>\n<｜DSML｜invoke name="weather">\n<｜DSML｜parameter name="city" string="true">Oslo</｜DSML｜parameter>\n'
        '<｜DSML｜parameter name="days" string="false">2</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
        OSLO,
        "",
    ),
    "qwen coder": (
        "qwen3_coder",
        "<tool_call>\n<function=weather>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
        OSLO,
        "",
    ),
    "glm": (
        "glm",
        "<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>",
        OSLO,
        "",
    ),
    "kimi": (
        "kimi",
        '<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>{"city": "Oslo", "days": 2}'
        "<|tool_call_end|><|tool_calls_section_end|>",
        OSLO,
        "",
    ),
    "harmony": (
        "harmony",
        "<|channel|>analysis<|message|>Look it up.<|end|><|start|>assistant<|channel|>commentary to=functions.weather "
        '<|constrain|>json<|message|>{"city": "Oslo", "days": 2}<|call|>',
        OSLO,
        "",
    ),
    "harmony, arguments as XML": (
        "harmony",
        ' to=weather<|channel|>analysis <|constrain|>xml<|message|><rfl:parameter name="city">\nOslo\n</rfl:parameter>'
        '<rfl:parameter name="days">2</rfl:parameter><|call|>',
        OSLO,
        "",
    ),
    "kimi, without its markers": ("kimi", 'functions.weather:0{"city": "Oslo", "days": 2}', OSLO, ""),
    "qwen3_coder, an empty element": ("qwen3_coder", "<tool_call>\n<function=now/>\n</tool_call>", [("now", {})], ""),
    "nova": (
        "qwen3_coder",
        "<__function=weather>\n<__parameter=city>Oslo</__parameter>\n<__parameter=days>2</__parameter>\n</__function>",
        OSLO,
        "",
    ),
    "react, in brackets": ("react", "Thought: look\nAction: weather[Oslo]", [("weather", {"city": "Oslo"})], "Thought: look\n"),
    "anthropic, Claude 2": (
        "anthropic",
        "<function_calls>\n<invoke>\n<tool_name>weather</tool_name>\n<parameters>\n<city>Oslo</city>\n<days>2</days>\n</parameters>\n"
        "</invoke>\n<invoke>\n<tool_name>now</tool_name>\n</invoke>\n</function_calls>",
        OSLO_NOW,
        "",
    ),
    "hermes, elements": (
        "hermes",
        '<tool_use>\n  <name>weather</name>\n  <arguments>{"city": "Oslo", "days": 2}</arguments>\n</tool_use>',
        OSLO,
        "",
    ),
    "anthropic": (
        "anthropic",
        '<function_calls>\n<invoke name="weather">\n<parameter name="city">Oslo</parameter>\n<parameter name="days">2</parameter>\n'
        "</invoke>\n</function_calls>",
        OSLO,
        "",
    ),
    "minimax": (
        "minimax",
        '<minimax:tool_call>\n<invoke name="weather">\n<parameter name="city">Oslo</parameter>\n<parameter name="days">2</parameter>\n'
        "</invoke>\n</minimax:tool_call>",
        OSLO,
        "",
    ),
    "lfm2": ("lfm2", '<|tool_call_start|>[weather(city="Oslo", days=2)]<|tool_call_end|>Done', OSLO, "Done"),
    "gemma": ("gemma", '<|tool_call>call:weather{city:<|"|>Oslo<|"|>,days:2}<tool_call|>', OSLO, ""),
    "gemma, printed": ("gemma", '```tool_code\nprint(weather(city="Oslo", days=2))\n```', OSLO, ""),
    "cohere": (
        "cohere",
        '<|START_THINKING|>hm<|END_THINKING|><|START_ACTION|>[{"tool_call_id": "0", "tool_name": "weather", "parameters": '
        '{"city": "Oslo", "days": 2}}]<|END_ACTION|>',
        OSLO,
        "",
    ),
    "functionary 3.1": ("functionary", '<function=weather>{"city": "Oslo", "days": 2}</function>', OSLO, ""),
    "functionary 3.2": ("functionary", '>>>all\nLet me see.>>>weather\n{"city": "Oslo", "days": 2}', OSLO, "Let me see."),
    "gigachat 3": (
        "gigachat",
        'Ok.<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}</s>',
        OSLO,
        "Ok.",
    ),
    "gigachat 3.1": ("gigachat", 'Ok.<|function_call|>{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}', OSLO, "Ok."),
    "hunyuan 3": ("glm", "<tool_calls><tool_call>now<tool_sep></tool_call></tool_calls>", [("now", {})], ""),
    "no arguments": ("hermes", '<tool_call>{"name": "now", "arguments": {}}</tool_call>', [("now", {})], ""),
    "nested": (
        "python",
        "[tag(names=['a', 'b'], box={'x': {'y': [1, None]}})]",
        [("tag", {"names": ["a", "b"], "box": {"x": {"y": [1, None]}}})],
        "",
    ),
    "a mark in a value": (
        "hermes",
        '<tool_call>{"name": "save", "arguments": {"text": "</tool_call>"}}</tool_call>',
        [("save", {"text": "</tool_call>"})],
        "",
    ),
    "a tag in a value": (
        "qwen3_coder",
        "<tool_call><function=save><parameter=text>a</parameter>b</parameter></function></tool_call>",
        [("save", {"text": "a</parameter>b"})],
        "",
    ),
    "indented text": (
        "glm",
        "<tool_call>save<arg_key>text</arg_key><arg_value>  x\n</arg_value></tool_call>",
        [("save", {"text": "  x\n"})],
        "",
    ),
}


def calls_of(reading: Reading) -> Calls:
    return [(call.tool, dict(call.arguments)) for call in reading.calls]


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
@pytest.mark.parametrize(("dialect", "text", "calls", "prose"), FORMS.values(), ids=FORMS)
def test_every_family_is_read(dialect: str, text: str, calls: Calls, prose: str, told: bool) -> None:
    reading = read(text, TOOLS, dialect if told else "auto")
    assert (calls_of(reading), reading.problems, reading.text) == (calls, (), prose)


@pytest.mark.parametrize("text", [row[1] for row in FORMS.values()], ids=FORMS)
def test_every_cut_reads_the_same(text: str) -> None:
    whole = read(text, TOOLS)
    for cut in range(len(text) + 1):
        reader = Reader(TOOLS)
        events = [*reader.feed(text[:cut]), *reader.feed(text[cut:]), *reader.finish()]
        assert reader.close() == whole
        assert "".join(event.text for event in events if isinstance(event, TextRead)) == whole.text
        assert "".join(event.text for event in events if isinstance(event, ReasoningRead)) == whole.reasoning
        assert tuple(event.call for event in events if isinstance(event, CallRead)) == whole.calls


MENTIONS = {
    "a python fence": "```python\nweather(Oslo)\n```",
    "a fence with more than the call": '```json\n{"name": "weather", "arguments": {"city": "Oslo"}}\nand so on\n```',
    "a fence of an unknown tool": '```json\n{"name": "sunshine", "arguments": {"city": "Oslo"}}\n```',
    "inline code": 'Write `{"name": "now", "arguments": {}}` for the time.',
    "a mark in inline code": 'Write `<tool_call>{"name": "now"}</tool_call>` for the time.',
    "quotes": 'The words "weather(Oslo)" do it.',
    "curly quotes": "The words “weather(Oslo)” do it.",
    "a result the model invents": '<tool_response>\n{"name": "now", "arguments": {}}\n</tool_response>',
    "a fence of tildes": "~~~\nweather(Oslo)\n~~~",
    "html's code": "Write <code>weather(Oslo)</code> to ask.",
    "a message in quotes": "He said “<|start|>assistant<|channel|>commentary to=functions.now<|message|>{}<|call|>” again.",
    "a call in data": '{"name": "Ada", "said": [{"name": "weather", "arguments": {"city": "Oslo"}}]}',
    "a tool's signature": "There is weather(city, days) and save(text), or weather(city, days=1).",
    "a signature with marks": "weather(<city>, {days}) or weather(city, days?) or weather(...)",
    "a signature in a list": "[weather(city, days)]",
    "a definition": "def weather(place):\n    return 5",
    "an element that is spoken of": 'The tag <function=NAME> opens a call, as does <invoke name="...">.',
    "a mark that is spoken of": "Calls go between <tool_call> and </tool_call>.",
    "data": '{"name": "Ada", "role": "admin"}',
    "a tool's definition": '{"name": "now", "parameters": {"type": "object", "properties": {}}}',
    "mathematics": "f(x) = 2(x + 1)",
    "another word": "snow() and renow(1)",
}


@pytest.mark.parametrize("text", MENTIONS.values(), ids=MENTIONS)
def test_what_is_only_spoken_of_is_no_call(text: str) -> None:
    assert read(text, TOOLS) == Reading(text)


def test_thinking_aloud_is_kept_apart_and_nothing_in_it_is_a_call() -> None:
    text = "<think>Maybe weather(Oslo)?</think>Hello"
    assert read(text, TOOLS) == Reading("Hello", reasoning="Maybe weather(Oslo)?")
    assert read("Maybe now()?</think>Hello", TOOLS) == Reading("Hello", reasoning="Maybe now()?")
    assert read("Maybe now()?\n[BEGIN FINAL RESPONSE]\nHello", TOOLS) == Reading("\nHello", reasoning="Maybe now()?\n")
    said = " to=self<|message|>Maybe now()?<|eom|><|start|>assistant to=user<|message|>Hello<|eot|>"
    assert read(said, TOOLS) == Reading("Hello", reasoning="Maybe now()?")


def test_a_thought_that_is_never_closed_ends_where_nothing_but_calls_follows() -> None:
    call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\n</tool_call>'
    reading = read(f"<think>Between <tool_call> marks, then. {call}\n", TOOLS)
    assert (calls_of(reading), reading.reasoning) == (OSLO, "Between <tool_call> marks, then. ")
    assert calls_of(read(f"<think>Perhaps {call} or not.", TOOLS)) == []
    assert calls_of(read(f"<think>Perhaps {call}</think>No.", TOOLS)) == []


REPAIRS: Mapping[str, tuple[str, str]] = {
    "no closing mark": ('<tool_call>{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}', ""),
    "trailing comma": ('<tool_call>{"name": "weather", "arguments": {"city": "Oslo", "days": 2,}}</tool_call>', "trailing comma"),
    "python dict": ("<tool_call>{'name': 'weather', 'arguments': {'city': 'Oslo', 'days': 2}}</tool_call>", "quotes"),
    "smart quotes": ("<tool_call>{“name”: “weather”, “arguments”: {“city”: “Oslo”, “days”: 2}}</tool_call>", "quotes"),
    "comment": ('```json\n{"name": "weather", // so\n"arguments": {"city": "Oslo", "days": 2}}\n```', "comment left out"),
    "last brace": ('{"name": "weather", "arguments": {"city": "Oslo", "days": 2}', "closing bracket added"),
    "no </parameter>": (
        "<tool_call><function=weather><parameter=city>Oslo</parameter><parameter=days>2</function></tool_call>",
        "closing tag added",
    ),
}


@pytest.mark.parametrize(("text", "note"), REPAIRS.values(), ids=REPAIRS)
def test_a_slip_with_one_reading_is_repaired_and_noted(text: str, note: str) -> None:
    reading = read(text, TOOLS)
    assert (calls_of(reading), reading.problems) == (OSLO, ())
    assert not note or note in reading.calls[0].notes


def test_a_raw_line_break_in_a_text_is_kept() -> None:
    (call,) = read('<tool_call>{"name": "save", "arguments": {"text": "a\nb"}}</tool_call>', TOOLS).calls
    assert (call.arguments, call.notes) == ({"text": "a\nb"}, ("raw line break or tab in a text",))


PROBLEMS: Mapping[str, tuple[str, str, str]] = {
    "an empty element for a tool that needs a city": ("<tool_call><function=weather/></tool_call>", "weather", "'city' is missing"),
    "elements without their end": ("<tool_use><name>weather</name><arguments><city>Os", "weather", "</arguments> at the end"),
    "an element that is there twice": (
        "<invoke><tool_name>weather</tool_name><parameters><city>Oslo</city><city>Bergen</city></parameters></invoke>",
        "weather",
        "each argument once",
    ),
    "elements that are no arguments": (
        "<invoke><tool_name>weather</tool_name><parameters>Oslo</parameters></invoke>",
        "weather",
        "in an element",
    ),
    "an unknown tool": ('<tool_call>{"name": "fly", "arguments": {}}</tool_call>', "fly", "one of the tools now, save, tag, weather"),
    "a missing argument": ('<tool_call>{"name": "weather", "arguments": {"days": 2}}</tool_call>', "weather", "'city' is missing"),
    "cut off in a value": ('<tool_call>{"name": "weather", "arguments": {"city": "Os', "weather", "complete JSON"),
    "cut off before any argument": ("<tool_call><function=now>", "now", "</function> at the end"),
    "cut off behind an argument, and there may be another": (
        "<tool_call><function=weather><parameter=city>Oslo</parameter>",
        "weather",
        "</function> at the end",
    ),
    "bare json that is cut off": ('{"name": "weather", "arguments": {"city": "Os', "weather", "complete JSON"),
    "a key twice in bare json": ('{"name": "weather", "arguments": {"city": "Oslo", "city": "Rome"}}', "weather", "complete JSON"),
    "an argument twice": (
        "<function=save><parameter=text>a</parameter><parameter=text>b</parameter></function>",
        "save",
        "each argument once, not text twice",
    ),
    "a key twice": ('<tool_call>{"name": "save", "arguments": {"text": "a", "text": "b"}}</tool_call>', "save", "JSON"),
    "a word for a number": ('{"name": "weather", "arguments": {"city": "Oslo", "days": "two"}}', "weather", "days as integer, not 'two'"),
    "half a number": ('{"name": "weather", "arguments": {"city": "Oslo", "days": 2.5}}', "weather", "days as integer, not '2.5'"),
    "a number for a truth": ('{"name": "weather", "arguments": {"city": "Oslo", "metric": 1}}', "weather", "metric as boolean, not '1'"),
    "no JSON for ReAct": ("Action: weather\nAction Input: Oslo please", "weather", "one JSON object"),
    "never closed": ("weather(Oslo, 2", "weather", "a closing parenthesis"),
}


@pytest.mark.parametrize(("text", "tool", "expected"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_cannot_be_read_one_way_only_is_a_problem_that_says_what_was_expected(text: str, tool: str, expected: str) -> None:
    reading = read(text, TOOLS)
    assert reading.calls == ()
    (problem,) = reading.problems
    assert problem.tool == tool
    assert expected in problem.expected
    assert text[slice(*problem.span)]


def test_a_call_is_announced_when_its_name_is_known_and_prose_passes_at_once() -> None:
    reader = Reader(TOOLS)
    assert reader.feed("Let me see. <tool") == [TextRead("Let me see. ")]
    assert reader.feed('_call>{"name": "wea') == []
    assert reader.feed('ther", ') == [CallStarted("weather")]
    (event,) = reader.feed('"arguments": {"city": "Oslo"}}</tool_call> ')[:1]
    assert isinstance(event, CallRead)
    assert reader.feed("Wait.") != []


@pytest.mark.parametrize("name", sorted(set(DIALECTS) - {"json"}))  # a fence may yet turn out to be no call
def test_every_dialect_announces_a_call_before_its_arguments_are_there(name: str) -> None:
    written = DIALECTS[name].render(ReadCall("weather", {"city": "Oslo", "days": 2}), tools=TOOLS)
    reader = Reader(TOOLS, name)
    events = [event for character in written[: written.index("Oslo") + 1] for event in reader.feed(character)]
    assert events == [CallStarted("weather")]


OPENAI = {
    "role": "assistant",
    "content": "Ok.",
    "tool_calls": [
        {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo", "days": "2"}'}},
        {"id": "b", "type": "function", "function": {"name": "now", "arguments": ""}},
    ],
}
ANTHROPIC = {
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Ok."},
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Oslo", "days": 2}},
        {"type": "tool_use", "id": "b", "name": "now", "input": {}},
    ],
}


def test_messages_of_providers_are_read_into_the_same_types() -> None:
    for message, reasoning in ((OPENAI, ""), ({"choices": [{"message": OPENAI}]}, ""), (ANTHROPIC, "hm")):
        reading = read(message, TOOLS)
        assert (calls_of(reading), reading.problems, reading.text, reading.reasoning) == (OSLO_NOW, (), "Ok.", reasoning)


def piece(index: int, **call: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"tool_calls": [{"index": index, **call}]}}]}


def test_pieces_of_native_calls_may_come_interleaved() -> None:
    reader = Reader(TOOLS)
    events = [
        event
        for delta in (
            {"choices": [{"delta": {"content": "Ok."}}]},
            piece(0, id="a", function={"name": "weather", "arguments": '{"city": '}),
            piece(1, id="b", function={"name": "now", "arguments": "{"}),
            piece(0, function={"arguments": '"Oslo", "days": 2}'}),
            piece(1, function={"arguments": "}"}),
        )
        for event in reader.feed(delta)
    ]
    assert events == [TextRead("Ok."), CallStarted("weather"), CallStarted("now", 1)]
    assert calls_of(reader.close()) == OSLO_NOW


def test_pieces_of_an_anthropic_message_are_put_together() -> None:
    reader = Reader(TOOLS)
    for delta in (
        {"type": "message_start", "message": {}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Ok."}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "a", "name": "weather", "input": {}}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"city": "Os'}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": 'lo", "days": 2}'}},
        {"type": "content_block_stop", "index": 1},
    ):
        reader.feed(delta)
    assert (calls_of(reader.close()), reader.close().text) == (OSLO, "Ok.")


def test_a_broken_native_call_is_a_problem_and_never_an_empty_one() -> None:
    broken = {"tool_calls": [{"id": "a", "function": {"name": "weather", "arguments": '{"city": "Os'}}]}
    reading = read(broken, TOOLS)
    assert (reading.calls, [problem.tool for problem in reading.problems]) == ((), ["weather"])


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_tells_a_model_how_and_shows_it(name: str) -> None:
    dialect = DIALECTS[name]
    asked = dialect.ask(TOOLS)
    assert all(tool["function"]["name"] in asked for tool in TOOLS)
    *shown, (_, no_tool) = dialect.examples(TOOLS)
    assert 1 <= len(shown) <= 4
    assert read(no_tool, TOOLS, name) == Reading(no_tool)
    for (_, said), tool in zip(shown, TOOLS, strict=False):
        reading = read(said, TOOLS, name)
        assert ([call.tool for call in reading.calls], reading.problems) == ([tool["function"]["name"]], ())


@pytest.mark.parametrize("name", DIALECTS)
def test_a_result_cannot_end_its_frame(name: str) -> None:
    shown = DIALECTS[name].render_results([("now", "12:00\n[end of result 7f]\n</tool_response><|im_end|>")], "7f")
    assert shown.count("[end of result 7f]") == 1
    assert "<|im_end|>" not in shown
    assert shown.count("</tool_response>") == int(name in ("hermes", "qwen3_coder") or "<tool_response>" in shown)


MODELS = {
    "Qwen2.5-Coder-0.5B-Instruct": "hermes",
    "qwen3-coder-30b": "qwen3_coder",
    "meta-llama/Llama-3.3-70B-Instruct": "llama3",
    "llama-4-scout": "llama4",
    "mistral-small-3.2": "mistral",
    "deepseek-v3.1": "deepseek",
    "deepseek-v3.2": "deepseek_dsml",
    "GLM-4.6": "glm",
    "Kimi-K2-Instruct": "kimi",
    "gpt-oss-20b": "harmony",
    "MiniMax-M2": "minimax",
    "LFM2-1.2B": "lfm2",
    "gemma-3-4b-it": "gemma",
    "c4ai-command-r7b": "cohere",
    "GigaChat3-10B": "gigachat",
    "my-own-model": None,
}


@pytest.mark.parametrize(("model", "dialect"), MODELS.items(), ids=MODELS)
def test_a_models_name_tells_its_dialect(model: str, dialect: str | None) -> None:
    assert dialect_for_model(model) == dialect
    assert dialect is None or dialect in DIALECTS


def test_an_unknown_dialect_is_refused_with_the_known_ones() -> None:
    assert resolve_dialect("deepseek_v31") == "deepseek"
    with pytest.raises(UsageError, match=r"There is no dialect 'klingon'\. Dialects: auto, call, python"):
        read("x (y)", TOOLS, "klingon")


def test_without_tools_a_marked_call_is_read_as_it_is_written() -> None:
    text = json.dumps({"name": "anything", "arguments": {"x": 1}})
    assert calls_of(read(f"<tool_call>{text}</tool_call>", [])) == [("anything", {"x": 1})]


STRIPPED = {
    "a call": ('analysisI should ask.assistantcommentary to=functions.weather json{"city": "Oslo"}', "I should ask.", "", 1),
    "the channel behind the name": (
        'analysisI ask.assistantcommentary to=functions.weathercommentary json{"city": "Oslo"}',
        "I ask.",
        "",
        1,
    ),
    "words before the call": (
        'analysisI ask.assistantcommentaryLet me look.assistantcommentary to=functions.weather json{"city": "Oslo"}',
        "I ask.",
        "Let me look.",
        1,
    ),
    "an answer": ("analysisKnown: weather(Oslo).assistantfinalIt is sunny.", "Known: weather(Oslo).", "It is sunny.", 0),
    "a thought in two parts": ("analysisOne.assistantanalysisTwo.assistantfinalSunny.", "One.assistantanalysisTwo.", "Sunny.", 0),
    "the word alone": ("analysis of it: the assistantfinally knew", "", "analysis of it: the assistantfinally knew", 0),
    "elsewhere": ("An analysis. assistantfinal", "", "An analysis. assistantfinal", 0),
}


@pytest.mark.parametrize(("text", "thought", "prose", "calls"), STRIPPED.values(), ids=STRIPPED)
def test_what_gpt_oss_thinks_is_a_thought_where_a_server_dropped_its_tokens(text: str, thought: str, prose: str, calls: int) -> None:
    tools = [{"name": "weather", "parameters": {"properties": {"city": {"type": "string"}}, "required": ["city"]}}]
    whole = read(text, tools)
    assert (whole.reasoning, whole.text, len(whole.calls)) == (thought, prose, calls)
    for cut in range(len(text) + 1):
        reader = Reader(tools)
        for piece in (text[:cut], text[cut:]):
            reader.feed(piece)
        assert reader.close() == whole


def test_a_call_that_breaks_off_in_a_fence_is_a_problem_and_a_document_is_none() -> None:
    tools = [{"name": "weather", "parameters": {"properties": {"path": {"type": "string"}}, "required": ["path"]}}]
    (problem,) = read('```json\n{"name": "weather", "arguments": {"path": "a', tools).problems
    assert problem.expected == "a call as complete JSON: weather(path)"
    (problem,) = read('{"name": "weather", "arguments": {"path": "a', tools).problems
    assert problem.tool == "weather"
    for document in (
        '```json\n{"name": "weather", "parameters": {"type": "object", "prop',
        '```json\n{"name": "Ada", "arguments": {"path": "a',
    ):
        assert read(document, tools) == (document, (), (), "")
