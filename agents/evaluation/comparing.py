"""Compare: the same cases on each model with each prompt, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sayso.tools.errors import UsageError
from sayso.workflows import Limits, MemoryEngine

from ..agent import Agent
from .case_runs import AnyEngine, CaseRunner
from .comparison import Comparison, Variant, compare_evaluations
from .evaluating import choose_id, open_store
from .evaluation_money import Money, find_unpriced
from .evaluation_plan import NO_STAND_INS, check_count, make_plan
from .evaluation_run import EvaluationRun
from .model_times import replace_in_agent, time_model
from .rehearsal import ASK, check_outer_rules, hold_threads
from .suite_results import CaseResult, Evaluation
from .suites import Suite
from .values import Case, Score

if TYPE_CHECKING:
    from sayso.workflows.durable.engine import DurableEngine

    from ..models.model import Model

OWN = "own"
"""The prompt that stands for the agent's instructions as they are."""
LONGEST_LABEL = 28
PROMPT_ENDINGS = (".txt", ".md", ".prompt")

Models: TypeAlias = "Sequence[str | Model] | Mapping[str, str | Model]"
Prompts: TypeAlias = "Sequence[str | Path] | Mapping[str, str | Path]"
OnVariant: TypeAlias = Callable[[Variant, CaseResult], None]


NO_MODELS: Mapping[str, str | Model | None] = {"": None}
NO_PROMPTS: Mapping[str, str | None] = {"": None}


class Column(NamedTuple):
    """A variant and the agent that it is."""

    variant: Variant
    agent: Agent[Any]


async def compare(
    suite: Suite | Iterable[Case],
    agent: Agent[Any] | None = None,
    *,
    models: Models = (),
    prompts: Prompts = (),
    scores: Iterable[Score] = (),
    repeat: int = 1,
    concurrency: int = 1,
    max_cost_usd: float | None = None,
    writes: str = ASK,
    deps: object = None,
    stand_ins: Mapping[str, object] = NO_STAND_INS,
    limits: Limits | None = None,
    store: DurableEngine | MemoryEngine | str | Path | None = None,
    anew: bool = False,
    on_result: OnVariant | None = None,
) -> Comparison:
    """Execute the cases with each model and each prompt, and return them side by side.

    The first model with the first prompt is the baseline. `models` are names or Models, `prompts` files or texts that take the place of
    the agent's instructions; "own" are its instructions as they are. A dict gives them names of your own. Without an `agent` the model is
    asked with nothing but the prompt. Without models the agent's own is asked, without prompts its own instructions hold.

    The variants take turns, case by case, so that a busy hour is not that of one of them. Each case is executed `repeat` times,
    `concurrency` runs side by side: with more than one, times are longer than they would be. `max_cost_usd` is for all of them together.
    With a `store` a comparison that was ended goes on where it stopped, and what an earlier one has executed is not executed again, unless
    `anew`. A case with a recording goes on with the model where the agent parts from the recording. The other options are those of
    `evaluate`.

    Raises UsageError for fewer than two variants, two of one name, and a prompt that cannot be read; before anything is executed.
    """
    check_outer_rules(writes)
    columns = make_columns(agent, models, prompts)
    name = getattr(suite, "name", "cases")
    cases: tuple[Case, ...] = tuple(getattr(suite, "cases", suite))  # type: ignore[arg-type]
    judged_by = (*getattr(suite, "scores", ()), *scores)
    # Under a name of its own: what a comparison has executed is not what `sayso eval` goes on with.
    compared = Suite(f"compare {name}", cases)
    money, turns = Money(max_cost_usd), asyncio.Semaphore(check_count("concurrency", concurrency))
    async with open_store(store) as engine:
        runs: list[EvaluationRun] = []
        for variant, timed in columns:
            plan = make_plan(compared, timed, judged_by, repeat=repeat, writes=writes, live=True, stand_ins=stand_ins)
            if any(plan.fingerprint == run.plan.fingerprint for run in runs):  # one model under two names: how much chance there is
                plan = replace(plan, suite=f"{plan.suite} {variant.name}")
            money.check_prices(plan.subject)
            runner = CaseRunner(engine=engine, plan=plan, money=money, deps=deps, limits=limits, turns=turns)
            heard = None if on_result is None else partial(on_result, variant)
            runs.append(EvaluationRun(plan, runner, await choose_id(engine, plan, anew), concurrency, heard))
        with hold_threads([writes, *(case.writes or writes for case in cases)]):
            evaluations = await _carry_out(runs)
        begun = [await _find_beginnings(engine, evaluation) for evaluation in evaluations]
    variants, subject = [column.variant for column in columns], "" if agent is None else agent.name
    return compare_evaluations(variants, evaluations, suite=name, subject=subject, concurrency=concurrency, begun=begun)


