"""What a server asks for while it works: a form for the person, a text from a model. Both wait for a yes to exactly what is shown."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import mcp_types as types

from ..approval.cards import escape_invisible, show_value
from ..approval.requests import ApprovalRequest, Approve, Approver, Edit, Reject, is_decision, propose
from ..canonical import JsonObject, prompt_text
from ..definition.decorators import tool
from ..effects import Effect

Sample = Callable[[str], Awaitable[str]]
"""Answers a text that a server wants from a model: `async (prompt) -> text`."""
ASK_SECONDS = 15 * 60.0
LONGEST_QUESTION = 20_000
ElicitAnswer = types.ElicitResult | types.ErrorData
SampleAnswer = types.CreateMessageResult | types.CreateMessageResultWithTools | types.ErrorData
_NOT_NOW = types.ErrorData(code=types.INVALID_REQUEST, message="The request was refused by the person, or nobody could be asked.")


@dataclass(eq=False)
class Questions:
    """Puts what a server asks to the approver of the run. `told` are lines about what was asked, for the result of the call."""

    server: str
    identity: str
    run_id: str
    approve: Approver | None
    sample: Sample | None = None
    told: list[str] = field(default_factory=list)

    async def elicit(self, context: object, params: types.ElicitRequestParams) -> ElicitAnswer:
        """Answer a form: with what the person has filled in (an Edit), or with a plain yes where nothing need be filled in."""
        if isinstance(params, types.ElicitRequestURLParams):
            return await self._open_url(params)
        rules = params.requested_schema.get("properties", {})
        fields = {str(name): _choose_default(rule) for name, rule in rules.items()} if isinstance(rules, Mapping) else {}
        request = self._make_request("asks you", params.message, {"message": params.message, **fields}, params.requested_schema)
        decision = await self._ask(request)
        if isinstance(decision, Reject):
            self._tell("a form", "it was declined")
            return types.ElicitResult(action="decline")
        if isinstance(decision, Edit):
            content = {name: value for name, value in decision.arguments.items() if name in fields}
        elif isinstance(decision, Approve):
            content = fields
        else:
            self._tell("a form", "nobody answered")
            return types.ElicitResult(action="cancel")
        missing = [name for name in params.requested_schema.get("required", ()) if content.get(name) is None]
        if missing:
            self._tell("a form", f"{', '.join(map(str, missing))} was not filled in, so it was cancelled")
            return types.ElicitResult(action="cancel")
        self._tell("a form", "it was answered")
        filled = cast(
            "dict[str, str | int | float | bool | list[str] | None]", {name: value for name, value in content.items() if value is not None}
        )
        return types.ElicitResult(action="accept", content=filled)

    async def _open_url(self, params: types.ElicitRequestURLParams) -> ElicitAnswer:
        """Ask whether the person has opened an address. It is shown, and never opened by itself."""
        request = self._make_request("asks you to open an address", f"{params.message}\n{params.url}", {"url": str(params.url)}, {})
        decision = await self._ask(request)
        self._tell("that an address be opened", "it was" if isinstance(decision, Approve) else "it was not")
        if isinstance(decision, Approve):
            return types.ElicitResult(action="accept")
        return types.ElicitResult(action="decline" if isinstance(decision, Reject) else "cancel")

    async def generate(self, context: object, params: types.CreateMessageRequestParams) -> SampleAnswer:
        """Give a server the text that it wants of a model, once a person has read what it would be told."""
        if self.sample is None:
            self._tell("a text from a model", "this agent gives it none")
            return _NOT_NOW
        prompt = "\n\n".join([*([params.system_prompt] if params.system_prompt else []), *map(_show_message, params.messages)])
        request = self._make_request("wants a text from your model", prompt, {"prompt": prompt, "max_tokens": params.max_tokens}, {})
        if not isinstance(await self._ask(request), Approve):
            self._tell("a text from a model", "it was refused")
            return _NOT_NOW
        text = await self.sample(prompt)
        self._tell("a text from a model", "it was given")
        return types.CreateMessageResult(role="assistant", content=types.TextContent(text=text), model="sayso")

    def _make_request(self, what: str, text: str, shown: Mapping[str, object], schema: Mapping[str, Any]) -> ApprovalRequest:
        async def answer(arguments: Mapping[str, object]) -> None:
            """Perform nothing: the answer goes to the server."""

        rules: dict[str, JsonObject] = {name: {} for name in shown}
        # Each line is marked as the server's: none can look like one of the card's own.
        said = "\n".join(f"> {escape_invisible(line)}" for line in text[:LONGEST_QUESTION].splitlines())
        card = f"The MCP server {show_value(self.server)} {what}:\n{said}".replace("{", "{{").replace("}", "}}")
        question = tool.from_schema(
            answer,
            name="mcp_question",
            schema={"type": "object", "properties": rules},
            description=what,
            effect=Effect.WRITE,
            identity=f"{self.identity} {json.dumps(schema, sort_keys=True, default=str)}",
            card=card,
        )
        now = time.time()
        sources = dict.fromkeys(shown, f"the MCP server {self.server}")
        return propose(
            question,
            shown,
            run_id=self.run_id,
            position=f"mcp_question:{secrets.token_hex(4)}",
            sources=sources,
            nonce=secrets.token_hex(16),
            now=now,
            expires_at=now + ASK_SECONDS,
            warnings=("A stranger's program wrote this. What you fill in goes to it.",),
        )

    async def _ask(self, request: ApprovalRequest) -> object:
        """Return the approver's decision, None where there is none or it fails: it never means yes."""
        if self.approve is None:
            return None
        try:
            decision: object = await self.approve(request)
        except Exception:  # noqa: BLE001  whatever it was, it decides nothing
            return None
        return decision if is_decision(decision) else None

    def _tell(self, what: str, came: str) -> None:
        self.told.append(f"(While it worked, {self.server} asked for {what}; {came}.)")


def _choose_default(rule: object) -> object:
    return rule.get("default") if isinstance(rule, Mapping) else None


def _show_message(message: types.SamplingMessage) -> str:
    content = message.content if isinstance(message.content, list) else [message.content]
    return "\n".join(block.text if isinstance(block, types.TextContent) else f"[{block.type}]" for block in content) or prompt_text(
        message.role
    )
