"""Make the record of a run: of one in memory by its result, of any run of an engine by its id."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sayso.tools.approval.requests import Decision
from sayso.tools.canonical import prompt_text
from sayso.tools.effects import CLEAN, Labels
from sayso.tools.errors import UsageError
from sayso.workflows import MemoryEngine, RunResult, Workflow
from sayso.workflows.runs.codec import NotJson, from_json, read_value, strip_types, to_json
from sayso.workflows.runs.events import ApprovalDecided
from sayso.workflows.runs.execution import Execution
from sayso.workflows.runs.journal import Journal, StrictJournal
from sayso.workflows.runs.limits import NO_USAGE, Usage, count_steps
from sayso.workflows.runs.protocols import NOTHING
from sayso.workflows.runs.run_secrets import RunSecrets

from ..answering.answer import CheckedAnswer
from ..messages import Conversation, Reply, ToolMessage
from ..research.report import Report
from .record_calls import find_approvals, find_calls, find_own_messages, rebuild_messages
from .record_sources import find_sources
from .values import ApprovalRecord, CallRecord, RunRecord

if TYPE_CHECKING:
    from sayso.workflows import DurableEngine
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.runs.protocols import Engine

    from ..agent import Agent


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRun:
    """All that is known of a run, wherever it is stored: what its steps came to, by run and name, and how it ended.

    `transcripts` are those of its agents, by run, where they are known; `prompts` is what models were sent, by run and step,
    `decisions` what events say was decided, by digest.
    """

    run_id: str
    flow: str
    input: object
    results: Mapping[str, Mapping[str, object]]
    transcripts: Mapping[str, Sequence[object]] = dataclasses.field(default_factory=dict)
    prompts: Mapping[tuple[str, str], object] = dataclasses.field(default_factory=dict)
    decisions: Mapping[str, Decision] = dataclasses.field(default_factory=dict)
    output: object = NOTHING
    error: str = ""
    usage: Usage | None = None
    labels: Labels = CLEAN
    models: tuple[str, ...] = ()
    seconds: float = 0.0
    first_token_seconds: float | None = None


def make_record(
    result: RunResult[Any], *, flow: str = "", input: object = None, seconds: float = 0.0, first_token_seconds: float | None = None
) -> RunRecord:
    """Return the record of a run in memory, by its result or its pause.

    A run without an engine knows its transcript alone: what workflow code and child runs did is known of runs that were given
    `engine=MemoryEngine()`. `flow` and `input` are then taken from that engine; `seconds` and `first_token_seconds` are whoever
    measured them. What a secret tool argument was is known of such runs only, and stands as stars.
    """
    engine = result.engine
    execution = engine.executions.get(result.run_id) if isinstance(engine, MemoryEngine) else None
    if execution is not None:
        stored, secrets = read_execution(execution), execution.journal.secrets
    else:
        stored, secrets = StoredRun(run_id=result.run_id, flow=flow, input=input, results={}, labels=result.labels), RunSecrets()
    stored = dataclasses.replace(
        stored,
        flow=flow or stored.flow,
        input=stored.input if input is None else input,
        output=result.value,
        transcripts={result.run_id: result.messages, **stored.transcripts},
        usage=result.usage,
        seconds=seconds,
        first_token_seconds=first_token_seconds,
    )
    return build_record(stored, secrets)


async def find_record(engine: Engine, run_id: str) -> RunRecord:
    """Return the record of a run of an engine, finished or not: of a database, or in memory. Raises UsageError if there is none.

    What is encrypted in a database stands in it as stars.
    """
    if isinstance(engine, MemoryEngine):
        execution = engine.executions.get(run_id.partition("/")[0])
        if execution is None:
            raise UsageError(f"This engine has no run {run_id!r}. Runs: {', '.join(sorted(engine.executions)) or 'none'}.")
        return build_record(read_execution(execution), execution.journal.secrets)
    from sayso.workflows import DurableEngine  # late, for load time

    if not isinstance(engine, DurableEngine):
        raise UsageError(f"Records are made of the runs of MemoryEngine and DurableEngine, and {engine!r} is neither.")
    return build_record(await read_stored_run(engine, await engine.run(run_id)), RunSecrets())


def read_execution(execution: Execution) -> StoredRun:
    """Return what is known of a run that this program has executed."""
    scope, result, error = execution.scope, execution.result, execution.error
    journal: Journal = execution.journal
    owner = getattr(execution.workflow, "__self__", None)
    return StoredRun(
        run_id=execution.id,
        flow=execution.asked.flow if execution.asked is not None else getattr(owner, "name", ""),
        input=execution.value,
        results=journal.results,
        transcripts=scope.transcripts if scope is not None else {},
        prompts=journal.prompts if isinstance(journal, StrictJournal) else {},
        decisions=_find_decisions(execution.history or ()),
        output=result.value if result is not None and error is None else NOTHING,
        error=describe_error(error),
        usage=scope.meter.usage if scope is not None else NO_USAGE,
        labels=scope.provenance.labels if scope is not None else CLEAN,
        models=find_models(owner, journal.results),
    )


async def read_stored_run(engine: DurableEngine, row: RunRow) -> StoredRun:
    """Return what a database knows of a run."""
    from sayso.workflows.durable import records  # late, for load time

    from .record_times import measure_seconds  # late, as above

    log = await engine.log(row.id)
    results: dict[str, dict[str, object]] = {}
    for entry in records.entries(log, with_failure=True):
        results.setdefault(entry.run, {})[entry.name] = read_value(entry.value)
    output = _read_output(row)
    events = [read_value(json.loads(each.value)) for each in log if each.name == "ApprovalDecided"]
    flow = engine.app.flow(row.flow) if engine.app is not None and row.flow in engine.app else None
    here = engine.executions.get(row.id)
    transcripts = here.scope.transcripts if here is not None and here.scope is not None else {}
    messages = output.get("messages")
    prompts = {place: read_value(prompt) for place, prompt in records.prompts(log).items()}
    return StoredRun(
        run_id=row.id,
        flow=row.flow,
        input=read_value(json.loads(row.input)),
        results=results,
        transcripts={**transcripts, row.id: messages} if isinstance(messages, list) and messages else transcripts,
        prompts=prompts,
        decisions=_find_decisions(events),
        output=output.get("value", NOTHING),
        error=_read_error(row),
        usage=usage if isinstance(usage := output.get("usage"), Usage) else None,
        labels=labels if isinstance(labels := output.get("labels"), Labels) else _find_labels(results),
        models=find_models(flow, results),
        seconds=measure_seconds(log),
    )


def _find_decisions(events: Iterable[object]) -> dict[str, Decision]:
    return {event.digest: event.decision for event in events if isinstance(event, ApprovalDecided)}


def _read_output(row: RunRow) -> Mapping[str, object]:
    output = json.loads(row.output) if row.output is not None else None
    return {name: read_value(value) for name, value in output.items()} if isinstance(output, dict) else {}


def _read_error(row: RunRow) -> str:
    if row.state == "cancelled":
        return f"Run {row.id} was cancelled."
    if row.error is None:
        return ""
    error = read_value(json.loads(row.error))
    return describe_error(error) if isinstance(error, Exception) else str(error)


def _find_labels(results: Mapping[str, Mapping[str, object]]) -> Labels:
    """Return what a run has read that has no output to say it."""
    labels = CLEAN
    for steps in results.values():
        for value in steps.values():
            labels = labels.union(value) if isinstance(value, Labels) else labels
    return labels


def describe_error(error: Exception | None) -> str:
    """Return the sentence of an error; "" for none."""
    if error is None:
        return ""
    from sayso.tools.errors import SaysoError  # late, for load time

    return str(error) if isinstance(error, SaysoError) else f"{type(error).__name__}: {error}"


def build_record(stored: StoredRun, secrets: RunSecrets) -> RunRecord:
    """Return the record of a run, of what is known of it. Each of the secrets in it stands as stars."""
    calls, approvals = list[CallRecord](), list[ApprovalRecord]()
    for run in dict.fromkeys([stored.run_id, *stored.results, *stored.transcripts]):
        below, steps = run.removeprefix(stored.run_id).lstrip("/"), stored.results.get(run, {})
        prefix = f"{below}/" if below else ""
        calls += find_calls(run, steps, stored.transcripts.get(run, ()), stored.prompts, prefix).calls.values()
        approvals += find_approvals(steps, stored.decisions, prefix)
    output = None if stored.output is NOTHING else stored.output
    own_steps = stored.results.get(stored.run_id, {})
    messages = tuple(stored.transcripts.get(stored.run_id, ())) or rebuild_messages(stored.run_id, own_steps, stored.prompts)
    usage = stored.usage
    if usage is None:
        usage = sum((count_steps(steps) for steps in stored.results.values()), NO_USAGE)
    record = RunRecord(
        run_id=stored.run_id,
        flow=stored.flow,
        input=simplify_input(stored.input),
        output=output,
        text=write_text(output),
        error=stored.error,
        finished=stored.output is not NOTHING,
        messages=messages,
        calls=tuple(calls),
        approvals=tuple(approvals),
        sources=find_sources(stored.results or _find_shown_results(stored), output, stored.run_id),
        models=_find_asked_models(stored),
        tools=_find_tools(stored),
        usage=usage,
        labels=stored.labels,
        seconds=stored.seconds,
        first_token_seconds=stored.first_token_seconds,
    )
    return _mask(record, secrets) if secrets.texts else record


def simplify_input(value: object) -> object:
    """Return an input as its writer would write it: a question that is nothing but its text as that text."""
    if isinstance(value, Conversation) and value == Conversation(value.text, said=value.said) and value.said in (None, (value.text,)):
        return value.text
    return value


def write_text(output: object) -> str:
    """Return an output as a person reads it."""
    if output is None or isinstance(output, str):
        return output or ""
    if isinstance(output, CheckedAnswer):
        return output.text
    if isinstance(output, Report):
        return output.markdown()
    try:
        return prompt_text(output)
    except TypeError:
        return str(output)


def find_models(flow: object, results: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """Return the names of the models that a flow's agents asked, where the flow is known. An agent's next model counts where it replied."""
    indexes = {value.model_index for steps in results.values() for value in steps.values() if isinstance(value, Reply)} or {0}
    found = list[str]()
    for agent in iter_agents(flow):
        models = (agent.spec.model_or_name, *agent.spec.fallback)
        found += [_name_model(models[index]) for index in sorted(indexes) if index < len(models)]
    return tuple(dict.fromkeys(found))


def _name_model(model: object) -> str:
    return model if isinstance(model, str) else str(getattr(model, "name", ""))


def iter_agents(flow: object) -> Iterator[Agent[Any]]:
    """Yield the agents in a flow: itself, in its steps, and those that are tools of another."""
    from ..agent import Agent  # late, for load time

    left, seen = [flow], set[int]()
    while left:
        each = left.pop(0)
        if not isinstance(each, Workflow) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Agent):
            yield each
        left += [part.step for part in each.parts]
        left += [tool.workflow for tool in each.own_tools() if tool.workflow is not None]


def _find_shown_results(stored: StoredRun) -> dict[str, dict[str, object]]:
    """Return the results that a run of which nothing is stored has shown to its model."""
    shown = {
        run: [each.results for each in find_own_messages(messages) if isinstance(each, ToolMessage)]
        for run, messages in stored.transcripts.items()
    }
    return {run: {f"reads:{index}": list(results) for index, results in enumerate(several)} for run, several in shown.items()}


def _find_tools(stored: StoredRun) -> tuple[Mapping[str, object], ...]:
    """Return the schemas of the tools that the first request to a model names: of the run itself, else of its first branch that asks."""
    places = [(stored.run_id, "model:0"), *(place for place in stored.prompts if place[1] == "model:0")]
    sent = next((stored.prompts[place] for place in places if place in stored.prompts), None)
    tools = sent.get("tools") if isinstance(sent, Mapping) else None
    return tuple(tools) if isinstance(tools, (list, tuple)) else ()


def _find_asked_models(stored: StoredRun) -> tuple[str, ...]:
    """Return the names of the models that were asked: those that stand beside what they were sent, else those that the flow has now."""
    named = (prompt.get("model") for prompt in stored.prompts.values() if isinstance(prompt, Mapping))
    sent = [name for name in named if isinstance(name, str) and name]
    replies = (value for steps in stored.results.values() for value in steps.values() if isinstance(value, Reply))
    others = stored.models if not sent or any(reply.model_index for reply in replies) else ()
    return tuple(dict.fromkeys([*sent, *others]))


def _mask(record: RunRecord, secrets: RunSecrets) -> RunRecord:
    """Return a record with each secret in it as stars."""
    changed = {each.name: mask_value(getattr(record, each.name), secrets) for each in dataclasses.fields(record)}
    return dataclasses.replace(record, **changed)


def mask_value(value: object, secrets: RunSecrets) -> Any:
    """Return a value of a run with each secret in it as stars."""
    if isinstance(value, str):
        return secrets.mask(value) if type(value) is str else value
    try:
        masked = from_json(secrets.mask_json(to_json(value)))
    except (NotJson, ValueError, TypeError):  # what cannot be stored, or is no longer a value of its class with stars in it
        return strip_types(secrets.mask_json(_show(value)))
    return masked


def _show(value: object) -> object:
    try:
        return to_json(value)
    except NotJson:
        return repr(value)
