"""The checks of `sayso doctor` that ask a model one word: whether it answers, by which protocol, with tools, without what, how fast."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sayso.cli.check_result import CheckResult, CheckState
from sayso.tools.errors import ModelError, ToolsRefused

if TYPE_CHECKING:
    from sayso.agents import Model
    from sayso.agents.models.endpoint import Endpoint
    from sayso.agents.models.model import Notice
    from sayso.agents.models.names import ReadName

_QUESTION = "Answer with one word: ready"


def check_keys() -> CheckResult:
    """List the providers whose key the environment has. Nobody is asked."""
    from sayso.agents.models.providers import PROVIDERS  # late, for load time

    found: dict[str, str] = {}
    for provider in PROVIDERS:
        for variable in provider.key_variables:
            if os.environ.get(variable, "").strip():
                found.setdefault(variable, provider.spelling)
    if not found:
        return CheckResult("keys", CheckState.NOT_USED, "no provider's key is set (see docs/models.md); ollama:NAME needs none")
    words = ", ".join(f"{variable} (--model {spelling})" for variable, spelling in found.items())
    return CheckResult("keys", CheckState.NOT_USED, f"set, and not tried: {words}", "Name a model to have its key tried: --model NAME.")


def check_model(row: str, name: str | None, base_url: str | None, seconds: float) -> CheckResult:
    """Check the model of that name by asking it one word. Raises SaysoError for one that does not answer."""
    from sayso.agents.models.named import is_local_name  # late, for load time
    from sayso.agents.models.names import read_name

    if name is None and not os.environ.get("OPENAI_BASE_URL"):
        advice = "Give --model or --base-url, or set SAYSO_MODEL or OPENAI_API_KEY."
        return CheckResult(row, CheckState.NOT_USED, "none is configured (sayso demo needs none)", advice)
    name = name or ""
    if is_local_name(name, base_url):
        return check_local_model(row, name)
    return _EndpointCheck(row, read_name(name, base_url), name, base_url, seconds).run()


def check_local_model(row: str, name: str) -> CheckResult:
    """Check whether a model on this machine could be loaded: a complete file, enough memory, and llama.cpp."""
    from sayso.agents.models.local.local_model import LocalModel  # late, for load time

    model = LocalModel(name.partition(":")[2] if name.lower().startswith("local:") else name)
    path = model.find_file()
    if path is None:
        advice = "sayso chat in a terminal asks whether to fetch it."
        return CheckResult(row, CheckState.PROBLEM, f"{model.source} is not on this machine", advice)
    return CheckResult(row, CheckState.FINE, f"{path}, looked at and not loaded: {model.describe_fit(path)}")


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came of one question."""

    seconds: float
    text: str = ""
    took_tools: bool = True
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _EndpointCheck:
    """The check of one model at an endpoint."""

    row: str
    read: ReadName
    name: str
    base_url: str | None
    seconds: float

    def run(self) -> CheckResult:
        from sayso.agents.models.endpoint import find_endpoint  # late, for load time
        from sayso.agents.models.named import model_from
        from sayso.agents.models.providers import Protocol

        if self.read.protocol is Protocol.BRIDGE:
            return self._ask(model_from(self.name), None)
        at = find_endpoint(self.read.model, self.read.base_url, None, timeout_seconds=self.seconds)
        if not at.key:
            return CheckResult(self.row, CheckState.PROBLEM, f"no key for {at.shown_url}", at.key_advice)
        if self.read.model:
            return self._ask(model_from(self.name, base_url=self.base_url), at)
        return self._choose(at)

    def _choose(self, at: Endpoint) -> CheckResult:
        """Look what an endpoint has that was named alone. Its only model is asked; one of several is for the user to choose."""
        from sayso.agents.models.named import list_models, model_from  # late, for load time

        names = list_models(at)
        if len(names) == 1:
            return self._ask(model_from(names[0], base_url=at.url), replace(at, model=names[0]))
        words = f"{at.shown_url} answers and has {len(names)} models{_list_some(names)}"
        stem = self.read.stem or f"{at.shown_url}#"
        return CheckResult(self.row, CheckState.FINE, words, f"Name one to have it asked: --model {stem}{names[0] if names else 'NAME'}")

    def _ask(self, model: Model, at: Endpoint | None) -> CheckResult:
        try:
            heard = asyncio.run(asyncio.wait_for(_ask_one_word(model), self.seconds))
        except TimeoutError:
            return self._problem(
                f"{model!r} gave no answer within {self.seconds:g} s", "Try again with --seconds; a model may have to be loaded."
            )
        except ModelError as error:
            if at is None or not str(error).startswith("There is no model"):
                raise
            return self._explain_unknown(at, error)
        words = f"{model!r} answers {heard.text!r} by {self._get_protocol(at)} in {heard.seconds:.1f} s"
        left_out = f"; left out: {', '.join(heard.left_out)}" if heard.left_out else ""
        return self._judge_tools(model, at, f"{words}{left_out}", heard)

    def _get_protocol(self, at: Endpoint | None) -> str:
        from sayso.agents.models.providers import Protocol  # late, for load time

        return str(at.protocol if at is not None and self.read.protocol is Protocol.OPENAI else self.read.protocol)

    def _problem(self, words: str, to_do: str) -> CheckResult:
        return CheckResult(self.row, CheckState.PROBLEM, words, to_do)

    def _explain_unknown(self, at: Endpoint, error: ModelError) -> CheckResult:
        """Say which models there are in place of one that is not there."""
        from sayso.agents.models.named import list_models  # late, for load time

        problem, _, advice = str(error).partition(". ")
        words = problem.rstrip(".")
        try:
            names = list_models(at)
        except ModelError:
            return self._problem(words, advice)
        near = get_close_matches(self.read.model, names, 3, cutoff=0.5)
        fetch = f" Or fetch it: ollama pull {self.read.model}" if self.read.stem == "ollama:" else ""
        return self._problem(
            words, f"There are {len(names)} models{_list_some([*near, *(each for each in names if each not in near)])}.{fetch}"
        )

    def _judge_tools(self, model: Model, at: Endpoint | None, answer: str, heard: _Heard) -> CheckResult:
        """Say how the model takes tools. One on this machine, where a request costs nothing, is sent one to see."""
        from sayso.agents.models.tool_probe import ToolsSent, probe_tools  # late, for load time

        if not (model.takes_tools and heard.took_tools):
            return CheckResult(self.row, CheckState.FINE, f"{answer}; it takes no tools, so calls are asked for as text")
        if at is None or not at.is_local:
            return CheckResult(self.row, CheckState.FINE, f"{answer}; it takes tools")
        if asyncio.run(probe_tools(at)) is ToolsSent.DROPPED:
            advice = "Have calls written as text: --dialect call, or OpenAIChat(..., takes_tools=False)."
            return self._problem(f"{answer}; it silently drops the tools that {at.model!r} is sent", advice)
        return CheckResult(self.row, CheckState.FINE, f"{answer}; it sees the tools it is sent")


