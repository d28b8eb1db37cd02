"""What a server asks for while it works: a form for the person, a text from a model. Both wait for a yes to exactly what is shown."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import mcp_types as types
from pydantic import TypeAdapter, ValidationError

from ..approval.cards import escape_invisible, show_value
from ..approval.requests import Approve, Edit, Reject
from ..canonical import JsonObject, prompt_text
from ..errors import ToolError
from ..tool_questions import ToolQuestion
from .errors import CallLost

Sample = Callable[[str], Awaitable[str]]
"""Answers a text that a server wants from a model: `async (prompt) -> text`."""
LONGEST_QUESTION = 20_000
"""How many characters a question may have. A longer one is not asked: what is cut off would be agreed to unseen."""
LONGEST_FORM = 100_000
MOST_QUESTIONS = 20
NOT_NOW = types.ErrorData(code=types.INVALID_REQUEST, message="The request was refused by the person, or nobody could be asked.")
_REQUESTS: TypeAdapter[types.InputRequest] = TypeAdapter(types.InputRequest)


@dataclass(frozen=True, slots=True)
class ServerQuestions:
    """Writes what a server asks as a question to a person, and what they decide as the answer to the server."""

    server: str
    identity: str
    sample: Sample | None = None

    def write(self, key: str, request: types.InputRequest) -> ToolQuestion | None:
        """Return the question; None for what no person need be asked about, or is refused in any case.

        Raises CallLost for one that is too long to be shown whole.
        """
        match request:
            case types.ElicitRequest(params=types.ElicitRequestURLParams() as params):
                asked = f"{params.message}\n{params.url}"
                return self._make(key, "asks you to open an address", asked, {"url": str(params.url)}, {})
            case types.ElicitRequest(params=types.ElicitRequestFormParams() as params):
                fields = {"message": params.message, **_read_fields(params)}
                return self._make(key, "asks you", params.message, fields, params.requested_schema)
            case types.CreateMessageRequest(params=params) if self.sample is not None:
                prompt = _read_prompt(params)
                shown = {"prompt": prompt, "max_tokens": params.max_tokens}
                return self._make(key, "wants a text from your model", prompt, shown, {})
            case _:
                return None

    async def answer(self, request: types.InputRequest, decision: object, told: list[str]) -> types.InputResponse | None:
        """Return the answer to a request as it was decided; None for a refusal that has no form. `told` gets a line about it."""
        match request:
            case types.ElicitRequest(params=types.ElicitRequestURLParams()):
                has_opened = isinstance(decision, Approve)
                self._tell(told, "that an address be opened", "it was" if has_opened else "it was not")
                return types.ElicitResult(action="accept" if has_opened else "decline" if isinstance(decision, Reject) else "cancel")
            case types.ElicitRequest(params=types.ElicitRequestFormParams() as params):
                return self._fill_in(params, decision, told)
            case types.CreateMessageRequest(params=params):
                if self.sample is None or not isinstance(decision, Approve):
                    self._tell(told, "a text from a model", "this agent gives it none" if self.sample is None else "it was refused")
                    return None
                text = await self.sample(_read_prompt(params))
                self._tell(told, "a text from a model", "it was given")
                return types.CreateMessageResult(role="assistant", content=types.TextContent(text=text), model="sayso")
            case _:
                self._tell(told, "your folders", "it was told none")
                return types.ListRootsResult(roots=[])

    def _fill_in(self, params: types.ElicitRequestFormParams, decision: object, told: list[str]) -> types.ElicitResult:
        """Return a form with what the person has filled in (an Edit), or with its defaults after a plain yes where that is enough."""
        fields = _read_fields(params)
        if isinstance(decision, Reject):
            self._tell(told, "a form", "it was declined")
            return types.ElicitResult(action="decline")
        if isinstance(decision, Edit):
            content = {name: value for name, value in decision.arguments.items() if name in fields}
        elif isinstance(decision, Approve):
            content = fields
        else:
            self._tell(told, "a form", "nobody answered")
            return types.ElicitResult(action="cancel")
        missing = [name for name in params.requested_schema.get("required", ()) if content.get(name) is None]
        if missing:
            self._tell(told, "a form", f"{', '.join(map(str, missing))} was not filled in, so it was cancelled")
            return types.ElicitResult(action="cancel")
        self._tell(told, "a form", "it was answered")
        filled = {name: value for name, value in content.items() if value is not None}
        return types.ElicitResult(action="accept", content=cast("dict[str, str | int | float | bool | list[str] | None]", filled))

    def _make(self, key: str, what: str, text: str, fields: Mapping[str, object], schema: Mapping[str, object]) -> ToolQuestion:
        # Each line is marked as the server's: none can look like one of the card's own.
        form = json.dumps(schema, sort_keys=True, default=str)
        if len(text) > LONGEST_QUESTION or len(form) > LONGEST_FORM:
            shown = f"at most {LONGEST_QUESTION:,} are shown, and {LONGEST_FORM:,} of a form"
            raise CallLost(f"the MCP server {self.server} asked something of {len(text) + len(form):,} characters; {shown}")
        said = "\n".join(f"> {escape_invisible(line)}" for line in text.splitlines())
        card = f"The MCP server {show_value(self.server)} {what}:\n{said}"
        identity = f"{self.identity} {form}"
        return ToolQuestion(key, card, fields, f"the MCP server {self.server}", identity, what)

    def _tell(self, told: list[str], what: str, came: str) -> None:
        told.append(f"(While it worked, {self.server} asked for {what}; {came}.)")


@dataclass(frozen=True, slots=True)
class ServerAsked:
    """What a server has asked in one go: its requests by key, what it wants back with the answers, and what is told of earlier ones.

    `waiting` names the call of a server that is held until it is answered: one of a protocol before 2026-07-28.
    """

    requests: Mapping[str, types.InputRequest]
    state: str | None = None
    waiting: str = ""
    told: list[str] = field(default_factory=list)

    def to_json(self) -> JsonObject:
        """Return it as it is stored with the run."""
        requests = {key: _REQUESTS.dump_python(each, mode="json", by_alias=True, exclude_none=True) for key, each in self.requests.items()}
        return {"requests": requests, "state": self.state, "waiting": self.waiting, "told": [*self.told]}

    @classmethod
    def from_json(cls, given: Mapping[str, object]) -> ServerAsked:
        """Read what was stored. Raises ToolError for something else."""
        try:
            requests = {key: _REQUESTS.validate_python(each) for key, each in cast("JsonObject", given["requests"]).items()}
            return cls(requests, cast("str | None", given["state"]), str(given["waiting"]), [*cast("list[str]", given["told"])])
        except (ValidationError, KeyError, TypeError, AttributeError) as error:
            raise ToolError(f"what the server had asked cannot be read any more ({type(error).__name__})") from None


def keep_given(given: Mapping[str, types.InputResponse | None], server: str) -> types.InputResponses | None:
    """Return the answers for a server, None for none. Raises CallLost for what was refused and has no form of a refusal."""
    if any(each is None for each in given.values()):
        raise CallLost(f"the MCP server {server} wanted a text from a model in the middle of this call, and was given none")
    return {key: each for key, each in given.items() if each is not None} or None


def _read_fields(params: types.ElicitRequestFormParams) -> dict[str, object]:
    rules = params.requested_schema.get("properties", {})
    return {str(name): _choose_default(rule) for name, rule in rules.items()} if isinstance(rules, Mapping) else {}


def _read_prompt(params: types.CreateMessageRequestParams) -> str:
    return "\n\n".join([*([params.system_prompt] if params.system_prompt else []), *map(_show_message, params.messages)])


def _choose_default(rule: object) -> object:
    return rule.get("default") if isinstance(rule, Mapping) else None


def _show_message(message: types.SamplingMessage) -> str:
    content = message.content if isinstance(message.content, list) else [message.content]
    return "\n".join(block.text if isinstance(block, types.TextContent) else f"[{block.type}]" for block in content) or prompt_text(
        message.role
    )
