"""Warn of words that may not be what they look like: by Unicode's confusables and scripts (UTS 39), its digits and its bidi classes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from .unicode_data import find_script, load_tables

_EAST_ASIAN = frozenset({"Han", "Hiragana", "Katakana", "Bopomofo", "Hangul"})
"""Scripts that are written together, and together with Latin (UTS 39, highly restrictive)."""
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/:?#]+\.[^/:?#.]{2,})", re.IGNORECASE)
# An address, a number, a path: in these each character counts.
_EXACT = re.compile(r"[@\\]|://|\w[./:]\w|\d")
_PUNYCODE = "xn--"
_EDGES = "<>()[]{}\"',;:.!?"
_BETWEEN_ASCII = re.compile(r"(?<=[A-Za-z0-9])[^\x00-\x7f](?=[A-Za-z0-9])")
_MOST_LETTERS = 3
_SYNTAX = frozenset("./:@?#%&=\\,;")
"""What separates the parts of addresses and numbers."""


def find_odd_words(text: str) -> Iterator[tuple[str, str]]:
    """Yield each odd word of a text with what is odd about it; no word, where it is the order in which a screen shows the digits."""
    context = _Context(text)
    for word in dict.fromkeys(text.split()):
        if (not word.isascii() or _PUNYCODE in word.lower()) and (problem := _describe_word(word, context)):
            yield word, problem
    if context.is_reordered:
        yield "", "a screen may show its digits in another order than they are written, as there are right-to-left letters between them"


class _Context:
    """What the rest of a text says of its words: letters that can be nobody else's show that a script is really written there."""

    def __init__(self, text: str) -> None:
        confusables = load_tables().confusables
        self.words_of: dict[str | None, set[str]] = {}
        """Of each script, the words with letters that look like no ASCII."""
        for word in dict.fromkeys(text.split()):
            for letter in word:
                if letter.isalpha() and not letter.isascii() and letter not in confusables:
                    self.words_of.setdefault(_group(letter), set()).add(word)
        self.digits = {_zero_of(digit) for digit in text if digit.isdecimal()}
        self.is_reordered = _is_reordered(text)

    def shows(self, script: str, *, beside: str = "") -> bool:
        """Return whether another word than `beside` is surely in the script."""
        return any(beside not in word or not beside for word in self.words_of.get(script, ()))


def _describe_word(word: str, context: _Context) -> str:
    bare = word.strip(_EDGES)
    if bare.isascii():
        return _describe_punycode(bare, context)
    exact = _EXACT.search(bare) is not None
    problems = _describe_letters(bare, context, exact)
    if digits := _describe_digits(bare, context):
        problems.append(digits)
    if not problems and (marks := _find_syntax(bare, context)):
        problems.append(f"has {_list_letters(marks)}")
    if host := _ascii_host(bare):
        problems.append(f"is the host {host}")
    return " and ".join(problems)


# letters


def _describe_letters(word: str, context: _Context, exact: bool) -> list[str]:
    for run in [word] if exact else _split_runs(word):
        if not run.isascii() and (problem := _describe_run(run, context, exact)):
            return [problem]
    return []


def _split_runs(word: str) -> list[str]:
    """Return the parts of a word that hang together: "IT-отдел" has two."""
    runs, run = [], ""
    for character in word:
        if _is_letter(character) or unicodedata.category(character).startswith("M"):
            run += character
        elif run:
            runs.append(run)
            run = ""
    return [*runs, run] if run else runs


def _describe_run(run: str, context: _Context, exact: bool) -> str:
    tables = load_tables()
    letters = [letter for letter in unicodedata.normalize("NFD", run) if not letter.isdecimal() and _is_letter(letter)]
    scripts = sorted({script for letter in letters if (script := _group(letter))})
    foreign_alike = any(letter in tables.confusables or _has_case(letter) for letter in letters if _group(letter) not in ("Latin", None))
    if len(scripts) > 1 and foreign_alike:
        return f"mixes letters of {' and '.join(scripts)} that look alike"
    foreign = next((script for script in scripts if script != "Latin"), None)
    if foreign is not None:
        return _describe_foreign(foreign, run, letters, context, exact)
    odd = [letter for letter in letters if _is_odd(letter, letters, context, exact)]
    return f"has {_list_letters(odd)}" if odd else ""


def _describe_foreign(script: str, word: str, letters: list[str], context: _Context, exact: bool) -> str:
    """Describe a word in one script that is not Latin, but may be taken for Latin."""
    tables = load_tables()
    own = [letter for letter in letters if _group(letter) == script]
    alike = [letter for letter in own if letter in tables.confusables]
    enough = len(own) if script in tables.common_scripts else 1
    if not alike or len(alike) < enough or (context.shows(script, beside=word) and not exact):
        return ""
    return f"is written in {script} letters that look like Latin ones"


