"""Small talk: what asks for nothing, and what is answered to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sayso.tools.documents import Passage
from sayso.tools.documents.query_words import STOP_WORDS

from .sources import DocumentSource, PassageSource

MOST_TITLES = 5
MOST_TALK_WORDS = 8


def asks_for_something(text: str) -> bool:
    """Return whether a text is a question about something: it has a question mark or begins like one, and has words of its own.

    "How are you?" has none. A text that is long, or has a number, is taken for a question in any case.
    """
    words = re.findall(r"[^\W_]+", text.lower())
    own = [word for word in words if word not in STOP_WORDS]
    if len(words) > MOST_TALK_WORDS or any(word.isdigit() for word in words):
        return True
    return bool(own) and ("?" in text or "？" in text or words[0] in STOP_WORDS)


def make_greeting(source: PassageSource, passages: Sequence[Passage]) -> str:
    """Return the answer to small talk: what can be asked here, by the titles of the documents."""
    if isinstance(source, DocumentSource):
        named = "; ".join(source.documents.files[:MOST_TITLES])
        return f"Hello! Ask me about what is in the documents: {named}."
    return "Hello! Ask me a question, and I look the answer up on the web."
