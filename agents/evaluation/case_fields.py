"""Cases as Sayso's own files write them: an input, and by the name of each score what must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

from sayso.tools.errors import UsageError

from .file_tree import FileValue
from .problems import Problems, suggest_name
from .score_names import OTHER_NAMES, SCORE_NAMES, MakeScore, ScoreName, compares_expected, find_score, list_options, make_score
from .suites import Suite
from .values import Case, Score

FILE_FIELDS = ("name", "cases", "scores", "judge_model")
CASE_FIELDS = ("name", "input", "expected", "scores", "recording", "writes", "stand_ins", "metadata")
WRITES = ("ask", "reject", "pretend")
OTHER_FIELDS = {
    **dict.fromkeys(
        ("inputs", "question", "query", "prompt", "user_input", "user_prompt", "user_message", "messages", "task", "vars"), "input"
    ),
    **dict.fromkeys(
        (
            "expected_output",
            "answer",
            "target",
            "ideal",
            "reference",
            "ground_truth",
            "output",
            "expect",
            "expected_answer",
            "expected_results",
        ),
        "expected",
    ),
    **dict.fromkeys(("assert", "asserts", "assertions", "evaluators", "metrics", "checks"), "scores"),
    **dict.fromkeys(("id", "title", "description", "case_id", "test_name"), "name"),
    **dict.fromkeys(
        (
            "tags",
            "tag",
            "meta",
            "category",
            "note",
            "notes",
            "severity",
            "priority",
            "difficulty",
            "intent",
            "topic",
            "source",
            "owner",
            "author",
            "blocking",
        ),
        "metadata",
    ),
    **dict.fromkeys(("tests", "test_cases", "examples", "samples", "goldens", "items", "questions", "evals", "conversations"), "cases"),
}

CONTAINERS = frozenset("expect expects expectations assert asserts assertions checks eval".split())


def _find_cases(fields: Mapping[str, FileValue]) -> str:
    """Return which field holds what may be the cases, and whose file it is where that can be seen."""
    if "tests" in fields and ("prompts" in fields or "providers" in fields):
        return ": this is a file of promptfoo, whose tests are cases here, with `input` for `vars` and a field for each `assert`"
    near = next((key for key in fields if OTHER_FIELDS.get(key.casefold()) == "cases"), None)
    return f": {near} is called cases here" if near else ""


class CaseReader:
    """Reads a file in Sayso's own form; all that is wrong goes to `problems`."""

    def __init__(self, path: Path, problems: Problems, own: Mapping[str, MakeScore]) -> None:
        self.path: Path = path
        self.problems: Problems = problems
        self.own: Mapping[str, MakeScore] = own

    def read(self, root: FileValue) -> Suite:
        for doubt in self.problems.doubts:
            self.problems.add(*doubt)
        top = root if isinstance(root.value, dict) else FileValue({"cases": root}, root.line, keys={"cases": root.line})
        fields = _mapping(top)
        listed = fields.get("cases")
        if listed is None:
            self.problems.add(
                top.line, f"there are no cases here{_find_cases(fields)}. Write `cases:` and below it `- input: ...` for each case."
            )
            return Suite(self.path.stem, ())
        scores = _tell_apart(self._read_scores(top, FILE_FIELDS, "a case file"))
        cases = list[Case]()
        if not isinstance(listed.value, list):
            self.problems.add(listed.line, f"`cases` is {listed.kind()} and no list. Begin each case with `- input: ...`.")
        elif not listed.value:
            self.problems.add(listed.line, "the list of cases is empty.")
        else:
            cases = [case for number, node in enumerate(listed.value, 1) if (case := self._read_case(node, number, scores))]
        check_names(cases, self.problems)
        name = self._read_word(fields.get("name"), "name") or self.path.stem
        suite = Suite(name, tuple(cases), scores, place=str(self.path))
        model = self._read_word(fields.get("judge_model"), "judge_model")
        return suite.use_judge(model) if model else suite

    def _read_case(self, node: FileValue, number: int, shared: tuple[Score, ...]) -> Case | None:
        if not isinstance(node.value, dict):
            self.problems.add(node.line, f"a case is {node.kind()}. A case has an `input`, and what must hold: `- input: ...`.")
            return None
        fields = node.value
        scores = _tell_apart(self._read_scores(node, CASE_FIELDS, "a case"), shared)
        recording = self._read_word(fields.get("recording"), "recording")
        given = fields.get("input")
        is_named_otherwise = any(OTHER_FIELDS.get(key.casefold()) == "input" for key in fields)  # which is told of that field
        if given is None and not recording and not is_named_otherwise:
            self.problems.add(node.line, "the case has no `input`. Write what the agent is asked.")
        elif given is not None and given.value is None:
            self.problems.add(given.line, "`input` is empty. Write what the agent is asked.")
        expected = fields["expected"].plain() if "expected" in fields else None
        if "expected" in fields and expected is None:
            self.problems.add(fields["expected"].line, "`expected` is empty. Write the output that must come, or leave the field out.")
        if expected is None and "expected" not in fields and (useless := next(filter(compares_expected, scores), None)):
            self.problems.add(node.line, f"{useless.name} compares with `expected`, which the case does not have.")
        if expected is not None and not any(map(compares_expected, (*scores, *shared))):
            scores = (make_score("exact"), *scores)
        return Case(
            name=self._read_word(fields.get("name"), "name") or f"case {number}",
            input=given.plain() if given else None,
            expected=expected,
            scores=scores,
            recording=str(self.path.parent / recording) if recording else "",
            stand_ins=self._read_mapping(fields.get("stand_ins"), "stand_ins", "{get_weather: It rains.}"),
            metadata=self._read_mapping(fields.get("metadata"), "metadata", "{difficulty: easy}"),
            place=self.problems.place(node.line),
            **self._read_writes(fields.get("writes")),
        )

    def _read_word(self, node: FileValue | None, name: str) -> str:
        """Return a text of one line; a number or date is taken as it is written."""
        if node is None:
            return ""
        if isinstance(node.value, (dict, list)) or not node.text.strip():
            self.problems.add(node.line, f"`{name}` is {node.kind()}, and has to be a text.")
            return ""
        return node.text.strip()

    def _read_mapping(self, node: FileValue | None, name: str, example: str) -> dict[str, Any]:
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.problems.add(node.line, f"`{name}` is {node.kind()} and no mapping. Write `{name}: {example}`.")
            return {}
        plain: dict[str, Any] = node.plain()
        return plain

    def _read_writes(self, node: FileValue | None) -> dict[str, Any]:
        if node is None:
            return {}
        if node.text == "perform":
            self.problems.add(node.line, "no file can say `writes: perform`. Whoever runs the evaluation says it: --writes perform.")
        elif node.text not in WRITES:
            self.problems.add(node.line, f"`writes` is {node.kind()}, and has to be ask, reject or pretend.")
        return {"writes": node.text}

    def _read_scores(self, node: FileValue, known: tuple[str, ...], what: str) -> list[Score]:
        """Return the scores that a mapping names: by a field each, or in its list `scores`."""
        made = list[Score]()
        for key, value in _mapping(node).items():
            line = (node.keys or {}).get(key, node.line)
            if key == "scores":
                made.extend(self._read_list(value))
            elif key in SCORE_NAMES or key in self.own:
                made.extend(self._make(key, value, line))
            elif key not in known:
                self._tell_unknown(key, line, node, known, what)
        return made

    def _tell_unknown(self, key: str, line: int, node: FileValue, known: tuple[str, ...], what: str) -> None:
        """Add that a field is not known, and what was meant: a name of another program, a note for people, a name that is near."""
        plain, names = key.casefold(), [*known, *SCORE_NAMES, *self.own]
        if plain in CONTAINERS and isinstance(_mapping(node)[key].value, dict):
            hint = " What is in it stands directly in the case, by the names of the scores: `contains: ...`."
        elif OTHER_FIELDS.get(plain) == "metadata" and "metadata" in known:
            hint = f" What is for people stands in metadata: `metadata: {{{key}: ...}}`."
        else:
            fits = {other: name for other, name in OTHER_FIELDS.items() if name in known and name not in _mapping(node)}
            hint = suggest_name(key, names, {**OTHER_NAMES, **fits})
        self.problems.add(line, f"{what} has no field {key!r}.{hint}")
        if not hint:
            self.problems.hint(f"The fields of {what} are {', '.join(known)}, and each score by its name.")
            self.problems.hint(f"The scores are {', '.join([*SCORE_NAMES, *self.own])}.")
            if "metadata" in known:
                self.problems.hint("Anything else that belongs to a case stands in its `metadata`.")

    def _read_list(self, node: FileValue) -> list[Score]:
        made = list[Score]()
        for item in node.value if isinstance(node.value, list) else [node]:
            if isinstance(item.value, str):
                made.extend(self._make(item.value, None, item.line))
            elif isinstance(item.value, dict) and "score" in item.value:
                made.extend(self._make_long(item))
            elif isinstance(item.value, dict) and item.value:
                for key, value in item.value.items():
                    made.extend(self._make(key, value, (item.keys or {}).get(key, item.line)))
            else:
                self.problems.add(item.line, f"a score is {item.kind()}. Write its name: `- faithfulness`, or `- contains: Paris`.")
        return made

    def _make_long(self, node: FileValue) -> list[Score]:
        fields = dict(_mapping(node))
        name = fields.pop("score").text
        return self._try(node.line, lambda: [make_score(name, {key: item.plain() for key, item in fields.items()}, self.own)])

    def _make(self, name: str, node: FileValue | None, line: int) -> list[Score]:
        return self._try(line, lambda: make_named(name, node, self.own))

    def _try(self, line: int, make: Any) -> list[Score]:
        try:
            made: list[Score] = make()
        except UsageError as error:
            self.problems.add(line, str(error))
            return []
        return made


