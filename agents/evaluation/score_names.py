"""The scores that a case file can name: one table from name and options to a score, and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

from sayso.tools.canonical import to_jsonable
from sayso.tools.errors import UsageError

from .problems import suggest_name
from .values import Score

MakeScore = Callable[..., Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreName:
    """A score as files name it: its class, and which option a value without a name gives.

    `fixed` are options that the name itself stands for. `is_text` says that the value is text whatever it looks like, `takes_mapping` that
    a mapping is the value, not options. `each` makes a score of each item of a list. `uses_expected` tells of a score whether it compares
    with the `expected` of its case. `needs_model` says that there is no value without a model. `meaning` is for people.
    """

    kind: str
    main: str
    meaning: str
    fixed: Mapping[str, object] = field(default_factory=dict)
    is_text: bool = False
    takes_mapping: bool = False
    each: bool = False
    is_call: bool = False
    uses_expected: Callable[[Any], bool] = lambda _: False
    needs_model: bool = False

    def load(self) -> MakeScore:
        """Return the class of the score."""
        made: MakeScore = getattr(import_module(".scores", __package__), self.kind)
        return made


def _has_no_expected(score: Any) -> bool:
    return score.expected is None


SCORE_NAMES: Mapping[str, ScoreName] = {
    "exact": ScoreName(
        kind="Exact", main="expected", meaning="The output is exactly this.", takes_mapping=True, uses_expected=_has_no_expected
    ),
    "contains": ScoreName(kind="Contains", main="text", meaning="The answer contains this text, or each of a list.", is_text=True),
    "not_contains": ScoreName(kind="NotContains", main="text", meaning="The answer contains none of these texts.", is_text=True),
    "regex": ScoreName(
        kind="Regex", main="pattern", meaning="This regular expression matches in the answer, or each of a list.", is_text=True, each=True
    ),
    "not_regex": ScoreName(
        kind="NotRegex", main="pattern", meaning="This regular expression matches nowhere in the answer.", is_text=True, each=True
    ),
    "ends_with_error": ScoreName(kind="EndsWithError", main="text", meaning="The run ends with an error that has this text.", is_text=True),
    "json_match": ScoreName(
        kind="JsonMatch", main="expected", meaning="The output is this JSON value.", takes_mapping=True, uses_expected=_has_no_expected
    ),
    "json_contains": ScoreName(
        kind="JsonMatch",
        main="expected",
        meaning="The output is a JSON object that has at least these values.",
        fixed={"subset": True},
        takes_mapping=True,
        uses_expected=_has_no_expected,
    ),
    "calls": ScoreName(kind="CallMade", main="tool", meaning="These calls were made.", is_call=True, each=True),
    "not_calls": ScoreName(kind="CallNotMade", main="tool", meaning="These calls were not made.", is_call=True, each=True),
    "approvals": ScoreName(kind="PersonAsked", main="tool", meaning="A person was asked about these calls.", is_call=True, each=True),
    "not_approvals": ScoreName(kind="PersonNotAsked", main="tool", meaning="Nobody was asked about these calls.", is_call=True, each=True),
    "tool_call_accuracy": ScoreName(
        kind="ToolCallAccuracy", main="expected", meaning="The model asked for exactly these calls, with exactly these arguments."
    ),
    "max_cost_usd": ScoreName(kind="CostAtMost", main="usd", meaning="The run cost at most so many US dollars."),
    "max_tokens": ScoreName(kind="TokensAtMost", main="tokens", meaning="The run used at most so many tokens."),
    "max_turns": ScoreName(kind="TurnsAtMost", main="turns", meaning="A model was asked at most so many times."),
    "max_seconds": ScoreName(kind="SecondsAtMost", main="seconds", meaning="The run took at most so many seconds."),
    "quotes": ScoreName(
        kind="QuotesPresent", main="quotes", meaning="These texts stand in the answer and in a source; alone: what it quotes.", is_text=True
    ),
    "faithfulness": ScoreName(kind="Faithfulness", main="least", meaning="Share of the answer's claims that its sources support."),
    "citation_precision": ScoreName(kind="CitationPrecision", main="least", meaning="Share of the citations that support their claim."),
    "citation_recall": ScoreName(kind="CitationRecall", main="least", meaning="Share of the claims that their citations support."),
    "correctness": ScoreName(
        kind="Correctness",
        main="answers",
        meaning="Share of these answers that the text has; alone: of the expected ones.",
        uses_expected=lambda score: not score.answers and not score.claims,
    ),
    "self_consistency": ScoreName(kind="SelfConsistency", main="least", meaning="Share of the repeats that give the most frequent answer."),
    "question_similarity": ScoreName(
        kind="QuestionSimilarity", main="least", meaning="How near the answer is to the question. Needs an embedder."
    ),
    "response_relevancy": ScoreName(
        kind="ResponseRelevancy",
        main="least",
        needs_model=True,
        meaning="How well the answer fits the question. Needs an embedder and a model.",
    ),
    "noise_sensitivity": ScoreName(
        kind="NoiseSensitivity",
        main="least",
        meaning="How far wrong sources mislead. Needs an expected output.",
        uses_expected=lambda _: True,
    ),
    "judge": ScoreName(
        kind="Judge",
        main="rubric",
        needs_model=True,
        meaning="How well the answer meets a rubric. Needs a model.",
        is_text=True,
        each=True,
        uses_expected=lambda score: bool(score.with_expected),
    ),
    "pair_judge": ScoreName(
        kind="PairJudge",
        main="rubric",
        needs_model=True,
        meaning="Whether the answer is better than the expected one. Needs a model.",
        is_text=True,
        each=True,
        uses_expected=lambda score: not score.other,
    ),
    "fluency": ScoreName(kind="Fluency", main="least", needs_model=True, meaning="How fluent the answer is. Needs a model."),
}
OTHER_NAMES = {
    **dict.fromkeys(("equals", "exact_match", "is_equal", "equal"), "exact"),
    **dict.fromkeys(
        (
            "icontains",
            "includes",
            "contains_all",
            "answer_contains",
            "must_contain",
            "must_include",
            "must_mention",
            "expected_facts",
            "expected_keywords",
            "keywords",
        ),
        "contains",
    ),
    **dict.fromkeys(
        ("excludes", "contains_not", "lacks", "notcontains", "answer_not_contains", "must_not_contain", "must_not_mention", "forbidden"),
        "not_contains",
    ),
    **dict.fromkeys(("matches", "pattern", "regexp"), "regex"),
    **dict.fromkeys(("json", "is_json", "json_equals"), "json_match"),
    **dict.fromkeys(
        ("tool_calls", "tools", "called", "expected_tool", "expected_tools", "tools_called", "tools_include", "tool_sequence"), "calls"
    ),
    **dict.fromkeys(("tools_exclude", "forbidden_tools", "unexpected_tools", "must_not_call"), "not_calls"),
    **dict.fromkeys(("cost", "max_cost", "cost_usd"), "max_cost_usd"),
    **dict.fromkeys(("latency", "seconds", "max_duration", "duration"), "max_seconds"),
    **dict.fromkeys(("turns", "steps", "max_steps"), "max_turns"),
    **dict.fromkeys(("llm_rubric", "criteria", "llmjudge", "llm_judge", "rubric", "g_eval", "geval"), "judge"),
    **dict.fromkeys(("answer_relevancy", "answer_relevance", "relevancy"), "response_relevancy"),
}


def find_score(name: str, own: Mapping[str, MakeScore] | None = None) -> ScoreName | None:
    """Return the entry of a name, or None for one of the caller's own. Raises UsageError for a name that is neither."""
    if own and name in own:
        return None
    if name not in SCORE_NAMES:
        known = [*SCORE_NAMES, *(own or ())]
        near = suggest_name(name, known, OTHER_NAMES)
        raise UsageError(f"there is no score {name!r}.{near or ' Scores: ' + ', '.join(known) + '.'}")
    return SCORE_NAMES[name]


