"""Perform calls that may be performed: reads side by side as one step, a write once and to its end. What each comes to is a ToolResult."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from sayso.tools.approval.background import Made
from sayso.tools.approval.cards import iter_texts
from sayso.tools.calls import Content, Outcome, ToolCall, ToolResult
from sayso.tools.definition.tool import AnyTool, ToolContext
from sayso.tools.effects import CLEAN, LABELS, Effect, Labels, Trust
from sayso.tools.errors import InvalidArguments, SaysoError, ToolError, UsageError
from sayso.tools.tool_questions import Asking

from ..runs.limits import Spent, results_of
from ..runs.protocols import Earlier, Run
from ..runs.timing import in_time
from .secret_calls import mask_result, note_secrets

_WORD = re.compile(r"[^\W_]+")
PURE, EGRESS, WRITE = Effect.PURE, Effect.EGRESS, Effect.WRITE  # found once: CPython 3.11 searches an enum for each look at a member
NO_CONTEXT: ToolContext[object] = ToolContext(None)


def make_context(run: Run, call: ToolCall, tool: AnyTool, key: str = "") -> ToolContext[object]:
    """Return what the application hands the tool for this call: nothing to a tool that asks for nothing."""
    if not tool.needs_context:
        return NO_CONTEXT
    user_texts = run.scope.provenance.user_texts
    last = user_texts[-1] if user_texts else ""
    return ToolContext(run.scope.deps, key, call, last if isinstance(last, str) else last.text)


def prepare_arguments(tool: AnyTool, arguments: Mapping[str, object], context: ToolContext[object]) -> Mapping[str, object]:
    """Check the arguments, and let the tool complete them from what the application knows. A ToolError is an answer for the model."""
    checked = tool.check(arguments)
    return checked if tool.prepare is None else {**checked, **tool.prepare(checked, context)}


# results


def make_result(
    call: ToolCall, tool: AnyTool, value: object, known: Labels = CLEAN, outcome: Outcome = Outcome.DONE, trust: Trust | None = None
) -> ToolResult:
    """Return a tool's value, or its own words for why it did nothing, as the result of the call.

    It has the tool's labels where the value has none of its own, and those of what the run had read and of what was bound: it may repeat
    an argument. `trust` is the tool's where that is not what it says of all its results.
    """
    origin, trust, secrecy = tool.name, trust or tool.trust, tool.secrecy
    if isinstance(value, Content):
        origin, trust, secrecy = value.origin or origin, value.trust or trust, value.secrecy or secrecy
        value = value.value
    if known is not CLEAN or tool.bound_labels is not CLEAN:
        labels = LABELS[trust, secrecy].union(known).union(tool.bound_labels)
        trust, secrecy = labels.trust, labels.secrecy
    return ToolResult(call.id, value, outcome, origin, trust, secrecy)


def take_refusal(run: Run, call: ToolCall, tool: AnyTool, error: ToolError) -> ToolResult:
    """Return the words with which a tool refuses a call before it is performed. What `prepare=` says may be what it has read."""
    if isinstance(error, InvalidArguments):
        return make_failure(call, str(error))
    result = make_result(call, tool, str(error), run.scope.provenance.labels, Outcome.FAILED, tool.trust or Trust.TOOL)
    run.scope.provenance.take(result)
    return result


def make_failure(call: ToolCall, text: str, outcome: Outcome = Outcome.FAILED) -> ToolResult:
    """Return a result that says, in Sayso's words, why there is none."""
    return ToolResult(call.id, text, outcome, call.tool)


# reads


async def perform_reads(run: Run, name: str, calls: Sequence[tuple[ToolCall, AnyTool]]) -> list[ToolResult]:
    """Perform calls that need no approval, side by side, as the step `name`.

    They are counted against the limits first: LimitReached is raised, and nothing is done, where they would use too much together.
    """
    number = len(calls)
    run.scope.meter.count_tool_calls(number)
    stored: Any
    call, tool = calls[0]
    if number == 1 and not tool.cost_usd:
        stored = await run.step(name, perform_read, run, call, tool)
    elif any(tool.cost_usd for _, tool in calls):
        stored = await _perform_paid_reads(run, name, calls)
    else:
        stored = await run.step(name, _perform_together, run, calls)
    if type(stored) is ToolResult:
        results = [stored]
    elif type(stored) is Asking or (type(stored) is list and any(type(each) is Asking for each in stored)):
        results = await _answer_questions(run, name, calls, stored)
    else:
        results = results_of(stored)
    provenance = run.scope.provenance
    assert len(results) == number
    for index, (call, tool) in enumerate(calls):  # a strict zip takes as long as all of this
        provenance.take(result := results[index])
        if tool.effect is PURE and result.outcome is Outcome.DONE:
            provenance.add_made(make_computed(run, call, tool, result))
    return results