def _list_some(names: list[str]) -> str:
    return f": {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else ""


async def _ask_one_word(model: Model) -> _Heard:
    """Ask a model for one word, with a tool that it may call, and without if it refuses that. Stop listening after the first word."""
    from sayso.agents import ModelRequest, Sampling, TextDelta, UserMessage  # late, for load time
    from sayso.agents.models.model import CallDelta, Downgraded
    from sayso.agents.models.tool_probe import PROBE_TOOL

    left_out: list[str] = []

    def note(notice: Notice) -> None:
        if isinstance(notice, Downgraded):
            left_out.append(notice.without)

    find_abilities = getattr(model, "abilities", None)
    if find_abilities is not None:
        await find_abilities()
    tools = (PROBE_TOOL,) if model.takes_tools else ()
    request = ModelRequest((UserMessage(_QUESTION),), tools, Sampling(temperature=0, max_tokens=2000), notify=note)
    began = time.monotonic()

    async def listen(request: ModelRequest) -> str:
        text = ""
        async for delta in model.stream(request):
            text += delta.text if isinstance(delta, TextDelta) else f"{delta.name}()" if isinstance(delta, CallDelta) and delta.name else ""
        return " ".join(text.split())[:40]

    try:
        text = await listen(request)
    except ToolsRefused:
        text = await listen(replace(request, tools=()))
        tools = ()
    return _Heard(time.monotonic() - began, text, bool(tools), left_out)
