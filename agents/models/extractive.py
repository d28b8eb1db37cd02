"""The extractive reader: a model without a neural network.

It plans the obvious, picks by shared words, and answers with sentences it was given. It knows the research's questions by the type of the
answer they ask for; to any other question it answers with the sentences of the conversation's material that share most words with it. Same
question, same answer.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sayso.tools.canonical import JsonObject, readable_json
from sayso.tools.errors import ModelError
from sayso.tools.quantities.tables import UNIT_WORDS
from sayso.workflows import Usage

from ..messages import Message, SystemMessage, ToolMessage, UserMessage
from ..research.aspect_forms import settle_aspect
from ..research.aspects import SETS, find_aspects
from ..research.comparing import ComparedFact, compare_rows
from ..research.fitting import find_condition, find_offer, fit, is_answer, is_specific, rate, states_a_term
from ..research.offer_words import is_deed, is_deed_for_hire, is_offer, is_term_of_art, is_trade
from ..research.orders import is_order
from ..research.other_companies import is_price_of_others
from ..research.own_names import cut_name, find_used_words, split_name
from ..research.page_terms import OfferWord, find_places, find_terms
from ..research.sentence_words import has_money, starts_with_article
from ..research.sentences import Shape, Stated, find_blocks, find_stated, split_sentences
from ..research.site_names import find_business_name, find_site_name, squash_name
from .model import Delta, Finished, ModelRequest, TextDelta

STOP_WORDS = frozenset(
    """
    a an and are as at be but by can do does for from had has have how i if in is it its me my no not of on or our so that the their them
    there they this to us was we were what when where which who why will with you your
    """.split()
)


def _match_any(words: str) -> re.Pattern[str]:
    """Return a pattern for any of the words, each a piece of a regular expression."""
    return re.compile(rf"\b(?:{'|'.join(words.split(', '))})\b", re.IGNORECASE)


NOT_A_BUSINESS = _match_any(
    r"top \d+, best .{0,40}(?:near|in|of|list), near me, directory, directories, listings?, reviews?, wikipedia, news, blog, jobs?, "
    r"coupons?, rank(?:ed|ing)s?, guide"
)
_PASSAGE = re.compile(r"^\[DOC (\d+)\] [^\n]*\n(.*?)(?=\n\n\[DOC \d+\] |\Z)", re.MULTILINE | re.DOTALL)
_WRAPPED = re.compile(r"(?<=[^\n]{30})(?<![.!?:])\n(?=[^\s#*|-])")
_ENDINGS = re.compile(r"(?:ing|ed|es|s|e)$")
MOST_SENTENCES = 2
KNOWN_TRADE = 1.5
MOST_OF_A_LINE = 2
"""How often a term of art counts in one result at most for what a business does."""
SHORT_SITE = 300
"""In so many words or fewer, a word that is said twice is one that the site is about."""
MOST_CLAIMS = 25
"""How many sentences of one aspect an answer has."""
LEAST_LINE = 2.2
"""How much a line that is no sentence and has no figure must fit its aspect: lists of links have the words of aspects, too."""
LEAST_WORTH = 1.4
"""How much a sentence must fit its aspect and say, together."""


@dataclass(frozen=True, slots=True)
class ExtractiveReader:
    """Answers by quoting. Deterministic, offline, free."""

    name: str = "extractive reader"
    takes_tools: bool = False
    answers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Answers that are known already, by question."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the answer in one piece. Raises ModelError for an output type that cannot be quoted."""
        question = request.question
        if request.schema is None:
            text = quote_answer(question, request.messages)
        else:
            answer = ANSWERS.get(str(request.schema.get("title", "")))
            if answer is None:
                raise ModelError(
                    f"The extractive reader cannot make a {request.schema.get('title', 'value of that type')}: it only quotes. "
                    "Give a model: --model NAME or --base-url URL."
                )
            text = self.answers.get(question, "")
            if not text:  # it takes seconds for long pages
                text = readable_json(await asyncio.to_thread(answer, question))
        yield TextDelta(text)
        yield Finished("stop", Usage())


def find_words(text: str) -> list[str]:
    """Return the words that carry meaning, in lower case, plural s dropped."""
    found = re.findall(r"[^\W_]+(?:['’][^\W_]+)?", text.lower())
    return [word.rstrip("s") if len(word) > 3 else word for word in found if word not in STOP_WORDS]