async def _carry_out(runs: Iterable[EvaluationRun]) -> list[Evaluation]:
    """Carry out evaluations side by side. Where one cannot go on, the others end with it."""
    tasks = [asyncio.ensure_future(run.carry_out(None, keep_open=True)) for run in runs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _find_beginnings(engine: AnyEngine, evaluation: Evaluation) -> dict[str, float]:
    """Return when each case began that is in a database: what an earlier program executed met another machine than what runs now."""
    begun: dict[str, float] = {}
    if not isinstance(engine, MemoryEngine):
        for result in evaluation.results:
            with suppress(UsageError):  # a case that was replayed has no run there
                begun.setdefault(result.case.name, (await engine.run(result.record.run_id)).created_at)
    return begun


def make_columns(agent: Agent[Any] | None, models: Models, prompts: Prompts) -> tuple[Column, ...]:
    """Return the grid of models and prompts, each with its agent. Raises UsageError for what is no comparison."""
    if agent is not None and not isinstance(agent, Agent):
        what = getattr(agent, "kind", type(agent).__name__)
        raise UsageError(f"{agent!r} ({what}) is not an agent, and only an agent has models and prompts. Give the agent itself.")
    named_models, named_prompts = name_models(models), _name_prompts(prompts)
    if agent is None and not named_models:
        raise UsageError("There is no model to compare. Name at least one, or give an agent that has one.")
    if agent is None and any(text is None for text in named_prompts.values()):
        raise UsageError(f"The prompt {OWN!r} stands for an agent's instructions, and no agent was given.")
    columns: list[Column] = []
    for model_name, model in (named_models or NO_MODELS).items():
        for prompt_name, text in (named_prompts or NO_PROMPTS).items():
            base = agent if agent is not None else Agent(model or "", name="model")
            timed = time_model(replace_in_agent(base, model=model, instructions=text))
            shown = [*([model_name] if len(named_models) > 1 else []), *([prompt_name] if len(named_prompts) > 1 else [])]
            name = " + ".join(shown) or model_name or prompt_name or timed.name
            columns.append(Column(Variant(name, timed.model.name, prompt_name, find_unpriced(timed.model) is None), timed))
    if len(columns) < 2:
        raise UsageError(
            "One model with one prompt is not a comparison. Name another model or another prompt; "
            f"{OWN!r} means the agent's own instructions."
        )
    return tuple(columns)


def name_models(models: Models) -> dict[str, str | Model]:
    """Return models by the names that tell them apart: without addresses, where they can be told apart without. Raises UsageError."""
    if isinstance(models, Mapping):
        return dict(models)
    given = [models] if isinstance(models, str) else list(models)
    names = [model if isinstance(model, str) else model.name for model in given]
    _check_names("model", names)
    short = [_shorten_model(name) for name in names]
    return dict(zip(short if len(set(short)) == len(short) else names, given, strict=True))


def _shorten_model(name: str) -> str:
    """Return the model of http://127.0.0.1:8811/v1#coder without its address; the address where it names no model."""
    address, hash_sign, model = name.partition("#")
    return model if hash_sign and model else address.removeprefix("https://").removeprefix("http://")


def _name_prompts(prompts: Prompts) -> dict[str, str | None]:
    """Return the prompts by name; None is the agent's own."""
    if isinstance(prompts, Mapping):
        return {name: _read_prompt(prompt) for name, prompt in prompts.items()}
    given = [prompts] if isinstance(prompts, (str, Path)) else list(prompts)
    _check_names("prompt", [str(prompt) for prompt in given])
    texts = [_read_prompt(prompt) for prompt in given]
    labels = [_label_prompt(prompt) for prompt in given]
    if len(set(labels)) < len(labels):
        labels = [
            str(prompt) if _is_file(prompt) else f"{label} ({place})"
            for place, (prompt, label) in enumerate(zip(given, labels, strict=True), 1)
        ]
    return dict(zip(labels, texts, strict=True))


def _check_names(kind: str, names: Sequence[str]) -> None:
    for name in names:
        if not name.strip():
            raise UsageError(f"A {kind} has no name and no text. Leave it out, or say which {kind} is meant.")
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise UsageError(f"The {kind} {twice[0]!r} is given twice. Leave one out, or give them names: {kind}s={{'a': ..., 'b': ...}}.")


def _read_prompt(prompt: str | Path) -> str | None:
    """Return a prompt's text: that of the file, where it is one."""
    if prompt == OWN:
        return None
    if not _is_file(prompt):
        if isinstance(prompt, Path) or _looks_like_a_file(prompt):
            if Path(prompt).is_dir():
                raise UsageError(f"The prompt {prompt} is a folder. Name a file in it.")
            raise UsageError(
                f"There is no prompt file {prompt} (the current folder is {Path.cwd()}). A prompt's own text has a space in it."
            )
        return prompt
    path = Path(prompt)
    try:
        text = path.read_text("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise UsageError(f"The prompt file {path} is not text in UTF-8. Save it as UTF-8, or name another file.") from None
    if not text:
        raise UsageError(f"The prompt file {path} is empty.")
    return text


def _is_file(prompt: str | Path) -> bool:
    if isinstance(prompt, str) and ("\n" in prompt or len(prompt) > 1000):  # no system has such names
        return False
    return Path(prompt).is_file()


def _looks_like_a_file(prompt: str) -> bool:
    line = prompt.strip()
    return not any(map(str.isspace, line)) or ("\n" not in line and line.endswith(PROMPT_ENDINGS))


def _label_prompt(prompt: str | Path) -> str:
    if prompt == OWN or _is_file(prompt):
        return Path(prompt).stem
    line = " ".join(str(prompt).split()).removesuffix(".")  # the label stands in sentences
    return line if len(line) <= LONGEST_LABEL else f"{line[: LONGEST_LABEL - 2].rsplit(maxsplit=1)[0]} …"
