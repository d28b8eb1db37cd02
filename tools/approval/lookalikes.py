"""Letters that look like other letters: what a person should be told of a name before they trust their eyes. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from .cards import shown, texts

_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL")
# Letters of other alphabets that are drawn like Latin ones in most fonts: the common part of Unicode's table of confusables.
_LIKE_LATIN = frozenset("аеорсухѕіјһԁԛԝӏѵАВЕКМНОРСТУХЅІЈԌӀοανρυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧոսօցհյ")
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/:?#]+\.[^/:?#.]{2,})", re.IGNORECASE)
_MOST = 5


def lookalikes(value: object) -> str | None:
    """What to say of the words of a value that may not be what they look like, else None.

    Such a word mixes alphabets whose letters look alike, or has only letters of another alphabet that are drawn like Latin ones; of a host
    that is not plain ASCII it is said how it is written in the internet's own way.
    """
    told = list(dict.fromkeys(filter(None, map(_told, _words(value)))))
    more = [f"and {len(told) - _MOST} more such words"] if len(told) > _MOST else []
    return "; ".join(told[:_MOST] + more) or None


def _told(word: str) -> str:
    scripts = sorted({script for character in word if (script := _script(character))})
    said = []
    if len(scripts) > 1:
        said.append(f"mixes letters of {' and '.join(script.title() for script in scripts)} that look alike")
    elif scripts and scripts != ["LATIN"] and all(letter in _LIKE_LATIN for letter in word if letter.isalpha()):
        said.append(f"is written in {scripts[0].title()} letters that look like Latin ones")
    if host := _plain_host(word):
        said.append(f"is the host {host}")
    return f"{shown(word)} {' and '.join(said)}" if said else ""


def _plain_host(word: str) -> str | None:
    """The host of an address or an e-mail address in ASCII, where it is written otherwise."""
    found = _HOST.match(word.strip("<>()[]\"',;"))
    if found is None or found[1].isascii():
        return None
    try:
        return found[1].encode("idna").decode("ascii")
    except UnicodeError:
        return None


def _script(character: str) -> str | None:
    if character.isascii():
        return "LATIN" if character.isalpha() else None
    name = unicodedata.name(character, "")
    return next((script for script in _SCRIPTS if name.startswith(script)), None)


def _words(value: object) -> Iterator[str]:
    for text in texts(value):
        if not text.isascii():
            yield from text.split()
