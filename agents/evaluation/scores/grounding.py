"""The claims of an answer, each with the sources that it cites, and whether texts support a claim. Deterministic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sayso.tools.documents.citations import MOST_OF_A_RANGE, is_refusal
from sayso.tools.documents.claims import claims_nothing, is_answer_particle, split_claims, split_sentences
from sayso.tools.documents.passages import Passage

from ..support import Finding, find_support
from ..values import SourceText

_IDS = r"(?:DOCS?|SOURCES?|REF|PASSAGE)?\s*#?\s*\d{1,18}"
_CITATION = re.compile(
    rf"[\[【]\s*\^?{_IDS}(?:\s*(?:,|;|&|and|-|–)\s*{_IDS}){{0,20}}(?:†[^】\]]*)?\s*[\]】]|\(\s*DOCS?\s*\d+\s*\)", re.IGNORECASE
)
_RANGE = re.compile(r"(\d+)\s*[-–]\s*(\d+)")
_LINK = re.compile(r"\[([^\[\]]{0,300})\]\((https?://[^()\s]+)\)|<?(https?://[^\s<>()\[\]]+[^\s<>()\[\].,;:!?])>?")
_REFUSAL = re.compile(
    r"(?i)(?:(?:sorry|unfortunately|i'?m sorry|i am sorry|i apologi[sz]e)[,.!]?\s*(?:but )?)?"
    r"(?:i (?:do not|don't|cannot|can't|could not|couldn't|am not able to|am unable to) "
    r"(?:know|answer|say|tell|find|help|determine|provide)|(?:the|this) (?:answer|information) (?:is|was) not (?:in|given|available|found|"
    r"provided|mentioned)|(?:no|not enough) information|not found|no answer|unanswerable)\b[^.!?]*[.!]?"
)


class Claim(NamedTuple):
    """A sentence that says something, without its citations, and the ids that it cites.

    `given` is what it may name without the sources doing so: the question, and the sentence before it.
    """

    sentence: str
    cited: tuple[str, ...] = ()
    given: str = ""


class Support(NamedTuple):
    """Whether texts support a claim, and if not, why not; and how much of it they have, from 0 to 1."""

    supported: bool
    reason: str = ""
    finding: Finding = Finding.NOT_SHOWN
    strength: float = 0.0


def find_claims(answer: str, sources: Sequence[SourceText], question: str = "") -> tuple[Claim, ...]:
    """Return the sentences of an answer to a question that claim something, each with the sources that it cites.

    A citation stands for the sentences since the one before it. Greetings, questions, "Yes." and "I do not know." claim nothing.
    """
    if is_refusal(answer):
        return ()
    marks = list(_find_marks(answer, sources))
    groups = _join_marks(answer, marks)
    sentences, rest = split_claims(_blank_links(answer), [span for span, _ in groups]) if groups else ([], split_sentences(answer))
    passages = _make_passages(sources)
    claims, before = list[Claim](), ""
    for cited, own in [*zip((ids for _, ids in groups), sentences, strict=True), ((), rest)]:
        for sentence in own:
            if not _claims_nothing(sentence, passages):
                claims.append(Claim(sentence, cited, f"{question} {before}".strip()))
            before = sentence
    return tuple(claims)


def check_claim(claim: Claim, sources: Sequence[SourceText]) -> Support:
    """Return whether the sources support a claim, all of them together."""
    if not sources:
        return Support(False, "No source was read.")
    found = find_support(claim.sentence, [source.text for source in sources], given=claim.given)
    return Support(found.supported, found.reason, found.verdict, found.strength)


def _claims_nothing(sentence: str, passages: Sequence[Passage]) -> bool:
    return is_answer_particle(sentence) or bool(_REFUSAL.fullmatch(sentence)) or claims_nothing(sentence, passages)


def _make_passages(sources: Sequence[SourceText]) -> list[Passage]:
    return [Passage(number, source.url or source.id, "", source.text) for number, source in enumerate(sources, 1)]


def _find_marks(answer: str, sources: Sequence[SourceText]) -> Iterable[tuple[tuple[int, int], tuple[str, ...]]]:
    """Yield the citations of an answer in order, with the ids of the sources that they name: "[1, 3]", "[DOC 2]", "[^1]", a link."""
    found = [(mark.span(), _read_ids(mark[0])) for mark in _CITATION.finditer(answer) if not answer[mark.end() :].startswith("(")]
    by_url = {source.url.rstrip("/"): source.id for source in sources if source.url}
    for link in _LINK.finditer(answer):
        url = (link[2] or link[3]).rstrip("/")
        start = link.end(1) if link[2] else link.start()
        found.append(((start, link.end()), (by_url.get(url, url),)))
    named = [source.id for source in sources if source.id and not source.id.isdigit()]
    for name in named:
        found += [(mark.span(), (name,)) for mark in re.finditer(rf"[\[【(]\s*{re.escape(name)}\s*[\]】)]", answer)]
    last = 0
    for span, ids in sorted(found):
        if span[0] >= last:
            yield span, ids
            last = span[1]


def _read_ids(mark: str) -> tuple[str, ...]:
    mark = mark.partition("†")[0]

    def spread(found: re.Match[str]) -> str:
        first, last = int(found[1]), int(found[2])
        return " ".join(map(str, range(first, last + 1))) if first <= last < first + MOST_OF_A_RANGE else found[0]

    return tuple(dict.fromkeys(str(int(number)) for number in re.findall(r"\d+", _RANGE.sub(spread, mark))))


def _join_marks(answer: str, marks: Iterable[tuple[tuple[int, int], tuple[str, ...]]]) -> list[tuple[tuple[int, int], tuple[str, ...]]]:
    """Join citations that stand side by side, "[1] [4]": they belong to one claim."""
    groups = list[tuple[tuple[int, int], tuple[str, ...]]]()
    for span, ids in marks:
        if groups and not answer[groups[-1][0][1] : span[0]].strip(" ,;"):
            (start, _), before = groups.pop()
            groups.append(((start, span[1]), tuple(dict.fromkeys((*before, *ids)))))
        else:
            groups.append((span, ids))
    return groups


def _blank_links(answer: str) -> str:
    """Return an answer of the same length in which the bracket before a link's text is a space."""
    return _LINK.sub(lambda link: f" {link[0][1:]}" if link[2] else link[0], answer)


def match_source(cited: str, sources: Sequence[SourceText]) -> SourceText | None:
    """Return the source that an id names; None where there is none."""
    by_id = {source.id: source for source in sources}
    if cited in by_id:
        return by_id[cited]
    numbered = {
        match[0]: source
        for source in sources
        if (match := re.search(r"\d+$", source.id)) and source.id[: match.start()].strip().upper() in ("DOC", "SOURCE")
    }
    return numbered.get(cited)
