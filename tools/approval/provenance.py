"""Provenance of arguments: whether what a model put into a call occurs in the user's words or the application's data.

Numbers are compared as numbers ("a dozen", 12), words without accents, plurals and joining words.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from ..definition.tool import AnyTool
from .cards import show_value

UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
NUMBERS = {word: number for number, word in enumerate(UNITS.split())}
TENS = {word: 10 * number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
TIMES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
QUANTITIES = {"a": 1, "an": 1, "single": 1, "once": 1, "both": 2, "pair": 2, "couple": 2, "twice": 2, "dozen": 12}
JOINING = frozenset("a an the of please with and plus extra some".split())
SAME = {"no": "without", "w/o": "without", "minus": "without", "&": "and"}
DEEPEST = 6
_NO_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")  # Thai to Chinese
_EDGES = re.compile(r"^[^\w€$£+#&-]+|[^\w%+#]+$")
_NUMBER = re.compile(r"[$€£]?([+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+(?:\.\d+)?)(%?)[x×]?")


def find_unsourced(tool: AnyTool, arguments: Mapping[str, object], user_texts: Sequence[str], deps: object) -> tuple[str, ...]:
    """Return the arguments named in the tool's `from_user` whose value occurs neither in the user's texts nor in the data of `deps`.

    An argument that the call leaves out, leaves empty, or gives its default needs no source. `deps` is searched through dataclasses,
    mappings, lists and pydantic models; what other objects hold (a database, a menu) does not count.
    """
    claims = [(name, arguments[name]) for name in tool.from_user if name in arguments and not _is_default(tool, name, arguments[name])]
    if not claims:
        return ()
    ambiguous = _find_ambiguous(claims, user_texts)
    given: list[str] | None = None
    missing = []
    for name, value in claims:
        if name not in ambiguous and occurs_in(value, user_texts):
            continue
        given = list(flatten(deps)) if given is None else given
        if not all(any(_is_same(leaf, text) for text in given) for leaf in flatten(value)):
            missing.append(name)
    return tuple(missing)


def _find_ambiguous(claims: Sequence[tuple[str, object]], user_texts: Sequence[str]) -> set[str]:
    """Return the arguments that share a text which the user wrote less often: "5 nights in Porto" names a town, not also a guest."""
    same: dict[tuple[str, ...], list[str]] = {}
    for name, value in claims:
        if isinstance(value, str) and (wanted := normalise_words(value)) and _parse_number(wanted[0]) is None:
            same.setdefault(wanted, []).append(name)
    shared = {wanted: names for wanted, names in same.items() if len(names) > 1}
    return {
        name
        for wanted, names in shared.items()
        if sum(_count(wanted, normalise_words(text)) for text in user_texts) < len(names)
        for name in names
    }


def _count(wanted: Sequence[str], words: Sequence[str]) -> int:
    """Count how often the wanted words stand side by side among the words."""
    size = len(wanted)
    return sum(all(map(_is_same_word, wanted, words[at : at + size])) for at in range(len(words) - size + 1))


def explain_unsourced(tool: AnyTool, names: Sequence[str], arguments: Mapping[str, object]) -> str:
    """Return the answer to the model for a call whose arguments have no source, with what it can do instead."""
    values = " and ".join(f"{name}={show_value(arguments[name])!r}" for name in names)
    needed = tool.parameters.get("required") or ()
    spare = [name for name in names if name not in needed]
    advice = f"; where there are none, leave {' and '.join(spare)} out" if spare else ","
    return (
        f"{tool.name} was not called and nothing was done: {values} {'is' if len(names) == 1 else 'are'} not in what the user said. "
        f"Use the user's own words{advice} or ask the user."
    )


def _is_default(tool: AnyTool, name: str, value: object) -> bool:
    parameter = next((each for each in tool.signature.parameters if each.name == name), None)
    return value in (None, "", [], {}) or (parameter is not None and type(value) is type(parameter.default) and value == parameter.default)


def occurs_in(value: object, texts: Iterable[str]) -> bool:
    """Return whether every text and number in the value occurs in one of the texts, word for word.

    Case, spaces and plurals do not matter, and numbers may be words.
    """
    texts = [text for text in texts if text]
    wanted = list(flatten(value))
    return bool(wanted) and all(any(_occurs(leaf, text) for text in texts) for leaf in wanted)


def flatten(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the texts and numbers in a value of data, as they are written, at most DEEPEST levels down."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, (bool, int, float, Decimal)):
        yield str(value).lower()
    elif depth < DEEPEST:
        for part in _parts(value):
            yield from flatten(part, depth + 1)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if dataclasses.is_dataclass(value):
        return [getattr(value, each.name, None) for each in dataclasses.fields(value)]
    fields = getattr(type(value), "model_fields", {})  # a pydantic model's
    return [getattr(value, name, None) for name in fields]


def _is_same(leaf: str, text: str) -> bool:
    """Return whether two values of data differ in case, spaces and the spelling of a number at most."""
    return normalise_words(leaf) == normalise_words(text) or " ".join(leaf.casefold().split()) == " ".join(text.casefold().split())


def _occurs(leaf: str, text: str) -> bool:
    """Return whether the words of the value stand side by side in the text."""
    if _NO_SPACES.search(leaf):
        return "".join(_fold(leaf).split()) in "".join(_fold(text).split())
    wanted, words = normalise_words(leaf), normalise_words(text)
    if not wanted:
        return False
    if len(wanted) == 1 and (number := _parse_number(wanted[0])) is not None:
        return number in _find_numbers(text)
    return _count(wanted, words) > 0


def _is_same_word(one: str, other: str) -> bool:
    """Return whether two words are the same; singular and plural count as the same."""
    return one == other or (
        one.isalpha() and other.isalpha() and min(len(one), len(other)) > 2 and _make_singular(one) == _make_singular(other)
    )


def _make_singular(word: str) -> str:
    for ending, one in (("ies", "y"), ("sses", "ss"), ("oes", "o"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) > len(ending) + 1:
            return word[: -len(ending)] + one
    return word


def _fold(text: str) -> str:
    """Return the text in lower case, without accents, full-width letters and ligatures as plain letters (Unicode NFKD)."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@lru_cache(maxsize=256)
