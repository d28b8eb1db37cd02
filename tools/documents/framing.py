"""How an answer words a claim: where it says that it has it from, which sentence its "it" points back to, what two clauses share.

"According to the handbook, quiet hours begin at 22:00" claims what stands behind the comma, if the handbook is the document that is cited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ..quantities import find_amounts, find_dates
from ..truth.grammar import is_verb
from ..truth.words import Word, is_light, tokenize

_SAYS = r"(?:says?|said|states?|stated|notes?|noted|explains?|explained|specif(?:y|ies|ied)|indicates?|confirms?|reports?|writes?)"
_AS_IN = r"as (?:stated|described|specified|noted) in"
_SOURCE = r"(?P<source>[^,:;.]{1,80}?)"
_FRAMES = tuple(
    re.compile(rf"(?i:{pattern})")
    for pattern in (
        rf"(?:according to|as per|per|under|based on|going by|{_AS_IN}|in|from) {_SOURCE}\s*,\s+(?P<claim>.+)",
        rf"as {_SOURCE}\s+(?:{_SAYS}|puts? it|has it)(?: it)?\s*,\s+(?P<claim>.+)",
        rf"{_SOURCE}\s+(?:also |clearly |explicitly |further )?{_SAYS}(?:\s+that\b|:)\s*(?P<claim>.+)",
        rf"{_SOURCE}\s+(?:also |clearly |explicitly )?(?:says?|states?)\s+(?P<claim>(?:the|a|an|you|your|it|they|each|all|no|every)\b.+)",
        rf"in(?: {_SOURCE})?\s*,? it (?:says|states|is (?:said|stated|written|noted|explained|specified))(?:\s+that\b|:)\s*(?P<claim>.+)",
        rf"(?P<claim>.+?),?\s+(?:according to|as per|per|{_AS_IN})\s+{_SOURCE}\s*[.!]?\Z",
        rf"(?P<claim>.+?),\s+as {_SOURCE}\s+{_SAYS}\s*[.!]?\Z",
        rf"(?P<claim>.+?)\s+\((?:see |source: |from )?{_SOURCE}\)\s*[.!]?\Z",
        r"(?:so |thus )?,?the (?:short )?answer is(?:\s+that\b|:)\s*(?P<claim>.+)",
    )
)
_SILENT = (
    re.compile(
        rf"(?i:{_SOURCE} (?:do|does) not (?:say|state|mention|specify|indicate|tell|explain)(?: whether| if| that)?\s+(?P<claim>.+?)[.!]?)"
    ),
    re.compile(rf"(?i:there is no (?:information|mention|word) (?:about|of|on|whether|that)\s+(?P<claim>.+?)(?: in {_SOURCE})?[.!]?)"),
)
_PAPERS = frozenset("document passage text source file page section excerpt extract context material chapter paragraph".split())
_POINTING = frozenset("relevant provided given cited above following official attached available retrieved".split())
_JOINTS = frozenset("the this that these those your our its their a an of for in on to at and by".split())
"""Small words in what a document is called. "Nothing in the handbook" and "the handbook does not" call no document."""
_PRONOUN = re.compile(r"(?:it|they|this|these|he|she)\b(?!['’])", re.IGNORECASE)
_ITEM = re.compile(r"^[ \t]*\(?(?P<number>\d{1,2})[.)][ \t]+(?=\S)", re.MULTILINE)
_JOINED = re.compile(r",?\s+(?:and|but|while|whereas)\s+|;\s+")
_OF_WHICH = re.compile(r",\s+of (?:which|whom)\s+")
_WHICH = re.compile(r"(?P<subject>[^,]{2,80}), (?:which|who) (?P<aside>[^,]+), (?P<rest>.+)")
_MOST_FRAMES = 3


def strip_frames(sentence: str, titles: Iterable[str]) -> str:
    """Return what a sentence claims, without what it says of where that stands, if that is one of the titles or any document."""
    known = {word.stem for title in titles for word in tokenize(title)}
    for _ in range(_MOST_FRAMES):
        found = (match for pattern in _FRAMES if (match := pattern.fullmatch(sentence)) is not None)
        claim = next((match["claim"] for match in found if _is_document(match.groupdict().get("source"), known)), "")
        if not claim.strip():
            break
        sentence = claim[:1].upper() + claim[1:]
    return sentence


def find_unsaid(sentence: str, titles: Iterable[str]) -> str:
    """Return what the documents do not say by a sentence: "X is open" of "The rules do not say whether X is open". Else empty."""
    known = {word.stem for title in titles for word in tokenize(title)}
    found = next((match for pattern in _SILENT if (match := pattern.fullmatch(sentence)) is not None), None)
    return found["claim"] if found is not None and _is_document(found["source"], known) else ""


def _is_document(source: str | None, known: Iterable[str]) -> bool:
    """Return whether words name the cited document: all of them are of its title, or say that it is one."""
    if source is None:
        return True
    names = _PAPERS | _POINTING | _JOINTS
    return all(word.stem in known or {word.text.lower(), word.text.lower().removesuffix("s")} & names for word in tokenize(source))


def drop_item_numbers(text: str) -> str:
    """Return a text with spaces in the place of the numbers of its list, which count 1, 2, 3 down its lines."""
    wanted, kept, at = 1, list[str](), 0
    for item in _ITEM.finditer(text):
        line = text[item.start() : item.end() + 40]
        is_date = any(date.span[0] <= item.start("number") - item.start() for date in find_dates(line))
        if int(item["number"]) not in (1, wanted) or is_date:
            continue
        kept += [text[at : item.start()], " " * (item.end() - item.start())]
        wanted, at = int(item["number"]) + 1, item.end()
    return "".join([*kept, text[at:]])


def name_pronoun(sentence: str, before: str, titles: Sequence[str]) -> Iterator[str]:
    """Yield a sentence that begins with a pronoun with what it may stand for: the sentence's before, its last thing, the document."""
    pronoun = _PRONOUN.match(sentence)
    if pronoun is None:
        return
    words = tokenize(before)
    verb = _find_verb(words, 1)
    names = [before[: words[verb].start].strip()] if verb is not None else []
    names += [_find_last_thing(before, words)] if words else []
    names += [f"The {title[:1].lower()}{title[1:]}" for title in titles] if not before else []
    for name in filter(None, names):
        if not _PRONOUN.match(name) and "," not in name:
            yield f"{name[:1].upper()}{name[1:]}{sentence[pronoun.end() :]}"


