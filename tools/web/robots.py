"""What a site's robots.txt allows, as the large crawlers read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protego import Protego

MAX_ROBOTS_BYTES = 500 * 1024


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin. No rules: everything is allowed."""

    rules: Protego | None = None

    def allows(self, url: str, user_agent: str) -> bool:
        """Whether this program may read this page."""
        return self.rules is None or bool(self.rules.can_fetch(url, user_agent))

    def crawl_delay_seconds(self, user_agent: str) -> float:
        """How long the site wants a crawler to wait between pages."""
        return float(self.rules.crawl_delay(user_agent) or 0) if self.rules else 0.0


def parse_robots(body: bytes) -> Robots:
    """Read a robots.txt; lines that make no sense are passed over."""
    from protego import Protego

    return Robots(Protego.parse(body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", "replace")))
