"""Shapes whose steps follow one another: in a row, one of several ways, again until, write and criticise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sayso.tools.errors import WorkflowError

from .doors import Workflow
from .events import RoundEnded
from .limits import Limits
from .run import Run
from .steps import Node


class RoundsUsedUp(WorkflowError):
    """An iteration reached `max_rounds` before it was done; `best` is the last value."""

    def __init__(self, name: str, rounds: int, best: object) -> None:
        self.rounds, self.best = rounds, best
        super().__init__(f"{name} was not done after {rounds} rounds. The last value is in .best; raise max_rounds or loosen until=.")


class Sequential(Workflow[Any, Any]):
    """One step after another, each given what the one before gave."""

    kind = "sequential"

    def __init__(self, nodes: Sequence[Node], name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.nodes = tuple(nodes)
        self._path = tuple((each.carry, f"{each.name}.{index}") for index, each in enumerate(self.nodes))

    async def carry(self, run: Run, value: Any) -> Any:
        """Through all steps in order."""
        for carry, position in self._path:
            value = await carry(run, position, value)
        return value


class Conditional(Workflow[Any, Any]):
    """One of several ways, chosen by looking at the value."""

    kind = "conditional"

    def __init__(self, choose: Node, ways: Mapping[Any, Node], default: Node | None, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.choose, self.ways, self.default = choose, dict(ways), default

    async def carry(self, run: Run, value: Any) -> Any:
        """Choose, then go that way with the same value."""
        choice = await self.choose.carry(run, "choose", value)
        way = self.ways.get(choice, self.default)
        if way is None:
            known = ", ".join(repr(each) for each in self.ways)
            raise WorkflowError(
                f"{self.name}: {self.choose.name} chose {choice!r}, and there is no such way (ways: {known}). Add it, or a default=."
            )
        return await way.carry(run, way.name, value)


class Iterate(Workflow[Any, Any]):
    """A step again and again until its value will do."""

    kind = "iterate"

    def __init__(self, body: Node, until: Node, max_rounds: int, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body, self.until, self.max_rounds = body, until, max_rounds

    async def carry(self, run: Run, value: Any) -> Any:
        """Rounds until `until` says so. Raises RoundsUsedUp with the last value."""
        for index in range(self.max_rounds):
            value = await self.body.carry(run, f"{self.body.name}.{index}", value)
            done = await self.until.carry(run, f"until.{index}", value)
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
        return f"{self.task}\n\nYour last version:\n{self.text}\n\nCritique:\n{self.critique}\n\nWrite a better version."


class Reflect(Workflow[Any, Any]):
    """Write, criticise, write again."""

    kind = "reflect"

    def __init__(self, write: Node, critique: Node, rounds: int, accept: Node, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.write, self.critique, self.rounds, self.accept = write, critique, rounds, accept

    async def carry(self, run: Run, task: Any) -> Any:
        """At most `rounds` rewrites; an accepted or unchanged text ends it."""
        text = await self.write.carry(run, f"{self.write.name}.0.draft", task)
        for index in range(self.rounds):
            said = await self.critique.carry(run, f"{self.critique.name}.{index}.critique", text)
            if await self.accept.carry(run, f"accept.{index}", said):
                return text
            better = await self.write.carry(run, f"{self.write.name}.{index + 1}.draft", _draft_for(self.write, Draft(task, text, said)))
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
