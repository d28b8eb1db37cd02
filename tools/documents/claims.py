"""The claims of an answer: which sentences a citation stands for, and which of them the cited passages do not state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..truth import Verdict, check_statement
from ..truth.grammar import is_verb
from ..truth.lexicon import is_thing
from ..truth.marks import Mark, find_marks
from ..truth.statements import split_passage
from ..truth.words import Word, alike, is_light, tokenize
from .framing import drop_item_numbers, find_unsaid, name_pronoun, split_parts, strip_frames
from .passages import Passage
from .query_words import STOP_WORDS
from .quoting import LEFT_OUT, locate_quote

_STOP = (
    r"(?<!\bDr)(?<!\bM[rs])(?<!\bMrs)(?<!\bProf)(?<!\b[ei]\.[eg])(?<!\bz)(?<!\bz\. B)"
    r"\.(?:(?<![A-Za-z]\.[A-Za-z]\.)(?<!\b[A-Za-z]\.)(?<!\b(?:No|Nr|ca|St|vs)\.)(?<!\bapprox\.)"
    r"|(?=[”\"')\]»]*(?:\s+[^a-z0-9\s]|\s*$)))"
)
"""A full stop that ends a sentence: not that of "10 a.m. to 5 p.m.", "e.g. staff", "approx. 5" or "Dr. Quist"."""
SENTENCE = re.compile(rf".+?(?:(?:{_STOP}|[!?。！？])[”\"')\]»]*(?=\s|$)|(?<=[。！？])|\n|$)", re.DOTALL)
_QUOTED = re.compile(r"[“„«「『\"][^“”„«»「」『』\"]+[”“»」』\"]")
_LETTERS = re.compile(r"[^\W_]")
_ANSWER_PARTICLE = re.compile(
    r"(?:(?:yes|sure|certainly|of course|right|ja|doch|oui|sí|はい)\b[,.!:;]*|(?:no|nein|non|いいえ)\b\s*[,.!:;]+)\s*", re.IGNORECASE
)
"""Without a mark behind it "no" is the claim's: "No visitors may park" is no "Visitors may park"."""
_ABOUT_THE_QUESTION = re.compile(
    r"(?:you|we) (?:asked|were asked|wanted to know|want to know|are asking)\b(?:(?!\b(?:and|which|who|but)\b)[^,;:\d])*", re.IGNORECASE
)
_WRAPPED = re.compile(r"(?<=[\w,(])[ \t]*\n[ \t]*(?=[a-z0-9(])")
"""A line that goes on in the next one, as in PDF files: it ends in the middle of a sentence, and the next one does not begin one."""
MOST_OF_A_LABEL = 2
MOST_OF_A_GREETING = 3
_TURNING = frozenset({Mark.NOT, Mark.WITHOUT, Mark.EXCEPT, Mark.REVERSE, Mark.SAID, Mark.STALE, Mark.IF, Mark.PLAN})
_DENIALS = frozenset("not never no nobody neither nor without cannot".split())
_PERSONS = frozenset("i me my we us our you your".split())
MARKS = " \t\n-*•>#.,;:"


class Unstated(NamedTuple):
    """A sentence that the cited passages do not state, and why not."""

    sentence: str
    reason: str


def split_claims(answer: str, citations: Sequence[tuple[int, int]]) -> tuple[list[list[str]], list[str]]:
    """Return the sentences that each citation stands for, and those after the last one.

    A citation stands for what is before it, back to the one before, and for the rest of its own sentence ("As [DOC 1] says, ..."). When an
    answer begins with a citation ("[DOC 1]: ..."), each stands for what follows it.
    """
    claims: list[list[str]] = [[] for _ in citations]
    answer = drop_item_numbers(answer)
    if not citations:
        return claims, []
    first = answer[: citations[0][0]]
    leads = not _LETTERS.search(first)
    claims[0] += [] if leads else split_sentences(first)
    rest: list[str] = []
    for number, (_, end) in enumerate(citations):
        is_last = number + 1 == len(citations)
        between = answer[end : len(answer) if is_last else citations[number + 1][0]]
        own, further = _split_own(between)
        if leads:
            claims[number] += split_sentences(between)
        elif is_last:
            claims[number] = _join(claims[number], own)
            rest = split_sentences(further)
        elif further.strip(MARKS):
            claims[number] = _join(claims[number], own)
            claims[number + 1] += split_sentences(further)
        else:
            claims[number + 1] += split_sentences(between)
    return claims, rest


def split_sentences(text: str) -> list[str]:
    """Return the sentences of an answer, without the marks of lists; lines end sentences too."""
    found = (" ".join(text[slice(*sentence.span())].split()).lstrip(MARKS) for sentence in SENTENCE.finditer(mask_quotes(text)))
    return [sentence for sentence in found if _LETTERS.search(sentence)]


