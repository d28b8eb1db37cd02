"""Tell texts that repeat the same words over and over, as pages do that want to be found, from those that say something."""

from __future__ import annotations

FEWEST_WORDS = 40
MOST_REPEATED = 0.25
"""The share of different words from which a text says something: prose of a passage's length has 0.45 and more, a list of settings 0.3."""
STUFFED = 0.3
"""What a text that only repeats itself counts beside another: it is found where nothing else is."""


def count_for(text: str) -> float:
    """Return what a text counts among others: 1, or `STUFFED`. A table repeats words rightly, and counts in full."""
    if "|" in text or "\t" in text:
        return 1.0
    words = text.lower().split()
    return STUFFED if len(words) >= FEWEST_WORDS and len(set(words)) < MOST_REPEATED * len(words) else 1.0
