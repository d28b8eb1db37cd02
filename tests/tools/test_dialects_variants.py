"""Spellings of the families beside the usual one: other marks, marks at the end, spaces, small slips that leave one reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sayso.tools import Reader, read
from sayso.tools.dialects.dialect import resolve_dialect

Calls = list[tuple[str, dict[str, Any]]]


def schema(name: str, *required: str, **kinds: str) -> dict[str, Any]:
    properties = {key: {"type": kind} for key, kind in kinds.items()}
    return {"type": "function", "function": {"name": name, "parameters": {"properties": properties, "required": list(required)}}}


TOOLS = [schema("weather", "city", city="string", days="integer"), schema("now"), schema("tag", names="array")]
OSLO: Calls = [("weather", {"city": "Oslo", "days": 2})]
OSLO_NOW: Calls = [*OSLO, ("now", {})]
JSON = '{"city": "Oslo", "days": 2}'
NAMED = f'{{"name": "weather", "arguments": {JSON}}}'
NOW = '{"name": "now", "arguments": {}}'


def tagged(name: str, before: str = "", behind: str = "", **arguments: object) -> str:
    """A call in GLM's form, with something before and behind each name of a tag."""
    pairs = (
        f"<{before}arg_key{behind}>{key}</{before}arg_key{behind}><{before}arg_value{behind}>{value}</{before}arg_value{behind}>"
        for key, value in arguments.items()
    )
    return f"<{before}tool_call{behind}>{name}{''.join(pairs)}</{before}tool_call{behind}>"


def invoked(prefix: str, inside: str) -> str:
    return f'<{prefix}invoke name="weather">{inside}</{prefix}invoke>'


