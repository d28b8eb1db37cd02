"""Case files: cases and what must hold of each, in YAML or JSON, as Sayso writes them or as pydantic-evals does."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from sayso.tools.canonical import to_jsonable
from sayso.tools.errors import UsageError

from .case_adding import insert_json_case, insert_yaml_case
from .case_fields import CaseReader
from .file_saving import hold_folder, save_text
from .file_tree import FileValue, check_letters, find_form, read_json, read_text
from .problems import CaseFileError as CaseFileError
from .problems import Problems
from .pydantic_form import PydanticReader, is_pydantic_form, list_pydantic_case, list_pydantic_fields
from .score_names import SCORE_NAMES, MakeScore, compares_expected, make_score, name_options
from .suites import Suite as Suite
from .values import Case, Score
from .yaml_tree import read_yaml, write_yaml

Form = Literal["sayso", "pydantic-evals"]


def read_suite(path: str | Path, scores: Mapping[str, MakeScore] | None = None) -> Suite:
    """Return the cases of a YAML or JSON file, in Sayso's own form or in that of pydantic-evals.

    `scores` are scores of your own by the names that the file calls them: classes, or functions that take the options and return a score.
    Nothing in a file is executed or imported. Raises CaseFileError, a UsageError, with everything that is wrong, each with its line.
    """
    path = Path(path)
    problems = Problems(path)
    form = find_form(path)
    text = read_text(path)
    root = read_yaml(text, problems) if form == "yaml" else read_json(text, problems)
    if root is not None and "\\u" in text.lower():
        check_letters(root, problems)
    problems.check()
    assert root is not None  # otherwise there is a problem
    suite = _read(path, root, problems, scores or {}, text if form == "yaml" else "")
    problems.check()
    return suite


def _read(path: Path, root: FileValue, problems: Problems, own: Mapping[str, MakeScore], yaml_text: str) -> Suite:
    if is_pydantic_form(root):
        return PydanticReader(path, problems, own, yaml_text).read(root)
    return CaseReader(path, problems, own).read(root)


def write_suite(suite: Suite, path: str | Path, form: Form | None = None) -> None:
    """Write a suite to a YAML or JSON file, which `read_suite` reads as the same cases and scores.

    `form` is "sayso" or "pydantic-evals"; without it, that of the file which the suite was read from. Raises UsageError for a score that
    the form has no name for.
    """
    path = Path(path)
    ending = find_form(path)
    if form is None:
        form = "pydantic-evals" if suite.kept.get("form") == "pydantic-evals" else "sayso"
    if form not in ("sayso", "pydantic-evals"):
        raise UsageError(f"There is no form {form!r} of case files. Forms: sayso, pydantic-evals.")
    fields = _check_values(path, lambda: list_pydantic_fields(suite) if form == "pydantic-evals" else _list_fields(suite, path))
    head = ""
    if form == "pydantic-evals" and (schema := suite.kept.get("schema")):
        head = f"# yaml-language-server: $schema={schema}\n" if ending == "yaml" else ""
        fields = fields if ending == "yaml" else {"$schema": schema, **fields}
    text = head + write_yaml(fields) if ending == "yaml" else _write_json(fields)
    save_text(path, text)


def add_case(path: str | Path, case: Case) -> None:
    """Add a case at the end of a case file, or make the file. Everything that stands in it stays as it is, comments too.

    Raises UsageError for a name that is there already, and for a file whose cases stand in no list to which a case can be added.
    """
    path = Path(path)
    with hold_folder(path.parent):  # two programs that add a case at once both find what the other one wrote
        if not path.exists():
            return write_suite(Suite(path.stem, (case,)), path)
        return save_text(path, _add(path, read_text(path), case))


def _add(path: Path, text: str, case: Case) -> str:
    suite, ending = read_suite(path), find_form(path)
    if any(each.name == case.name for each in suite.cases):
        raise UsageError(f"{path} has a case of the name {case.name!r} already. Give the new one another name.")
    number = len(suite.cases) + 1
    case = replace(case, recording=_shorten_path(case.recording, path))
    is_theirs = suite.kept.get("form") == "pydantic-evals"
    fields = _check_values(path, lambda: (list_pydantic_case if is_theirs else _list_case)(case, number, suite))
    added = (insert_yaml_case if ending == "yaml" else insert_json_case)(text, fields)
    problems = Problems(path)
    root = (read_yaml if ending == "yaml" else read_json)(added, problems) if added else None
    read = None if root is None else _read(path, root, problems, {}, added if ending == "yaml" else "")
    if read is None or problems.found or read.cases[:-1] != suite.cases or len(read.cases) != number:
        raise UsageError(f"A case cannot be added to {path} without changing its other lines. Write its list of cases with a - for each.")
    return added


def _write_json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _check_values(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return fields. Raises UsageError for a value that no file can hold: an object, NaN, an infinite number, half a letter."""
    try:
        fields = make()
        json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        why = "a text has half a letter in it" if isinstance(error, UnicodeEncodeError) else str(error)
        raise UsageError(f"{path} cannot be written: {why}.") from None
    return fields