def _find_field(question: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", question, re.MULTILINE)
    return found[1].strip() if found else ""


def make_plan(question: str) -> Mapping[str, object]:
    """Answer with a Plan: search for other businesses of the same kind, judged by the words of the first search results."""
    subject = next((name for kind in ("Company", "Market", "Topic") if (name := _find_field(question, kind))), "")
    wanted = re.search(r"^(Competitors|Businesses|Pages) wanted: (.*)$", question, re.MULTILINE)
    what, number = (wanted[1].lower(), wanted[2]) if wanted else ("competitors", "some")
    name = "".join(find_words(subject))
    lines = re.findall(r"^- (.*)$", question, re.MULTILINE)
    own = _find_own_lines(lines, subject)
    # What a namesake says says nothing of it.
    told = [line for line in lines if line in own or not line.casefold().startswith(subject.casefold())] if own else lines
    told = [cut_name(line, subject) for line in told + own]
    counts: Counter[OfferWord] = Counter()
    for line in told:
        named: dict[str, list[OfferWord]] = {}
        for word in filter(is_offer, find_terms(line)):
            named.setdefault(word.stem, []).append(word)
        counts.update({same[0]: min(MOST_OF_A_LINE, len(same)) if is_term_of_art(same[0].text) else 1 for same in named.values()})
    unused = set(split_name(subject)) - find_used_words(told, split_name(subject))
    places = {word.casefold() for line in lines for place in find_places(line) for word in place.split()}
    # A word that names a trade says more than one that only stands in as many results.
    common = {word for line in told for word in re.findall(r"(?<!\w)[a-z]+(?!\w)", line)}
    # "Security - Fendrow: ..." is the name of a page.
    pages = {match[1].casefold() for line in told if (match := re.match(r"\W*([^\W\d_]+) ?[-–—:]+ ", line))}
    alone = {word for word in pages if sum(word in line.casefold() for line in told) == 1}
    trades = {word for word in counts if word.text.casefold() not in alone and _names_a_trade(word, common)}
    usual = sorted(counts, key=lambda word: -counts[word] - KNOWN_TRADE * (word in trades))
    kinds: dict[str, str] = {}
    for word in usual:
        lower = word.text.lower()
        if not (name and lower.startswith(name)) and lower not in unused and lower not in places:
            kinds.setdefault(word.stem, lower)
    kind = list(kinds.values())[:2]
    about = " ".join(kind) if what == "competitors" and kind else subject
    aspects = _find_field(question, "Proposed aspects").replace(";", ",")
    steps = [
        f"Search for {'businesses like ' if what == 'competitors' else ''}{subject}" + (f" ({about})." if about != subject else "."),
        f"Choose {number} {what} from the results, leaving out directories and lists.",
        "Read the page that was found, the home page, and those that promise most about what is still unknown.",
        f"Quote what the pages say on {aspects}." if aspects else "Quote what the pages say.",
        "Compare, check every sentence against its page, and write the report.",
    ]
    queries = [about, f"{about} prices", f"{about} locations", f"{about} about us"] if about != subject or what != "competitors" else []
    return {"steps": steps, "queries": [*queries, f"{subject} competitors" if what == "competitors" else subject]}


def _names_a_trade(word: OfferWord, common: Collection[str]) -> bool:
    """Return whether a word is likely to name a trade: one of the table's, or a term of art that is no name."""
    if is_term_of_art(word.text):
        return word.text.casefold() in common
    return bool(word.concepts) and is_trade(word) and (not is_deed(word.text.casefold()) or is_deed_for_hire(word))


def _find_own_lines(lines: Sequence[str], subject: str) -> list[str]:
    """Return the lines that begin with the name of the subject alone, or else with it: "Murmur Café" is a namesake of Murmur."""
    begin = [line for line in lines if subject and line.casefold().startswith(subject.casefold())]
    alone = [line for line in begin if not re.match(r"[\w'’&-]|\s(?:&\s)?[A-ZÀ-Þ]", line[len(subject) :])]
    return alone or begin


def choose_results(question: str) -> Mapping[str, object]:
    """Answer with a Choice: the results that are businesses' own sites, those that share most words with the others first."""
    company = "".join(find_words(_find_field(question, "Company")))
    most = int((re.search(r"up to (\d+)", question) or ["", "8"])[1])
    rows = [
        (int(n), title, url, snippet) for n, url, title, snippet in re.findall(r"^(\d+)\. (\S+) \| (.*?) \| (.*)$", question, re.MULTILINE)
    ]
    common = Counter(word for _, title, _, snippet in rows for word in set(find_words(f"{title} {snippet}")))
    scored = []
    for number, title, url, snippet in rows:
        site = find_site_name(url)
        about_company = company and company in "".join(find_words(f"{site} {title}"))
        if about_company or NOT_A_BUSINESS.search(f"{title} {url.replace('-', ' ')}"):
            continue
        shared = sum(common[word] > 1 for word in set(find_words(f"{title} {snippet}")))
        scored.append((-shared, number, find_business_name(title, site), snippet))
    picks = [
        {"number": number, "name": name, "reason": _take_first_sentence(snippet) or f"shares {-shared} words with the other results"}
        for shared, number, name, snippet in sorted(scored)[:most]
    ]
    return {"picks": picks}


def _take_first_sentence(text: str) -> str:
    return next((sentence for sentence in split_sentences(text.strip(" .…")) if len(sentence) > 20), text.strip())[:160]


def find_claims(question: str) -> Mapping[str, object]:
    """Answer with Findings: the sentences and rows that make sense alone, each under the aspect that it is about, the best first."""
    if "\nThese quotes are not on the pages:" in question:
        return {"claims": []}  # every sentence was copied: there is no better copy
    company = _find_field(question, "Competitor") or _find_field(question, "Topic")
    aspects = find_aspects(re.findall(r"([^;()]+?)(?: \([^)]*\))?(?:; |$)", _find_field(question, "Aspects"))) or SETS["generic"]
    scored: list[tuple[int, float, int, int, str, Stated]] = []
    blocks = list(find_blocks(question))
    usual = find_usual_words([text for _, text in blocks])
    for number, text in blocks:
        for stated in find_stated(text, company):
            if stated.shape is Shape.DATA or (has_money(stated.text) and is_price_of_others(stated.text, (squash_name(company),))):
                continue
            aspect, fits = fit(stated.own, stated.headings, aspects, stated.amounts, usual, company)
            is_term = states_a_term(stated.own, company, is_line=stated.shape is Shape.LINE) or is_answer(stated.own)
            if is_term and aspect is None and stated.shape is Shape.LINE:
                aspect, fits = find_offer(aspects), LEAST_LINE
            elif aspect is None and stated.shape is Shape.SENTENCE:
                aspect, fits = find_condition(stated.own, stated.amounts, usual, aspects, company), 1.4 if is_term else 1.2
            if stated.text != stated.own and starts_with_article(stated.own) and aspect is not None:
                aspect = find_offer(aspects)  # "Garden Betta: A black bean patty, with all the usual company."
            aspect = settle_aspect(stated.own, stated.amounts, aspect, aspects, company)
            if stated.shape is Shape.LINE and not stated.amounts and fits < LEAST_LINE:
                continue
            if not is_term and not is_specific(stated.own, stated.amounts, company, fits, usual):
                continue
            worth = max(fits + rate(stated.text, stated.amounts), LEAST_WORTH if is_term else 0.0)
            if aspect is not None and worth >= LEAST_WORTH:
                scored.append((aspects.index(aspect), -worth, len(scored), number, aspect.name, stated))
    claims: list[JsonObject] = []
    taken: dict[str, int] = {}
    for _, _, _, number, topic, stated in sorted(scored, key=lambda row: row[:3]):
        taken[topic] = taken.get(topic, 0) + 1
        if taken[topic] <= MOST_CLAIMS:
            claims.append({"topic": topic, "text": stated.text, "quote": stated.quote, "page": number})
    return {"claims": claims}


def find_usual_words(texts: Sequence[str]) -> set[str]:
    """Return the words that a site uses most: what it is about."""
    counts = Counter(word for text in texts for word in find_words(text) if len(word) > 2 and word.isalpha() and word not in UNIT_WORDS)
    fewest = 3 if counts.total() > SHORT_SITE else 2
    return {word for word, count in counts.most_common(8) if count >= fewest}


def compare_facts(question: str) -> Mapping[str, object]:
    """Answer with a Comparison: sentences built from the facts' amounts, each with the numbers of the facts that it rests on."""
    rows = re.findall(r"^\[(\d+)\] (.*?) \| (.*?) \| (.*)$", question, re.MULTILINE)
    points = compare_rows([ComparedFact(int(number), name, topic, text) for number, name, topic, text in rows])
    return {"points": [{"text": point.text, "facts": list(point.claims)} for point in points]}


def check_comparison(question: str) -> Mapping[str, object]:
    """Answer with a Critique of what can be checked without understanding: that each sentence names facts that exist."""
    known = set(re.findall(r"^\[(\d+)\] ", question, re.MULTILINE))
    problems = []
    for text, facts in re.findall(r"^- (.*) \(facts: (.*)\)$", question, re.MULTILINE):
        wrong = [number for number in re.findall(r"\d+", facts) if number not in known]
        if facts == "none" or wrong:
            problems.append(f"{text[:80]}: names {'no fact' if facts == 'none' else 'facts that do not exist: ' + ', '.join(wrong)}")
    return {"problems": problems}


ANSWERS: Mapping[str, Callable[[str], Mapping[str, object]]] = {
    "Plan": make_plan,
    "Choice": choose_results,
    "Findings": find_claims,
    "Comparison": compare_facts,
    "Critique": check_comparison,
    "Reworded": lambda question: {"text": _find_field(question, "Sentence")},  # it only quotes
    "Opinion": lambda _: {"says_so": "yes"},  # the gate has read it before, and better
}


def quote_answer(question: str, messages: Sequence[Message]) -> str:
    """Return up to three sentences of the material that share most words with the question."""
    material = [message.text for message in messages if isinstance(message, (SystemMessage, UserMessage)) and message.text != question]
    material += [result.text for message in messages if isinstance(message, ToolMessage) for result in message.results]
    lines = question.strip().split("\n")
    asked, own = (lines[-1], "\n".join(lines[:-1])) if len(lines) > 1 else (question, "")
    if quoted := next(filter(None, (quote_passages(asked, text) for text in (own, *reversed(material)))), None):
        return quoted
    wanted = set(find_words(asked))
    scored = []
    for place, sentence in enumerate(split_sentences("\n".join([own, *material]))):
        shared = len(wanted & set(find_words(sentence)))
        if shared and 12 <= len(sentence) <= 320 and not is_order(sentence) and not sentence.endswith("?"):
            scored.append((-shared, place, sentence))
    best = sorted(scored)[:3]
    if not best:
        return "The material I was given does not say."
    return " ".join(sentence for _, _, sentence in sorted(best, key=lambda row: row[1]))


class ScoredSentence(NamedTuple):
    """A sentence of a passage: how many words it shares with the question, its order in the material, and its passage's number."""

    shared: int
    order: int
    passage: str
    text: str


def quote_passages(asked: str, material: str) -> str | None:
    """Return the sentences of the passages ([DOC n]) that share most words with the question, quoted, each with its passage's number.

    None when the material has no passages, or none with a sentence about what is asked.
    """
    scored = [sentence for sentence in _score_sentences(asked, material) if sentence.shared]
    if not scored:
        return None
    most = max(sentence.shared for sentence in scored)
    best = sorted((sentence for sentence in scored if sentence.shared == most), key=lambda sentence: sentence.order)
    return " ".join(f"“{sentence.text}” [DOC {sentence.passage}]" for sentence in best[:MOST_SENTENCES])


def find_passages_about(asked: str, material: str) -> list[int]:
    """Return the numbers of the passages that share two words with what is asked, or all its words where it has fewer."""
    wanted = _find_stems(asked)
    return [int(number) for number, text in _PASSAGE.findall(material) if len(wanted & _find_stems(text)) >= min(2, len(wanted)) > 0]


def _score_sentences(asked: str, material: str) -> Iterator[ScoredSentence]:
    wanted = _find_stems(asked)
    order = 0
    for number, text in _PASSAGE.findall(material):
        for sentence in split_sentences(_WRAPPED.sub(" ", text)):
            if not sentence.startswith("#") and sentence.endswith((".", "!")):
                yield ScoredSentence(len(wanted & _find_stems(sentence)), order, number, sentence)
                order += 1


def _find_stems(text: str) -> set[str]:
    return {_ENDINGS.sub("", word) if len(word) > 4 else word for word in find_words(text)}
