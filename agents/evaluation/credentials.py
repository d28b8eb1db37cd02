"""Replace what looks like a key or password in texts that are about to be written to a file: known forms, and this environment's own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from sayso.tools.canonical import Json
from sayso.tools.definition.secret import MASK

_FORMS = re.compile(
    r"""
      (?<![A-Za-z0-9_-])(?:
        sk-[A-Za-z0-9_-]{20,}                                       # OpenAI, Anthropic, OpenRouter
      | (?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}                    # Stripe
      | gh[pousr]_[A-Za-z0-9]{36,} | github_pat_[A-Za-z0-9_]{50,}   # GitHub
      | glpat-[A-Za-z0-9_-]{20,}                                    # GitLab
      | (?:AKIA|ASIA)[A-Z0-9]{16}                                   # AWS
      | AIza[A-Za-z0-9_-]{35}                                       # Google
      | xox[abeprs]-[A-Za-z0-9-]{10,}                               # Slack
      | hf_[A-Za-z0-9]{30,}                                         # Hugging Face
      | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}   # a JSON web token
      )
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----[\s\S]*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | (?<=Bearer\ )[A-Za-z0-9._~+/=-]{20,} | (?<=Basic\ )[A-Za-z0-9+/=]{16,}
    | (?<=://)[^/\s:@"']*:[^/\s:@"']+(?=@)                          # user:password@ in an address
    """,
    re.VERBOSE,
)
_NAMES = re.compile(r"(?:KEY|KEYS|TOKEN|SECRET|PASSWORD|PASSWD)\Z")
SHORTEST, LONG = 12, 20
"""A variable's value is looked for from 12 characters with a digit, or from 20: "postgres" stands in any text by chance."""


class CredentialMask:
    """Replaces credentials by stars. `found` counts how many different ones there were."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        values = os.environ if environment is None else environment
        own = {value for name, value in values.items() if _NAMES.search(name.upper()) and _is_telling(value)}
        written = "|".join(re.escape(value) for value in sorted(own, key=len, reverse=True))
        self._own = re.compile(written) if written else None
        self._texts = set[str]()

    @property
    def found(self) -> int:
        """Return how many different credentials were replaced."""
        return len(self._texts)

    def mask(self, text: str) -> str:
        """Return the text with each credential in it as stars."""
        text = text if self._own is None else self._own.sub(self._replace, text)
        return _FORMS.sub(self._replace, text)

    def mask_json(self, value: Json) -> Json:
        """Return JSON with the credentials in its texts and keys as stars."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {self.mask(key): self.mask_json(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.mask_json(item) for item in value]
        return value

    def _replace(self, found: re.Match[str]) -> str:
        if MASK in found[0]:
            return found[0]
        self._texts.add(found[0])
        return MASK


def _is_telling(value: str) -> bool:
    return len(value) >= LONG or (len(value) >= SHORTEST and any(char.isdigit() for char in value))
