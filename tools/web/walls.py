"""Recognise a wall: a page with status 200 that asks to show that one is human, to take cookies or to log in, and holds nothing else.

What counts is what the page is: little text of its own, and the form, the script or the widget of a check. An article about such checks
has text of its own, and a contact form with a captcha asks for a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from .inline_text import AMOUNT, short_text
from .wall_words import ACCEPT, CHALLENGE, CONSENT, HUMAN, LOGIN, MEMBERS, REFUSED, TRACE, WIDGETS

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MOST_HTML = 400_000
_MOST_BUTTONS = 500
_MOST_TEXT = 2_500
_SHORT = 700
_TINY = 250

_MOUNT_IDS = ("root", "app", "__next", "__nuxt", "___gatsby", "main-app", "react-root", "app-root")
_MOUNTS = f"descendant::app-root | descendant::*[@id][{' or '.join(f'@id={name!r}' for name in _MOUNT_IDS)}]"
_ASKS_FOR_SCRIPTS = re.compile(r"javascript|\bJS\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?。！？\n]+")


@dataclass(frozen=True, slots=True)
class Gates:
    """The forms, scripts and widgets of a page that a wall would have, read from the whole tree."""

    challenge: bool
    widget: bool
    password: bool
    fields: int  # what a visitor fills in, without a password
    asks_message: bool
    accepts: bool
    scripts: int
    drawn: bool  # there is a place for scripts to draw in, or a word to those without scripts


def find_gates(tree: HtmlElement, html: str) -> Gates:
    """Find them before scripts and forms are dropped."""
    start = html[:_MOST_HTML].lower()
    parts: dict[object, list[HtmlElement]] = {"input": [], "noscript": [], "script": [], "textarea": []}
    for part in tree.iter(*parts):  # once through a large page
        parts[part.tag].append(part)
    inputs = [field for field in parts["input"] if field.get("type", "text").lower() in ("text", "email", "tel", "password", "search")]
    buttons = (short_text(button, 100) or button.get("value", "") for button in islice(tree.iter("button", "a", "input"), _MOST_BUTTONS))
    noscript = " ".join(short_text(part, 500) for part in parts["noscript"])
    return Gates(
        challenge=any(mark in start for mark in CHALLENGE),
        widget=any(mark in start for mark in WIDGETS),
        password=any(field.get("type", "").lower() == "password" for field in inputs),
        fields=sum(field.get("type", "text").lower() not in ("password", "search") for field in inputs),
        asks_message=bool(parts["textarea"]) and "g-recaptcha-response" not in start,
        accepts=any(ACCEPT.search(text) for text in buttons),
        scripts=len(parts["script"]),
        drawn=bool(tree.xpath(_MOUNTS)) or bool(_ASKS_FOR_SCRIPTS.search(noscript)),
    )


def find_wall(gates: Gates, title: str, own: str, everything: str) -> str:
    """Return what a wall asks for; empty for a page. `own` is the text without navigation and forms, `everything` is with them."""
    if len(own) > _MOST_TEXT:
        return ""
    everything = everything[: 2 * _MOST_TEXT]
    if _asks_for_a_human(gates, title, own, everything):
        return "it asks its visitors to show that they are human"
    if _asks_for_login(gates, title, own, everything):
        return "it asks to log in"
    if _asks_for_consent(gates, own, everything):
        return "it asks to accept cookies or the like first"
    return ""


def _asks_for_a_human(gates: Gates, title: str, own: str, everything: str) -> bool:
    said = f"{title}\n{everything}"
    if gates.challenge:
        return len(own) < 2 * _SHORT
    if len(own) > _SHORT or gates.asks_message or gates.fields > 1 or AMOUNT.search(own):
        return False
    if gates.widget and HUMAN.search(said):
        return True
    refused = REFUSED.search(said) is not None and TRACE.search(said) is not None
    return (refused or HUMAN.search(said) is not None) and _share(said, HUMAN, REFUSED, TRACE) >= 0.4


def _asks_for_login(gates: Gates, title: str, own: str, everything: str) -> bool:
    headed = LOGIN.search(f"{title}\n{everything[:100]}") is not None
    if gates.password or (headed and gates.fields):
        return len(own) < (_SHORT if headed else _TINY) and not _has_data(own)
    return len(own) < 2 * _TINY and MEMBERS.search(everything) is not None and _share(everything, MEMBERS, LOGIN) >= 0.3


def _asks_for_consent(gates: Gates, own: str, everything: str) -> bool:
    if not gates.accepts or not CONSENT.search(everything):
        return False
    return len(own) < _TINY / 4 or _share(own, CONSENT, ACCEPT) >= 0.5


def _has_data(own: str) -> bool:
    """Return whether the text gives numbers: prices, opening hours, a telephone number."""
    return len(re.findall(r"\d", own)) > 15


def _share(text: str, *patterns: re.Pattern[str]) -> float:
    """Return how much of a text are sentences with one of these patterns."""
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(text) if sentence.strip()]
    fitting = sum(len(sentence) for sentence in sentences if any(pattern.search(sentence) for pattern in patterns))
    return fitting / max(1, sum(map(len, sentences)))


def is_drawn_by_scripts(gates: Gates, everything: str) -> bool:
    """Return whether a page without data is only what stands there until scripts draw it."""
    if not gates.scripts and not gates.drawn:
        return False
    return (
        not everything
        or (gates.drawn and len(everything) < _TINY)
        or (len(everything) < _TINY / 4 and _ASKS_FOR_SCRIPTS.search(everything) is not None)
    )
