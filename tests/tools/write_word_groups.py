"""Write `tools/truth/tables/groups.txt` anew from the tables in `tools/truth/tables/alike/`: run this file after you changed one of them.

`tests/tools/test_truth_table.py` tells when it was forgotten, and holds the groups to what may stand together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sayso.tools.truth import words
from sayso.tools.truth.words import STEMMED, find_words, stem, stem_in

TABLES = Path(words.__file__).parent / "tables"
TARGET = TABLES / "groups.txt"
_CELL = re.compile(r"(?P<phrase>[^\[\]]+?)(?:/(?P<part>[nv]))?(?: \[(?P<partners>[^\]]*)\])?")


@dataclass(frozen=True)
class Cell:
    """A phrase of a group as it is written in a table."""

    side: str
    phrase: str
    part: str = ""
    partners: tuple[str, ...] = ()
    language: str = ""

    def stem(self, word: str) -> str:
        """Return the stem of one of its words."""
        return stem_in(self.language, word) if self.language else stem(word)

    def words(self) -> list[str]:
        """Return the words of the phrase; one that has to be written so ends in "!"."""
        return [f"{word}!" if self.phrase[end : end + 1] == "!" else word for word, _, end in find_words(self.phrase)]


def read_groups() -> list[tuple[str, tuple[Cell, ...]]]:
    """Return the groups, each with its place (file and line)."""
    found = list[tuple[str, tuple[Cell, ...]]]()
    for path in sorted((TABLES / "alike").glob("*.txt")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                found.append((f"{path.name}:{number}", tuple(_read_cells(line, path.stem if path.stem in STEMMED else ""))))
    return found


def _read_cells(line: str, language: str) -> Iterator[Cell]:
    near, line = line.startswith("~"), line.removeprefix("~")
    sides = line.split(" > ")
    for at, side in enumerate(sides):
        mark = "~" if near else "=" if len(sides) == 1 else "<>"[at]
        for text in side.split(","):
            cell = _CELL.fullmatch(text.strip())
            if cell is None:
                raise ValueError(f"{text!r} in {line!r}")
            own, _, phrase = cell["phrase"].rpartition(":")  # "de:Preis" in a table of several languages
            yield Cell(mark, phrase, cell["part"] or "", tuple((cell["partners"] or "").split()), own or language)


def compile_groups() -> str:
    """Return the text of the index: a line for each first stem, with what follows it in each phrase that begins so."""
    lines: dict[str, dict[str, None]] = {}
    for number, (_, cells) in enumerate(read_groups()):
        core = _find_core(cells)
        for cell in cells:
            texts = cell.words()
            stems = [cell.stem(word.removesuffix("!")) for word in texts]
            forms = [word.removesuffix("!").casefold() if word.endswith("!") else "*" for word in texts]
            partners = " ".join(f"-{cell.stem(each[1:])}" if each.startswith("-") else cell.stem(each) for each in cell.partners)
            told = " ".join(map(str, _find_told(stems, core)))
            if told == " ".join(map(str, range(len(stems)))):
                told = ""
            shown = [f"{cell.side}{number}", " ".join(stems[1:]), cell.part, partners, " ".join(forms) if set(forms) != {"*"} else "", told]
            lines.setdefault(stems[0], {})["|".join(shown).rstrip("|")] = None
    return "".join(f"{each}\t" + "\t".join(lines[each]) + "\n" for each in sorted(lines, key=lambda first: f"{first}\t".encode()))


_FOREIGN_SMALL = {
    "de": "der die das den dem ein eine einen einem einer zu zum zur im in am an auf für von vom mit bei ist sind wird werden",
    "fr": "le la les l un une de du des d à au aux en dans sur pour par avec est sont être",
    "es": "el la los las un una de del a al en por para con es son está están ser",
    "ja": "の を に は が で と",
}
_FOREIGN_DENYING = {"de": "kein ohne nicht frei nie", "fr": "pas sans ne non aucun", "es": "no sin ningún nunca", "ja": "無 不 未 非"}
_SMALL = frozenset(map(stem, "a an the of in on at to by for with from into onto is are was were be been being".split())) | {
    stem_in(language, word) for language, words in _FOREIGN_SMALL.items() for word in words.split()
}
_DENYING = frozenset(map(stem, "no not non without free nothing never cannot nobody".split())) | {
    stem_in(language, word) for language, words in _FOREIGN_DENYING.items() for word in words.split()
}


def _find_core(cells: tuple[Cell, ...]) -> frozenset[str]:
    """Return the stems that all phrases of a group have: they are told by themselves. Where something is denied, the phrase is one."""
    texts = [frozenset(cell.stem(word.removesuffix("!")) for word in cell.words()) for cell in cells]
    return frozenset() if any(text & _DENYING for text in texts) else frozenset.intersection(*texts)


def _find_told(stems: list[str], core: frozenset[str]) -> list[int]:
    """Return the places of the words of a phrase that say what its group says: not the small words at its ends, and not the core."""
    start, end = 0, len(stems) - 1
    while start < end and stems[start] in _SMALL:
        start += 1
    while start < end - 1 and stems[end] in _SMALL:
        end -= 1
    return [at for at in range(start, end + 1) if stems[at] not in core] or list(range(start, end + 1))


if __name__ == "__main__":
    TARGET.write_text(compile_groups(), "utf-8")
