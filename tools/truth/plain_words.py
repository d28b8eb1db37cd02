"""A sentence put more plainly: turns of phrase that pages seldom have are replaced by equal ones that they have."""

from __future__ import annotations

import re

_THING = r"((?:the|an?|its|their|your|our|his|her|my)(?: [\w£$€-]+){1,3})"
_AFTER_PARTICLE = r"(?=[,.;]|$| (?:in|at|on|for|when|if|by|within|after|before|until)\b)"
"""A particle behind its object ends a phrase: "set the brewery up in 2011", not "takes the road up the hill"."""

_TURNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        (r"^should (?=(?:the|a|an|any|you|we|it|they|your|our|his|her|their|no|\w+s)\b)", "If "),
        (r"^were (?=(?:you|we|it|they)\b)", "If "),
        (r"\b(?:a )?quarter of an hour\b", "15 minutes"),
        (r"\bevery half[ -](?:an )?hour\b", "every 30 minutes"),
        (r"\bthe number of (\w+) (?:is|stands at|amounts to|comes to)\b", r"the number of \1 is"),
        (r"\b(?:in the event that|on the occasion that|in case)\b", "if"),
        (r"\b(?:anyone|anybody|someone|somebody) (?=who\b)", "those "),
        (r"\bis (?:able|in a position) to\b|\bare (?:able|in a position) to\b", "can"),
        (r"\b(?:is|are) (?:not able|unable) to\b", "cannot"),
        (r"\b(?:has|have) the (?:option|possibility|chance|opportunity) (?:to|of)\b", "can"),
        (rf"\b(gets?|got|receives?|given) {_THING} back\b", r"\1 refunded \2"),
        (rf"\b(\w+) {_THING} (up|off|back|out|over|away|down){_AFTER_PARTICLE}", r"\1 \3 \2"),
    )
)


def put_plainly(sentence: str) -> str:
    """Return a sentence in plainer words that say the same: "Should it rain, ..." is "If it rain, ..."."""
    for pattern, plain in _TURNS:
        sentence = pattern.sub(plain, sentence)
    return sentence
