"""What an evaluation is to execute: cases, scores, subject and how often; and the fingerprint that tells it from another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

from sayso.tools.canonical import Json, sha256
from sayso.tools.definition.tool import HasDict
from sayso.tools.errors import UsageError
from sayso.workflows import App
from sayso.workflows.runs.codec import NotJson, to_json

from .rehearsal import ASK, check_writes
from .subjects import (
    AnyWorkflow,
    check_stand_ins,
    describe_code,
    describe_place,
    fingerprint,
    make_app_subject,
    make_subject,
    plain_repr,
    read_input,
)
from .values import Case, Score

NO_STAND_INS: Mapping[str, object] = {}


class AnySuite(Protocol):
    """What is read of a suite: its name, its cases, and the scores of all of them."""

    @property
    def name(self) -> str:
        """Return its name."""
        ...

    @property
    def cases(self) -> tuple[Case, ...]:
        """Return its cases."""
        ...

    @property
    def scores(self) -> tuple[Score, ...]:
        """Return the scores of all its cases."""
        ...


@dataclass(frozen=True, kw_only=True)
class EvaluationPlan(HasDict):
    """What is to be executed. Everything in it makes another evaluation of it when it changes."""

    suite: str
    cases: tuple[Case, ...]
    scores: tuple[Score, ...]
    subject: AnyWorkflow
    repeat: int = 1
    writes: str = ASK
    live: bool = False
    stand_ins: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """Return a hash of the plan, which is the same in another process."""
        scores = [plain_repr(each) for each in self.scores]
        return sha256(
            self.suite,
            [_describe_case(each) for each in self.cases],
            scores,
            fingerprint(self.subject),
            self.repeat,
            self.writes,
            self.live,
            _describe_stand_ins(self.stand_ins),
        )

    def scores_of(self, case: Case) -> tuple[Score, ...]:
        """Return the scores of a case: those of the suite, then its own."""
        return (*self.scores, *case.scores)


def make_plan(
    suite: AnySuite | Iterable[Case],
    subject: object,
    scores: Iterable[Score] = (),
    *,
    repeat: int = 1,
    writes: str = ASK,
    live: bool = False,
    stand_ins: Mapping[str, object] = NO_STAND_INS,
) -> EvaluationPlan:
    """Return the plan of an evaluation. Raises UsageError for what cannot be executed or told apart, before anything is."""
    name, own, given = "cases", tuple[Score, ...](), suite
    if hasattr(suite, "cases"):
        whole = cast(AnySuite, suite)
        name, own, given = whole.name or name, whole.scores, whole.cases
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes)):
        raise UsageError(f"{given!r} is not a suite. Give a list of Case, or the cases of a file: read_suite('cases.yaml').")
    cases = tuple(given)
    for case in cases:
        if not isinstance(case, Case):
            raise UsageError(f"{case!r} is not a case. Write Case(name=..., input=...), or read a file: read_suite('cases.yaml').")
    if not cases:
        raise UsageError(f"There is no case to execute: {name} is empty, or nothing in it was selected.")
    plan = EvaluationPlan(
        suite=name,
        cases=cases,
        scores=(*own, *scores),
        subject=make_app_subject(subject, cases) if isinstance(subject, App) else make_subject(subject),
        repeat=check_count("repeat", repeat),
        writes=check_writes(writes),
        live=live,
        stand_ins=stand_ins,
    )
    check_stand_ins(plan.subject, stand_ins, "")
    for case in cases:
        _check_case(plan, case)
    _check_names(cases)
    return plan


def check_count(name: str, value: object) -> int:
    """Return a number that counts something. Raises UsageError for what is no whole number from 1 up."""
    if type(value) is not int or value < 1:
        raise UsageError(f"{name}={value!r}: give a whole number, at least 1.")
    return value


def _check_case(plan: EvaluationPlan, case: Case) -> None:
    where = describe_place(case)
    if case.writes:
        check_writes(case.writes, where=where, in_case=True)
    read_input(plan.subject, case)
    check_stand_ins(plan.subject, case.stand_ins, where)
    names = [score.name for score in plan.scores_of(case)]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise UsageError(f"{where}Two of its scores are named {twice[0]!r}. Give one of them another name, or leave it out.")


def _check_names(cases: Iterable[Case]) -> None:
    """Raise UsageError for two cases of one name: a stored result would be that of either."""
    known: dict[str, Case] = {}
    for case in cases:
        if (first := known.setdefault(case.name, case)) is not case:
            places = f" ({first.place} and {case.place})" if first.place and case.place else ""
            raise UsageError(f"Two cases are named {case.name!r}{places}. Results are stored by that name: give one of them another.")


def _describe_case(case: Case) -> Json:
    recording = ""
    if case.recording:
        path = Path(case.recording)
        recording = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else case.recording
    scores = [plain_repr(each) for each in case.scores]
    stand_ins = _describe_stand_ins(case.stand_ins)
    return [case.name, _describe_value(case.input), _describe_value(case.expected), scores, case.writes, recording, stand_ins]


def _describe_stand_ins(stand_ins: Mapping[str, object]) -> Json:
    return {name: list(describe_code(value)) if callable(value) else _describe_value(value) for name, value in stand_ins.items()}


def _describe_value(value: object) -> Json:
    try:
        return to_json(value)
    except NotJson:
        return plain_repr(value)