def make_named(name: str, node: FileValue | None, own: Mapping[str, MakeScore]) -> list[Score]:
    """Return the scores that a name and the value beside it stand for. Raises UsageError."""
    entry = find_score(name, own)
    known = list_options(entry.load() if entry else own[name])
    if node is None or node.value is None:
        return [make_score(name, None, own)]
    main = (entry.main if entry else "") or next(iter(known), "")
    if entry and entry.is_call:
        if node.value == []:
            return [_make_none(name)]
        return [make_score(name, _read_call(item, name)) for item in (node.value if isinstance(node.value, list) else [node])]
    if isinstance(node.value, dict) and not (entry and entry.takes_mapping):
        return [make_score(name, _read_options(node, entry), own)]
    if entry and entry.each and isinstance(node.value, list):
        return [each for item in node.value for each in make_named(name, item, own)]
    if not main:
        raise UsageError(f"{name} takes no value. Write it alone: {name}:")
    return [make_score(name, {main: _read_main(node, entry)}, own)]


def _make_none(name: str) -> Score:
    """Return the score of an empty list: no call at all, nobody asked about anything."""
    if f"not_{name}" not in SCORE_NAMES:
        raise UsageError(f"{name} is an empty list. Name at least one tool, or leave it out.")
    return make_score(f"not_{name}")


