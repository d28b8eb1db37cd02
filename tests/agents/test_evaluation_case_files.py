"""Case files as a person writes them: what they mean, every mistake with its line, and the same cases after writing and reading."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents.evaluation import Case, CaseFileError, Suite, add_case, evaluate, read_suite, write_suite
from sayso.agents.evaluation.scores import (
    CallMade,
    CallNotMade,
    Contains,
    CostAtMost,
    Exact,
    Faithfulness,
    JsonMatch,
    Judge,
    NotContains,
    PersonAsked,
    PersonNotAsked,
    QuotesPresent,
    Regex,
    TurnsAtMost,
)
from sayso.agents.evaluation.values import CaseRun, ScoreResult
from sayso.agents.evaluation.yaml_tree import SMALL, load_yaml
from sayso.tools import UsageError

FIRST = """
max_cost_usd: .01
cases:
  - name: one burger
    input: I would like a burger to 1234 My Street
    contains: [burger, 1234 My Street]
    not_contains: sorry
    calls:
      - order: {item: burger}
      - tool: pay
        times: 1
    not_calls: delete_all
    approvals: order
    max_turns: 3
  - input: What is 2 + 2?
    expected: 4
  - input: Which sizes are there?
    json_contains: {sizes: [small]}
    quotes: Fries are $3.25
    faithfulness: 0.9
    judge: [The answer is short., The answer is polite.]
    calls: []
    approvals: []
    metadata: {difficulty: easy}
    scores:
      - regex: '\\d+'
      - score: contains
        text: small
        ignore_case: true
        name: names the small size
"""


def write(folder: Path, text: str, name: str = "desk.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_what_must_hold(tmp_path: Path) -> None:
    path = write(tmp_path, FIRST)
    suite = read_suite(path)
    burger, sum_up, sizes = suite.cases
    assert (suite.name, suite.scores) == ("desk", (CostAtMost(0.01),))
    assert (burger.name, burger.place) == ("one burger", f"{path}:4")
    assert burger.scores == (
        Contains(["burger", "1234 My Street"]),
        NotContains("sorry"),
        CallMade("order", {"item": "burger"}),
        CallMade("pay", times=1),
        CallNotMade("delete_all"),
        PersonAsked("order"),
        TurnsAtMost(3),
    )
    assert (sum_up.name, sum_up.expected, sum_up.scores) == ("case 2", 4, (Exact(),))
    assert sizes.scores == (
        JsonMatch({"sizes": ["small"]}, subset=True),
        QuotesPresent("Fries are $3.25"),
        Faithfulness(least=0.9),
        Judge("The answer is short."),
        Judge("The answer is polite."),
        CallNotMade(),
        PersonNotAsked(),
        Regex(r"\d+"),
        Contains("small", ignore_case=True, name="names the small size"),
    )
    assert sizes.metadata == {"difficulty": "easy"}


@pytest.mark.parametrize("name", ["again.yaml", "again.json"])
def test_what_is_written_is_read_as_the_same(tmp_path: Path, name: str) -> None:
    suite = read_suite(write(tmp_path, FIRST))
    write_suite(suite, tmp_path / name)
    assert strip_places(read_suite(tmp_path / name)) == strip_places(suite)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def strip_places(suite: Suite) -> Suite:
    """Return a suite without what depends on the file that it is in; the order of a case's scores says nothing."""
    cases = tuple(replace(case, place="", scores=tuple(sorted(case.scores, key=lambda score: score.name))) for case in suite.cases)
    return replace(suite, place="", cases=cases)


def test_json_and_a_bare_list_are_read_too(tmp_path: Path) -> None:
    path = write(tmp_path, '[{"input": "Hi", "contains": "hello"},\n {"input": 5, "expected": "5"}]', "cases.json")
    suite = read_suite(path)
    assert [(case.input, case.expected, case.place.rpartition(":")[2]) for case in suite.cases] == [("Hi", None, "1"), (5, "5", "2")]


# What YAML 1.1 reads as something else than it looks like.
WORDS = {
    "no": "no",
    "yes": "yes",
    "on": "on",
    "Off": "Off",
    "y": "y",
    "2026-11-30": "2026-11-30",
    "2026-11-30T10:00:00Z": "2026-11-30T10:00:00Z",
    "0123": "0123",
    "0o17": "0o17",
    "0x1F": "0x1F",
    "1_000": "1_000",
    "12:30": "12:30",
    "+49": "+49",
    "1.2.3": "1.2.3",
    ".inf": ".inf",
    "1e400": "1e400",
    "=": "=",
    "<<": "<<",
    "!!str 5": "5",
    "'true'": "true",
    '"4"': "4",
    "true": True,
    "False": False,
    "4": 4,
    "-0.5": -0.5,
    ".5": 0.5,
    "1e3": 1000.0,
    "[1, no, 09]": [1, "no", "09"],
    "{no: no}": {"no": "no"},
    "|\n      two\n      lines": "two\nlines\n",
}


