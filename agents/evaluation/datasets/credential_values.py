"""Keys, passwords and addresses of machines in texts: what has a known form, and what stands after its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from sayso.tools.definition.secret import MASK

from ...guards.spans import Span, SpanGuard
from ..credentials import CredentialMask

SECRET = "[secret]"
_NAMED = re.compile(
    r"""(?ix)
    (?: (?<![a-z0-9]) (?:password|passwort|passwd|passphrase|pwd|secret|client[_-]?secret|api[_ -]?key|access[_-]?key|token|access[_-]?token
        |auth[_-]?token|session(?:[_-]?id)?|credential)s?
        ["']? \s? (?: = \s? ["']? (?P<set>[^\s"'&;,<>]{4,}) | : \s? ["']? (?P<told>(?=[^\s"',;<>]*[0-9!$%&*+@^~])[^\s"',;<>]{6,}) ) )
    | (?: (?<![a-z]) (?:set-)?cookie \s? : \s? (?P<cookie>[^\s][^\r\n]{3,}) )
    """
)
"""After "=" anything is a value; after ":" what has a digit or a sign in it: "password: must be long" is a sentence."""


class CredentialValues:
    """Replaces credentials by "[secret]": keys of known forms, this environment's own, and what stands after "password=" and the like."""

    def __init__(self) -> None:
        self._mask = CredentialMask()

    def replace(self, text: str, note: Callable[[int], object]) -> str:
        """Return a text without credentials, and say how many there were."""
        masked = self._mask.mask(text)
        if MASK in masked:
            note(masked.count(MASK))
            masked = masked.replace(MASK, SECRET)
        changed, count = _NAMED.subn(_hide, masked)
        found = count - sum(1 for match in _NAMED.finditer(masked) if _find_value(match) == SECRET)
        if found:
            note(found)
        return changed


def _hide(match: re.Match[str]) -> str:
    value = _find_value(match)
    return match[0].removesuffix(value) + SECRET


def _find_value(match: re.Match[str]) -> str:
    return str(match["set"] or match["told"] or match["cookie"])


class NetworkAddresses(SpanGuard):
    """Finds IP addresses of both versions, which tell of a person's machine. Those of the machine itself (127.0.0.1, ::1) are no such."""

    longest = 45
    _FORM = re.compile(
        r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9a-fA-F:]*::|(?:[0-9a-fA-F]{1,4}:){7})[0-9a-fA-F:]{3,39})(?![\w:]|\.\d)", re.ASCII
    )

    def find(self, text: str, start: int) -> Iterator[Span]:
        """Yield the addresses in the text."""
        for match in self._FORM.finditer(text, start):
            try:
                address = ip_address(match[0])
            except ValueError:
                continue
            has_digit = any(letter.isdigit() for letter in match[0])  # a::b is a name in a program
            if has_digit and not (address.is_loopback or address.is_unspecified):
                yield Span(match.start(), match.end(), "an IP address")
