"""Case files as pydantic-evals writes its datasets: read with what it means there, and written back without loss."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sayso.tools.canonical import to_jsonable
from sayso.tools.errors import UsageError

from .case_fields import check_names
from .file_tree import FileValue
from .problems import Problems, suggest_name
from .pydantic_evaluators import PydanticEvaluator, is_known, make_evaluator
from .score_names import SCORE_NAMES, MakeScore, list_options, name_options
from .suites import Suite
from .values import Case, Score
from .yaml_tree import read_scalar_1_1

FILE_FIELDS = ("$schema", "name", "cases", "evaluators", "report_evaluators")
CASE_FIELDS = ("name", "inputs", "metadata", "expected_output", "evaluators")
_THEIRS = frozenset({"inputs", "expected_output", "evaluators", "report_evaluators"})
_OURS = frozenset({"input", "expected", "scores", *SCORE_NAMES})
_SCHEMA = re.compile(r"\A(?:#.*\n|\s*\n)*?#\s*yaml-language-server:\s*\$schema=(\S+)")


def is_pydantic_form(root: FileValue) -> bool:
    """Tell whether a file is written as pydantic-evals writes its datasets: by the names of its fields."""
    if not isinstance(root.value, dict):
        return False
    keys = list(root.value)
    cases = root.value.get("cases")
    if cases is None or not isinstance(cases.value, list):
        return False
    for case in cases.value:
        keys += list(case.value) if isinstance(case.value, dict) else []
    return sum(key in _THEIRS for key in keys) > sum(key in _OURS for key in keys)


class PydanticReader:
    """Reads a dataset of pydantic-evals; all that is wrong goes to `problems`."""

    def __init__(self, path: Path, problems: Problems, own: Mapping[str, MakeScore], yaml_text: str) -> None:
        self.path: Path = path
        self.problems: Problems = problems
        self.own: Mapping[str, MakeScore] = own
        self.scalar: Callable[[str], Any] | None = read_scalar_1_1 if yaml_text else None
        self.schema: str | Any = found[1] if (found := _SCHEMA.match(yaml_text)) else ""
        self.unknown: dict[str, list[int]] = {}
        self.metadata: dict[str, Any] = {}
        self.shared: list[str] = []

    def read(self, root: FileValue) -> Suite:
        top = root.value if isinstance(root.value, dict) else {}
        self._check_fields(root, FILE_FIELDS, "a dataset of pydantic-evals")
        scores = self._read_evaluators(top.get("evaluators"))
        self.shared = [score.name for score in scores]
        listed = top.get("cases")
        nodes = listed.value if listed and isinstance(listed.value, list) else []
        cases = [case for number, node in enumerate(nodes, 1) if (case := self._read_case(node, number))]
        check_names(cases, self.problems)
        kept: dict[str, object] = {"form": "pydantic-evals"}
        notes = list[str]()
        if schema := self.schema or (top["$schema"].text if "$schema" in top else ""):
            kept["schema"] = schema
        if reports := top.get("report_evaluators"):
            kept["report_evaluators"] = reports.plain(self.scalar)
            if reports.value:
                notes.append("Report evaluators of pydantic-evals are kept for writing back, and not computed.")
        if self.metadata:
            kept["metadata"] = self.metadata
        notes += [self._tell_unknown(name, lines) for name, lines in self.unknown.items()]
        name = top["name"].plain(self.scalar) if "name" in top else None
        return Suite(str(name or self.path.stem), tuple(cases), scores, str(self.path), tuple(notes), kept)

    def _tell_unknown(self, name: str, lines: list[int]) -> str:
        where = ", ".join(map(str, lines[:5])) + (" ..." if len(lines) > 5 else "")
        return (
            f"{self.path}: Sayso has no evaluator {name}, so it is kept for writing back and not judged (line {where}). "
            f'To judge it, give a score of your own: read_suite(path, {{"{name}": ...}}).'
        )

    def _check_fields(self, node: FileValue, known: tuple[str, ...], what: str) -> None:
        for key in node.value if isinstance(node.value, dict) else ():
            if key not in known:
                line = (node.keys or {}).get(key, node.line)
                ours = {"input": "inputs", "expected": "expected_output", "scores": "evaluators"}
                if key in SCORE_NAMES:
                    hint = " It is a field of Sayso's own form: write `input` for `inputs` and `scores` for `evaluators` in the whole file."
                else:
                    hint = suggest_name(key, known, ours) or f" Its fields are {', '.join(known)}."
                self.problems.add(line, f"{what} has no field {key!r}.{hint}")

    def _read_case(self, node: FileValue, number: int) -> Case | None:
        if not isinstance(node.value, dict):
            self.problems.add(node.line, f"a case is {node.kind()}. A case has `inputs`: `- inputs: ...`.")
            return None
        self._check_fields(node, CASE_FIELDS, "a case of pydantic-evals")
        fields = {key: item.plain(self.scalar) for key, item in node.value.items() if key != "evaluators"}
        if "inputs" not in fields:
            self.problems.add(node.line, "the case has no `inputs`.")
        name = f"Case {number}" if fields.get("name") is None else str(fields["name"])
        metadata = fields.get("metadata")
        if metadata is not None and not isinstance(metadata, dict):
            self.metadata[name] = metadata
        return Case(
            name=name,
            input=fields.get("inputs"),
            expected=fields.get("expected_output"),
            scores=self._read_evaluators(node.value.get("evaluators")),
            metadata=metadata if isinstance(metadata, dict) else {},
            place=self.problems.place(node.line),
        )

    def _read_evaluators(self, node: FileValue | None) -> tuple[Score, ...]:
        if node is None:
            return ()
        if not isinstance(node.value, list):
            self.problems.add(node.line, f"`evaluators` is {node.kind()} and no list. Write `- EqualsExpected` below it.")
            return ()
        made = list[PydanticEvaluator]()
        for item in node.value:
            try:
                evaluator = self._read_evaluator(item)
            except UsageError as error:
                self.problems.add(item.line, str(error))
                continue
            made.append(_rename(evaluator, [*self.shared, *(each.name for each in made)]))
        return tuple(made)

    def _read_evaluator(self, node: FileValue) -> PydanticEvaluator:
        name, arguments = _read_spec(node, self.scalar)
        if name in self.own:
            names = list(list_options(self.own[name]))
            given = dict(arguments) if isinstance(arguments, dict) else dict(zip(names, arguments or (), strict=False))
            try:
                return PydanticEvaluator(name, arguments, self.own[name](**given))
            except (TypeError, ValueError) as error:
                raise UsageError(f"{name}: {error}") from None
        evaluator = make_evaluator(name, arguments)
        if evaluator.score is None:
            shown = name if not is_known(name) else f"{name} with these arguments"
            self.unknown.setdefault(shown, []).append(node.line)
        return evaluator


def _rename(evaluator: PydanticEvaluator, taken: list[str]) -> PydanticEvaluator:
    """Return an evaluator with a name that no other of the case has, numbered as pydantic-evals numbers them."""
    if evaluator.name not in taken:
        return evaluator
    number = next(number for number in range(2, len(taken) + 3) if f"{evaluator.name}_{number}" not in taken)
    return replace(evaluator, name=f"{evaluator.name}_{number}")


def _read_spec(node: FileValue, scalar: Callable[[str], Any] | None) -> tuple[str, Any]:
    """Return the name and arguments of an evaluator: `Name`, `Name: first`, `Name: {a: 1}`, or `name:` and `arguments:`."""
    if isinstance(node.value, str):
        return node.value, None
    if isinstance(node.value, dict) and set(node.value) == {"name", "arguments"}:
        arguments = node.value["arguments"].plain(scalar)
        if isinstance(arguments, list) and len(arguments) == 1:
            return node.value["name"].text, tuple(arguments)
        if arguments is None or isinstance(arguments, dict):
            return node.value["name"].text, arguments
        raise UsageError("`arguments` is null, a mapping, or a list of one.")
    if isinstance(node.value, dict) and len(node.value) == 1:
        ((name, value),) = node.value.items()
        plain = value.plain(scalar)
        return name, plain if isinstance(plain, dict) else (plain,)
    raise UsageError(f"an evaluator is {node.kind()}. Write `- Name`, `- Name: argument` or `- Name: {{argument: value}}`.")


def list_pydantic_fields(suite: Suite) -> dict[str, Any]:
    """Return a suite as the fields of a dataset of pydantic-evals. Raises UsageError for what it has no words for."""
    fields: dict[str, Any] = {
        "name": suite.name,
        "cases": [list_pydantic_case(case, number, suite) for number, case in enumerate(suite.cases, 1)],
    }
    if suite.scores:
        fields["evaluators"] = [_write_spec(score) for score in suite.scores]
    if "report_evaluators" in suite.kept:
        fields["report_evaluators"] = suite.kept["report_evaluators"]
    return fields


def list_pydantic_case(case: Case, number: int, suite: Suite) -> dict[str, Any]:
    """Return a case as the fields of one of pydantic-evals. Raises UsageError for what it has no words for."""
    for name in ("recording", "writes", "stand_ins"):
        if getattr(case, name, ""):
            raise UsageError(
                f"The case {case.name!r} has `{name}`, which pydantic-evals has no field for. Write the file in Sayso's own form."
            )
    fields: dict[str, Any] = {} if case.name == f"Case {number}" else {"name": case.name}
    fields["inputs"] = to_jsonable(case.input)
    kept = suite.kept.get("metadata")
    metadata = case.metadata or (kept.get(case.name) if isinstance(kept, Mapping) else None)
    if metadata:
        fields["metadata"] = to_jsonable(metadata)
    if case.expected is not None:
        fields["expected_output"] = to_jsonable(case.expected)
    if case.scores:
        fields["evaluators"] = [_write_spec(score) for score in case.scores]
    return fields


def _write_spec(score: Score) -> Any:
    """Return an evaluator in the shortest form that is read as the same."""
    name, arguments = (score.evaluator, score.arguments) if isinstance(score, PydanticEvaluator) else _translate(score)
    if arguments is None or not arguments:
        return name
    if isinstance(arguments, tuple):
        return {"name": name, "arguments": list(arguments)} if isinstance(arguments[0], dict) else {name: arguments[0]}
    return {name: dict(arguments)}


def _translate(score: Score) -> tuple[str, Mapping[str, object] | tuple[object] | None]:
    """Return the evaluator of pydantic-evals that means the same as a score of ours. Raises UsageError where there is none."""
    name, options = name_options(score)
    match name, options:
        case "exact", {"expected": value, **rest} if not rest:
            return "Equals", (value,)
        case "exact", {**rest} if not rest:
            return "EqualsExpected", None
        case "contains", {"text": str(text), **rest} if not rest:
            return "Contains", (text,)
        case "contains", {"text": str(text), "ignore_case": True, **rest} if not rest:
            return "Contains", {"value": text, "case_sensitive": False}
        case "max_seconds", {"seconds": seconds, **rest} if not rest:
            return "MaxDuration", (seconds,)
        case "max_turns", {"turns": turns, **rest} if not rest:
            return "MaxModelRequests", (turns,)
        case "calls", {"tool": tool, **rest} if not rest:
            return "ToolCorrectness", {"expected_tools": [tool], "allow_extra": True, "include_failed": True}
    raise UsageError(f"pydantic-evals has no evaluator for {score.name!r}. Write the file in Sayso's own form, or leave this score out.")