def make_score(name: str, options: Mapping[str, object] | None = None, own: Mapping[str, MakeScore] | None = None) -> Score:
    """Return the score of a name with these options; `own` are the caller's scores by name.

    Raises UsageError for a name, an option or a value that it does not take.
    """
    entry = find_score(name, own)
    made = entry.load() if entry else (own or {})[name]
    known = list_options(made)
    given = {**(entry.fixed if entry else {}), **(options or {})}
    if unknown := [option for option in given if option not in known]:
        takes = f"{name} takes {', '.join(known)}." if known else f"{name} takes no options."
        raise UsageError(f"{name} has no option {unknown[0]!r}.{suggest_name(unknown[0], known)} {takes}")
    if missing := [option for option, is_needed in known.items() if is_needed and option not in given]:
        raise UsageError(f"{name} needs a value: {missing[0]}.")
    try:
        return made(**given)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: {error}") from None


@cache
def list_options(made: MakeScore) -> dict[str, bool]:
    """Return the options of a score, and whether it needs each of them."""
    parameters = inspect.signature(made).parameters.values()
    return {each.name: each.default is inspect.Parameter.empty for each in parameters if each.kind is not inspect.Parameter.VAR_POSITIONAL}


def name_options(score: Score) -> tuple[str, dict[str, object]]:
    """Return the name and options that make this score again. Raises UsageError for a score that no file can name."""
    if (inner := getattr(score, "score", None)) is not None:  # an evaluator of pydantic-evals that a score of ours stands for
        return name_options(inner)
    kind = type(score)
    found = [name for name, entry in SCORE_NAMES.items() if _is_made_by(score, entry)]
    if not found or not is_dataclass(score):
        raise UsageError(f"A case file cannot name the score {score.name!r} ({kind.__name__}), so it cannot be written.")
    name = max(found, key=lambda each: len(SCORE_NAMES[each].fixed))
    given: dict[str, object] = {}
    for each in fields(score):
        value = getattr(score, each.name)
        default = each.default_factory() if each.default_factory is not MISSING else each.default
        if each.init and (default is MISSING or value != default) and each.name not in SCORE_NAMES[name].fixed:
            try:
                given[each.name] = to_jsonable(value)
            except TypeError as error:
                raise UsageError(f"The score {score.name!r} cannot be written: its {each.name} is not a JSON value ({error}).") from None
    if "name" in given and kind(**{**SCORE_NAMES[name].fixed, **_but(given, "name")}).name == score.name:
        given = _but(given, "name")
    return name, given


def _is_made_by(score: Score, entry: ScoreName) -> bool:
    kind = type(score)
    return (
        kind.__name__ == entry.kind
        and kind.__module__.startswith(f"{__package__}.scores.")
        and all(getattr(score, option) == value for option, value in entry.fixed.items())
    )


def _but(options: Mapping[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in options.items() if key != name}


def compares_expected(score: Score) -> bool:
    """Tell whether a score compares with the `expected` of its case."""
    return any(_is_made_by(score, entry) and entry.uses_expected(score) for entry in SCORE_NAMES.values())


def add_judge(score: Score, model: str) -> Score:
    """Return a score that is judged by this model, where it needs one and names none; any other as it is."""
    inner = getattr(score, "score", None)
    if inner is not None and is_dataclass(score) and not isinstance(score, type):  # an evaluator of pydantic-evals
        return replace(score, score=add_judge(inner, model))
    if any(_is_made_by(score, entry) and entry.needs_model for entry in SCORE_NAMES.values()) and getattr(score, "model", None) is None:
        return replace(score, model=model)  # type: ignore[type-var]
    return score
