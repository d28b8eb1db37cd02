"""The truth gate: is a sentence stated by a passage?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import pairwise

from .checks import CHECKS
from .equal_turns import put_equally
from .facts import split_facts
from .folding import fold, squeeze
from .frame_proof import Passage, says_as_much
from .grammar import GRAMMAR, PREPOSITIONS
from .languages import find_language
from .lexicon import is_thing
from .marks import Mark
from .matching import Match, match_statement
from .plain_words import put_plainly
from .reading import Reading, read_statement
from .rivals import find_rival_subject
from .statements import Form, Statement, split_passage, split_sentences
from .turned import turn_statement
from .verdict import Problem, ProblemKind, Verdict
from .vetoes import find_vetoes
from .word_kinds import is_weak, names_a_business
from .word_pairs import may_stand_for
from .words import Word, alike, is_light, tokenize

_MOST_CANDIDATES = 8
_LONGEST_SENTENCE = 2_000
_LONGEST_STATEMENT = 1_500
_LONGEST_CONTEXT = 2_000
_AROUND = 2
"""How many statements before and after the quote belong to its window."""


def check_statement(sentence: str, passage: str, *, quote: str = "", subject: str = "") -> Verdict:
    """Return whether a passage states a sentence, where, and if not, why not.

    `quote` narrows the passage to what stands around it. `subject` names whose page it is: "we" in the passage is the subject.

    A sentence is stated by one statement of the passage: a sentence, a list item with its heading, or a table row with its headers.
    Every clause of it has to be. Each rule is a function of `checks.CHECKS`:

    - Figures: numbers, units, currencies, periods, bounds, dates and codes are the statement's, each with its own noun, verb and clause.
      A bare number counts no new thing, and a total over several lists is not put on one of them (`counted_nouns`).
    - Words: names, things, verbs and adjectives are said, by stem or by the tables; framing words such as "offer" or "customers" may be
      added. A word that stands in the place of another one of the statement is refused unless they are alike.
    - Roles: who does what to whom, which side of a comparison, "for" or "against", "with" or "without" stay.
    - Frames: negation, quantifiers, plans, possibilities, duties, sources and what is over stay.
    - Limits: "only", "if", "within", "for members" stay where they limit what the sentence says.
    - In other languages no limiting word may be left out or added; Japanese keeps the kanji and numbers of one clause.

    What these rules miss because it is put otherwise ("nobody younger than 21" for "21 or older") is stated by its frame: the same duty,
    permission or fact, denied or not, with the same figures, and no word of either side left over. Roles, times and limits still hold.
    A sentence that is refused is tried once more with both sides in equal turns (`equal_turns`): "you pay €12 for a ticket" is "a ticket
    costs €12". Nothing is stated over a veto: who pays whom, what "only" limits, a ban told as leave (`vetoes.VETOES`).

    A sentence that is the passage's own is stated, unless it is about a business that the passage sets against its subject ("our competitor
    Velo Barn", "unlike us"). What is not sure is refused, so that the quote can stand instead.
    """
    everything = statements = split_passage(passage)
    if quote:
        statements = _find_window(quote, passage, statements)
        if not statements:
            return Verdict(False, (Problem(ProblemKind.QUOTE, "The quote is not in the passage."),))
    owner = tokenize(fold(subject).text)
    text = put_plainly(" ".join(fold(sentence[:_LONGEST_SENTENCE]).text.split()))
    parts = [part for part, _ in split_sentences(text)] if text else []
    verdicts = [_check_in_turns(part, statements, owner, everything) for part in parts if re.search(r"\w", part)]
    if not verdicts:
        return Verdict(False, (Problem(ProblemKind.NOTHING, "The sentence says nothing."),))
    problems = tuple(dict.fromkeys(problem for verdict in verdicts for problem in verdict.problems))
    return Verdict(
        not problems, problems, next((verdict.evidence for verdict in verdicts if verdict.evidence), None) if not problems else None
    )


def _find_window(quote: str, passage: str, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    words = fold(quote).text.split()
    folded = fold(passage)
    found = re.search(r"\s+".join(map(re.escape, words)), folded.text) if words else None
    if not found:
        return ()
    start, end = folded.find_place(found.start()), folded.find_place(found.end() - 1) + 1
    touched = [at for at, each in enumerate(statements) if each.span[0] < end and start < each.span[1]]
    return statements[max(0, touched[0] - _AROUND) : touched[-1] + _AROUND + 1] if touched else ()


def _check_in_turns(text: str, statements: tuple[Statement, ...], owner: tuple[Word, ...], everything: tuple[Statement, ...]) -> Verdict:
    """Check a sentence as it is written and then, if it is refused, with it and the passage put in equal turns."""
    verdict = _check_sentence(text, statements, owner, everything)
    if verdict.stated or find_language(text.casefold().split()) not in {"", "en"}:
        return verdict
    turned = _put_all_equally(everything)
    near = [everything.index(each) for each in _find_candidates(read_statement(text), statements, owner)[:3]]
    equal = put_equally(text)
    if equal == text and all(turned[at].text == everything[at].text for at in near):
        return verdict
    other = _check_sentence(equal, tuple(turned[at] for at in sorted(near)), owner, turned, quick=True)
    if not other.stated or other.evidence is None:
        return verdict
    whole = next(each for each in everything if each.span[0] <= other.evidence[0] and other.evidence[1] <= each.span[1])
    vetoes = find_vetoes(read_statement(text), whole, owner, everything)  # of both as they are written, too
    return Verdict(False, vetoes) if vetoes else other


@lru_cache(64)
def _put_all_equally(everything: tuple[Statement, ...]) -> tuple[Statement, ...]:
    texts = {each.text: each.text if each.form is Form.ROW else put_equally(each.text) for each in everything}
    return tuple(replace(each, text=texts[each.text], before=texts.get(each.before, each.before)) for each in everything)


def _check_sentence(
    text: str, statements: tuple[Statement, ...], owner: tuple[Word, ...], everything: tuple[Statement, ...], *, quick: bool = False
) -> Verdict:
    """Check one sentence. With `quick`, a statement is left at its first problem: the verdict is the same, its problems are not all."""
    if rival := find_rival_subject(text, everything, owner):
        return Verdict(False, (Problem(ProblemKind.SUBJECT, f"This is about “{rival}”, which the passage sets against its subject."),))
    same = squeeze(text)
    for statement in statements:
        if squeeze(statement.text) == same and "~~" not in statement.text:
            return Verdict(True, (), statement.span)
    if text.rstrip(" \"'").endswith("?"):
        return Verdict(False, (Problem(ProblemKind.NOTHING, "A question states nothing."),))
    context = " ".join(each.text for each in everything)[:_LONGEST_CONTEXT]
    parts = split_facts(Statement(text, (0, len(text)), Form.SENTENCE))
    if len(parts) > 1 and all(len(each.text) < len(text) and _has_verb(each.text) for each in parts):
        verdicts = [_check_sentence(each.text, statements, owner, everything) for each in parts]
        if all(each.stated for each in verdicts) and _are_of_one([each.text for each in parts], verdicts):
            return verdicts[0]
    reading = read_statement(text, context)
    if not any(reading.is_content(at) for at in range(len(reading.words))) and not reading.figures:
        return Verdict(False, (Problem(ProblemKind.NOTHING, "The sentence says nothing that could be checked."),))
    best: tuple[Problem, ...] | None = None
    general, kinds, own = _find_general(everything, owner), _find_kinds(everything), find_own(everything, owner)
    names = find_names(everything)
    lent = Passage(owner, own, names=names)
    facts = tuple(fact for each in _find_candidates(reading, statements, owner) for fact in split_facts(each))
    for statement in _find_candidates(reading, facts, owner):
        elsewhere = _find_elsewhere(statement, everything)
        found = find_problems(match_statement(reading, statement, owner, elsewhere, general, kinds, names, own))
        first = next(found, None) if quick else None
        frames = _may_be_framed(statement, statements) and partial(_is_framed, reading, statement, replace(lent, elsewhere=elsewhere))
        hopeless = first and not (_are_of_frames([first]) and frames and frames())
        problems = (first,) if first and hopeless else (*([first] if first else ()), *found)
        stated = not problems or (not hopeless and _are_of_frames(problems) and frames and frames())
        if stated:
            problems = find_vetoes(reading, statement, owner, everything)
        if not problems:
            return Verdict(True, (), statement.span)
        if best is None or _weigh(problems) < _weigh(best):
            best = problems
    for statement in _find_candidates(reading, statements, owner):
        denied = any(each.negative for each in (*reading.segments, *read_statement(statement.text).segments))
        if (
            not denied
            and len(split_facts(statement)) > 1
            and _is_framed(reading, statement, replace(lent, elsewhere=_find_elsewhere(statement, everything)))
        ):
            match = match_statement(reading, statement, owner, _find_elsewhere(statement, everything), general, kinds, names, own)
            if _are_of_frames(find_problems(match)) and not find_vetoes(reading, statement, owner, everything):
                return Verdict(True, (), statement.span)
    for statement in (turn for each in (*_find_candidates(reading, statements, owner), *facts) for turn in turn_statement(each)):
        match = match_statement(reading, statement, owner, _find_elsewhere(statement, everything), general, kinds, names, own)
        if not any(find_problems(match)) and not find_vetoes(reading, statement, owner, everything):
            return Verdict(True, (), statement.span)
    clauses = split_clauses(reading)
    if len(clauses) > 1 and all(map(_has_verb, clauses)):
        verdicts = [_check_sentence(each, statements, owner, everything) for each in clauses]
        if all(each.stated for each in verdicts) and _are_of_one(clauses, verdicts):
            return verdicts[0]
    return Verdict(False, best or (Problem(ProblemKind.WORD, "The passage says nothing of this."),))


def _may_be_framed(statement: Statement, statements: Sequence[Statement]) -> bool:
    """Return whether a part of a statement says something alone: of "gas and paint are prohibited", "gas" does not."""
    return statement in statements or statement.form is Form.ROW or _has_verb(statement.text)


_OF_THEM = re.compile(r"\b(?:of|for|with|by|in|on|from|to) (?:them|these|those|it)\b", re.IGNORECASE)


def _are_of_one(clauses: Sequence[str], verdicts: Sequence[Verdict]) -> bool:
    """Return whether clauses that point back are said where the first one is: "there are nine of them" of the same rooms."""
    return all(each.evidence == verdicts[0].evidence or not _OF_THEM.search(text) for text, each in zip(clauses, verdicts, strict=True))


_FRAMED = frozenset(
    {
        ProblemKind.WORD,
        ProblemKind.NEGATION,
        ProblemKind.SUBJECT,
        ProblemKind.BOUND,
        ProblemKind.CONDITION,
        ProblemKind.UNIT,
        ProblemKind.NUMBER,
    }
)


def _are_of_frames(problems: Iterable[Problem]) -> bool:
    """Return whether all problems are such as frames settle: which words and figures are said, limited or denied."""
    return all(each.kind in _FRAMED or "“before”" in each.what for each in problems)


def _is_framed(reading: Reading, statement: Statement, passage: Passage) -> bool:
    """Return whether a statement says a sentence by its frame: all that it says is said, and nothing that limits it is lost."""
    if reading.language not in {"", "en"} or statement.text.endswith("?"):
        return False
    nearest = next((text for text in statement.headings if not text.endswith("?")), "")
    context = tuple(word for word in tokenize(nearest) if not is_light(word))
    segments = read_statement(statement.text).segments
    if segments and segments[-1].clause and any(each.negative for each in segments):
        return False  # which of its clauses denies?
    found = read_statement(statement.text)
    if not any(each.negative for each in (*segments, *reading.segments)) and not (
        _keeps_turns(reading, found) and _keeps_turns(found, reading)
    ):
        return False  # who gave it up does not do it
    return not says_as_much(reading.text, statement.text, replace(passage, context=context))


def _keeps_turns(one: Reading, other: Reading) -> bool:
    """Return whether each word that ends or refuses something has one alike in another text."""
    turns = [one.words[at] for _, first, end in one.find_marks(Mark.REVERSE) for at in range(first, end) if not is_light(one.words[at])]
    return all(any(may_stand_for(word, each) for each in other.words) for word in turns)


def _has_verb(text: str) -> bool:
    """Return whether a part of a sentence says something by itself."""
    reading = read_statement(text)
    if reading.language not in {"", "en"}:
        return True
    last = len(reading.words) - 1  # "annual tax returns" is no clause
    return any(segment.verb is not None and (segment.verb < last or not is_thing(reading.words[last])) for segment in reading.segments)


def split_clauses(reading: Reading) -> list[str]:
    """Return the main clauses of a sentence that have a subject and a verb of their own: "A sells tea, and B sells rice" has two."""
    parts, start = list[str](), 0
    for before, segment in pairwise(reading.segments):
        joined = segment.opener.lstrip(",;") in _JOINING or segment.opener == ";"
        if joined and segment.clause > before.clause and segment.own_subject and segment.verb is not None:
            cut = reading.words[segment.first + (segment.opener != ";" and segment.opener.lstrip(",;") in _JOINING)].start
            parts.append(reading.text[start : reading.words[segment.first].start].strip(" ,;"))
            start = cut
    parts.append(reading.text[start:].strip(" ,;"))
    fronted = bool(reading.words) and reading.words[0].text.casefold() in PREPOSITIONS
    return [] if fronted or any(word.text.casefold() in _LINKING for word in reading.words) else parts


_JOINING = frozenset("and but while whereas".split())
_LINKING = frozenset("if unless either neither than because although though so".split())


def _find_elsewhere(statement: Statement, everything: tuple[Statement, ...]) -> frozenset[str]:
    """Return the stems that the passage has outside of a statement and its headings."""
    own = {word.stem for text in (statement.text, *statement.headings) for word in tokenize(text)}
    return _count_stems(everything) - own


@lru_cache(64)
def _count_stems(everything: tuple[Statement, ...]) -> frozenset[str]:
    return frozenset(word.stem for each in everything for word in tokenize(each.text) if not is_light(word))


@lru_cache(64)
def _find_general(everything: tuple[Statement, ...], owner: tuple[Word, ...]) -> frozenset[str]:
    """Return the stems that the passage uses of its subject by name, or in several statements: they belong to no single one."""
    counts = Counter[str]()
    for each in everything:
        words = tokenize(each.text)
        named = any(word.text[:1].isupper() and any(word.stem == mine.stem for mine in owner) for word in words)
        counts.update({word.stem: 2 if named else 1 for word in words if word.text[:1].islower()})
    return frozenset(each for each, count in counts.items() if count > 1)


@lru_cache(64)
def find_names(everything: tuple[Statement, ...]) -> frozenset[str]:
    """Return the ordinary words that the passage writes as names where no sentence begins: "our Plus cover", a column "Team"."""
    found = set[str]()
    for each in everything:
        words = tokenize(each.text)
        for at, word in enumerate(words):
            between = each.text[words[at - 1].end : word.start] if at else "."
            inside = not set(between) & set('.!?:"') or each.form is Form.ROW
            if at and word.text[:1].isupper() and inside and word.text.casefold() not in GRAMMAR:
                found.add(word.text)
    return frozenset(each for each in found if is_light(tokenize(each)[0]) or is_weak(tokenize(each)[0]))


@lru_cache(64)
def find_own(everything: tuple[Statement, ...], owner: tuple[Word, ...]) -> frozenset[str]:
    """Return the stems of what the passage says that its subject is: "Suds is a laundrette", "Wanda, a campsite by the lake"."""
    found = set[str]()
    for each in everything:
        words = tokenize(each.text)
        named = [at for at, word in enumerate(words) if word.text[:1].isupper() and any(word.stem == mine.stem for mine in owner)]
        for at in named[-1:]:
            linked = [word.text.casefold() for word in words[at + 1 : at + 3]]
            if linked[:1] in (["a"], ["an"], ["the"]) or (linked[:1] in (["is"], ["was"]) and linked[1:] in (["a"], ["an"], ["the"])):
                for word in words[at + 2 : at + 9]:
                    if word.text.casefold() in PREPOSITIONS:
                        break
                    found.update({word.stem} if names_a_business(word) and word.text[:1].islower() else ())
    return frozenset(found)


@lru_cache(64)
def _find_kinds(everything: tuple[Statement, ...]) -> frozenset[tuple[str, str]]:
    """Return the pairs of neighbouring words of the passage that say something: by them "student ticket" is told from "adult ticket"."""
    found = set[tuple[str, str]]()
    for each in everything:
        words = tokenize(each.text)
        for one, two in pairwise(words):
            if not is_light(one) and not is_light(two) and each.text[one.end : two.start] == " ":
                found.add((one.stem, two.stem))
    return frozenset(found)


def find_problems(match: Match) -> Iterator[Problem]:
    """Yield what keeps a statement from saying the sentence."""
    for check in CHECKS:
        yield from check(match)


def _weigh(problems: Iterable[Problem]) -> int:
    return sum(3 if each.kind is ProblemKind.WORD else 2 for each in problems)


def _find_candidates(reading: Reading, statements: tuple[Statement, ...], owner: tuple[Word, ...]) -> list[Statement]:
    """Return the statements that share most with the sentence, the best first."""
    content = [word for at, word in enumerate(reading.words) if not is_light(word) and not any(alike(word, each) for each in owner)]
    stems = {word.stem for word in content}
    senses = frozenset[int]().union(*(word.senses for word in content)) if content else frozenset[int]()
    scored = list[tuple[float, int]]()
    for at, statement in enumerate(statements):
        if len(statement.text) > _LONGEST_STATEMENT:
            continue  # no sentence: what limits it could stand anywhere in it
        words = tokenize(statement.text)
        score = len({word.stem for word in words if word.stem in stems}) + 0.5 * len(
            {word.stem for word in words if not senses.isdisjoint(word.senses)}
        )
        if score:
            scored.append((score / (1 + len(words) / 200), -at))
    return [statements[-at] for _, at in sorted(scored, reverse=True)[:_MOST_CANDIDATES]]
