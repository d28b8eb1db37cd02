"""What the truth gate answers: whether a passage states a sentence, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """What keeps a sentence from being stated."""

    NOTHING = "nothing to check"  # the sentence makes no statement: it is empty, a question or an order
    QUOTE = "quote"  # the quote does not stand in the passage
    NUMBER = "number"
    DATE = "date"
    UNIT = "unit"
    PERIOD = "period"  # "per month", "per user"
    BOUND = "bound"  # "from", "up to"
    WORD = "word"  # a word that the passage does not say
    PLACE = "place"  # the words stand in the passage, but belong to something else there
    ROLE = "role"  # who does what to whom
    NEGATION = "negation"
    QUANTIFIER = "quantifier"
    COMPARISON = "comparison"
    MODALITY = "modality"  # a plan or a possibility
    CONDITION = "condition"
    SOURCE = "attribution"  # somebody's words or opinion
    TENSE = "tense"  # what was, for what is
    STALE = "taken back"
    SUBJECT = "subject"  # it is about somebody else


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a sentence is not stated. `what` is a sentence for its writer."""

    kind: ProblemKind
    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a passage states a sentence. `evidence` is the span of the passage that does; `problems` say why nothing does."""

    stated: bool
    problems: tuple[Problem, ...] = ()
    evidence: tuple[int, int] | None = None
