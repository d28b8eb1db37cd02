"""Whether what a model put into a call is what the user said or the application gave, and not its own invention."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from ..definition.tool import Tool

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


def invented(tool: Tool[..., Any], arguments: Mapping[str, object], said: Sequence[str], deps: object) -> tuple[str, ...]:
    """The arguments named in the tool's `from_user` whose value is in none of the texts the user said and not in the data of `deps`.

    An argument that the call leaves out, leaves empty, or gives its default is nobody's invention. `deps` is searched through dataclasses,
    mappings, lists and pydantic models; what other objects hold (a database, a menu) is not what the application said.
    """
    claims = [(name, arguments[name]) for name in tool.from_user if name in arguments and not _is_default(tool, name, arguments[name])]
    if not claims:
        return ()
    doubled = _said_once_for_several(claims, said)
    given: list[str] | None = None
    missing = []
    for name, value in claims:
        if name not in doubled and is_said(value, said):
            continue
        given = list(leaves(deps)) if given is None else given
        if not all(any(_same(leaf, text) for text in given) for leaf in leaves(value)):
            missing.append(name)
    return tuple(missing)


def _said_once_for_several(claims: Sequence[tuple[str, object]], said: Sequence[str]) -> set[str]:
    """The arguments that share a text which was said less often: "5 nights in Porto" names a town, and no guest called Porto."""
    same: dict[tuple[str, ...], list[str]] = {}
    for name, value in claims:
        if isinstance(value, str) and (spoken := words(value)) and _number(spoken[0]) is None:
            same.setdefault(spoken, []).append(name)
    shared = {spoken: names for spoken, names in same.items() if len(names) > 1}
    return {name for spoken, names in shared.items() if sum(_times(spoken, words(text)) for text in said) < len(names) for name in names}


def _times(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """How often these words stand side by side."""
    size = len(wanted)
    return sum(all(map(_alike, wanted, heard[at : at + size])) for at in range(len(heard) - size + 1))


def told(tool: Tool[..., Any], names: Sequence[str], arguments: Mapping[str, object]) -> str:
    """What the model is told when its call is sent back."""
    from .cards import shown

    values = " and ".join(f"{name}={shown(arguments[name])!r}" for name in names)
    needed = tool.parameters.get("required") or ()
    spare = [name for name in names if name not in needed]
    mend = f"; where there are none, leave {' and '.join(spare)} out" if spare else ","
    return (
        f"{tool.name} was not called and nothing was done: {values} {'is' if len(names) == 1 else 'are'} not in what the user said. "
        f"Use the user's own words{mend} or ask the user."
    )


def _is_default(tool: Tool[..., Any], name: str, value: object) -> bool:
    parameter = next((each for each in tool.signature.parameters if each.name == name), None)
    return value in (None, "", [], {}) or (parameter is not None and type(value) is type(parameter.default) and value == parameter.default)


def is_said(value: object, said: Iterable[str]) -> bool:
    """Whether every text and number in the value is in one of the texts, word for word; case, spaces and plurals do not matter, and numbers
    may be words."""
    texts = [text for text in said if text]
    wanted = list(leaves(value))
    return bool(wanted) and all(any(_occurs(leaf, text) for text in texts) for leaf in wanted)


def leaves(value: object, depth: int = 0) -> Iterator[str]:
    """The texts and numbers in a value of data, as they are written."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, (bool, int, float, Decimal)):
        yield str(value).lower()
    elif depth < DEEPEST:
        for part in _parts(value):
            yield from leaves(part, depth + 1)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if dataclasses.is_dataclass(value):
        return [getattr(value, each.name, None) for each in dataclasses.fields(value)]
    fields = getattr(type(value), "model_fields", {})  # a pydantic model's
    return [getattr(value, name, None) for name in fields]


def _same(leaf: str, text: str) -> bool:
    """Whether two values of data are the same but for case, spaces and how a number is written."""
    return words(leaf) == words(text) or " ".join(leaf.casefold().split()) == " ".join(text.casefold().split())


def _occurs(leaf: str, text: str) -> bool:
    """Whether the words of the value stand side by side in the text."""
    if _NO_SPACES.search(leaf):
        return "".join(_folded(leaf).split()) in "".join(_folded(text).split())
    wanted, heard = words(leaf), words(text)
    if not wanted:
        return False
    if len(wanted) == 1 and (number := _number(wanted[0])) is not None:
        return number in _numbers(text)
    return _times(wanted, heard) > 0


def _alike(one: str, other: str) -> bool:
    """The same word; one of it and many of it count as the same."""
    return one == other or (one.isalpha() and other.isalpha() and min(len(one), len(other)) > 2 and _singular(one) == _singular(other))


def _singular(word: str) -> str:
    for ending, one in (("ies", "y"), ("sses", "ss"), ("oes", "o"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) > len(ending) + 1:
            return word[: -len(ending)] + one
    return word


def _folded(text: str) -> str:
    """In lower case, without accents, every width and ligature as its plain letters."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@lru_cache(maxsize=256)
def words(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: lower case, no punctuation around them, numbers in digits, joining words left out."""
    return tuple(SAME.get(word, word) for word in _in_digits(_plain_words(text)) if word not in JOINING)


def _plain_words(text: str) -> list[str]:
    pieces = re.split(r"\s+|[,;](?!\d)|(?<=[a-z])-(?=[a-z])", _folded(text))
    bare = (_EDGES.sub("", piece).removesuffix("'s") for piece in pieces)
    return [_digits(word) for word in bare if word]


def _digits(word: str) -> str:
    found = _NUMBER.fullmatch(word)
    return word if found is None else f"{Decimal(found[1].replace(',', '')).normalize():f}{found[2]}"


def _number(word: str) -> Decimal | None:
    try:
        return Decimal(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except InvalidOperation:
        return None


def _numbers(text: str) -> frozenset[Decimal]:
    """Every number in a text: in digits, in words, as a quantity ("a dozen"), and per cent both ways (5% is 5 and 0.05)."""
    plain = _plain_words(text)
    found = set[Decimal]()
    for word in _in_digits(plain):
        if (number := _number(word)) is not None:
            found |= {number, number * 100} if word.endswith("%") else {number}
    found |= {Decimal(QUANTITIES[word]) for word in plain if word in QUANTITIES}
    return frozenset(found | {number / 100 for number in found if re.search(r"per ?cent", text, re.IGNORECASE)})


def _in_digits(plain: Sequence[str]) -> list[str]:
    """The words with each run of number words as one number: "two hundred and five" is 205."""
    made: list[str] = []
    run: list[str] = []
    for word in [*plain, ""]:
        if word in NUMBERS or word in TENS or word in TIMES or (run and word in ("and", "dozen")):
            run.append(word)
            continue
        made += _run_in_digits(run)
        run = []
        if word:
            made.append(word)
    return made


def _run_in_digits(run: Sequence[str]) -> list[str]:
    """One number, where the words are one; several otherwise ("one two three")."""
    made: list[str] = []
    total = part = 0
    last = 0  # what the word before said: after 20 a 5 belongs to it, after 5 it does not
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
