"""Words that look like a mark and are none where they stand: "No. 4", "not more than", "every Monday", "the bus stops here"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .words import Word


class Mark(StrEnum):
    """What a word or phrase does to the statement that it stands in. The names are those of `tables/marks.txt`."""

    NOT = "not"
    WITHOUT = "without"
    EXCEPT = "except"
    REVERSE = "reverse"
    ALL = "all"
    ONLY = "only"
    MOST = "most"
    MANY = "many"
    SOME = "some"
    FEW = "few"
    NEARLY = "nearly"
    MAY = "may"
    PLAN = "plan"
    WILL = "will"
    SAID = "said"
    STALE = "stale"
    UNTIL = "until"
    IF = "if"


_HARMLESS = {
    ("not", "only"), ("not", "just"), ("no", "matter"), ("no", "doubt"), ("nothing", "but"), ("not", "more"), ("not", "less"),
    ("no", "more"), ("no", "less"), ("no", "later"), ("not", "later"), ("no", "fewer"), ("no", "earlier"), ("no", "problem"),
    ("at", "all"), ("first", "of"), ("after", "all"), ("all", "in"), ("all", "over"), ("all", "round"), ("all", "day"),
    ("all", "year"), ("all", "around"), ("each", "time"), ("no", "sooner"),
}  # fmt: skip
"""Two words that begin like a mark and are none: "not more than 5" is a bound."""
_BOUNDING = frozenset("exceed exceeds exceeding over under above below longer older younger".split())
_BOUNDED = frozenset("the a an one two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred half".split())
_TIMES = frozenset(
    "day week month year hour minute night morning evening afternoon weekend quarter season time summer winter spring autumn "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october "
    "november december two three four five six 2 3 4 5 6".split()
)
_COUNTED = frozenset("made one two three four five six seven eight nine ten".split())
_DENYING = frozenset("not no never nobody nothing without".split())


@dataclass(frozen=True, slots=True)
class Place:
    """A word of a text and what stands around it. `folded` are the words in lower case."""

    folded: Sequence[str]
    at: int
    words: Sequence[Word]
    text: str

    @property
    def word(self) -> str:
        return self.folded[self.at]

    @property
    def before(self) -> str:
        return self.folded[self.at - 1] if self.at else ""

    @property
    def after(self) -> str:
        return self.folded[self.at + 1] if self.at + 1 < len(self.folded) else ""

    @property
    def sign(self) -> str:
        """Return the character right after the word."""
        end = self.words[self.at].end
        return self.text[end : end + 1]


def is_mark(mark: Mark, place: Place) -> bool:
    """Return whether a word that may be a mark is one where it stands."""
    if (place.word, place.after) in _HARMLESS or (place.before, place.word) in {("at", "all"), ("first", "of")}:
        return False
    return mark not in _TESTS or _TESTS[mark](place)


def _denies(place: Place) -> bool:
    following = place.folded[place.at + 2] if place.at + 2 < len(place.folded) else ""
    things = place.after in {"over", "under", "above", "below"} and following.isalpha() and following not in _BOUNDED
    if (place.word == "non" and place.sign == "-") or (place.after in _BOUNDING and not things):
        return False  # "not under 18", but "not under warranty"
    numbered = place.word == "no" and place.after[:1].isdigit() and (place.words[place.at].text == "No" or place.sign == ".")  # "No. 4"
    french = place.word not in {"ne", "n"} or "pas" in place.folded or "jamais" in place.folded
    return french and not numbered


def _plans(place: Place) -> bool:
    following = place.folded[place.at + 2] if place.at + 2 < len(place.folded) else ""
    if place.word in {"plan", "plans"} and place.after == "for":
        return not following[:1].isdigit()  # "the Pro plan for 9 EUR"
    if place.word in {"agreed", "agrees", "promised"}:
        return following not in {"a", "an", "the", "our", "their", "its", "this", "that"}  # "agreed to a third roof"
    if place.word == "going":
        return following not in {"", "the", "a", "an", "our", "your", "their"}  # "going to the police"
    return place.word not in {"want", "wants", "wish", "like"} or place.before not in {"you", "who"}  # "if you want to"


def _means_all(place: Place) -> bool:
    if place.word == "any" and (place.after in {"more", "longer"} or _DENYING & set(place.folded[: place.at])):
        return False
    following = place.folded[place.at + 2] if place.after == "other" and place.at + 2 < len(place.folded) else place.after
    if place.word in {"every", "each", "any"} and following in _TIMES:
        return False
    return place.word != "each" or not (not place.after or place.before[:1].isdigit() or place.before == "for")


def _is_possibility(place: Place) -> bool:
    month = place.words[place.at].text == "May" and (place.at > 0 or place.after[:1].isdigit())
    return place.word != "may" or not (month or place.before[:1].isdigit())


def _reverses(place: Place) -> bool:
    if place.word in {"closed", "ended"}:  # "closed on Mondays" is no end
        standing = place.before in {
            "is",
            "are",
            "be",
            "was",
            "were",
            "been",
            "and",
            "",
            "stays",
            "stay",
            "remains",
            "remain",
            "remained",
            "kept",
            "not",
        }
        return not standing and place.after not in {"on", "every", "from", "between"}
    if not place.word.startswith("stop") or place.after.endswith("ing"):
        return True
    return place.word == "stopped" and place.after not in {"at", "in", "on", "by"}  # "the bus stops here"


_NOUNS = frozenset("claims claim estimates estimate forecasts forecast promises promise".split())
_BEFORE_NOUNS = frozenset("all of the a an any each every no our their your its these those for and per".split())


def _says(place: Place) -> bool:
    """Return whether a word says whose words these are: not the claims that an insurer pays."""
    noun = (
        not place.before
        or place.before in _BEFORE_NOUNS
        or place.before[:1].isdigit()
        or place.after in {"must", "are", "is", "may", "can"}
    )
    if place.at and place.words[place.at].text[:1].isupper():
        return False  # Omar Said
    return place.word not in _NOUNS or not noun


def _is_over(place: Place) -> bool:
    """Return whether a word says that something was: "heaters, once gas-fired, are now electric", "reserved for Scale before."."""
    if place.word == "once":
        return "now" in place.folded and place.at > 0 and place.after not in _ONCE_A and place.text[place.words[place.at - 1].end] == ","
    if place.word == "before":
        return not place.after and place.before not in {"the", "as", "day", "year", "night", "week", "month"}
    return place.word not in {"old", "past", "earlier"}


_ONCE_A = frozenset("a an the every per you we they it i he she this that these those".split())
_TESTS: Mapping[Mark, Callable[[Place], bool]] = {
    Mark.NOT: _denies,
    Mark.PLAN: _plans,
    Mark.ALL: _means_all,
    Mark.MAY: _is_possibility,
    Mark.REVERSE: _reverses,
    Mark.MANY: lambda place: place.word != "many" or "as" not in {place.before, place.after},
    Mark.ONLY: lambda place: not place.after[:1].isdigit(),
    Mark.WITHOUT: lambda place: place.word != "out" or not (place.before[:1].isdigit() or place.before in _COUNTED),
    Mark.SAID: _says,
    Mark.MOST: lambda place: place.before != "at",
    Mark.SOME: lambda place: not place.after[:1].isdigit(),  # "some 300 people" is a bound
    Mark.FEW: lambda place: not place.after[:1].isdigit(),
    Mark.STALE: _is_over,
    Mark.UNTIL: lambda place: place.word != "through",
}
