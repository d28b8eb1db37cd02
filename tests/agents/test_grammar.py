"""Replies held to a grammar: what a tool's schema allows can be written, what it does not cannot."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from sayso.agents import Agent
from sayso.agents.models.call_grammar import grammar_for
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.tools import calculator, tool
from sayso.tools.dialects import DIALECTS, ReadCall, read

from .fake_openai import FakeOpenAI

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[A-Za-z0-9-]+|\{\d+(?:,\d*)?\}|[()|*?+]')


def as_pattern(grammar: str, deepest: int = 3) -> re.Pattern[str]:
    """A GBNF grammar as a regular expression; rules inside themselves only so deep."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.strip().splitlines())

    def spelled(rule: str, depth: int) -> str:
        return "".join(piece(token, depth) for token in TOKEN.findall(rules[rule]))

    def piece(token: str, depth: int) -> str:
        if token.startswith('"'):
            return re.escape(token[1:-1].replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\"))
        if token in rules:
            deeper = depth + (token in ("value", "array", "object"))
            return f"(?:{spelled(token, deeper) if deeper <= deepest else 'null'})"
        return "(?:" if token == "(" else token

    return re.compile(spelled("root", 0))


class Address(BaseModel):
    """Where to."""

    street: str
    number: int | None = None


@tool.read
def deliver(item: Literal["burger", "fries"], to: Address, count: int = 1, notes: list[str] | None = None) -> str:
    """Deliver something."""
    return "ok"


@tool.read
def look(place: str = "", far: bool = False) -> str:
    """Look around."""
    return "ok"


TOOLS = [deliver, look, calculator]
HELD = [name for name in DIALECTS if grammar_for(name, TOOLS)]
GOOD: dict[str, ReadCall] = {
    "only what is needed": ReadCall("deliver", {"item": "burger", "to": {"street": "Elm"}}),
    "all": ReadCall("deliver", {"item": "fries", "to": {"street": "Elm", "number": 7}, "count": 2, "notes": ["a", "b"]}),
    "a text with marks": ReadCall("look", {"place": 'say "hi" \\ to\n<ö>'}),
    "a later one alone": ReadCall("look", {"far": True}),
    "nothing": ReadCall("look", {}),
    "another tool": ReadCall("CALCULATOR", {"expression": "2^10"}),
}
BAD: dict[str, ReadCall] = {
    "no such dish": ReadCall("deliver", {"item": "pizza", "to": {"street": "Elm"}}),
    "one is missing": ReadCall("deliver", {"item": "burger"}),
    "one too many": ReadCall("look", {"place": "here", "near": True}),
    "another kind": ReadCall("look", {"far": "very"}),
    "no such tool": ReadCall("run_away", {"far": True}),
}


def test_most_dialects_can_be_held_to_a_grammar() -> None:
    assert {"call", "python", "json", "hermes", "llama3", "llama4", "mistral", "harmony"} <= set(HELD)


@pytest.mark.parametrize("dialect", HELD)
def test_a_grammar_allows_what_the_schemas_allow_and_nothing_else(dialect: str) -> None:
    allowed = as_pattern(grammar_for(dialect, TOOLS))
    written = {name: DIALECTS[dialect].render(call, tools=TOOLS) for name, call in (GOOD | BAD).items()}
    python = dialect in ("python", "llama4", "lfm2", "olmo")
    for name, text in written.items():
        if python:  # Python's words for true, false and null are read, JSON's are what the grammar writes
            text = text.replace("True", "true").replace("None", "null")
        assert (allowed.fullmatch(text) is not None) is (name in GOOD), (name, text)
        if name in GOOD:
            assert [call[:2] for call in read(text, TOOLS, dialect).calls] == [GOOD[name][:2]]


@pytest.mark.parametrize("dialect", HELD)
def test_prose_is_free(dialect: str) -> None:
    assert as_pattern(grammar_for(dialect, TOOLS)).fullmatch("Hello! The burger (with fries) is $7.50, isn't it?\nYes.")


def test_prose_may_stand_around_a_call() -> None:
    allowed = as_pattern(grammar_for("call", [calculator]))
    assert allowed.fullmatch('You would have CALCULATOR(expression="100 * 1.05^8") dollars (after 8 years).')
    assert not allowed.fullmatch("You would have CALCULATOR(100 * 1.05^8) dollars.")


def test_values_in_bare_text_between_tags_are_not_held() -> None:
    assert [name for name in ("qwen3_coder", "glm", "anthropic", "react") if grammar_for(name, TOOLS)] == []


LLAMA = {"/props": {"chat_template_caps": {"supports_tools": False}}}
OFFERED: dict[str, tuple[dict[str, Any], bool, str, bool]] = {
    "llama.cpp": (LLAMA, True, "auto", True),
    "llama.cpp, not asked to": (LLAMA, False, "auto", False),
    "llama.cpp, a dialect by name": ({"/props": {"chat_template_caps": {"supports_tools": True}}}, True, "hermes", True),
    "llama.cpp that takes tools itself": ({"/props": {"chat_template_caps": {"supports_tools": True}}}, True, "auto", False),
    "an endpoint that offers none": ({}, True, "call", False),
}


@pytest.mark.parametrize(("pages", "constrain", "dialect", "held"), OFFERED.values(), ids=OFFERED)
async def test_a_grammar_is_sent_where_it_is_offered(pages: dict[str, Any], constrain: bool, dialect: str, held: bool) -> None:
    with FakeOpenAI(["Hello."], pages=pages) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url, constrain=constrain), tools=[look], dialect=dialect)
        assert (await agent.run("Hi")).output == "Hello."
    used = "call" if dialect == "auto" else dialect
    assert server.requests[0].get("grammar") == (grammar_for(used, [look]) if held else None)
