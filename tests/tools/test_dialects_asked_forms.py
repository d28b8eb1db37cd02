"""Forms of calls that programs ask models for, or that models fall into, whatever their family: each is read whole and at every cut."""

from __future__ import annotations

import pytest

from sayso.tools import Reader, read
from sayso.tools.dialects import ReadCall
from sayso.tools.dialects.read_events import CallRead, ProblemRead, TextRead

TOOLS = [
    {"name": "weather", "parameters": {"properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}},
    {"name": "search", "parameters": {"properties": {"query": {"type": "string"}}, "required": ["query"]}},
    {"name": "clock", "parameters": {"properties": {}}},
]
OSLO = ("weather", {"city": "Oslo"})
TWO_DAYS = ("weather", {"city": "Oslo", "days": 2})
CATS = ("search", {"query": "cats in Oslo"})
FORMS = {
    "GigaChat 3.5": (
        '<｜GCML｜invoke name="weather">\n<｜GCML｜parameter name="city" string="true">Oslo</｜GCML｜parameter>\n</｜GCML｜invoke>',
        OSLO,
    ),
    "with a section around it": (
        '<｜GCML｜function_calls>\n<｜GCML｜invoke name="weather">\n<｜GCML｜parameter name="city">Oslo</｜GCML｜parameter>\n'
        "</｜GCML｜invoke>\n</｜GCML｜function_calls>",
        OSLO,
    ),
    "Beam": (
        '<rfl:function_calls><rfl:invoke name="weather"><rfl:parameter name="city">Oslo</rfl:parameter></rfl:invoke></rfl:function_calls>',
        OSLO,
    ),
    "a prefix that nobody knows": ('<zeta:invoke name="weather"><zeta:parameter name="city">Oslo</zeta:parameter></zeta:invoke>', OSLO),
    "its parameters without the prefix": (
        '<xai:function_call name="weather">\n<parameter name="city">Oslo</parameter>\n</xai:function_call>',
        OSLO,
    ),
    "the name as an attribute": ('<tool_call name="weather">{"city": "Oslo"}</tool_call>', OSLO),
    "the name as an attribute, and parameters": (
        '<function_call name="weather">\n<parameter name="city">Oslo</parameter>\n</function_call>',
        OSLO,
    ),
    "a server's tool, as Cline writes it": (
        "<use_mcp_tool>\n<server_name>sky</server_name>\n<tool_name>weather</tool_name>\n"
        '<arguments>\n{"city": "Oslo"}\n</arguments>\n</use_mcp_tool>',
        OSLO,
    ),
    "DeepSeek's tokens with plain bars": (
        '<|tool▁calls▁begin|><|tool▁call▁begin|>weather<|tool▁sep|>{"city": "Oslo"}<|tool▁call▁end|><|tool▁calls▁end|>',
        OSLO,
    ),
    "gpt-oss's recipient alone": ('to=functions.weather\n{"city": "Oslo"}', OSLO),
    "Cline, Roo and Kilo": ("<weather>\n<city>Oslo</city>\n<days>2</days>\n</weather>", TWO_DAYS),
    "a text of several lines in it": ("<search>\n<query>cats\nin Oslo</query>\n</search>", ("search", {"query": "cats\nin Oslo"})),
    "JSON in a tool's element": ('<weather>{"city": "Oslo", "days": 2}</weather>', TWO_DAYS),
    "a tool's element without arguments": ("<clock></clock>", ("clock", {})),
    "attributes": ('<weather city="Oslo" days="2"/>', TWO_DAYS),
    "attributes in single quotes, escaped": ("<search query='cats &amp; dogs' />", ("search", {"query": "cats & dogs"})),
    "Cherry Studio": ('<tool_use>\n<name>weather</name>\n<arguments>{"city": "Oslo"}</arguments>\n</tool_use>', OSLO),
    "LangChain's XML": ('<tool>weather</tool><tool_input>{"city": "Oslo"}</tool_input>', OSLO),
    "LangChain's XML with a text": ("<tool>search</tool> <tool_input>cats in Oslo</tool_input>", CATS),
    "Qwen-Agent": ('✿FUNCTION✿: weather\n✿ARGS✿: {"city": "Oslo"}\n', OSLO),
    "Continue": ("```tool\nTOOL_NAME: weather\nBEGIN_ARG: city\nOslo\nEND_ARG\nBEGIN_ARG: days\n2\nEND_ARG\n```", TWO_DAYS),
    "CWM": ("<tool: search>\ncats in Oslo\n</tool>", CATS),
    "Nova": ("<__function=weather>\n<__parameter=city>\nOslo\n</__parameter>\n</__function>", OSLO),
    "gpt-oss without its tokens": ('commentary to=functions.weather json{"city": "Oslo"}', OSLO),
    "gpt-oss without its tokens, glued": ('assistantcommentary to=functions.weather json{"city": "Oslo"}', OSLO),
    "Kimi without its tokens": ('functions.weather:0{"city": "Oslo"}', OSLO),
    "Llama's built-in tools": ('<|python_tag|>search.call(query="cats in Oslo")', CATS),
    "ReAct with brackets": ("Thought: I need it.\nAction: search[cats in Oslo]", CATS),
    "ReAct with a text": ("Thought: I need it.\nAction: search\nAction Input: cats in Oslo", CATS),
    "arguments beside the name": ('{"tool": "weather", "city": "Oslo", "days": 2}', TWO_DAYS),
    "the name as a key": ('{"weather": {"city": "Oslo"}}', OSLO),
    "toolName and args": ('{"toolName": "weather", "args": {"city": "Oslo"}}', OSLO),
    "function_args": ('{"function": "weather", "function_args": {"city": "Oslo"}}', OSLO),
    "functionArguments": ('{"functionName": "weather", "functionArguments": {"city": "Oslo"}}', OSLO),
    "braces of a template": ('{{"name": "weather", "arguments": {{"city": "Oslo"}}}}', OSLO),
    "escaped once more": (r"{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}", OSLO),
    "a name alone between markers": ("<tool_call>clock</tool_call>", ("clock", {})),
    "a name alone before the end": ("[TOOL_CALLS]clock", ("clock", {})),
}
AROUND = {"alone": ("", ""), "behind a sentence": ("Let me look.\n\n", ""), "between sentences": ("I will. ", "\nDone, I think.")}


def _stream(text: str, *cuts: int) -> tuple[str, list[ReadCall], int]:
    reader = Reader(TOOLS)
    pieces = [text[start:end] for start, end in zip((0, *cuts), (*cuts, len(text)), strict=True)]
    events = [event for piece in pieces for event in reader.feed(piece)] + list(reader.finish())
    prose = "".join(event.text for event in events if isinstance(event, TextRead))
    return prose, [event.call for event in events if isinstance(event, CallRead)], sum(isinstance(event, ProblemRead) for event in events)


OPEN_ENDED = ("Kimi without its tokens", "ReAct with brackets", "ReAct with a text", "a name alone before the end")
"""These stand on a line of their own, and what follows belongs to them."""
SITUATIONS = [
    pytest.param(*form, texts, id=f"{name}, {place}")
    for name, form in FORMS.items()
    for place, texts in AROUND.items()
    if not (texts[1] and name in OPEN_ENDED)
]


@pytest.mark.parametrize(("written", "call", "around"), SITUATIONS)
def test_a_form_is_read_whole_and_at_every_cut(written: str, call: tuple[str, dict[str, object]], around: tuple[str, str]) -> None:
    text = f"{around[0]}{written}{around[1]}"
    whole = read(text, TOOLS)
    assert ([(each.tool, dict(each.arguments)) for each in whole.calls], whole.problems) == ([call], ())
    assert whole.text.replace("Thought: I need it.", "").split() == f"{around[0]} {around[1]}".split()
    same = (whole.text, list(whole.calls), 0)
    assert [_stream(text, cut) for cut in range(1, len(text))] == [same] * (len(text) - 1)
    assert _stream(text, *range(1, len(text))) == same


PROSE = [
    "Use <search> to find things.",
    "The <weather> element holds <city>.",
    "<p>Hello</p> <b>bold</b>",
    "In HTML, <search><input></search> is new.",
    '<search class="big">x</search>',
    '{"weather": {"temperature": 3}}',
    '{"tool": "hammer", "city": "Oslo"}',
    '{"name": "Ada", "city": "Oslo"}',
    'the form {{name}} and {{"a": 1}}',
    r"a set {\"a\": 1}",
    "say commentary to=me json",
    'I say to=functions.other json{"a":1}',
    "<foo:bar>x</foo:bar>",
    "std::map<int, vector<a:b>>",
    "x <y:invoke",
    "`<weather><city>Oslo</city></weather>`",
    "```xml\n<weather><city>Oslo</city></weather>\n```",
    'I would write "<weather><city>Oslo</city></weather>" to call it.',
    "```tool\nhammer\n```",
    "<tool>weather</tool> is one of the tools.",
    "between <tool> and </tool> clock",
]


@pytest.mark.parametrize("text", PROSE)
def test_what_only_looks_like_it_is_prose(text: str) -> None:
    assert read(text, TOOLS) == (text, (), (), "")
    assert _stream(text, *range(1, len(text))) == (text, [], 0)


MEANT = {
    "an argument that is unknown": '<zeta:invoke name="weather"><zeta:parameter name="town">Oslo</zeta:parameter></zeta:invoke>',
    "a number that is none": "<weather><city>Oslo</city><days>soon</days></weather>",
    "an unknown tool behind a known mark": '<zeta:invoke name="hammer"><zeta:parameter name="x">1</zeta:parameter></zeta:invoke>',
    "an argument twice": "<weather><city>Oslo</city><city>Bergen</city></weather>",
    "cut off": "<weather>\n<city>Oslo",
    "an argument without its end": "```tool\nTOOL_NAME: weather\nBEGIN_ARG: city\nOslo\n```",
}


@pytest.mark.parametrize("text", MEANT.values(), ids=MEANT)
def test_a_call_that_cannot_be_read_is_a_problem_and_never_silence(text: str) -> None:
    whole = read(text, TOOLS)
    assert (len(whole.calls), len(whole.problems)) == (0, 1)
    assert _stream(text, *range(1, len(text)))[1:] == ([], 1)