def _is_odd(letter: str, letters: list[str], context: _Context, exact: bool) -> bool:
    """Return whether a letter that counts as Latin, or as no script's, may be taken for another in this word."""
    tables = load_tables()
    if letter.isascii():
        return False
    like = tables.confusables.get(letter) or _plain_form(letter)
    if letter in tables.common_confusables:  # a letter of some language: Turkish, Danish, French
        return len(like) == 1 and (exact or not context.shows("Latin")) and any(other.isascii() for other in letters)
    if tables.odd_latin.match(letter):
        return len(letters) == 1 or any(other.isascii() or other in tables.confusables for other in letters if other != letter)
    if unicodedata.east_asian_width(letter) == "F" and context.shows("East Asian") and not exact:
        return False
    return like.isalnum() and any(other.isalpha() and (other.isascii() or other in tables.confusables) for other in letters)


@lru_cache(maxsize=4096)
def _is_letter(character: str) -> bool:
    return character.isalnum() or load_tables().confusables.get(character, "").isalnum() or bool(_plain_form(character))


def _has_case(letter: str) -> bool:
    return letter.lower() != letter.upper()


@lru_cache(maxsize=4096)
def _group(letter: str) -> str | None:
    """Return the script of a letter. The East Asian ones are one."""
    if letter.isascii():
        return "Latin" if letter.isalpha() else None
    script = find_script(letter)
    return "East Asian" if script in _EAST_ASIAN else script


def _plain_form(letter: str) -> str:
    """Return the ASCII letter that a styled one stands for (NFKC), such as a small A that is raised; empty for others."""
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 and plain.isascii() and plain.isalpha() and unicodedata.category(letter) != "Lo" else ""


def _list_letters(letters: list[str]) -> str:
    confusables = load_tables().confusables
    names = []
    for letter in dict.fromkeys(letters):
        like = confusables.get(letter) or unicodedata.normalize("NFKC", letter)
        why = f"looks like {like}" if like.isascii() else "few languages write it" if letter.isalpha() else unicodedata.name(letter).lower()
        names.append(f"{letter} (U+{ord(letter):04X}, {why})")
    return " and ".join(names[:_MOST_LETTERS])


# digits, separators, hosts


def _describe_digits(word: str, context: _Context) -> str:
    """Describe digits that are not 0 to 9, unless they are those of the words around them, and the only ones."""
    odd = [digit for digit in word if digit.isdecimal() and not digit.isascii()]
    if not odd or (len(context.digits) == 1 and all(context.shows(_script_of_digit(digit)) for digit in odd)):
        return ""
    plain = "".join(str(unicodedata.decimal(digit)) if digit.isdecimal() else digit for digit in word)
    return f"has digits of another script: it says {plain}"


def _zero_of(digit: str) -> int:
    return ord(digit) - unicodedata.decimal(digit)


def _script_of_digit(digit: str) -> str:
    if unicodedata.bidirectional(digit) == "AN":  # shared by the languages that are written in Arabic letters
        return "Arabic"
    return "East Asian" if unicodedata.east_asian_width(digit) == "F" else _group(digit) or ""


def _find_syntax(word: str, context: _Context) -> list[str]:
    """Return characters that look like a separator of addresses or numbers, where one could stand."""
    confusables = load_tables().confusables
    found = list(word) if "@" in word or "://" in word else _BETWEEN_ASCII.findall(word)
    east_asian = context.shows("East Asian")
    return [
        character
        for character in found
        if not character.isascii()
        and (
            unicodedata.bidirectional(character) == "AN"  # a separator of Arabic numbers
            or _SYNTAX & set(confusables.get(character) or unicodedata.normalize("NFKC", character))
        )
        and not (east_asian and unicodedata.east_asian_width(character) in "FW")
    ]


def _describe_punycode(word: str, context: _Context) -> str:
    """Describe a host in the internet's spelling (xn--...), as a browser may show it."""
    found = _HOST.match(word)
    try:
        shown = found[1].encode("ascii").decode("idna") if found is not None else ""
    except UnicodeError:
        return ""
    if not shown or shown.isascii():
        return ""
    return " and ".join([f"may be shown as {shown}", *(f"that {each}" for each in _describe_letters(shown, context, exact=True))])


def _ascii_host(word: str) -> str | None:
    """Return the host of an address or e-mail address in ASCII, None where it is written so already."""
    found = _HOST.match(word)
    if found is None or found[1].isascii():
        return None
    try:
        return found[1].encode("idna").decode("ascii")
    except UnicodeError:
        return None


def _is_reordered(text: str) -> bool:
    """Return whether right-to-left letters stand between digits, of which a screen turns the later ones around (UAX 9).

    A text that is written from right to left as a whole is read so, and fine: only what was begun from left to right is turned.
    """
    begun = turned = False  # digits since the last left-to-right letter, and right-to-left letters after them
    rightward = True
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                begun, turned, rightward = False, False, True
            case "R" | "AL":
                turned, rightward = begun, False
            case "EN" | "AN":
                if turned:
                    return True
                begun = begun or rightward
    return False


def pulls_digits(value: str, card: str) -> bool:
    """Return whether a value on a card ends in right-to-left letters, and a screen shows digits that follow it in the card before it."""
    strong = [kind for kind in map(unicodedata.bidirectional, value) if kind in ("L", "R", "AL")]
    if not strong or strong[-1] == "L":
        return False
    for found in re.finditer(re.escape(value), card):
        kinds = (unicodedata.bidirectional(character) for character in card[found.end() :])
        if next((kind for kind in kinds if kind in ("L", "R", "AL", "EN", "AN")), "") in ("EN", "AN"):
            return True
    return False
