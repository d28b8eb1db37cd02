"""Scores: what an evaluation says of a run, each with its definition and source, and whether it is deterministic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .alce import Correctness as Correctness
    from .alce import Fluency as Fluency
    from .citing import CitationPrecision as CitationPrecision
    from .citing import CitationRecall as CitationRecall
    from .faithfulness import Faithfulness as Faithfulness
    from .judges import Judge as Judge
    from .judges import PairJudge as PairJudge
    from .judges import compare_answers as compare_answers
    from .made_calls import CallMade as CallMade
    from .made_calls import CallNotMade as CallNotMade
    from .made_calls import PersonAsked as PersonAsked
    from .made_calls import PersonNotAsked as PersonNotAsked
    from .matches import Contains as Contains
    from .matches import Exact as Exact
    from .matches import JsonMatch as JsonMatch
    from .matches import NotContains as NotContains
    from .matches import NotRegex as NotRegex
    from .matches import Regex as Regex
    from .noise import NoiseSensitivity as NoiseSensitivity
    from .quoted import QuotesPresent as QuotesPresent
    from .relevancy import QuestionSimilarity as QuestionSimilarity
    from .relevancy import ResponseRelevancy as ResponseRelevancy
    from .repeating import SelfConsistency as SelfConsistency
    from .run_ends import EndsWithError as EndsWithError
    from .spending import CostAtMost as CostAtMost
    from .spending import SecondsAtMost as SecondsAtMost
    from .spending import TokensAtMost as TokensAtMost
    from .spending import TurnsAtMost as TurnsAtMost
    from .tool_calls import ToolCallAccuracy as ToolCallAccuracy

_PLACES = {
    "CallMade": "made_calls",
    "CallNotMade": "made_calls",
    "CitationPrecision": "citing",
    "CitationRecall": "citing",
    "Contains": "matches",
    "Correctness": "alce",
    "CostAtMost": "spending",
    "EndsWithError": "run_ends",
    "Exact": "matches",
    "Faithfulness": "faithfulness",
    "Fluency": "alce",
    "JsonMatch": "matches",
    "Judge": "judges",
    "NoiseSensitivity": "noise",
    "NotContains": "matches",
    "NotRegex": "matches",
    "PairJudge": "judges",
    "PersonAsked": "made_calls",
    "PersonNotAsked": "made_calls",
    "QuestionSimilarity": "relevancy",
    "QuotesPresent": "quoted",
    "Regex": "matches",
    "ResponseRelevancy": "relevancy",
    "SecondsAtMost": "spending",
    "SelfConsistency": "repeating",
    "TokensAtMost": "spending",
    "ToolCallAccuracy": "tool_calls",
    "TurnsAtMost": "spending",
    "compare_answers": "judges",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