def _read_options(node: FileValue, entry: ScoreName | None) -> dict[str, Any]:
    return {key: _read_main(item, entry) if entry and key == entry.main else item.plain() for key, item in _mapping(node).items()}


def _read_main(node: FileValue, entry: ScoreName | None) -> Any:
    """Return the value of a score's main option: text as it is written, where text is wanted."""
    if entry is None or not entry.is_text:
        return node.plain()
    if isinstance(node.value, list):
        return [_read_main(item, entry) for item in node.value]
    return node.plain() if isinstance(node.value, dict) or node.value is None else node.text


def _read_call(node: FileValue, name: str) -> dict[str, Any]:
    """Return the options of a call: `order`, `order: {item: burger}`, or `tool: order` with `arguments:` and more."""
    if isinstance(node.value, dict) and "tool" in node.value:
        return {"tool": node.value["tool"].text, **{key: item.plain() for key, item in node.value.items() if key != "tool"}}
    if isinstance(node.value, dict) and len(node.value) == 1:
        ((tool, arguments),) = node.value.items()
        if arguments.value is not None and not isinstance(arguments.value, dict):
            raise UsageError(f"{name}: the arguments of {tool} are {arguments.kind()}. Write `{tool}: {{argument: value}}`.")
        return {"tool": tool, **({} if arguments.value is None else {"arguments": arguments.plain()})}
    if not isinstance(node.value, str) or not node.text:
        raise UsageError(f"{name}: {node.kind()} is not a call. Write `- order`, or `- order: {{item: burger}}`.")
    return {"tool": node.text}


def check_names(cases: list[Case], problems: Problems) -> None:
    """Add a problem for each name that two cases have."""
    first: dict[str, Case] = {}
    for case in cases:
        if case.name in first:
            line = int(case.place.rpartition(":")[2])
            problems.add(line, f"two cases have the name {case.name!r}; the first is in line {first[case.name].place.rpartition(':')[2]}.")
        first.setdefault(case.name, case)


def _tell_apart(scores: list[Score], shared: tuple[Score, ...] = ()) -> tuple[Score, ...]:
    """Return the scores without those that are there twice, also in the whole file; others of one name are numbered."""
    kept = list[Score]()
    for score in scores:
        if score in shared or score in kept:
            continue
        taken = {each.name for each in (*shared, *kept)}
        if score.name in taken and is_dataclass(score) and not isinstance(score, type):
            number = next(number for number in range(2, len(taken) + 3) if f"{score.name} ({number})" not in taken)
            score = replace(score, name=f"{score.name} ({number})")
        kept.append(score)
    return tuple(kept)


def _mapping(node: FileValue) -> dict[str, FileValue]:
    return node.value if isinstance(node.value, dict) else {}
