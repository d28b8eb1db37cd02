"""A reader that is asked for less: calls without prose, or some forms only."""

from __future__ import annotations

import pytest

from sayso.tools import Reader, UsageError, read
from sayso.tools.dialects import DIALECTS, CallRead, ReadCall, TextRead
from sayso.tools.dialects.dialect import FORMS

TOOLS = [{"name": "weather", "parameters": {"properties": {"city": {"type": "string"}}, "required": ["city"]}}]
OSLO = ReadCall("weather", {"city": "Oslo"})
MARKED = '<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}</tool_call>'


@pytest.mark.parametrize(
    "text", [MARKED, f"Well, weather(Rome) {MARKED} is it.", "weather(Oslo), 「weather(Rome)」", "None.", "<think>So.</think>Yes."]
)
def test_without_prose_the_calls_are_the_same(text: str) -> None:
    whole = read(text, TOOLS)
    for cut in range(len(text) + 1):
        reader = Reader(TOOLS, prose=False)
        events = [*reader.feed(text[:cut]), *reader.feed(text[cut:]), *reader.finish()]
        assert reader.close() == whole._replace(text="")
        assert not [event for event in events if isinstance(event, TextRead)]
        assert [event.call for event in events if isinstance(event, CallRead)][-1:] == list(whole.calls[-1:])


FORMS_READ = {
    "the form itself": (MARKED, {"hermes"}, 1),
    "JSON without marks": ('{"name": "weather", "arguments": {"city": "Oslo"}}', {"hermes"}, 0),
    "JSON": ('{"name": "weather", "arguments": {"city": "Oslo"}}', {"hermes", "json"}, 1),
    "NAME(...)": ("weather(Oslo)", {"hermes", "json"}, 0),
    "NAME(...) alone": ("weather(Oslo)", ["call"], 1),
    "marks where NAME(...) is asked for": (MARKED, {"call"}, 0),
    "one name": (MARKED, "hermes", 1),
    "a fence for Python": ("```tool_code\nweather(city='Oslo')\n```", {"hermes"}, 0),
    "a fence for Python, asked for": ("```tool_code\nweather(city='Oslo')\n```", {"gemma"}, 1),
    "an element": ("<weather><city>Oslo</city></weather>", {"cline"}, 1),
    "any prefix": ('<zeta:invoke name="weather"><zeta:parameter name="city">Oslo</zeta:parameter></zeta:invoke>', {"json"}, 0),
}


@pytest.mark.parametrize(("text", "forms", "calls"), FORMS_READ.values(), ids=FORMS_READ)
def test_only_the_forms_that_are_asked_for_are_read(text: str, forms: set[str], calls: int) -> None:
    for pieces in ([text], list(text)):
        reader = Reader(TOOLS, forms=forms)
        for piece in pieces:
            reader.feed(piece)
        reading = reader.close()
        assert (len(reading.calls), reading.problems) == (calls, ())
        assert calls or reading.text == text


@pytest.mark.parametrize("name", DIALECTS)
def test_what_a_dialect_writes_is_read_by_its_own_forms(name: str) -> None:
    reader = Reader(TOOLS, forms=FORMS[name])
    reader.feed(DIALECTS[name].render(OSLO, tools=TOOLS))
    assert [(call.tool, call.arguments) for call in reader.close().calls] == [("weather", {"city": "Oslo"})]


WRONG = {
    "an unknown form": ({"forms": {"hermes", "klingon"}}, "There is no form 'klingon'. Forms: anthropic, "),
    "none": ({"forms": ()}, "No forms are given."),
    "a dialect too": ({"forms": {"json"}, "dialect": "hermes"}, "Both the dialect 'hermes' and forms are given."),
}


@pytest.mark.parametrize(("options", "told"), WRONG.values(), ids=WRONG)
def test_wrong_forms_are_said_clearly(options: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Reader(TOOLS, **options)  # type: ignore[arg-type]
