"""Shapes whose steps follow one another: in a row, one of several ways, again until, write and criticise."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sayso.tools.canonical import prompt_text
from sayso.tools.errors import RunError, WorkflowError

from ..runs.events import RoundEnded
from ..runs.limits import Limits
from ..runs.protocols import Run
from ..workflow import Workflow
from .nodes import Node, as_said, fitting, gave_another, hand_over
from .step_types import article, disagree, misfit, never


class RoundsUsedUp(RunError):
    """An iteration reached `max_rounds` before it was done; `best` is the last value."""

    def __init__(self, name: str, rounds: int, best: object) -> None:
        self.rounds, self.best = rounds, best
        super().__init__(f"{name} was not done after {rounds} rounds. The last value is in .best; raise max_rounds or loosen until=.")


class Sequential(Workflow[Any, Any]):
    """One step after another, each given what the one before gave."""

    kind = "sequential"

    def __init__(self, nodes: Sequence[Node], name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.nodes = self.parts = tuple(nodes)
        self.takes, self.gives = self.nodes[0].takes, self.nodes[-1].gives
        for before, after in pairwise(self.nodes):
            if disagree(before.gives, after.takes):
                raise hand_over(name, f"{before.name} gives {article(before.gives)}", after)
        self._path = tuple((each.execute, f"{each.name}.{index}", each.takes, each.gives) for index, each in enumerate(self.nodes))

    async def execute(self, run: Run, value: Any) -> Any:
        """Through all steps in order."""
        for execute, position, takes, gives in self._path:
            if takes is not None and type(value) is not takes and misfit(value, takes):
                raise self._handed(position, value)
            value = await execute(run, position, value)
            if gives is not None and type(value) is not gives and misfit(value, gives):
                raise gave_another(self.name, self.nodes[self._place(position)], value)
        return value

    def _handed(self, position: str, value: Any) -> WorkflowError:
        place = self._place(position)
        giver = f"{self.nodes[place - 1].name} gave" if place else "it was handed"
        return hand_over(self.name, f"{giver} {article(type(value))}", self.nodes[place])

    def _place(self, position: str) -> int:
        return next(index for index, each in enumerate(self._path) if each[1] == position)


class Conditional(Workflow[Any, Any]):
    """One of several ways, chosen by looking at the value."""

    kind = "conditional"

    def __init__(self, choose: Node, ways: Mapping[Any, Node], default: Node | None, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.choose, self.ways, self.default = choose, dict(ways), default
        self.parts = (choose, *ways.values(), *((default,) if default is not None else ()))
        self.takes, self.gives = _common(each.takes for each in self.parts[1:]), _common(each.gives for each in self.parts[1:])
        for key in ways:
            if never(choose.gives, type(key)):
                raise WorkflowError(
                    f"{name}: {choose.name} gives {article(choose.gives)}, so it never chooses {key!r}. Write the ways as what it gives."
                )
        self._otherwise = (default, f"{default.name}.{len(ways)}") if default is not None else None
        self._places = {key: (way, f"{way.name}.{index}") for index, (key, way) in enumerate(ways.items())}

    async def execute(self, run: Run, value: Any) -> Any:
        """Choose, then go that way with the same value."""
        choice = await self.choose.execute(run, f"{self.choose.name}.choose", value)
        chosen = self._places.get(choice, self._otherwise) if isinstance(choice, Hashable) else self._otherwise
        if chosen is None:
            known = ", ".join(map(repr, self.ways))
            raise WorkflowError(
                f"{self.name}: {self.choose.name} chose {choice!r}, and there is no such way (ways: {known}). Add it, or a default=."
            )
        way, position = chosen
        return as_said(self.name, way, await way.execute(run, position, fitting(self.name, way, value)))


def _common(said: Iterable[type | None]) -> type | None:
    """The class that all of them say; None where they differ or one says nothing."""
    kinds = set(said)
    return kinds.pop() if len(kinds) == 1 else None


class Iterate(Workflow[Any, Any]):
    """A step again and again until its value will do."""

    kind = "iterate"

    def __init__(self, body: Node, until: Node, max_rounds: int, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body, self.until, self.max_rounds = body, until, max_rounds
        self.parts = (body, until)
        self.takes, self.gives = body.takes, body.gives
        if max_rounds > 1 and disagree(body.gives, body.takes):
            raise hand_over(name, f"{body.name} gives {article(body.gives)}", body)

    async def execute(self, run: Run, value: Any) -> Any:
        """Rounds until `until` says so. Raises RoundsUsedUp with the last value."""
        for index in range(self.max_rounds):
            value = await self.body.execute(run, f"{self.body.name}.{index}", fitting(self.name, self.body, value))
            as_said(self.name, self.body, value)
            done = await self.until.execute(run, f"{self.until.name}.{index}.until", value)
            await run.emit(RoundEnded(run.id, index))
            if done:
                return value
        raise RoundsUsedUp(self.name, self.max_rounds, value)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer is given from the second round on: the task, its last text, and what the critic said of it."""

    task: Any
    text: Any
    critique: Any

    def __str__(self) -> str:
        several = isinstance(self.critique, (list, tuple)) and all(isinstance(each, str) for each in self.critique)
        critique = "\n".join(self.critique) if several else prompt_text(self.critique)
        last = f"Your last version:\n{prompt_text(self.text)}\n\nCritique:\n{critique}"
        return f"{prompt_text(self.task)}\n\n{last}\n\nWrite a better version."


class Reflect(Workflow[Any, Any]):
    """Write, criticise, write again."""

    kind = "reflect"

    def __init__(self, write: Node, critique: Node, rounds: int, accept: Node, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.write, self.critique, self.rounds, self.accept = write, critique, rounds, accept
        self.parts = (write, critique, accept)
        self.gives = write.gives
        if disagree(write.gives, critique.takes):
            raise hand_over(name, f"{write.name} gives {article(write.gives)}", critique)
        if write.kind != "agent" and disagree(Draft, write.takes):
            raise WorkflowError(
                f"{name}: {write.name} takes {article(write.takes)}, and from the second round on it is given a Draft: the task, its last "
                "text and the critique. Let it take both."
            )

    async def execute(self, run: Run, value: Any) -> Any:
        """At most `rounds` rewrites; an accepted or unchanged text ends it."""
        text = as_said(
            self.name, self.write, await self.write.execute(run, f"{self.write.name}.0.draft", fitting(self.name, self.write, value))
        )
        for index in range(self.rounds):
            said = await self.critique.execute(run, f"{self.critique.name}.{index}.critique", fitting(self.name, self.critique, text))
            if await self.accept.execute(run, f"{self.accept.name}.{index}.accept", said):
                return text
            better = await self.write.execute(run, f"{self.write.name}.{index + 1}.draft", _draft_for(self.write, Draft(value, text, said)))
            as_said(self.name, self.write, better)
            await run.emit(RoundEnded(run.id, index))
            if better == text:
                return text
            text = better
        return text


def _draft_for(write: Node, draft: Draft) -> Any:
    # An agent reads text; a function or workflow gets the parts.
    return str(draft) if write.kind == "agent" else draft


def accepts(critique: Any) -> bool:
    """Whether a critique finds nothing: it is empty, false, or its first words say OK, accept, approved, good, no changes."""
    if not isinstance(critique, str):
        return not critique
    first = critique.strip().lower().lstrip("\"'*_#. ")
    return not first or first.startswith(("ok", "accept", "approved", "good", "no change", "no issues", "lgtm"))