def normalise_words(text: str) -> tuple[str, ...]:
    """Return the words of a text for comparison: lower case, no punctuation around them, numbers in digits, joining words left out."""
    return tuple(SAME.get(word, word) for word in _write_in_digits(_split_words(text)) if word not in JOINING)


def _split_words(text: str) -> list[str]:
    pieces = re.split(r"\s+|[,;](?!\d)|(?<=[a-z])-(?=[a-z])", _fold(text))
    bare = (_EDGES.sub("", piece).removesuffix("'s") for piece in pieces)
    return [_normalise_digits(word) for word in bare if word]


def _normalise_digits(word: str) -> str:
    found = _NUMBER.fullmatch(word)
    return word if found is None else f"{Decimal(found[1].replace(',', '')).normalize():f}{found[2]}"


def _parse_number(word: str) -> Decimal | None:
    try:
        return Decimal(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except InvalidOperation:
        return None


def _find_numbers(text: str) -> frozenset[Decimal]:
    """Return every number in a text: in digits, in words, as a quantity ("a dozen"), and per cent both ways (5% is 5 and 0.05)."""
    plain = _split_words(text)
    found = set[Decimal]()
    for word in _write_in_digits(plain):
        if (number := _parse_number(word)) is not None:
            found |= {number, number * 100} if word.endswith("%") else {number}
    found |= {Decimal(QUANTITIES[word]) for word in plain if word in QUANTITIES}
    return frozenset(found | {number / 100 for number in found if re.search(r"per ?cent", text, re.IGNORECASE)})


def _write_in_digits(plain: Sequence[str]) -> list[str]:
    """Return the words with each run of number words as one number: "two hundred and five" is 205."""
    made: list[str] = []
    run: list[str] = []
    for word in [*plain, ""]:
        if word in NUMBERS or word in TENS or word in TIMES or (run and word in ("and", "dozen")):
            run.append(word)
            continue
        made += _parse_number_words(run)
        run = []
        if word:
            made.append(word)
    return made


def _parse_number_words(run: Sequence[str]) -> list[str]:
    """Return the number that the words are, or several where they are several ("one two three")."""
    made: list[str] = []
    total = part = 0
    last = 0  # the value of the word before: after 20 a 5 belongs to it, after 5 it does not
    open_number = False
    for word in run:
        if word == "and":
            if not last or last < 100:
                made += [str(total + part)] if open_number else []
                total = part = last = 0
                open_number = False
            continue
        if word in TIMES or word == "dozen":
            times = 12 if word == "dozen" else TIMES[word]
            part = (part or 1) * times
            if times >= 1000:
                total, part = total + part, 0
            last, open_number = times, True
            continue
        number = TENS.get(word, NUMBERS.get(word, 0))
        if open_number and not (last >= 100 or (20 <= last < 100 and 0 < number < 10)):
            made.append(str(total + part))
            total = part = 0
        part += number
        last, open_number = number, True
    return [*made, str(total + part)] if open_number else made