@pytest.mark.parametrize(("written", "meant"), WORDS.items(), ids=WORDS)
def test_a_word_is_what_it_looks_like(tmp_path: Path, written: str, meant: object) -> None:
    (case,) = read_suite(write(tmp_path, f"cases:\n  - input: {written}\n    expected: {written}\n")).cases
    assert (case.input, case.expected) == (meant, meant)
    assert (type(case.input), type(case.expected)) == (type(meant), type(meant))


@pytest.mark.parametrize("written", ["no", "4", "9.50", "true", "2026-11-30", "0123", "1e3"])
def test_where_text_is_wanted_a_number_is_text_as_it_is_written(tmp_path: Path, written: str) -> None:
    (case,) = read_suite(write(tmp_path, f"- input: Hi\n  contains: {written}\n  not_contains: [{written}]\n")).cases
    assert case.scores == (Contains(written), NotContains([written]))


WRONG: dict[str, tuple[str, list[str]]] = {
    "an unknown field": ("- input: Hi\n  containz: x", ["2: a case has no field 'containz'. Did you mean contains?"]),
    "a name of another program": ("- question: Hi\n  contains: x", ["1: a case has no field 'question'. Did you mean input?"]),
    "an unknown score": ("- input: Hi\n  scores: [faithfullness]", ["2: there is no score 'faithfullness'. Did you mean faithfulness?"]),
    "an unknown option": ("- input: Hi\n  contains: {txt: x}", ["2: contains has no option 'txt'. Did you mean text?"]),
    "a value that does not fit": ("- input: Hi\n  max_turns: many", ["2: TurnsAtMost: turns='many' is not a number from 0."]),
    "nothing to look for": ("- input: Hi\n  contains:", ["2: contains needs a value: text."]),
    "empty text": ("- input: Hi\n  contains: ''", ["2: Contains: text is empty"]),
    "no expression": ("- input: Hi\n  regex: '(x'", ["2: Regex: '(x' is not a regular expression"]),
    "two of one name": ("- {input: a, name: x}\n- {input: b, name: x}", ["2: two cases have the name 'x'; the first is in line 1."]),
    "a key twice": ("- input: a\n  input: b", ["2: input stands twice here; the first is in line 1."]),
    "the same in every case": (
        "- {input: a, id: 1}\n- {input: b, id: 2}\n- {input: c, id: 3}",
        ["1: a case has no field 'id'. Did you mean name? (Also in line 2, 3.)"],
    ),
    "what is for people": ("- {input: a, category: x}", ["1: a case has no field 'category'. What is for people stands in metadata"]),
    "checks in a mapping of their own": (
        "- {input: a, expect: {includes: x}}",
        ["1: a case has no field 'expect'. What is in it stands directly"],
    ),
    "a file of promptfoo": ("prompts: [a]\nproviders: [b]\ntests: []", ["1: there are no cases here: this is a file of promptfoo"]),
    "cases under another name": ("goldens: []", ["1: there are no cases here: goldens is called cases here."]),
    "no cases": ("name: x", ["1: there are no cases here."]),
    "an empty list": ("cases: []", ["1: the list of cases is empty."]),
    "cases that are no list": ("cases: {input: a}", ["1: `cases` is a mapping and no list."]),
    "a case that is text": ("- Hi", ['1: a case is the text "Hi".']),
    "no input": ("- name: x\n  contains: y", ["1: the case has no `input`."]),
    "an empty input": ("- input:\n  contains: y", ["1: `input` is empty."]),
    "an empty expected output": ("- input: x\n  expected:", ["2: `expected` is empty."]),
    "a write that is performed": ("- input: x\n  writes: perform", ["2: no file can say `writes: perform`."]),
    "all of it in one go": (
        "- input: a\n  max_turns: x\n  foo_bar_baz: 1\n- name: b\n- input: c\n  regex: '['",
        ["2: TurnsAtMost", "3: a case has no field 'foo_bar_baz'.", "4: the case has no `input`", "6: Regex: '['"],
    ),
    "an empty file": ("", ["1: the file is empty."]),
    "a tab": ("- input: a\n\tcontains: b", ["2: a tab stands at the begin of this line."]),
    "a colon in a text": ("- input: Order: two burgers", ["1: a second colon in this line"]),
    "a text that begins with a mark": ("- input: a\n  contains: @ada", ["2: a text cannot begin with @. Put the text in quotation marks."]),
    "bold text": ("- input: a\n  contains: **b**", ["2: * and & at the begin of a text"]),
    "a template": ("- input: {{name}}", ["1: a name is expected before the colon"]),
    "quotation marks left open": ("- input: 'a\n  contains: b\n", ["1: quotation marks are opened in this line and never closed."]),
    "wrong indentation": ("cases:\n- input: x\n contains: y", ['3: "contains: y" does not continue']),
    "a text that is cut by a comment": ("- input: What is ticket #42 about?", ["1: #42 and what follows is a comment in YAML"]),
    "a backslash": ('- input: a\n  regex: "\\d+"', ["2: \\ means something inside double quotation marks."]),
    "a program": ("- input: !!python/object/apply:os.system [ls]", ["1: !!python/object/apply:os.system is a tag"]),
    "an alias of itself": ("- &a [*a]", ["1: an alias stands inside what it is an alias of."]),
    "half a letter": ('- input: a\n- input: "\\ud83d"', ["2: an escape here is half a letter"]),
    "two documents": ("- input: a\n---\n- input: b", ["3: a second document begins here (---)."]),
    "a control character": ("- input: a\n- input: b\x07", ["2: a control character (U+0007) stands here."]),
    "nested too deep": (f"- input: {'[' * 200}{']' * 200}", ["1: lists and mappings are nested deeper than 100."]),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_every_mistake_is_told_with_its_line_and_what_to_write(tmp_path: Path, text: str, said: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(CaseFileError) as caught:
        read_suite(path)
    problems = caught.value.problems
    assert len(problems) >= len(said)
    for beginning in said:
        assert any(each.startswith(f"{path}:{beginning}") for each in problems), problems


def test_aliases_that_grow_are_refused_before_they_do(tmp_path: Path) -> None:
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(CaseFileError, match="aliases make more than 1,000,000 values"):
        read_suite(write(tmp_path, "\n".join(lines)))


def test_fields_that_cases_share_can_be_written_once(tmp_path: Path) -> None:
    text = "cases:\n  - &first\n    input: a\n    contains: x\n    max_turns: 2\n  - <<: *first\n    input: b\n"
    one, other = read_suite(write(tmp_path, text)).cases
    assert (one.input, other.input, other.scores) == ("a", "b", one.scores)


JSON_WRONG = {
    "half a letter": ('[{"input": "a",\n"name": "\\ud83d"}]', "2: an escape here is half a letter"),
    "a comma too many": ('[{"input": "a",}]', "1: this is not JSON: a comma before } is one too many."),
    "a key twice": ('[{"input": "a",\n"input": "b"}]', "2: input stands twice here; the first is in line 1."),
    "single quotation marks": ("[{'input': 'a'}]", "1: this is not JSON: texts stand in double quotation marks."),
    "an unknown field": ('[\n{"input": "a",\n"contain": "b"}]', "3: a case has no field 'contain'. Did you mean contains?"),
    "no number": ('[{"input": NaN}]', "1: this is not JSON: NaN is not a number in JSON."),
    "two values": ('{"cases": []} {}', "1: this is not JSON: there is more after the first value."),
    "empty": ("", "1: this is not JSON: the file is empty."),
    "nested too deep": ("[" * 100_000, "1: lists and mappings are nested deeper than 100."),
}


@pytest.mark.parametrize(("text", "said"), JSON_WRONG.values(), ids=JSON_WRONG)
def test_mistakes_in_json_have_their_line_too(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text, "cases.json")
    with pytest.raises(CaseFileError) as caught:
        read_suite(path)
    assert any(each.startswith(f"{path}:{said}") for each in caught.value.problems), caught.value.problems


BYTES = {
    "a byte order mark": (b"\xef\xbb\xbf- input: caf\xc3\xa9\r\n  contains: x\r\n", ""),
    "UTF-16": ("- input: a".encode("utf-16"), "is UTF-16"),
    "Latin-1": (b"- input: a\n- input: caf\xe9", ":2: a byte here is not UTF-8 (0xe9). Save the file as UTF-8."),
}


@pytest.mark.parametrize(("data", "said"), BYTES.values(), ids=BYTES)
def test_files_of_other_editors(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_bytes(data)
    if not said:
        assert [case.input for case in read_suite(path).cases] == ["café"]
        return
    with pytest.raises(UsageError) as caught:
        read_suite(path)
    assert said in str(caught.value)


def test_files_that_are_not_there_or_have_another_ending(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_suite(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match=r"a case file's ending: \.yaml, \.yml or \.json"):
        read_suite(tmp_path / "cases.toml")


def test_without_pyyaml_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_yaml.cache_clear()
    monkeypatch.setitem(sys.modules, "yaml", None)  # as Python has it where a module cannot be imported
    try:
        with pytest.raises(UsageError, match=r"pip install .*\[eval\]"):
            read_suite(write(tmp_path, FIRST))
        (case,) = read_suite(write(tmp_path, '[{"input": "Hi", "contains": "x"}]', "cases.json")).cases
        assert case.scores == (Contains("x"),)
    finally:
        load_yaml.cache_clear()


def test_a_long_file_is_read_as_a_short_one(tmp_path: Path) -> None:
    """Long files are read by libyaml, with the same values, lines and mistakes."""
    count = SMALL // len(FIRST) + 2
    long = FIRST + "".join(FIRST.partition("cases:")[2].replace("name: one burger", f"name: burger {at}") for at in range(count))
    short = read_suite(write(tmp_path, FIRST)).cases
    cases = read_suite(write(tmp_path, long, "long.yaml")).cases
    assert [replace(case, name="", place="") for case in cases[:3]] == [replace(case, name="", place="") for case in short]
    assert len(cases) == 3 * (count + 1)
    last = long.count("\n", 0, long.rindex("- input:")) + 1
    assert cases[-1].place.endswith(f":{last}")
    mistakes = {"    containz: x": "a case has no field 'containz'", "    name: What is #42": "is a comment in YAML", "\tx: y": "a tab"}
    for mistake, said in mistakes.items():
        with pytest.raises(CaseFileError) as caught:
            read_suite(write(tmp_path, f"{long.rstrip()}\n{mistake}\n", "wrong.yaml"))
        assert said in str(caught.value)


UNWRITABLE = {"an object": object(), "not a number": float("nan"), "no end": float("inf"), "half a letter": ["\ud83d"], "a key": {1: 2}}


@pytest.mark.parametrize("value", UNWRITABLE.values(), ids=UNWRITABLE)
@pytest.mark.parametrize("name", ["cases.yaml", "cases.json"])
def test_what_no_file_can_hold_is_refused_and_nothing_is_written(tmp_path: Path, value: object, name: str) -> None:
    case = Case(name="a", input="b", metadata={"value": value})
    with pytest.raises(UsageError, match="cannot be written"):
        write_suite(Suite("x", (case,)), tmp_path / name)
    assert not (tmp_path / name).exists()
    write_suite(Suite("x", (Case(name="first", input="b"),)), tmp_path / name)
    before = (tmp_path / name).read_text()
    with pytest.raises(UsageError, match="cannot be written"):
        add_case(tmp_path / name, case)
    assert (tmp_path / name).read_text() == before


class Polite:
    """A score of a user's own."""

    def __init__(self, least: float = 0.5) -> None:
        self.least, self.name = least, "polite"

    async def __call__(self, run: CaseRun) -> ScoreResult:
        return ScoreResult(score=self.name, value=1.0)


def test_scores_of_your_own_have_the_names_that_you_give_them(tmp_path: Path) -> None:
    path = write(tmp_path, "- input: a\n  polite: 0.7\n- input: b\n  scores: [polite]\n")
    first, other = read_suite(path, {"polite": Polite}).cases
    assert [score.least for score in (*first.scores, *other.scores) if isinstance(score, Polite)] == [0.7, 0.5]
    with pytest.raises(CaseFileError, match="a case has no field 'polite'"):
        read_suite(path)
    with pytest.raises(UsageError, match="A case file cannot name"):
        write_suite(Suite("x", (Case(name="a", input="b", scores=(Polite(),)),)), tmp_path / "out.yaml")


async def test_a_score_is_there_once_and_two_of_one_name_are_numbered(tmp_path: Path) -> None:
    async def echo(text: str) -> str:
        return text

    rubric = "The answer speaks to the customer by name, is polite, short, and true"
    path = write(tmp_path, f"contains: a\ncases:\n- input: a\n  contains: a\n  judge:\n  - {rubric} always.\n  - {rubric} never.\n")
    suite = read_suite(path)
    assert [score.name.rpartition("…")[2] for score in suite.cases[0].scores] == ["", " (2)"]
    write_suite(suite, tmp_path / "again.json")
    assert strip_places(read_suite(tmp_path / "again.json")).cases == strip_places(suite).cases
    assert len((await evaluate(suite, echo)).results[0].scores) == 3


def test_a_recording_is_found_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    path = write(tmp_path / "cases", "- input: a\n  recording: runs/r1.json\n  writes: pretend\n")
    (case,) = read_suite(path).cases
    assert (case.recording, case.writes) == (str(tmp_path / "cases" / "runs" / "r1.json"), "pretend")
    write_suite(read_suite(path), tmp_path / "moved.json")
    assert json.loads((tmp_path / "moved.json").read_text())["cases"][0]["recording"] == "cases/runs/r1.json"


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        *WORDS,
        "a: b",
        "- a",
        "# a",
        "a #b",
        " a ",
        "a\n",
        "\n\na\n b\n",
        "'",
        '"',
        "\t",
        "\x85",
        "\u2028",
        "\ufeff",
        "---",
        "...",
        "? a",
        "*a",
        "&a",
        "%",
        "`",
        "|",
        ">",
        "~",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(value=VALUES.filter(lambda value: value is not None), ending=st.sampled_from(["yaml", "json"]))
def test_any_value_survives_being_written_and_read(tmp_path_factory: pytest.TempPathFactory, value: object, ending: str) -> None:
    path = tmp_path_factory.mktemp("any") / f"cases.{ending}"
    suite = Suite("any", (Case(name="a", input=value, expected=value, scores=(Exact(),), metadata={"kept": value}),))
    write_suite(suite, path)
    (case,) = read_suite(path).cases
    assert (case.input, case.expected, case.metadata, case.scores) == (value, value, {"kept": value}, (Exact(),))


ADDED = {
    "at the end of a list": ("# desk\ncases:\n- input: a # first\n", "# desk\ncases:\n- input: a # first\n- name: new\n  input: b\n"),
    "without a line end": ("- input: a", "- input: a\n- name: new\n  input: b\n"),
    "indented, before another field": (
        "cases:\n  - input: a\n    contains: |\n      x\n\n# of all\nmax_turns: 3\n",
        "cases:\n  - input: a\n    contains: |\n      x\n  - name: new\n    input: b\n\n# of all\nmax_turns: 3\n",
    ),
    "with the line ends of the file": ("- input: 'a'\r\n", "- input: 'a'\r\n- name: new\r\n  input: b\r\n"),
    "of another program": ("cases:\n- inputs: a\n", "cases:\n- inputs: a\n- name: new\n  inputs: b\n"),
    "JSON": (
        '{"name": "x", "cases": [\n  {"input": "a]"}\n], "max_turns": 3}\n',
        '{"name": "x", "cases": [\n  {"input": "a]"},\n  {\n    "name": "new",\n    "input": "b"\n  }\n], "max_turns": 3}\n',
    ),
    "JSON on one line": ('[{"input": ["a"]}]', '[{"input": ["a"]}, {"name": "new", "input": "b"}]'),
}


@pytest.mark.parametrize(("before", "after"), ADDED.values(), ids=ADDED)
def test_a_case_is_added_and_the_rest_of_the_file_stays(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / ("cases.json" if before[0] in "{[" else "cases.yaml")
    path.write_bytes(before.encode())
    add_case(path, Case(name="new", input="b"))
    assert path.read_bytes().decode() == after
    assert [case.name for case in read_suite(path).cases][1:] == ["new"]
    with pytest.raises(UsageError, match="has a case of the name 'new' already"):
        add_case(path, Case(name="new", input="c"))


def test_programs_that_add_cases_at_once_lose_none(tmp_path: Path) -> None:
    path = write(tmp_path, "# all\n- input: first\n")
    path.chmod(0o600)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    code = "import sys; from sayso.agents.evaluation import Case, add_case; add_case(sys.argv[1], Case(name=sys.argv[2], input='b'))"
    programs = [subprocess.Popen([sys.executable, "-c", code, str(link), f"case {number}"]) for number in range(10, 16)]
    assert [program.wait() for program in programs] == [0] * 6
    assert sorted(case.name for case in read_suite(path).cases) == ["case 1", *(f"case {number}" for number in range(10, 16))]
    assert path.read_text().startswith("# all\n- input: first\n")
    assert (link.is_symlink(), path.stat().st_mode & 0o777) == (True, 0o600)


def test_a_file_that_a_case_cannot_be_added_to_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path, "cases: [{input: a}]\n")
    with pytest.raises(UsageError, match="cannot be added"):
        add_case(path, Case(name="new", input="b"))
    assert path.read_text() == "cases: [{input: a}]\n"
    add_case(tmp_path / "new.yaml", Case(name="new", input="b"))
    assert (tmp_path / "new.yaml").read_text() == "cases:\n  - name: new\n    input: b\n"