async def _answer_questions(run: Run, name: str, calls: Sequence[tuple[ToolCall, AnyTool]], stored: Any) -> list[ToolResult]:
    """Return what reads come to of which some ask a person while they work; those go on one after the other."""
    from .asked_meanwhile import go_on_reading  # late, for load time: few tools ask

    results: list[ToolResult] = []
    position = name.partition(":")[2]
    for index, ((call, tool), came) in enumerate(zip(calls, stored if isinstance(stored, list) else [stored], strict=True)):
        if isinstance(came, Asking):
            context = make_context(run, call, tool)
            came = await go_on_reading(run, call, tool, came, f"{position}.{index}", context, perform_read)
        results.append(came)
    return results


def label_computed(run: Run, call: ToolCall, tool: AnyTool, result: ToolResult) -> ToolResult:
    """Return what a PURE tool computed with the labels of what went in: those of the run, unless all of it is the user's own."""
    from sayso.tools.approval.source_finder import SourceFinder  # late, for load time

    provenance, made = run.scope.provenance, make_computed(run, call, tool, result)
    if SourceFinder(provenance.background(), settled=provenance.settled, made=provenance.made).is_own(made):
        return result
    labels = result.labels.union(provenance.labels)
    return replace(result, trust=labels.trust, secrecy=labels.secrecy)


def make_computed(run: Run, call: ToolCall, tool: AnyTool, result: ToolResult) -> Made:
    """Return what a PURE tool computed, of what went in: all but what the program has fixed."""
    bound = {name: value for name, value in tool.bound.items() if not tool.is_fixed(name, run.scope.begun)}
    return Made(tool.name, result.content, {**call.arguments, **bound})


def needs_no_approval(run: Run, tool: AnyTool) -> bool:
    """Return whether a call may join its neighbours in one step: it writes nothing, and nobody has to be asked."""
    effect = tool.effect
    if effect is WRITE or tool.program is not None:
        return False
    # The rows of `decide` that need neither the final arguments nor where they come from.
    return not tool.requires_approval and (effect is not EGRESS or not (run.scope.provenance.labels.private or tool.bound_labels.private))


async def perform_read(run: Run, call: ToolCall, tool: AnyTool, answered: ToolContext[object] | None = None) -> ToolResult | Asking:
    """Perform one call that needs no approval, in the time that the tool has; once more where what it asked is `answered`."""
    context = answered or (make_context(run, call, tool) if tool.needs_context else NO_CONTEXT)
    performing = None
    try:
        if tool.secret_schema is not None:
            note_secrets(run, tool, call.arguments)
        arguments = tool.check(call.arguments) if tool.prepare is None else prepare_arguments(tool, call.arguments, context)
        performing = tool.perform(arguments, context)
        if tool.timeout_seconds is not None:
            late = f"{tool.name} gave no answer within {tool.timeout_seconds} s."  # for a read that means that nothing happened
            performing = in_time(performing, tool.timeout_seconds, lambda: ToolError(late))
        value = await performing
        if type(value) is Asking:
            return replace(value, call_id=call.id)
        known = run.scope.provenance.labels
        if tool.effect is PURE:
            result = make_result(call, tool, value)
            if known is not CLEAN:
                result = label_computed(run, call, tool, result)
        else:
            result = make_result(call, tool, value, known)
    except InvalidArguments as error:
        result = make_failure(call, str(error))
    except ToolError as error:  # its words may repeat what it has read
        result = make_result(call, tool, str(error), run.scope.provenance.labels, Outcome.FAILED)
    except SaysoError as error:
        from .exceptions import is_for_caller, take_exception  # late, for load time: most tools raise nothing

        if performing is None or is_for_caller(tool, error):
            raise
        result = take_exception(run, call, tool, error)
    except Exception as error:  # noqa: BLE001  whatever the tool's own code raises, the model is told and goes on
        from .exceptions import take_exception  # late, for load time: most tools raise nothing

        result = take_exception(run, call, tool, error)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():  # the run is
            raise
        from .exceptions import take_exception  # late, as above

        cancelled = RuntimeError("something inside it was cancelled").with_traceback(error.__traceback__)
        result = take_exception(run, call, tool, cancelled)
    if run.scope.call_guard is not None:
        result = await run.scope.call_guard.guard_result(run, tool, result)
    return mask_result(run, result) if run.secrets.texts else result