def mask_quotes(text: str) -> str:
    """Return the text without what stands in quotation marks: what ends a sentence there does not end the one around it."""
    return _QUOTED.sub(lambda quote: quote[0][0] + "x" * (len(quote[0]) - 2) + quote[0][-1], text)


def _split_own(between: str) -> tuple[str, str]:
    """Split the text after a citation into the rest of the citation's own sentence and what comes after it."""
    end = re.search(r"[.!?。！？][”\"')\]»]*(?=\s|$)|\n", mask_quotes(between))
    return (between[: end.end()], between[end.end() :]) if end else (between, "")


def _join(sentences: list[str], more: str) -> list[str]:
    """Add the rest of a sentence to the one that a citation stands in."""
    if not _LETTERS.search(more):
        return sentences
    own = " ".join(more.split())
    return [*sentences[:-1], f"{sentences[-1]} {own}".lstrip()] if sentences else [own]


def find_unstated(sentences: Sequence[str], passages: Iterable[Passage], *, cited: bool = True, before: str = "") -> tuple[Unstated, ...]:
    """Return the sentences that none of the passages states, nor all of them together, each with the reason.

    The last sentence is the one that carries the citation, unless they are not `cited`; others may be small talk. `before` is the sentence
    of the answer before these.
    """
    shown = tuple(passages)
    texts = [_show_text(passage) for passage in shown]
    if not texts:
        return ()
    if len(texts) > 1:
        texts.append("\n\n".join(texts))
    titles = [name for passage in shown for name in (passage.title, *passage.headings) if name]
    talk = len(sentences) - cited
    unstated: list[Unstated] = []
    for place, sentence in enumerate(sentences):
        reason = _find_reason(sentence, texts, titles, before, may_be_talk=place < talk)
        before = sentence
        if reason is not None:
            unstated.append(Unstated(sentence, reason))
    return tuple(unstated)


def claims_nothing(sentence: str, passages: Iterable[Passage]) -> bool:
    """Return whether a sentence only speaks to its reader ("I hope this helps!"), or is a question or a single "Yes"."""
    claim = _ANSWER_PARTICLE.sub("", sentence, count=1) if _ANSWER_PARTICLE.match(sentence) else sentence
    words = [word for word in tokenize(claim) if not is_light(word)]
    if not words or claim.endswith("?"):
        return True
    every = [word.text.lower() for word in tokenize(claim)]
    speaks_to_reader = len(every) <= MOST_OF_A_GREETING or not _PERSONS.isdisjoint(every)
    return speaks_to_reader and _is_small_talk(claim, words, [_show_text(passage) for passage in passages])


def is_answer_particle(sentence: str) -> bool:
    """Return whether a sentence is no more than a "Yes." or "No."."""
    return _ANSWER_PARTICLE.fullmatch(sentence if sentence.endswith((".", "!", ",")) else f"{sentence}.") is not None


def _show_text(passage: Passage) -> str:
    return "\n".join(dict.fromkeys([passage.title, *passage.headings, unwrap(passage.text)]))


def unwrap(text: str) -> str:
    """Return a text whose sentences do not end where a line does, rows of tables apart."""
    return "\n".join(line if "|" in line else _WRAPPED.sub(" ", line) for line in re.split(r"\n(?=[^\n]*\|)|(?<=\|)\n", text))


def _find_reason(sentence: str, texts: Sequence[str], titles: Sequence[str], before: str, *, may_be_talk: bool) -> str | None:
    """Return why no text states the sentence, None if one does or if the sentence claims nothing."""
    claim = _ANSWER_PARTICLE.sub("", sentence, count=1) if _ANSWER_PARTICLE.match(sentence) else sentence
    if unsaid := find_unsaid(claim, titles):
        is_said = _has_all_words(unsaid, [statement.text for text in texts for statement in split_passage(text)])
        return f"The passage speaks of “{unsaid}”." if is_said else None
    claim = strip_frames(claim, titles)
    if denied := _find_denied_quote(claim, texts):
        return f"The passage denies this: “{denied}”."
    words = [word for word in tokenize(claim) if not is_light(word)]
    if not words or claim.endswith("?") or (may_be_talk and _is_small_talk(claim, words, texts)) or _only_quotes(claim, texts):
        return None
    verdicts = [_check(claim, text, titles) for text in texts]
    if any(verdict.stated for verdict in verdicts) or _is_label(claim, words, texts) or _is_stated_in_parts(claim, texts, titles):
        return None
    if any(_check(named, text, titles).stated for named in name_pronoun(claim, before, titles) for text in texts):
        return None
    problems = min((verdict.problems for verdict in verdicts), key=len)
    return problems[0].what if problems else ""


