"""The length of a model's context, where an endpoint refuses a prompt as too long and says how long one may be."""

from __future__ import annotations

import re

_NUMBER = r"(\d[\d,.' ]*\d|\d+)"
_LIMITS = tuple(
    re.compile(words, re.IGNORECASE | re.DOTALL)
    for words in (
        rf"n_ctx\W{{1,4}}{_NUMBER}",
        rf"\d \+ \d+ > {_NUMBER}",
        rf"max(?:imum)?[\W_]+(?:(?:model|context|prompt|input|sequence|seq|allowed|token)[ _]+)*"
        rf"(?:length|size|window|limit|len)\w*(?: of| is|:)?\D{{0,12}}{_NUMBER}",
        rf"context (?:size|length|window|limit)[^\d.]{{0,24}}{_NUMBER}",
        rf"(?:maximum|limit)[^\d.]{{0,60}}?{_NUMBER} ?(?:input |prompt )?tokens?\b",
        rf"tokens allowed\W{{0,4}}{_NUMBER}",
        rf"(?:>|<=|≤|at most|must be less than|exceeds?(?: the)? (?:limit|maximum) of) ?{_NUMBER}",
        rf"{_NUMBER}(?: tokens?)? (?:maximum|limit)",
        rf"range of input length should be \[\d+, ?{_NUMBER}\]",
        rf"(?:limit|maximum|length)\D{{1,24}}{_NUMBER}",
        rf"上下文\D{{0,20}}{_NUMBER}",
    )
)


def read_length(refusal: str) -> int | None:
    """Return the length of the context that a refusal names ("maximum context length is 8192 tokens"); None where it names none."""
    for words in _LIMITS:
        for found in words.finditer(refusal):
            number = int(re.sub(r"\D", "", found[1]))
            if 256 <= number <= 100_000_000:
                return number
    return None