async def _perform_together(run: Run, calls: Sequence[tuple[ToolCall, AnyTool]]) -> list[Any]:
    """Return a ToolResult of each call, or an Asking."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(perform_read(run, call, tool)) for call, tool in calls]
    return [task.result() for task in tasks]


async def _perform_paid_reads(run: Run, name: str, calls: Sequence[tuple[ToolCall, AnyTool]]) -> Spent | list[ToolResult]:
    """Perform reads that cost something: set the money aside before, give back what was not spent, and store both with the results."""
    if run.replays(name):  # counted with the journal
        return await run.step(name, _perform_together, run, calls)
    costs = [_find_cost(call, tool) for call, tool in calls]
    run.scope.meter.spend(sum(costs))
    spent = await run.step(name, _perform_and_pay, run, calls, costs)
    run.scope.meter.refund(sum(costs) - spent.cost_usd)
    return spent


async def _perform_and_pay(run: Run, calls: Sequence[tuple[ToolCall, AnyTool]], costs: Sequence[float]) -> Spent:
    came = await _perform_together(run, calls)
    asking = "It asks a person while it works, and a tool that costs money cannot."
    results = [make_failure(call, asking) if isinstance(each, Asking) else each for (call, _), each in zip(calls, came, strict=True)]
    # A ToolError says that nothing happened, so it cost nothing.
    paid = [result.outcome is not Outcome.FAILED or type(result) is not ToolResult for result in results]
    return Spent(results, sum(cost for cost, is_paid in zip(costs, paid, strict=True) if is_paid))


def _find_cost(call: ToolCall, tool: AnyTool) -> float:
    try:
        return compute_cost(tool, tool.check(call.arguments)) if tool.cost_usd else 0.0
    except ToolError:  # it will be refused for its arguments
        return 0.0


def compute_cost(tool: AnyTool, arguments: Mapping[str, object]) -> float:
    """Return what the tool says that a call costs, in US dollars. Raises UsageError for what cannot be an amount."""
    stated: object = tool.cost_usd(arguments) if callable(tool.cost_usd) else tool.cost_usd
    try:
        cost = float(stated)  # type: ignore[arg-type]  # an application's function may return anything
    except (TypeError, ValueError):
        cost = -1.0
    if not (isfinite(cost) and cost >= 0):
        raise UsageError(
            f"{tool.name} says that a call costs {stated!r} dollars. Write cost_usd= as a number from 0 up, or a function of the arguments."
        )
    return cost


# writes


UNDER_WAY: set[str] = set()
"""The keys of writes that this process has begun and whose results are not stored. They may still act: a thread outlives its time-out."""


@dataclass(slots=True)
class ExactlyOnceWrite:
    """One started write. It is awaited to its end, and its outcome after an error depends on what is known of it.

    `begun_by` names the earlier attempt that may have performed it already, if there was one; `fits` says that the tool is the one that was
    approved, `refusal` why its approval does not count any more; `said` is what the tool's errors said.
    """

    run: Run
    tool: AnyTool
    arguments: Mapping[str, object]
    context: ToolContext[object]
    call: ToolCall
    key: str
    begun_by: str | None
    fits: bool
    refusal: str = ""
    is_cancelled: bool = False
    said: str = ""
    raised: str = ""
    _waiting: asyncio.Task[None] | None = None

    async def perform(self) -> ToolResult | Asking:
        """Perform it and return the result. A cancellation that comes meanwhile is kept in `is_cancelled`, for the caller to raise.

        Only the wait for an earlier attempt to settle ends at once: nothing has been done by then, and whoever resumes the run waits anew.
        """
        work = self._try() if self.begun_by is None else self._resolve_doubt("an earlier attempt was cut off", self.begun_by)
        task = asyncio.get_running_loop().create_task(work)
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.cancelled():  # the loop itself is closing, or the wait was ended
                    raise
                self.is_cancelled = True
                if self._waiting is not None:
                    self._waiting.cancel()
        return task.result()

    async def _try(self, *, may_repeat: bool = True) -> ToolResult | Asking:
        UNDER_WAY.add(self.key)
        timer = asyncio.timeout(self.tool.timeout_seconds)
        try:
            async with timer:
                value = await self.tool.perform(self.arguments, self.context)
                return replace(value, call_id=self.call.id) if isinstance(value, Asking) else self._make_result(value, Outcome.DONE)
        except ToolError as error:
            if getattr(error, "nothing_happened", True):
                return self._make_result(str(error), Outcome.FAILED)
            why = self.said = str(error)  # a sandboxed write that was killed may have left something behind
        except Exception as error:  # noqa: BLE001  whatever it was, the write may have happened: only ToolError says it did not
            why = self._explain_late() if timer.expired() else self._take_exception(error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():  # the loop itself is closing
                raise
            why = "something inside it was cancelled"
        return await self._resolve_doubt(why) if may_repeat else self._give_up(why)

    def _explain_late(self) -> str:
        late = f"no answer within {self.tool.timeout_seconds:g} s"
        return late if self.tool.awaits else f"{late}; its thread {self.tool.name_thread(self.key)!r} may still act"

    def _take_exception(self, error: Exception) -> str:
        """Take note of what the tool raised, log it, and return it for the model."""
        from .exceptions import take_exception  # late, for load time: most tools raise nothing

        self.said = str(error)
        self.raised = take_exception(self.run, self.call, self.tool, error).raised
        return self.raised

    async def _resolve_doubt(self, why: str, begun_by: str | None = None) -> ToolResult | Asking:
        """Find out what became of a write. Idempotent: the same key again. With a lookup: what it finds is the result.

        What it does not find may still be under way. It is performed again only where all that has begun it is proven dead, and what the
        dead had sent has had the time that the tool says it takes to settle. Otherwise a person decides.
        """
        tool = self.tool
        if self.refusal:
            return self._give_up(f"{why}, and nobody may try again. {self.refusal}")
        earlier = await self._find_earlier(begun_by)
        if not self.fits:
            return self._give_up(f"{why}, and the tool is no longer the one that was asked about")
        if tool.lookup is not None and (found := await self._look_up(why)) is not None:
            return found
        if earlier is Earlier.NEVER_BEGAN or tool.idempotent:
            return await self._repeat()
        if tool.lookup is None:
            return self._give_up(why)
        if earlier is Earlier.MAY_ACT:
            return self._give_up(f"{why}; it was not found, and what had begun it may still act")
        if tool.settles_within_seconds is None:
            return self._give_up(f"{why}; it was not found, and {tool.name} does not say within how many seconds it would be")
        self._waiting = asyncio.get_running_loop().create_task(asyncio.sleep(tool.settles_within_seconds))
        await self._waiting
        self._waiting = None
        return await self._look_up(why) or await self._repeat()

    async def _find_earlier(self, begun_by: str | None) -> Earlier:
        """Return what is known of whoever may have begun it before. A time-out proves no death: a thread goes on after it."""
        if self.key in UNDER_WAY or begun_by is None:
            return Earlier.MAY_ACT
        return await self.run.find_earlier(self.key, begun_by)

    async def _look_up(self, why: str) -> ToolResult | None:
        """Return what the tool's lookup finds, as the result; UNKNOWN where it fails, None where it finds nothing."""
        assert self.tool.lookup is not None
        try:
            found = await self.tool.lookup(self.key)
        except Exception as error:  # noqa: BLE001  a look-up that fails leaves the doubt where it was
            self.said += f"\n{error}"
            return self._give_up(f"{why}; looking it up failed too ({type(error).__name__}: {error})")
        return None if found is None else self._make_result(found, Outcome.DONE)

    async def _repeat(self) -> ToolResult | Asking:
        """Perform it again, for the last time, once that is on record: whoever has lost the run begins nothing."""
        await self.run.record_repeat(self.key)
        return await self._try(may_repeat=False)

    def _give_up(self, why: str) -> ToolResult:
        doubt = f"It is not known whether {self.tool.name} happened ({why})."
        text = f"{doubt} It is not tried again; a person has to find out (key {self.key[:16]})."
        if self.raised:
            from sayso.tools.raised import make_raised  # late, for load time

            return make_raised(self.call.id, self.tool.name, self.raised, Outcome.UNKNOWN, text)
        # What an error says are the tool's words, or those of whoever the tool talked to.
        return replace(self._make_result(self.said, Outcome.UNKNOWN), content=text)

    def _make_result(self, value: object, outcome: Outcome) -> ToolResult:
        """Return what the tool said. Nobody vouches for it where the tool does not say `trust=`, unless it only says what it was told."""
        is_receipt = self.tool.trust is None and has_only_own_words(self.tool, self.arguments, value)
        known = self.run.scope.provenance.labels
        return make_result(self.call, self.tool, value, known, outcome, Trust.TOOL if is_receipt else None)


def has_only_own_words(tool: AnyTool, arguments: Mapping[str, object], value: object) -> bool:
    """Return whether every word of a value stands in the arguments of the call, or in the code of the tool; numbers do not count.

    Such a result brings in nobody else's words, whoever reads it: None, 17, "sent to ada@example.org".
    """
    own = [*iter_texts(arguments)]
    codes = [getattr(inspect.unwrap(function), "__code__", None) for function in (tool.function, tool.async_function) if function]
    while codes:
        for constant in getattr(codes.pop(), "co_consts", ()):
            if isinstance(constant, (str, tuple)):
                own += iter_texts(constant)
            else:
                codes.append(constant)
    words = {word for text in iter_texts(value) for word in _WORD.findall(text.casefold()) if not word.isdecimal()}
    return words <= {word for text in own for word in _WORD.findall(text.casefold())}
