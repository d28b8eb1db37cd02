"""Serve an app over MCP. A call is a run; one that a person must be asked about answers with its card, and is done once they said yes."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from sayso import __version__
from sayso.tools import ToolResult
from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.effects import Effect
from sayso.tools.errors import SaysoError, ToolError, UsageError
from sayso.workflows import App, DurableEngine, RunResult, Worker
from sayso.workflows.calls.execute import APPROVAL_SECONDS
from sayso.workflows.durable import records
from sayso.workflows.workflow import OUTSIDE

from .callers import bind_state, find_person, find_refusal
from .decisions import KEY_LENGTH, DecidedOtherwise, find_digest, hand_in, make_question, read_answer
from .outside_call import AnyFlow, build_input_schema, check_arguments, describe_flow, find_effect, iter_tools, make_outside_app
from .resources import Resources, fill_prompt, make_prompt
from .results import make_failure, make_result, make_text
from .state_keys import read_state_keys

log: logging.Logger = logging.getLogger(__name__)
Context = ServerRequestContext[Any, Any]
Reply = types.CallToolResult | types.InputRequiredResult

RESULT_TOOL = "sayso_result"
POLL_SECONDS, BEAT_SECONDS = 0.25, 5.0
KEPT_SECONDS = 24 * 3600.0
"""How long after its request has expired a client may still come for the stored result."""
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_RESULT_SCHEMA = {
    "type": "object",
    "properties": {"run": {"type": "string", "description": "The run that an earlier result has named."}},
    "required": ["run"],
    "additionalProperties": False,
}
INSTRUCTIONS = (
    "Tools that change something ask a person first: the question with its card is for them to read, and only their answer counts. Where "
    f"you are told that a run waits, nothing has been done yet; ask for what became of it with {RESULT_TOOL}."
)


class AppServer:
    """An app's tools, agents and workflows as the tools of an MCP server, over the runs of a database.

    `wait_seconds` is how long a call is held open for a decision from elsewhere, where its client cannot be asked. Raises UsageError for
    names that MCP does not take, and for a database that cannot be used.
    """

    def __init__(self, app: App, url: str, *, wait_seconds: float = 45.0, resources: Resources | None = None) -> None:
        self.flows: dict[str, AnyFlow] = {name: app.flow(name) for name in app.names}
        for name in self.flows:
            if not _NAME.fullmatch(name) or name == RESULT_TOOL:
                raise UsageError(
                    f"MCP clients cannot call a tool named {name!r}: give it letters, digits, _ - . only (name=), at most 128."
                )
        self._several = frozenset(tool.name for tool in iter_tools(self.flows.values()) if tool.approvals > 1)
        self._app, self._url, self._wait_seconds = make_outside_app(app), url, wait_seconds
        self.engine: DurableEngine = DurableEngine(url, app=self._app)
        self.engine.store.stopped_state = records.QUEUED
        self._carried: set[asyncio.Task[RunResult[Any]]] = set()
        self._resources = resources or Resources()
        security = RequestStateSecurity(keys=read_state_keys(url), ttl=APPROVAL_SECONDS + KEPT_SECONDS, bind_principal=bind_state)
        self.server: Server[Any] = self._make_server(app.name)
        self.server.middleware.append(RequestStateBoundary(security, default_audience=f"sayso:{app.name}"))

    def _make_server(self, name: str) -> Server[Any]:
        shown = self._resources
        return Server(
            name,
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            on_list_resources=(lambda ctx, params: shown.list_all()) if shown else None,
            on_list_resource_templates=(lambda ctx, params: shown.list_templates()) if shown else None,
            on_read_resource=(lambda ctx, params: shown.read(params.uri)) if shown else None,
        )

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Carry on, while the block lasts, what was approved elsewhere and what dead processes have left."""
        worker = Worker(self._app, self._url)
        work = asyncio.get_running_loop().create_task(worker.work())
        try:
            yield
        finally:
            worker.stop()
            for each in self._carried:
                each.cancel()
            await asyncio.gather(work, *self._carried, return_exceptions=True)
            self.engine.close()

    # what there is

    async def _list_tools(self, ctx: Context, params: object) -> types.ListToolsResult:
        tools = [self._describe(name, flow) for name, flow in self.flows.items()]
        about = "Return the result of an earlier call that waits, or has waited, for a person's approval."
        result_tool = types.Tool(
            name=RESULT_TOOL,
            description=about,
            input_schema=_RESULT_SCHEMA,
            annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
        )
        return types.ListToolsResult(tools=[*tools, result_tool])

    def _describe(self, name: str, flow: AnyFlow) -> types.Tool:
        effect = find_effect(flow)
        is_write = effect is Effect.WRITE
        asks = "\n\nA person is asked before anything is done." if is_write else ""
        annotations = types.ToolAnnotations(
            read_only_hint=not is_write, destructive_hint=is_write, open_world_hint=effect in (Effect.EGRESS, Effect.WRITE)
        )
        return types.Tool(name=name, description=describe_flow(flow) + asks, input_schema=build_input_schema(flow), annotations=annotations)

    async def _list_prompts(self, ctx: Context, params: object) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[make_prompt(name) for name, flow in self.flows.items() if flow.kind == "agent"])

    async def _get_prompt(self, ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        flow = self.flows.get(params.name)
        if flow is None or flow.kind != "agent":
            raise MCPError(code=types.INVALID_PARAMS, message=f"There is no prompt {params.name[:200]!r}.")
        return fill_prompt(params.name, params.arguments or {})

    # calls

    async def _call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> Reply:
        run_id = ""
        try:
            if params.name == RESULT_TOOL:
                run_id = await self._find_earlier(ctx, params.arguments or {})
            elif params.name not in self.flows:
                raise MCPError(code=types.INVALID_PARAMS, message=f"There is no tool {params.name[:200]!r}. Use one of tools/list.")
            elif params.request_state is None:
                run_id = f"mcp-{secrets.token_hex(16)}"
                await self._begin(ctx, run_id, params.name, params.arguments or {})
            if params.request_state is None:
                return await self._answer(ctx, run_id, is_new=params.name != RESULT_TOOL)
            return await self._take_answers(ctx, params.request_state, params.input_responses or {})
        except MCPError:
            raise
        except DecidedOtherwise as error:
            return make_text(str(error), run_id, status="refused")
        except ToolError as error:
            return make_text(str(error))
        except SaysoError as error:
            return make_failure(error, run_id)
        except Exception as error:
            log.exception("A call of %s failed", params.name)
            return make_failure(error, run_id)

    async def _begin(self, ctx: Context, run_id: str, name: str, arguments: Mapping[str, object]) -> None:
        """Store the run of a new call. It is executed by whoever has it first: this call, or a worker if this process dies now."""
        checked, person = check_arguments(self.flows[name], arguments), find_person(ctx)
        await self.engine.submit(f"{OUTSIDE}{name}", checked, run_id=run_id, user=None if person is None else person.name)

    async def _find_earlier(self, ctx: Context, arguments: Mapping[str, object]) -> str:
        """Return the id of the run that is asked for: one that an MCP client has begun, of the same person where people are named."""
        run_id, person = arguments.get("run"), find_person(ctx)
        with suppress(UsageError):
            row = await self.engine.run(run_id) if isinstance(run_id, str) and run_id.startswith("mcp-") else None
            is_theirs = row is not None and (
                row.for_user == ("" if person is None else person.name) or (person is not None and person.sees_all)
            )
            if row is not None and row.flow.startswith(OUTSIDE) and is_theirs:
                return row.id
        raise ToolError(f"There is no run {str(run_id)[:80]!r} of an earlier call here.")

    async def _take_answers(self, ctx: Context, state: str, answers: Mapping[str, types.InputResponse]) -> Reply:
        """Hand in the answers to what a run asked before, and return what it came to then.

        The state was sealed here: who holds it was asked, about this call and no other.
        """
        asked = json.loads(state)
        run_id, digests = str(asked["run"]), list[str](asked["asked"])
        decisions: dict[str, Decision] = {}
        person = find_person(ctx)
        for key, answer in answers.items():
            digest = find_digest(key, digests)
            if digest is None:
                raise MCPError(code=types.INVALID_PARAMS, message=f"Nothing was asked under {key[:80]!r}.")
            if (decision := read_answer(answer, _name_client(ctx), person)) is not None:
                decisions[digest] = decision
        # Who was asked may not be who may decide any more: a role is taken away, a request is handed on.
        if person is not None and (why := await find_refusal(self.engine, person, run_id, decisions)):
            return make_text(f"{why} Nothing was done.", run_id, status="refused")
        try:
            await hand_in(self.engine, run_id, decisions)
        except DecidedOtherwise as error:
            return make_text(str(error), run_id, status="refused")
        return await self._answer(ctx, run_id, left_open=[digest for digest in digests if digest not in decisions])

    async def _answer(self, ctx: Context, run_id: str, *, left_open: Sequence[str] = (), is_new: bool = False) -> Reply:
        """Return what a run comes to, or the questions that it waits with. `left_open` are those that were just not answered."""
        while True:
            try:
                result = await self._carry(ctx, run_id, is_new=is_new)
            except SaysoError as error:
                return make_failure(error, run_id)
            if result.finished:
                output: ToolResult = result.value  # type: ignore[assignment]  # what an OutsideCall returns
                return make_result(output, run_id)
            if any(request.digest in left_open for request in result.pending):
                return self._say_waiting(run_id, result.pending, "Nobody has decided.")
            is_new = False
            if why := await self._find_obstacle(ctx, run_id, result.pending):
                if not await self._wait_for_others(ctx, run_id, result.pending):
                    return self._say_waiting(run_id, result.pending, why)
            elif ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
                return _make_questions(run_id, result.pending)
            elif not await self._elicit(ctx, run_id, result.pending):
                return self._say_waiting(run_id, result.pending, "Nobody has decided.")

    async def _carry(self, ctx: Context, run_id: str, *, is_new: bool) -> RunResult[Any]:
        """Execute the run here, or wait for whoever does, to its end or its next pause.

        It goes on if this call is given up: an approved write is done, and its result is there for whoever asks again. Only what was not
        asked about yet is stopped then.
        """
        execution = await self.engine.find_execution(run_id)
        task = asyncio.get_running_loop().create_task(execution.execute(suspends=True))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)
        beats = 0
        try:
            while not (await asyncio.wait({task}, timeout=BEAT_SECONDS))[0]:
                beats += 1
                await ctx.session.report_progress(beats, message=f"{run_id} is at work")
        except asyncio.CancelledError:
            if is_new:
                await asyncio.shield(self.engine.cancel(run_id))
            raise
        finally:
            if not execution.is_running:
                self.engine.executions.pop(run_id, None)  # the database has it
        return task.result()

    # questions

    async def _find_obstacle(self, ctx: Context, run_id: str, pending: Sequence[ApprovalRequest]) -> str:
        """Return why the client's person cannot be asked, empty if they can: no form, or an answer that would not count."""
        if self.engine.approvers is not None:
            return "Only a signed decision counts here, and none can be given over MCP."
        if (person := find_person(ctx)) is not None:
            if refusal := await find_refusal(self.engine, person, run_id, [request.digest for request in pending]):
                return refusal
        elif needed := next((request.roles for request in pending if request.roles), ()):
            return f"Only somebody with the role {' or '.join(needed)} decides this, and nobody has one over MCP."
        elif self._several.intersection(request.tool for request in pending):
            return "This needs the yes of several people, each by their name, and over MCP nobody has one."
        capabilities = ctx.session.client_capabilities
        elicitation = capabilities.elicitation if capabilities is not None else None
        has_form = elicitation is not None and (elicitation.form is not None or elicitation.url is None)
        if not has_form or not (ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or ctx.session.can_send_request):
            return "Your client cannot ask its person (it has no elicitation)."
        return ""

    async def _elicit(self, ctx: Context, run_id: str, pending: Sequence[ApprovalRequest]) -> bool:
        """Ask an older client's person, one request after the other; an answer from elsewhere counts too. False where nobody decided."""
        for request in pending:
            question = make_question(request)
            asking = asyncio.ensure_future(ctx.session.elicit_form(question.message, question.requested_schema, ctx.request_id))
            others = asyncio.ensure_future(self._wait_decided(run_id, request.digest))
            try:
                await asyncio.wait({asking, others}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in (asking, others):
                    each.cancel()
                await asyncio.gather(asking, others, return_exceptions=True)
            if asking.cancelled():
                continue  # it was decided elsewhere
            try:
                decision = read_answer(asking.result(), _name_client(ctx), find_person(ctx))
            except (MCPError, ValueError) as error:  # it cannot be asked after all, or has answered nonsense
                log.warning("An MCP client did not answer a question: %s", error)
                return False
            if decision is None:
                return False
            if (person := find_person(ctx)) is not None and await find_refusal(self.engine, person, run_id, [request.digest]):
                continue  # while they were asked it was handed to somebody else: the run says so when it is looked at again
            await hand_in(self.engine, run_id, {request.digest: decision})
        return True

    async def _wait_decided(self, run_id: str, digest: str) -> None:
        while any(row.digest == digest and row.state == "proposed" for row in await self.engine.approvals(run_id)):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)  # another program decides, and tells nobody but the database

    async def _wait_for_others(self, ctx: Context, run_id: str, pending: Sequence[ApprovalRequest]) -> bool:
        """Hold the call until somebody has decided in a terminal or on a page; False if nobody did in time."""
        deciding = asyncio.gather(*(self._wait_decided(run_id, request.digest) for request in pending))
        loop = asyncio.get_running_loop()
        end = loop.time() + self._wait_seconds
        try:
            while not deciding.done() and (left := end - loop.time()) > 0:
                await ctx.session.report_progress(self._wait_seconds - left, message=f"Waits for an approval: {pending[0].summary}")
                await asyncio.wait({deciding}, timeout=min(left, BEAT_SECONDS))
            return deciding.done()
        finally:
            deciding.cancel()
            with suppress(asyncio.CancelledError):
                await deciding

    def _say_waiting(self, run_id: str, pending: Sequence[ApprovalRequest], why: str) -> types.CallToolResult:
        cards = "\n\n".join(make_question(request).message for request in pending)
        text = (
            f"{why} Nothing has been done. This waits for a person:\n\n{cards}\n\nIt is theirs to decide, not yours: run {run_id}, in a "
            f"terminal or on a page of Sayso. Ask for what became of it with the tool {RESULT_TOOL}, run={run_id!r}."
        )
        return make_text(text, run_id, is_error=False, status="waits")


def _make_questions(run_id: str, pending: Sequence[ApprovalRequest]) -> types.InputRequiredResult:
    requests: types.InputRequests = {request.digest[:KEY_LENGTH]: types.ElicitRequest(params=make_question(request)) for request in pending}
    state = json.dumps({"run": run_id, "asked": [request.digest for request in pending]})
    return types.InputRequiredResult(input_requests=requests, request_state=state)


def _name_client(ctx: Context) -> str:
    """Return where a decision comes from: MCP, with what the client calls itself."""
    params = ctx.session.client_params
    return f"mcp: {params.client_info.name}"[:80] if params is not None else "mcp"
