"""robots.txt (RFC 9309), read as the large crawlers do."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protego import Protego

MAX_ROBOTS_BYTES = 500 * 1024
_VERSION = re.compile(r"(?im)^([ \t]*user-agent[ \t]*:[ \t]*[a-z_-]+)/[^\r\n#]*")
"""A product with its version, which is no part of the name (RFC 9309, section 2.2.1)."""
_DELAY = re.compile(r"(?im)^([ \t]*crawl-delay[ \t]*:[ \t]*)(\d+)(?:[.,](\d+))?[^\r\n#]*")
"""A pause with a decimal comma or a unit: "2,5", "10 seconds"."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin. Without rules everything is allowed, and nothing where they could not be read (`refusal` says why)."""

    rules: Protego | None = None
    refusal: str = ""

    def allows(self, url: str, user_agent: str) -> bool:
        """Return whether this program may read this page."""
        return not self.refusal and (self.rules is None or bool(self.rules.can_fetch(url, user_agent)))

    def crawl_delay_seconds(self, user_agent: str) -> float:
        """Return how long the site wants a crawler to wait between pages: by Crawl-delay, or by Request-rate ("1/5": one in 5 s)."""
        if self.rules is None:
            return 0.0
        rate = self.rules.request_rate(user_agent)
        pause = rate.seconds / rate.requests if rate is not None and rate.requests else 0.0
        return max(float(self.rules.crawl_delay(user_agent) or 0), pause)


def parse_robots(body: bytes) -> Robots:
    """Parse a robots.txt; lines that cannot be read are skipped."""
    from protego import Protego

    body = body[:MAX_ROBOTS_BYTES]
    text = body.decode("utf-16" if body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig", "replace")
    return Robots(Protego.parse(_DELAY.sub(r"\1\2.\3", _VERSION.sub(r"\1", text))))
