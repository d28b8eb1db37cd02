"""Shapes whose steps follow one another: sequential, conditional, iterate, reflect."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sayso.tools.canonical import prompt_text
from sayso.tools.errors import RunError, WorkflowError

from ..runs.events import RoundEnded
from ..runs.limits import Limits
from ..runs.protocols import Run
from ..workflow import Node, Workflow
from .nodes import check_input, check_output, input_type_error, make_node, output_type_error
from .step_types import StepLike, are_disjoint, describe_class, is_incompatible, never_equal

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
if TYPE_CHECKING:  # with defaults, so that a bare Draft stays complete; typing has them from Python 3.13 on
    from typing_extensions import TypeVar as DefaultTypeVar

    T = DefaultTypeVar("T", default=Any)
    X = DefaultTypeVar("X", default=Any)
    Q = DefaultTypeVar("Q", default=Any)
else:
    T, X, Q = (TypeVar(name) for name in "TXQ")


class RoundsUsedUp(RunError):
    """An iteration reached `max_rounds` before it was done; `best` is the last value."""

    def __init__(self, name: str, rounds: int, best: object) -> None:
        self.rounds: int = rounds
        self.best: object = best
        super().__init__(f"{name} was not done after {rounds} rounds. The last value is in .best; raise max_rounds or loosen until=.")


class Sequential(Workflow[A, B]):
    """One step after another, each given what the one before returned."""

    nodes: tuple[Node, ...]

    kind = "sequential"

    def __init__(self, nodes: Sequence[Node], name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.parts: tuple[Node, ...] = tuple(nodes)
        self.nodes = self.parts
        self.input_type: type | None = self.nodes[0].input_type
        self.output_type: type | None = self.nodes[-1].output_type
        for before, after in pairwise(self.nodes):
            _check_neighbours(name, before, after)
        # A step costs about a microsecond: what the loop needs is looked up once, and checks are written out in it. Name and index are the
        # position that a journal stores, so a step that is put in between gives those after it new positions.
        self._path = tuple(
            (each.execute, f"{each.name}.{index}", each.input_type, each.output_type) for index, each in enumerate(self.nodes)
        )

    def then(self, step: StepLike[B, C]) -> Sequential[A, C]:
        """Return the same workflow with one more step: `sequential(a, b).then(c)` is `sequential(a, b, c)`, of any length and typed."""
        return Sequential((*self.nodes, make_node(step)), self.name, self.limits)

    async def execute(self, run: Run, value: A) -> B:
        """Execute all steps in order."""
        current: Any = value
        for execute, position, input_type, output_type in self._path:
            if input_type is not None and type(current) is not input_type and is_incompatible(current, input_type):
                index = self._find_index(position)
                giver = f"{self.nodes[index - 1].name} returned" if index else "it was given"
                raise input_type_error(self.name, f"{giver} {describe_class(type(current))}", self.nodes[index])
            current = await execute(run, position, current)
            if output_type is not None and type(current) is not output_type and is_incompatible(current, output_type):
                raise output_type_error(self.name, self.nodes[self._find_index(position)], current)
        return cast(B, current)

    def _find_index(self, position: str) -> int:
        return next(index for index, each in enumerate(self._path) if each[1] == position)


class Conditional(Workflow[A, B]):
    """One of several steps, chosen by looking at the value."""

    kind = "conditional"

    def __init__(self, choose: Node, cases: Mapping[object, Node], default: Node | None, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.choose: Node = choose
        self.cases: dict[object, Node] = dict(cases)
        self.default: Node | None = default
        self.parts: tuple[Node, ...] = (choose, *cases.values(), *((default,) if default is not None else ()))
        self.input_type: type | None = _find_common(each.input_type for each in self.parts[1:])
        self.output_type: type | None = _find_common(each.output_type for each in self.parts[1:])
        for key in cases:
            if never_equal(choose.output_type, type(key)):
                raise WorkflowError(
                    f"{name}: {choose.name} returns {describe_class(choose.output_type)}, so it never chooses {key!r}. "
                    "Use the values that it returns as keys."
                )
        # The positions are stored in journals. The default comes last: a case more gives it another position.
        self._otherwise = (default, f"{default.name}.{len(cases)}") if default is not None else None
        self._positions = {key: (case, f"{case.name}.{index}") for index, (key, case) in enumerate(cases.items())}

    async def execute(self, run: Run, value: A) -> B:
        """Choose, then execute the chosen step with the same value."""
        choice = await self.choose.execute(run, f"{self.choose.name}.choose", value)
        chosen = self._positions.get(choice, self._otherwise) if isinstance(choice, Hashable) else self._otherwise
        if chosen is None:
            known = ", ".join(map(repr, self.cases))
            raise WorkflowError(f"{self.name}: {self.choose.name} chose {choice!r}, but the choices are {known}. Add it, or a default=.")
        case, position = chosen
        result: B = await case.execute(run, position, check_input(self.name, case, value))
        return check_output(self.name, case, result)


def _find_common(classes: Iterable[type | None]) -> type | None:
    """Return the class if all are the same; None if they differ or one is unknown."""
    kinds = set(classes)
    return kinds.pop() if len(kinds) == 1 else None


class Iterate(Workflow[A, A]):
    """A step executed again on its own value until a predicate holds."""

    kind = "iterate"

    def __init__(self, body: Node, until: Node, max_rounds: int, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body: Node = body
        self.until: Node = until
        self.max_rounds: int = max_rounds
        self.parts: tuple[Node, ...] = (body, until)
        self.input_type: type | None = body.input_type
        self.output_type: type | None = body.output_type
        if max_rounds > 1:
            _check_neighbours(name, body, body)

    async def execute(self, run: Run, value: A) -> A:
        """Execute rounds until `until` holds. Raises RoundsUsedUp with the last value."""
        for index in range(self.max_rounds):
            value = await self.body.execute(run, f"{self.body.name}.{index}", check_input(self.name, self.body, value))
            check_output(self.name, self.body, value)
            # A predicate that is an agent or an async function is a step, so it has a position of its own.
            done = await self.until.execute(run, f"{self.until.name}.{index}.until", value)
            await run.emit(RoundEnded(run.id, index))
            if done:
                return value
        raise RoundsUsedUp(self.name, self.max_rounds, value)


@dataclass(frozen=True, slots=True)
class Draft(Generic[T, X, Q]):
    """What a writer is given from the second round on: the task, its last text, and the critique of it.

    To a checker, `Draft[str, str, list[str]]` says of what kind they are; a bare `Draft` is of any kind.
    """

    task: T
    text: X
    critique: Q

    def __str__(self) -> str:
        found: Any = self.critique
        several = isinstance(found, (list, tuple)) and all(isinstance(each, str) for each in found)
        critique = "\n".join(found) if several else prompt_text(found)
        last = f"Your last version:\n{prompt_text(self.text)}\n\nCritique:\n{critique}"
        return f"{prompt_text(self.task)}\n\n{last}\n\nWrite a better version."


class Reflect(Workflow[A, B]):
    """Write, criticise, write again."""

    kind = "reflect"

    def __init__(self, write: Node, critique: Node, rounds: int, accept: Node, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.write: Node = write
        self.critique: Node = critique
        self.rounds: int = rounds
        self.accept: Node = accept
        self.parts: tuple[Node, ...] = (write, critique, accept)
        self.output_type: type | None = write.output_type
        _check_neighbours(name, write, critique)
        if write.kind != "agent" and are_disjoint(Draft, write.input_type):
            raise WorkflowError(
                f"{name}: {write.name} takes {describe_class(write.input_type)}, and from the second round on it is given a Draft: "
                "the task, its last text and the critique. Let it take both."
            )

    async def execute(self, run: Run, value: A) -> B:
        """Write, then rewrite at most `rounds` times; an accepted or unchanged text ends it."""
        name, write, critique = self.name, self.write, self.critique
        text: B = await write.execute(run, f"{write.name}.0.draft", check_input(name, write, value))
        check_output(name, write, text)
        for index in range(self.rounds):
            found = await critique.execute(run, f"{critique.name}.{index}.critique", check_input(name, critique, text))
            if await self.accept.execute(run, f"{self.accept.name}.{index}.accept", found):
                return text
            draft = Draft(value, text, found)
            # An agent reads text; a function or a workflow gets the parts.
            better: B = await write.execute(run, f"{write.name}.{index + 1}.draft", str(draft) if write.kind == "agent" else draft)
            check_output(name, write, better)
            await run.emit(RoundEnded(run.id, index))
            # A writer that changes nothing would be criticised in the same words until the rounds are over.
            if better == text:
                return text
            text = better
        return text


def _check_neighbours(name: str, before: Node, after: Node) -> None:
    """Raise WorkflowError if what one node returns is not what the next one takes."""
    if are_disjoint(before.output_type, after.input_type):
        raise input_type_error(name, f"{before.name} returns {describe_class(before.output_type)}", after)


def accepts(critique: object) -> bool:
    """Tell whether a critique finds nothing: it is empty, false, or its first words say OK, accept, approved, good, no changes."""
    if not isinstance(critique, str):
        return not critique
    first = critique.strip().lower().lstrip("\"'*_#. ")
    return not first or first.startswith(("ok", "accept", "approved", "good", "no change", "no issues", "lgtm"))
