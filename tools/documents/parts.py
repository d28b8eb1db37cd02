"""Split a passage into the parts that get vectors of their own, so that one sentence of it can be what a question is about. Pure."""

from __future__ import annotations

from ..truth.statements import split_sentences

SHORTEST = 40
"""Characters: what is shorter says little by itself, and stands with what comes before."""
MOST_PARTS = 12


def split_parts(text: str) -> list[str]:
    """Return the sentences of a passage, short ones with the one before; none for a passage that is a single one."""
    parts = list[str]()
    for line in text.split("\n"):
        for sentence, _ in split_sentences(line.strip()):
            if parts and (len(parts[-1]) < SHORTEST or len(sentence) < SHORTEST):
                parts[-1] = f"{parts[-1]} {sentence}"
            else:
                parts.append(sentence)
    together = -(-len(parts) // MOST_PARTS) or 1
    joined = [" ".join(parts[start : start + together]) for start in range(0, len(parts), together)]
    return joined if len(joined) > 1 else []