def _list_fields(suite: Suite, path: Path) -> dict[str, Any]:
    """Return a suite as the fields of Sayso's own form."""
    fields: dict[str, Any] = {} if suite.name == path.stem else {"name": suite.name}
    fields |= _list_scores(suite.scores)
    cases = [replace(case, recording=_shorten_path(case.recording, path)) for case in suite.cases]
    fields["cases"] = [_list_case(case, number, suite) for number, case in enumerate(cases, 1)]
    return fields


def _list_case(case: Case, number: int, suite: Suite) -> dict[str, Any]:
    fields: dict[str, Any] = {} if case.name == f"case {number}" else {"name": case.name}
    if case.input is not None:
        fields["input"] = to_jsonable(case.input)
    scores = case.scores
    if case.expected is not None:
        fields["expected"] = to_jsonable(case.expected)
        plain = make_score("exact")
        others = [score for score in (*scores, *suite.scores) if score != plain and compares_expected(score)]
        if not others and plain not in suite.scores:
            if plain not in scores:
                raise UsageError(f"The case {case.name!r} has an expected output that no score compares with. Give it Exact(), or none.")
            scores = tuple(score for score in scores if score != plain)
    fields |= _list_scores(scores)
    if case.recording:
        fields["recording"] = case.recording
    if writes := getattr(case, "writes", ""):
        fields["writes"] = writes
    if case.stand_ins:
        fields["stand_ins"] = to_jsonable(case.stand_ins)
    if case.metadata:
        fields["metadata"] = to_jsonable(case.metadata)
    return fields


def _shorten_path(recording: str, path: Path) -> str:
    """Return the path of a recording as seen from the folder of the case file."""
    if not recording:
        return ""
    try:
        return Path(os.path.relpath(recording, path.parent)).as_posix()
    except ValueError:  # another drive of Windows
        return recording


def _list_scores(scores: tuple[Score, ...]) -> dict[str, Any]:
    """Return scores as fields; those that a field cannot hold stand in the list `scores`."""
    fields: dict[str, Any] = {}
    listed = list[Any]()
    for score in scores:
        name, options = name_options(score)
        entry = SCORE_NAMES[name]
        is_short = list(options) == [entry.main]
        value: Any = options.get(entry.main) if is_short else dict(options)
        if not options:
            listed.append(name)
        elif entry.is_call:
            fields.setdefault(name, []).append(_list_call(options))
        elif name in fields or (is_short and isinstance(value, dict) and not entry.takes_mapping) or (not is_short and entry.takes_mapping):
            listed.append({"score": name, **options})
        else:
            fields[name] = value
    return fields | ({"scores": listed} if listed else {})


def _list_call(options: Mapping[str, Any]) -> Any:
    tool, arguments = options.get("tool", ""), options.get("arguments")
    if set(options) == {"tool"}:
        return tool
    if set(options) == {"tool", "arguments"} and tool != "tool" and isinstance(arguments, dict):
        return {tool: arguments}
    return dict(options)