PARAMETERS = '<parameter name="city">Oslo</parameter><parameter name="days">2</parameter>'
VARIANTS: Mapping[str, tuple[str, str, Calls, str]] = {
    "several objects": ("llama3", f"{NAMED}; {NOW}", OSLO_NOW, ""),
    "prose behind a semicolon": ("json", f"{NAMED}; fine", OSLO, "; fine"),
    "a reply's end": ("hermes", f"<tool_call>{NAMED}</tool_call><|im_end|>\n<|endoftext|>", OSLO, "\n"),
    "glm's end": ("glm", f"Ok. {tagged('weather', city='Oslo', days=2)}<|observation|>", OSLO, "Ok. "),
    "where a result would begin": ("gemma", '<|tool_call>call:weather{city:<|"|>Oslo<|"|>,days:2}<tool_call|><|tool_response>', OSLO, ""),
    "where an observation would begin": ("react", f"Action: weather\nAction Input: {JSON}\nObservation:", OSLO, "\n"),
    "react in bold": ("react", f"**Action:** `weather`\n**Action Input:**\n```json\n{JSON}\n```", OSLO, ""),
    "react with numbers": (
        "react",
        f"Thought 1: hm.\nAction 1: weather\nAction Input 1: {JSON}\nObservation 1: now()",
        OSLO,
        "Thought 1: hm.\n\nObservation 1: now()",
    ),
    "react, lines that end as on Windows": ("react", f"Action: weather\r\nAction Input: {JSON}\r\n", OSLO, "\r\n"),
    "react, the name on a line of its own": ("react", f"Action:\nweather\n\nAction Input:\n{JSON}", OSLO, ""),
    "react, keywords": ("react", 'Action: weather\nAction Input: city="Oslo", days=2', OSLO, ""),
    "react behind a thought": ("react", f"Thought: hm. Action: weather\nAction Input: {JSON}", OSLO, "Thought: hm. "),
    "react without the second label": ("react", f"Action: weather\n{JSON}", OSLO, ""),
    "the call once more below its name": ("json", f"weather:\n{NAMED}", OSLO, "weather:\n"),
    "an argument that is not in the schema": ("python", "[now(zone='UTC', of=[1, 2])]", [("now", {"zone": "UTC", "of": [1, 2]})], ""),
    "dsml with json inside": (
        "deepseek_dsml",
        f"<｜DSML｜function_calls>\n{invoked('｜DSML｜', f' {JSON} ')}\n</｜DSML｜function_calls>",
        OSLO,
        "",
    ),
    "dsml, spaces in the marks": (
        "deepseek_v4",
        "Ok.\n\n<｜DSML｜ calls>\n"
        + invoked("｜DSML｜ ", '<｜DSML｜ parameter name="city" string="true">Oslo</｜DSML｜ parameter>')
        + "\n</｜DSML｜ calls>",
        [("weather", {"city": "Oslo"})],
        "Ok.\n\n",
    ),
    "a closing tag is missing, and every argument is there": (
        "qwen3_coder",
        "<tool_call><function=weather><parameter=city>Oslo</parameter><parameter=days>2</parameter>\n",
        OSLO,
        "",
    ),
    "anthropic with json inside": ("anthropic", f"<function_calls>{invoked('', JSON)}</function_calls>", OSLO, ""),
    "step, several": (
        "deepseek",
        "<｜tool_calls_begin｜><｜tool_call_begin｜>"
        + invoked("steptml:", PARAMETERS.replace("parameter", "steptml:parameter"))
        + "<｜tool_call_end｜><｜tool_sep｜><｜tool_call_begin｜>"
        + '<steptml:invoke name="now"></steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>',
        OSLO_NOW,
        "",
    ),
    "muse spark, without a mark around it": ("muse_spark", invoked("atem:", PARAMETERS.replace("parameter", "atem:parameter")), OSLO, ""),
    "dots": ("dots", f"<dots_function_call>\n{invoked('', PARAMETERS)}\n</dots_function_call>", OSLO, ""),
    "qwen coder, a closing tag forgotten": (
        "qwen3_coder",
        "<tool_call>\n<function=weather>\n<parameter=city>\nOslo\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
        OSLO,
        "",
    ),
    "qwen coder, names in quotes": (
        "qwen3_coder",
        '<tool_call>\n<function="weather">\n<parameter="city">\nOslo\n</parameter>\n<parameter=\'days\'>2</parameter>\n</function>\n</tool_call>',
        OSLO,
        "",
    ),
    "glm, json in escapes": (
        "glm",
        r"<tool_call>tag<arg_key>names</arg_key><arg_value>[{\"first\": \"Ada\"}]</arg_value></tool_call>",
        [("tag", {"names": [{"first": "Ada"}]})],
        "",
    ),
    "k2 horizon": (
        "k2_horizon",
        "<ifm|think>hm</ifm|think>"
        f"<ifm|tool_calls>{tagged('weather', 'ifm|', city='Oslo', days=2)}\n{tagged('now', 'ifm|')}</ifm|tool_calls>",
        OSLO_NOW,
        "",
    ),
    "k2 horizon, with types": (
        "k2_horizon",
        "<ifm|tool_calls><ifm|tool_call>weather<ifm|arg_key>city</ifm|arg_key><ifm|arg_type>string</ifm|arg_type>"
        "<ifm|arg_value>Oslo</ifm|arg_value></ifm|tool_call></ifm|tool_calls>",
        [("weather", {"city": "Oslo"})],
        "",
    ),
    "k2 horizon, json": ("k2_horizon", f"<ifm|tool_calls><ifm|tool_call>{NAMED}</ifm|tool_call></ifm|tool_calls>", OSLO, ""),
    "longcat": ("longcat", tagged("weather", "longcat_", city="Oslo", days=2), OSLO, ""),
    "iquest": (
        "iquest_q1",
        "Ok. <iquest_tool_call>weather\n<arg_key>city</arg_key> <arg_value>Oslo</arg_value>\n</iquest_tool_call>"
        "<iquest_tool_call>now</iquest_tool_call>",
        [("weather", {"city": "Oslo"}), ("now", {})],
        "Ok. ",
    ),
    "hunyuan with a suffix": (
        "hunyuan_v4",
        f"<tool_calls:opensource>{tagged('weather', '', ':opensource', city='Oslo', days=2)}</tool_calls:opensource>",
        OSLO,
        "",
    ),
    "solar, tags": (
        "solar",
        "<|think:start|>hm<|think:end|><|tool_call:start|>weather\n<|tool_arg:start|>city<|tool_arg:value|>Oslo<|tool_arg:end|>\n"
        "<|tool_arg:start|>days<|tool_arg:value|>2<|tool_arg:end|>\n<|tool_call:end|>\n<|tool_call:start|>now\n<|tool_call:end|>",
        OSLO_NOW,
        "\n",
    ),
    "plamo": (
        "plamo3",
        "<|plamo:begin_tool_requests:plamo|><|plamo:begin_tool_request:plamo|><|plamo:begin_tool_name:plamo|>weather"
        f"<|plamo:end_tool_name:plamo|><|plamo:begin_tool_arguments:plamo|>{JSON}<|plamo:end_tool_arguments:plamo|>"
        "<|plamo:end_tool_request:plamo|><|plamo:end_tool_requests:plamo|>",
        OSLO,
        "",
    ),
    "pangu": ("pangu", f"[unused11][{NAMED}, {NOW}][unused12]", OSLO_NOW, ""),
    "inkling": (
        "inkling",
        f'<|content_thinking|>hm<|end_message|><|content_invoke_tool_json|>{{"name":"weather","args":{JSON}}}<|end_message|>',
        OSLO,
        "",
    ),
    "kimi, spaces": (
        "kimi",
        f"<|tool_calls_section_begin|>\n<|tool_call_begin|> functions.weather:0 <|tool_call_argument_begin|> {JSON} <|tool_call_end|>\n"
        "<|tool_calls_section_end|>",
        OSLO,
        "",
    ),
    "kimi, one call of the section": (
        "kimi",
        f"<|tool_call_section_begin|><|tool_call_begin|>weather:0<|tool_call_argument_begin|>{JSON}<|tool_call_end|><|tool_call_section_end|>",
        OSLO,
        "",
    ),
    "kimi, no section": ("kimi", f"<|tool_call_begin|>weather:0<|tool_call_argument_begin|>{JSON}<|tool_call_end|><|im_end|>", OSLO, ""),
    "glm, the first mark lost": (
        "glm",
        "Ok, weather\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>",
        OSLO,
        "Ok, ",
    ),
    "mistral, the first mark lost": ("mistral", f"weather[ARGS]{JSON}[TOOL_CALLS]now[ARGS]{{}}\nOk.", OSLO_NOW, "\nOk."),
    "kimi, the first marks lost": (
        "kimi",
        f"functions.weather:0<|tool_call_argument_begin|>{JSON}<|tool_call_end|>"
        "<|tool_call_begin|>now:1<|tool_call_argument_begin|>{}<|tool_call_end|>",
        OSLO_NOW,
        "",
    ),
    "gemma, the marks lost": ("gemma", 'Ok. call:weather{city:<|"|>Oslo<|"|>,days:2}call:now{}', OSLO_NOW, "Ok. "),
    "gemma, no word before the colon": ("gemma", '<|tool_call>:weather{city:<|"|>Oslo<|"|>,days:2}<tool_call|>', OSLO, ""),
    "hunyuan, a mark of its own at the end": (
        "hunyuan_v3",
        f"<tool_call>weather<tool_sep>{JSON}<end_of_tool_call><tool_call>now<end_of_tool_call>",
        OSLO_NOW,
        "",
    ),
    "hunyuan, tags behind the mark": (
        "hunyuan_v3",
        "<tool_call:opensource>weather<tool_sep:opensource><arg_key:opensource>city</arg_key:opensource>"
        "<arg_value:opensource>Oslo</arg_value:opensource><end_of_tool_call:opensource>",
        [("weather", {"city": "Oslo"})],
        "",
    ),
    "functionary, a recipient": (
        "functionary",
        f"<|from|>assistant\n<|recipient|>weather\n<|content|>{JSON}<|from|>assistant\n<|recipient|>now\n<|content|>{{}}<|stop|>",
        OSLO_NOW,
        "\n\n",
    ),
    "a call in brackets": ("qwen3", f"Hm. [Calling tool: weather({JSON})]\n[Calling tool: now({{}})] Ok.", OSLO_NOW, "Hm. \n Ok."),
    "a call in brackets, keys and values": (
        "qwen3",
        r'Hm. [Calling tool="weather" city="Oslo" days="2"] [Calling tool="weather" city="the \"city]\""][Calling tool="now"]',
        [*OSLO, ("weather", {"city": 'the "city]"'}), ("now", {})],
        "Hm.  ",
    ),
    "deepseek, spaces in the marks": (
        "deepseek",
        "<｜tool calls begin｜><｜tool call begin｜>function<｜tool sep｜>weather\n"
        f"```json\n{JSON}\n```<｜tool call end｜><｜tool calls end｜>",
        OSLO,
        "",
    ),
    "deepseek, one of three cannot be read": (
        "deepseek",
        f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{JSON}\n```<｜tool▁call▁end｜>"
        "<｜tool▁call▁begin｜>hm<｜tool▁call▁end｜>"
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        OSLO_NOW,
        "<｜tool▁call▁begin｜>hm<｜tool▁call▁end｜>",
    ),
    "gemma, white space before a key": (
        "gemma",
        '<|tool_call>call:weather{\n  city:<|"|>Oslo<|"|>,\n  days: 2}<tool_call|>',
        OSLO,
        "",
    ),
    "step 3.5": (
        "step3p5",
        "<tool_call>\n<function=weather>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
        OSLO,
        "",
    ),
    "all arguments in one more object": (
        "deepseek_dsml",
        "<｜DSML｜function_calls>\n"
        + invoked("｜DSML｜", f'<｜DSML｜parameter name="input" string="true">{JSON}</｜DSML｜parameter>')
        + "\n</｜DSML｜function_calls>",
        OSLO,
        "",
    ),
    "an optional argument is null between tags": (
        "qwen3_coder",
        "<tool_call>\n<function=weather>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\nnull\n</parameter>\n</function>\n</tool_call>",
        [("weather", {"city": "Oslo"})],
        "",
    ),
    "a python set": ("lfm2", "<|tool_call_start|>[tag(names={'a', 'b'})]<|tool_call_end|>", [("tag", {"names": ["a", "b"]})], ""),
    **{
        f"minicpm, {how}": (
            "minicpm",
            f'<function{gap}name="weather"><param{gap}name="city">Oslo</param><param{gap}name="days">2</param></function>',
            OSLO,
            "",
        )
        for how, gap in {"a space lost": "", "a space as the tokenizer keeps it": "Ġ"}.items()
    },
}


def calls_of(text: str, dialect: str) -> tuple[Calls, tuple[Any, ...], str]:
    reading = read(text, TOOLS, dialect)
    return [(call.tool, dict(call.arguments)) for call in reading.calls], reading.problems, reading.text


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
@pytest.mark.parametrize(("dialect", "text", "calls", "prose"), VARIANTS.values(), ids=VARIANTS)
def test_a_variant_is_read(dialect: str, text: str, calls: Calls, prose: str, told: bool) -> None:
    assert calls_of(text, resolve_dialect(dialect) if told else "auto") == (calls, (), prose)


ODD = {
    "a namespace, a name and what follows one": "to=functions.weather <arg_key><|end_of_turn|>",
    "a brace that opens nothing": "now: call:weather{</thought>",
    "a mark that is the beginning of another": (
        "<function_calls>]<]minimax[>[</tool_call><|message_sep|>\n\nfunction call<|role_sep|>\n<|eot_id|>"
    ),
    "an index that never comes": "weather: weather:0 weather:0<|tool_call_argument_begin|>",
    "half a word": "cal call call: call:wea call:weather c",
}


@pytest.mark.parametrize("text", [*(row[1] for row in VARIANTS.values()), *ODD.values()], ids=[*VARIANTS, *ODD])
def test_a_variant_reads_the_same_however_it_is_cut(text: str) -> None:
    whole = read(text, TOOLS)
    for cut in range(len(text) + 1):
        reader = Reader(TOOLS)
        reader.feed(text[:cut])
        reader.feed(text[cut:])
        assert reader.close() == whole
    reader = Reader(TOOLS)
    for character in text:
        reader.feed(character)
    assert reader.close() == whole


def test_without_tools_every_form_is_read_as_it_is_written() -> None:
    texts = (f">>>weather\n{JSON}", f"[{NAMED}]", "[weather(city='Oslo', days=2)]", f"weather[ARGS]{JSON}".join(("[TOOL_CALLS]", "")))
    assert [[(call.tool, call.arguments) for call in read(text, []).calls] for text in texts] == [OSLO] * len(texts)


def test_without_tools_what_is_spoken_of_is_no_call() -> None:
    for text in (
        "It is [read(path)] in the guide.",
        "Write <function=read> here.",
        "The syntax is [read()], so.",
        'This is {"name": "read"}.',
        "I begin: <function=read>",
    ):
        reading = read(text, [])
        assert (reading.calls, reading.problems, reading.text) == ((), (), text)
    assert read('<tool_calls>{"arguments": {"city": "Oslo"}}</tool_calls>', []).calls == ()


def test_in_a_marked_list_what_is_no_call_does_not_take_the_others_with_it() -> None:
    reading = read(f'<tool_call>[{NAMED}, "hm", {NOW}]</tool_call>', TOOLS)
    assert [(call.tool, call.arguments) for call in reading.calls] == OSLO_NOW
    (problem,) = reading.problems
    assert (problem.seen, problem.expected) == ("hm", "an object with 'name' and 'arguments'")


SPOKEN = schema("погода", "город", город="string", дней="integer"), schema("获取天气", "城市", 城市="string", 天数="integer")
IN_OTHER_SCRIPTS = {
    "cyrillic": ("Сейчас: погода(Осло, 2)!", "погода", {"город": "Осло", "дней": 2}),
    "cyrillic, by keyword": ('погода(город="Осло")', "погода", {"город": "Осло"}),
    "chinese, inside a sentence": ("我来查获取天气(奥斯陆, 2)。", "获取天气", {"城市": "奥斯陆", "天数": 2}),
    "chinese punctuation": ("获取天气(城市：奥斯陆，天数：2)", "获取天气", {"城市": "奥斯陆", "天数": 2}),
    "a list": ('[获取天气(城市="奥斯陆")]', "获取天气", {"城市": "奥斯陆"}),
    "gemma": ('<|tool_call>call:获取天气{城市:<|"|>奥斯陆<|"|>}<tool_call|>', "获取天气", {"城市": "奥斯陆"}),
}


@pytest.mark.parametrize(("text", "name", "arguments"), IN_OTHER_SCRIPTS.values(), ids=IN_OTHER_SCRIPTS)
def test_names_may_be_in_any_script(text: str, name: str, arguments: dict[str, object]) -> None:
    assert [(call.tool, call.arguments) for call in read(text, SPOKEN).calls] == [(name, arguments)]
    assert read(f"не{text}", SPOKEN).calls == () or not text.startswith("погода")


def nested(*inside: str) -> str:
    """A call in MiniMax M3's form: a mark leads every tag."""
    mark = "]<]minimax[>["
    written = "".join(f"{mark}{part}" if part.startswith("<") else part for part in inside)
    return f'{mark}<tool_call>\n{mark}<invoke name="keep">{written}{mark}</invoke>\n{mark}</tool_call>'


def test_nested_tags_take_the_one_of_several_types_that_they_fit() -> None:
    one = {"type": "object", "properties": {"field": {"type": "string"}}}
    what = {"anyOf": [one, {"type": "array", "items": {"type": "integer"}}]}
    keep = {"name": "keep", "parameters": {"properties": {"what": what, "text": {"type": "string"}}}}
    items = nested("<what>", "<item>", "1", "</item>", "<item>", "2", "</item>", "</what>")
    assert [call.arguments for call in read(items, [keep]).calls] == [{"what": [1, 2]}]
    fields = nested("<what>", "<field>", "a", "</field>", "</what>", "<text>", "x ", "<b>", "y", "</b>", "</text>")
    (call,) = read(fields, [keep]).calls
    assert call.arguments == {"what": {"field": "a"}, "text": "x ]<]minimax[>[<b>y]<]minimax[>[</b>"}
    (problem,) = read(nested("<what>", "<field>", "a", "</field>", "<field>", "b", "</field>", "</what>"), [keep]).problems
    assert problem.expected == "each member of what once"
