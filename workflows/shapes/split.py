"""Two or more versions of a step side by side: each user is dealt one of them, and keeps it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar, overload

from sayso.tools.errors import WorkflowError

from ..runs.limits import Limits
from ..runs.protocols import Run
from ..workflow import Node, Workflow
from .in_order import Conditional
from .nodes import make_node
from .step_types import StepLike

A = TypeVar("A")
B = TypeVar("B")
SPLIT = "split:"
"""The beginning of the name of the step that stores which version a run has."""


class UserSplit(Conditional[A, B]):
    """One of several versions, by the user of the run. `weights` say how many of the users get which."""

    kind = "split"

    def __init__(self, name: str, versions: Mapping[object, Node], weights: Mapping[str, float], limits: Limits | None) -> None:
        self.weights: dict[str, float] = dict(weights)
        super().__init__(Node(name, "predicate", self._choose, None, None, str), versions, None, name, limits)

    def _choose(self, run: Run, _position: str, _value: object) -> Awaitable[str]:
        return run.step(f"{SPLIT}{self.name}", self._deal, run)

    async def _deal(self, run: Run) -> str:
        """Return the user's version of before, as long as it has a weight; else the one that the weights deal."""
        before = await run.find_stored(f"{SPLIT}{self.name}") if run.user else None
        if isinstance(before, str) and self.weights.get(before):
            return before
        return deal(self.name, run.user or run.id.partition("/")[0], self.weights)


def deal(name: str, user: str, weights: Mapping[str, float]) -> str:
    """Return the version of a user: the same on every machine, whatever the order of the versions.

    It is the one with the highest weight / -ln(u), where u is drawn from (0, 1) by a hash of split, version and user: weighted rendezvous
    hashing (D. Thaler and C. Ravishankar, 1998). So each version gets its share of the users; and where a weight is raised, or a version
    added, users only move to that version, and no more of them than its share grows.
    """

    def score(version: str) -> float:
        digits = hashlib.sha256("\0".join((name, version, user)).encode("utf-8", "surrogatepass")).digest()
        drawn = (int.from_bytes(digits[:7], "big") + 0.5) / 2**56
        return weights[version] / -math.log(drawn)

    return max(sorted(weights), key=score)


@overload
def split(
    name: str, versions: Mapping[str, StepLike[A, B]], *, weights: Mapping[str, float] | None = ..., limits: Limits | None = ...
) -> Workflow[A, B]: ...
@overload  # as of `conditional`: versions of several kinds
def split(
    name: str, versions: Mapping[str, StepLike[A, object]], *, weights: Mapping[str, float] | None = ..., limits: Limits | None = ...
) -> Workflow[A, Any]: ...
def split(
    name: str, versions: Mapping[str, Any], *, weights: Mapping[str, float] | None = None, limits: Limits | None = None
) -> Workflow[Any, Any]:
    """Execute one of several versions of a step, each user's own: `split("desk", {"plain": plain, "warm": warm})`.

    `weights` say how many users get which version (`{"plain": 9, "warm": 1}`); without them all get as many. The user is that of the run
    (`user=`), who keeps the version that was stored with an earlier run of theirs in the same database, as long as it has a weight above 0.
    A run without a user is dealt one by its id. The choice is stored with the run, and `sayso stats` compares the versions.

    Raises WorkflowError for fewer than two versions, and for weights that are not those of the versions.
    """
    if not isinstance(versions, Mapping) or len(versions) < 2 or not all(isinstance(each, str) and each for each in versions):
        raise WorkflowError(f"{name} has nothing to split. Name at least two versions: split({name!r}, {{'old': ..., 'new': ...}}).")
    nodes: dict[object, Node] = {version: _name_node(version, make_node(step)) for version, step in versions.items()}
    return UserSplit(name, nodes, _check_weights(name, versions, weights), limits)


def _name_node(version: str, node: Node) -> Node:
    """Return a node under the name of its version: both may be agents of one name."""
    if "/" in version:
        raise WorkflowError(
            f"A version cannot be named {version!r}: its name is part of its position in a run. Use a text without a slash."
        )
    return Node(version, node.kind, node.execute, node.step, node.input_type, node.output_type)


def _check_weights(name: str, versions: Mapping[str, object], weights: Mapping[str, float] | None) -> dict[str, float]:
    if weights is None:
        return dict.fromkeys(versions, 1.0)
    if not isinstance(weights, Mapping) or weights.keys() != versions.keys():
        raise WorkflowError(f"{name}: weights={weights!r} are not those of its versions. Give one for each of: {', '.join(versions)}.")
    for version, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not (math.isfinite(weight) and weight >= 0):
            raise WorkflowError(f"{name}: the weight of {version} is {weight!r}. A weight is a number, not below zero: 9, or 0.9.")
    if not any(weights.values()):
        raise WorkflowError(f"{name}: no version has a weight above 0, so no user could get one.")
    return {version: float(weight) for version, weight in weights.items()}
