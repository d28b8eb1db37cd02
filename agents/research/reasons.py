"""Why a site was chosen, for people: what it has in common with the client, and the sentence in which it says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sayso.tools.quick_patterns import QuickPattern

from .fitting import DEFINES
from .offer_words import is_offer
from .page_kinds import is_no_evidence, sentences
from .page_reading import MOST_READ, find_owner_name, read_field, read_visible
from .page_terms import find_stem
from .profile import ClientProfile, Term
from .sentence_words import has_money
from .shared_terms import Shared, find_shared_terms
from .site_identity import find_site, squash_letters
from .state import VisitedPage

SAID, MOST_SAID = 0.25, 4
"""From which part of the heaviest word's weight a shared word is named in a reason, and how many are."""
SHORTEST, LONGEST = 12, 320
SURE = 2.0
"""From which form on a sentence says what the business is, though none of its words is one of the client's: "Haus X ist ein ..."."""
PRICED = 1.0
"""What a price takes from the form of a sentence."""
_WE = re.compile(
    r"(?:We|Our|I|Wir|Unsere?|Nous|Notre|Nosotros|Somos|Noi|Siamo|Wij|Vi|Vår|It|She|He|They)(?:['’]\w+)? |当店|当社|私たち|弊社"
)
_NOT_YET = QuickPattern(
    r"(?i:\b(?:will|shall|plans? to|hopes? to|would like|soon|soll(?:en)?|wird|werden|geplant|bald|prévoit|prévoyons|ouvrira|bientôt|"
    r"abrirá|pronto)\b)|予定"
)
_LEADING = re.compile(r"^(?:the|das|der|die|le|la|les|el|los)\s+", re.IGNORECASE)


def say_offer(profile: ClientProfile, shared: Mapping[Term, Shared], places: Iterable[str]) -> str:
    """Return the reason in a sentence, in the client's own words, the most important first."""
    top = profile.terms[0].weight if profile.terms else 0.0
    told = [term for term in profile.terms if term in shared and shared[term].counts >= 1 and is_offer(term.word)]
    heavy = [term for term in told if term.weight >= SAID * top]
    words = [term.text for term in heavy or told or list(shared)]
    words = list({find_stem(word): word if word.isupper() and len(word) < 5 else word.lower() for word in words}.values())[:MOST_SAID]
    listed = ", ".join(words)  # nouns and verbs, so that no "and" joins them
    where = ", ".join(places)
    if profile.kind != "competitors":
        return f"It {'is about' if profile.kind == 'topic' else 'offers'} {listed}." + (f" It names {where}." if where else "")
    return f"It has in common with {profile.company}: {listed}." + (f" Both name {where}." if where else "")


def find_self_description(profile: ClientProfile, pages: Sequence[VisitedPage]) -> tuple[str, str]:
    """Return the sentence of a site that says best what it is and does, with words of the same offer, as it stands there, and its page.

    A sentence that begins with the owner's name or "we" says what a business is; one that asks, promises or names a price hardly does.
    """
    owner = [squash_letters(name) for name in (find_owner_name(pages), find_site(pages[0].url).label) if len(squash_letters(name)) > 2]
    best, where, most = "", pages[0].url, float("-inf")
    most_shared = sum(term.weight for term in profile.terms) / max(profile.terms[0].weight, 1e-9) if profile.terms else 0.0
    for place, page in enumerate(pages):
        described = list(sentences(read_field(page, "description")))
        for at, sentence in enumerate([*described, *sentences(read_visible(page)[:MOST_READ])]):
            if is_no_evidence(sentence) or not SHORTEST <= len(sentence) <= LONGEST:
                continue
            form = _rate(sentence, owner)
            if form + most_shared + 0.5 - 0.005 * at - 0.15 * place < most - 1e-6:
                continue  # it cannot be the best, whatever its words
            shared = find_shared_terms(profile, sentence)
            if not shared and form < SURE:
                continue
            value = sum(term.weight * each.counts for term, each in shared.items()) / max(profile.terms[0].weight, 1e-9) if shared else -1.0
            value += form + (0.5 if sentence in described else 0.0) - 0.005 * at - 0.15 * place - max(0, len(sentence) - 160) / 160
            if value > most and has_money(sentence):  # looked for only where it decides
                value -= PRICED
                if not shared and form - PRICED < SURE:
                    continue
            if value > most:
                best, where, most = sentence, page.url, value
    return best, where


def is_sentence(snippet: str) -> bool:
    """Return whether a search result's text can be shown as a quote: no end of a cut sentence, no row of data."""
    return not snippet.startswith("…") and "|" not in snippet and len(snippet) <= LONGEST


def _rate(sentence: str, owner: Sequence[str]) -> float:
    """Return how far a sentence, by its form, is one in which a business says what it is: above 0 for one that does, below for another.

    What a price takes from it (PRICED) is not in it yet.
    """
    begins = squash_letters(_LEADING.sub("", sentence)[:80])
    value = 1.5 if any(begins.startswith(name) for name in owner) else 1.0 if _WE.match(sentence) else 0.0
    value += 0.5 if DEFINES.search(sentence) else 0.0
    value -= 2.0 if sentence.rstrip().endswith(("?", "？", ":", "…")) else 0.0
    value -= 1.5 if _NOT_YET.search(sentence) else 0.0
    return value - (0.5 if not sentence.rstrip().endswith((".", "!", "。", "！")) else 0.0)
