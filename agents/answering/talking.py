"""Small talk: what asks for nothing, and what is answered to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sayso.tools.documents import Passage
from sayso.tools.documents.query_words import STOP_WORDS, split_words

from .sources import DocumentSource, PassageSource

MOST_TITLES = 5
MOST_TALK_WORDS = 8
_FORMULAS = frozenset(
    """
    awesome bye cheers congratulations cool excellent fantastic glad good goodbye great greetings happy hello helpful hey hi howdy lovely
    nice no nope ok okay pardon perfect pleased see sorry super sure thank thanks thx welcome wonderful yeah yep yes
    """.split()
)
"""What people say to greet, thank, agree and say goodbye. Almost any document holds some of these words, and nobody looks for them."""
_BESIDE_FORMULAS = frozenset(
    """
    afternoon again all back day days everybody everyone evening fine folks friend just later lot meet morning new now one please really
    soon then today tomorrow too very weekend well night year
    """.split()
)
"""What stands beside those: "good morning", "see you tomorrow". Alone they may be what somebody looks for."""


def asks_for_something(text: str) -> bool:
    """Return whether a text is a question about something: it has a question mark or begins like one, and has words of its own.

    "How are you?" has none. A text that is long, or has a number, is taken for a question in any case.
    """
    words = re.findall(r"[^\W_]+", text.lower())
    own = [word for word in words if word not in STOP_WORDS]
    if len(words) > MOST_TALK_WORDS or any(word.isdigit() for word in words):
        return True
    return bool(own) and ("?" in text or "？" in text or words[0] in STOP_WORDS)


def is_formula(text: str) -> bool:
    """Return whether a text only greets, thanks or agrees, so that it tells nothing which documents hold its words.

    So does a text of small words alone ("How are you?").
    """
    words = split_words(text)
    own = {word for word in words if word not in STOP_WORDS}
    if not own:
        return True
    is_known = own <= _FORMULAS | _BESIDE_FORMULAS and not own.isdisjoint(_FORMULAS)
    return is_known and len(words) <= MOST_TALK_WORDS and "?" not in text


def make_greeting(source: PassageSource, passages: Sequence[Passage]) -> str:
    """Return the answer to small talk: what can be asked here, by the titles of the documents."""
    if isinstance(source, DocumentSource):
        named = "; ".join(source.documents.files[:MOST_TITLES])
        return f"Hello! Ask me about what is in the documents: {named}."
    return "Hello! Ask me a question, and I look the answer up on the web."
