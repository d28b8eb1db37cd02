"""What a reader looks for: the marks and names of one set of tools, in one dialect or in all of them."""

from __future__ import annotations

import re

from .families import FAMILIES
from .sections import BARE_ELEMENTS, ENDING_THOUGHT, ENDS_OF_THOUGHT, HARMONY, HEADS, INVENTED, REASONING, SECTIONS, SILENT, Section
from .signatures import Shapes

BEHIND_BRACE = r"[\"'“/#}A-Za-z_]"
# Each begins with one character, so that the search runs over prose at full speed; what must stand beside it keeps most others out.
_TRIGGERS = (
    r"\[(?=\s*(?:\{|\Z|[^\W\d][\w.\-:/]{0,128}(?:\(|\Z)))",
    rf"\{{(?=\s*{BEHIND_BRACE}|\s*\Z)",
    r"`(?=``)",
    r"~(?=~~)",
    r":(?:(?<=Action:)|(?<=Observation:)|(?<=Action \d:)|(?<=Observation \d:))",
    r"\](?=<\]|<?\Z)",
    r"◁",
    r">(?=>>[A-Za-z_]|>{0,2}\Z)",
    *(rf"\{mark}\{mark}{{15}}" for mark in "(<[{"),  # nothing begins inside such a run, so it is passed over as one
)
_LETTERS = "A-Za-z_\u00c0-\u024f\u0370-\u052f"  # of alphabets that write words apart
_HEAD = 5  # so much of a mark is looked for before it is looked at
_RUN = re.compile("|".join(rf"\{mark}{{16,}}" for mark in "(<[{"))


class Rules:
    """The marks, names and families of one reader; made once for the same tools and dialect."""

    def __init__(self, known: Shapes, dialect: str) -> None:
        families = FAMILIES[dialect]
        self.families = families
        self.sections: dict[str, Section] = {mark: part for mark, part in SECTIONS.items() if part.families & families}
        self.elements = tuple(mark for mark, of in BARE_ELEMENTS.items() if of & families)
        self.ending_thought = {mark: closes for mark, closes in ENDING_THOUGHT.items() if mark in self.sections}
        # Without tools every word could be a name, and be held: so only where a family is told.
        self.heads = tuple(mark for mark, of in HEADS.items() if of in families and (known.by_name or dialect != "auto"))
        self.gemma = "gemma" in families
        self.json = "json" in families
        self.python = "python" in families
        self.call = "call" in families and bool(known.by_name)
        self.react = "react" in families
        self.harmony = "harmony" in families
        self.marks = frozenset((*self.sections, *self.elements, *self.heads, *REASONING, *ENDS_OF_THOUGHT, *INVENTED, *SILENT, *HARMONY))
        self.mark = re.compile("|".join(map(re.escape, sorted(self.marks, key=len, reverse=True))))
        self.beginnings = frozenset(mark[:size] for mark in self.marks for size in range(1, len(mark)))
        self.trigger = re.compile("|".join((*((_opened_by_names(known),) if self.call else ()), *map(self._opened_by, "<["), *_TRIGGERS)))
        self.longest = max(map(len, self.marks))
        self.longest_parameter = 8 + max((len(key) for shape in known.by_name.values() for key in shape.properties), default=0)
        self.word = max(known.longest, len("functools")) + 4
        names = "|".join(re.escape(name) for name in sorted(known.by_name, key=len, reverse=True))
        self.addressed = "functionary" in families
        self.beginnings_of_names = _beginnings(known, self)
        # A name may follow a digit or a Chinese character, but not a letter: "26CALCULATOR(" calls, "REORDER(" does not. Behind a full
        # stop or a small letter only a name in capitals is one: "flour.CALCULATOR(2)" and "isCALCULATOR(2)" call, "re.search(x)" does not.
        # "def NAME(" defines a function.
        apart = rf"(?<!def )(?<![{_LETTERS}])(?<![A-Za-z_]\d)"
        lead = rf"{apart}(?:(?:functions|tools|default_api)\.|(?<!\.)|(?-i:(?=[A-Z][A-Z_]+\Z)(?<=[a-z\d]\.)))"
        glued = "|".join(re.escape(name) for name in known.by_name if len(name) > 3 and name.isupper())
        self.named = re.compile(rf"{lead}({names or '(?!)'})\Z|(?-i:(?<=[a-z])({glued or '(?!)'})\Z)", re.IGNORECASE)
        self.named_line = (
            re.compile(rf"(?:^|\n)[ \t]*((?:functions\.)?({names}))[ \t]*(?::|:?\n|\n```json\n)?[ \t]*\Z", re.IGNORECASE)
            if names and self.json
            else None
        )

    def _opened_by(self, character: str) -> str:
        """The character, where one of the marks that begin with it may follow."""
        heads = {mark[1:_HEAD] for mark in self.marks if mark[0] == character}
        halves = {head[:size] for head in heads for size in range(len(head))}
        follow = [*map(re.escape, sorted(heads)), *(rf"{re.escape(half)}\Z" for half in sorted(halves))]
        return rf"{re.escape(character)}(?={'|'.join(follow)})"


def _opened_by_names(known: Shapes) -> str:
    """A parenthesis behind the last letter of a known name."""
    last = {letter for name in known.by_name for letter in (name[-1:].lower(), name[-1:].upper()) if letter}
    if not last:
        return "(?!)"  # there is no name
    return rf"\((?<=[{''.join(map(re.escape, sorted(last)))}]\()"


def _beginnings(known: Shapes, of: Rules) -> frozenset[str]:
    """What text may end in and still become a name: of a call in prose, or on a line of its own."""
    words = set(known.beginnings) if of.call or of.json else set()
    if of.call or of.heads:
        words |= {f"{lead}."[:size] for lead in ("functions", "tools", "default_api") for size in range(1, len(lead) + 2)}
        words |= {f"{lead}.{word}" for lead in ("functions", "tools", "default_api") for word in known.beginnings}
    if "functools[" in of.sections:
        words |= {"functools"[:size] for size in range(1, len("functools") + 1)}
    return frozenset(words)


def behind_run(text: str, place: int) -> int:
    """The next place where something may begin: the last of a run of brackets, or the next character."""
    run = _RUN.match(text, place)
    return run.end() - 1 if run else place + 1


def rules(known: Shapes, dialect: str) -> Rules:
    """The rules for these tools in this dialect."""
    return Rules(known, dialect)
