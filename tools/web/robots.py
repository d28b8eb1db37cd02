"""robots.txt (RFC 9309), read as the large crawlers do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protego import Protego

MAX_ROBOTS_BYTES = 500 * 1024


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin. Without rules everything is allowed, and nothing where they could not be read (`refusal` says why)."""

    rules: Protego | None = None
    refusal: str = ""

    def allows(self, url: str, user_agent: str) -> bool:
        """Return whether this program may read this page."""
        return not self.refusal and (self.rules is None or bool(self.rules.can_fetch(url, user_agent)))

    def crawl_delay_seconds(self, user_agent: str) -> float:
        """Return how long the site wants a crawler to wait between pages."""
        return float(self.rules.crawl_delay(user_agent) or 0) if self.rules else 0.0


def parse_robots(body: bytes) -> Robots:
    """Parse a robots.txt; lines that cannot be read are skipped."""
    from protego import Protego

    return Robots(Protego.parse(body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", "replace")))