def _find_last_thing(text: str, words: Sequence[Word]) -> str:
    """Return the last words of a sentence that are no verb and no small words: "pets" of "You asked about pets."."""
    first = len(words)
    while first and not is_light(words[first - 1]) and not is_verb(words, first - 1):
        first -= 1
    return text[words[first].start : words[-1].end] if first < len(words) else ""


def split_parts(claim: str) -> Iterator[list[str]]:
    """Yield the ways to tell a sentence in two: each clause with its subject and verb, which may stand in the other one.

    "A costs 40 euros and B 35" says that B costs 35; "It costs 15 euros and is valid for a year" says "It is valid for a year"; "A, which
    is old, is open" says "A is old". In "28 days, of which five may be kept" each half stands alone.
    """
    plain = claim.rstrip(".!")
    if len(halves := _OF_WHICH.split(plain)) == 2:
        yield halves
    if inner := _WHICH.fullmatch(plain):
        yield [f"{inner['subject']} {inner['aside']}", f"{inner['subject']} {inner['rest']}"]
    for joint in _JOINED.finditer(plain):
        first, second = plain[: joint.start()], plain[joint.end() :]
        words, others = tokenize(first), tokenize(second)
        verb = _find_verb(words, 1)
        begins = _find_verb(others, 0)
        if begins == 0 and verb is not None:
            yield [first, f"{first[: words[verb].start].strip()} {second}"]
        elif begins is not None or verb is None:
            yield [first, second]
        elif len(shared := find_amounts(first)) == len(own := find_amounts(second)) == 1 and own[0].span[0] > 3:
            between = first[words[verb].start : shared[0].span[0]].strip()
            yield [first, f"{second[: own[0].span[0]].strip()} {between} {second[own[0].span[0] :]}"]


def _find_verb(words: Sequence[Word], start: int) -> int | None:
    return next((at for at in range(start, len(words)) if is_verb(words, at)), None)
