"""What a reader looks for: the marks and names of one set of tools, in one dialect or in all of them."""

from __future__ import annotations

import re

from .families import FAMILIES
from .sections import BARE_ELEMENTS, HARMONY, INVENTED, REASONING, SECTIONS, SILENT, Section
from .shapes import Shapes

# The first character of everything that may be a call, and what must stand beside it. Regular prose has few of them.
_TRIGGERS = {
    "<": r"(?<=<)(?=[A-Za-z|｜/\]]|\Z)",
    "[": r"(?<=\[)(?=[A-Za-z_/]|\s*[{A-Za-z_]|\s*\Z)",
    "{": r"(?<=\{)(?=\s*[\"'“/#}]|\s*\Z|\s*[A-Za-z_])",
    "(": r"(?<=\w\()",
    "`": r"(?<=`)(?=``)",
    ":": r"(?<=Action:)|(?<=Observation:)",
    "]": r"(?<=\])(?=<\]|<?\Z)",
    "◁": r"(?<=◁)",
}


class Rules:
    """The marks, names and families of one reader; made once for the same tools and dialect."""

    def __init__(self, known: Shapes, dialect: str) -> None:
        families = FAMILIES[dialect]
        self.families = families
        self.sections: dict[str, Section] = {mark: part for mark, part in SECTIONS.items() if part.families & families}
        self.elements = tuple(mark for mark, of in BARE_ELEMENTS.items() if of & families)
        self.json = "json" in families
        self.python = "python" in families
        self.call = "call" in families and bool(known.by_name)
        self.react = "react" in families
        self.harmony = "harmony" in families
        self.marks = frozenset((*self.sections, *self.elements, *REASONING, *REASONING.values(), *INVENTED, *SILENT, *HARMONY))
        self.mark = re.compile("|".join(map(re.escape, sorted(self.marks, key=len, reverse=True))))
        self.beginnings = frozenset(mark[:size] for mark in self.marks for size in range(1, len(mark)))
        self.trigger = re.compile(f"[{''.join(map(re.escape, _TRIGGERS))}](?:{'|'.join(_TRIGGERS.values())})")
        self.longest = max(map(len, self.marks))
        self.word = max(known.longest, len("functools")) + 4
        names = "|".join(re.escape(name) for name in sorted(known.by_name, key=len, reverse=True))
        self.kimi = "kimi" in families
        self.beginnings_of_names = _beginnings(known, self)
        # A name may follow a digit or a Chinese character, but not a letter: "26CALCULATOR(" calls, "REORDER(" does not. Behind a full
        # stop only a name in capitals is one: "of flour.CALCULATOR(2*3)" calls, "re.search(text)" does not.
        lead = r"(?<![A-Za-z_])(?<![A-Za-z_]\d)(?:(?:functions|tools|default_api)\.|(?<!\.)|(?-i:(?=[A-Z][A-Z_]+\()(?<=[a-z\d]\.)))"
        self.named = re.compile(rf"{lead}({names or '(?!)'})\Z", re.IGNORECASE)
        self.named_line = (
            re.compile(rf"(?:^|\n)[ \t]*(?:>>>|functions\.)?({names})[ \t]*(?::|:?\n|\n```json\n)?[ \t]*\Z", re.IGNORECASE)
            if names and self.json
            else None
        )


def _beginnings(known: Shapes, of: Rules) -> frozenset[str]:
    """What text may end in and still become a name: of a call in prose, or on a line of its own."""
    words = set(known.beginnings) if of.call or of.json else set()
    if of.call:
        words |= {f"{lead}."[:size] for lead in ("functions", "tools", "default_api") for size in range(2, len(lead) + 2)}
        words |= {f"{lead}.{word}" for lead in ("functions", "tools", "default_api") for word in known.beginnings}
    if "functools[" in of.sections:
        words |= {"functools"[:size] for size in range(1, len("functools") + 1)}
    return frozenset(words)


def rules(known: Shapes, dialect: str) -> Rules:
    """The rules for these tools in this dialect."""
    return Rules(known, dialect)