def _check(claim: str, text: str, titles: Sequence[str]) -> Verdict:
    """Return whether a text states a claim. A heading alone ("Dogs in the office") states nothing: it only says what the text is about."""
    verdict = check_statement(claim, text)
    if verdict.evidence is None:
        return verdict
    said = text[slice(*verdict.evidence)].strip().lstrip("#").strip()
    if said not in titles or said.casefold().rstrip(".") == claim.casefold().rstrip("."):
        return verdict
    below = "\n".join(line for line in text.split("\n") if line.strip().lstrip("#").strip() not in titles)
    return check_statement(claim, below)


def _has_all_words(claim: str, texts: Sequence[str]) -> bool:
    """Return whether a text has all words of a claim that carry meaning: then it is not so that it does not speak of it."""
    words = [word for word in tokenize(claim) if not is_light(word)]
    return any(all(any(alike(word, known) for known in tokenize(text)) for word in words) for text in texts)


def _is_label(claim: str, words: Sequence[Word], texts: Sequence[str]) -> bool:
    """Return whether a citation stands behind no more than the name of a thing that a passage has: "trains [DOC 2]"; never a clause."""
    every = tokenize(claim)
    if len(words) > MOST_OF_A_LABEL or not all(map(is_thing, words)) or any(is_verb(every, at) for at in range(len(every))):
        return False
    return _has_all_words(claim, texts)


def _is_stated_in_parts(claim: str, texts: Sequence[str], titles: Sequence[str]) -> bool:
    """Return whether each clause of a sentence is stated by one of the texts."""
    for parts in split_parts(claim):
        enough = all(len([word for word in tokenize(part) if not is_light(word)]) > 1 for part in parts)
        if enough and all(any(_check(part, text, titles).stated for text in texts) for part in parts):
            return True
    return False


def _is_small_talk(claim: str, words: Sequence[Word], texts: Sequence[str]) -> bool:
    """Return whether a sentence only speaks to its reader: of what was asked, or without number, name and any word of the passages."""
    if _ABOUT_THE_QUESTION.fullmatch(claim):
        return True
    if any(letter.isdigit() for letter in claim) or re.search(r"(?<=[\w,;] )[A-Z]", claim):
        return False
    return not any(alike(word, known) for word in words for text in texts for known in tokenize(text))


def _only_quotes(claim: str, texts: Sequence[str]) -> bool:
    """Return whether a sentence says no more than its quotes, which are looked up by themselves.

    Around them are only light words, or words of another language than the passage's, without a number of their own. A quote that is cut
    out of a sentence must not say what that one denies or limits: then it is a claim like any other.
    """
    quotes, frame = [quote[1:-1] for quote in _QUOTED.findall(claim)], _QUOTED.sub(" ", claim)
    words = tokenize(frame)
    is_foreign = not any(letter.isdigit() for letter in frame) and {word.text.lower() for word in words}.isdisjoint(STOP_WORDS)
    is_found = all(any(locate_quote(quote, text) for text in texts) for quote in quotes)
    if is_found and any(_is_cut_out(quote, text) for quote in quotes for text in texts if locate_quote(quote, text)):
        return False
    return bool(quotes) and (not is_found or all(map(is_light, words)) or is_foreign)


def _find_denied_quote(claim: str, texts: Sequence[str]) -> str:
    """Return what a passage says where a sentence quotes the words behind a "not" without it; empty where it does not."""
    frame = tokenize(_QUOTED.sub(" ", claim))
    if any(word.text.lower() in _DENIALS for word in frame) or not all(map(is_light, frame)):
        return ""
    for quote in _QUOTED.findall(claim):
        for text in texts:
            start, end = locate_quote(quote[1:-1], text) or (0, 0)
            before = text[:start].rsplit(maxsplit=1)[-1:]
            if end and before and before[0].lower() in _DENIALS:
                return f"{before[0]} {text[start:end]}"
    return ""


def _is_cut_out(quote: str, text: str) -> bool:
    """Return whether quoted words leave out what turns or limits them in their sentence: a "not", an "if", a "said", a verb at "..."."""
    said = LEFT_OUT.sub(" ", quote)
    words = tokenize(said)
    verbs = sum(is_verb(words, at) for at in range(1, len(words)))
    if not verbs:
        return False  # it says nothing of anything: “lot B”
    start, end = locate_quote(quote, text) or (0, 0)
    around = [statement for statement in split_passage(text) if statement.span[0] < end and start < statement.span[1]]
    kept = Counter(mark for mark, _, _ in find_marks(tokenize(quote), quote) if mark in _TURNING)
    marks = Counter(mark for each in around for mark, _, _ in find_marks(tokenize(each.text), each.text) if mark in _TURNING)
    whole = tokenize(text[start:end])
    joins = LEFT_OUT.search(quote.strip(" .…")) is not None and verbs < sum(is_verb(whole, at) for at in range(1, len(whole)))
    if not marks - kept and not joins:
        return False
    return not check_statement(f"{said[:1].upper()}{said[1:]}", text).stated
