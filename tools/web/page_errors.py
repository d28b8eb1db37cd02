"""Errors of reading a page.

PageError
├── UrlRefused          the URL breaks a rule; `rule` names it
├── RobotsForbid        the site's robots.txt forbids it, or could not be read
├── PageStatus          the server answered with an error status
├── PageTooLarge        it has more bytes than are read
├── NotAPage            it is a picture, an archive, a program
├── PageEmpty           it has no text
│   └── PageScripted    it has no text until scripts, which are not run, draw it
├── PageWall            it asks its visitor to pass a check, to take cookies or to log in, and holds nothing else
├── PageUnreadable      its HTML could not be parsed in the time and memory allowed
├── PageTimeout         it took too long
├── TooManyRedirects    it redirects without end
├── PageNotStored       it was read, but cannot be stored
└── ConnectionFailed    the host was not found or not reached, or broke off
"""

from __future__ import annotations

from ..errors import ToolError

NOT_STORED = "Pages cannot be stored"


class PageError(ToolError):
    """A page could not be read; `url` is the requested one, or the redirect that failed."""

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        super().__init__(message)


class PageNotStored(PageError):
    """The page was read, but the folder of snapshots takes no file: the disk is full, or it may not be written."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, f"{NOT_STORED}: {reason}.")


class UrlRefused(PageError):
    """This URL is not visited. `rule` is the rule it breaks, in a few words."""

    def __init__(self, url: str, rule: str) -> None:
        self.rule = rule
        super().__init__(url, f"{format_url(url)} is refused: {rule}.")


class RobotsForbid(PageError):
    """The robots.txt of the site forbids this page to programs, or could not be read."""

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(url, f"{format_url(url)} is not read: {reason}.")


class PageStatus(PageError):
    """The server answered, but not with a page. `status` is the HTTP status."""

    def __init__(self, url: str, status: int, note: str = "") -> None:
        self.status = status
        super().__init__(url, f"{format_url(url)} answered with status {status}{f' ({note})' if note else ''}.")


class PageTooLarge(PageError):
    """The page is larger than the caps allow; `limit` is the one that was reached."""

    def __init__(self, url: str, limit: str) -> None:
        self.limit = limit
        super().__init__(url, f"{format_url(url)} is too large: {limit}.")


class NotAPage(PageError):
    """It is something else than HTML, PDF, JSON or plain text; `what` names it."""

    def __init__(self, url: str, what: str, size_bytes: int | None = None) -> None:
        self.what: str = what
        self.size_bytes: int | None = size_bytes
        size = f" of {format_size(size_bytes)}" if size_bytes is not None else ""
        super().__init__(url, f"{format_url(url)} is {what}{size}, not a page of text. Look for an HTML page with the same content.")


class PageEmpty(PageError):
    """The page arrived but has no text."""

    def __init__(self, url: str) -> None:
        super().__init__(url, f"{format_url(url)} has no text to read (it may be drawn by scripts, which are not run).")


class PageScripted(PageEmpty):
    """The page is drawn by scripts, which are not run, and carries no data that could be read instead."""

    def __init__(self, url: str) -> None:
        PageError.__init__(self, url, f"{format_url(url)} is drawn by scripts, which are not run, and holds no text or data without them.")


class PageWall(PageError):
    """The server sent a wall in place of the page; `wall` says what it asks for: to show that one is human, to take cookies, to log in."""

    def __init__(self, url: str, wall: str) -> None:
        self.wall = wall
        super().__init__(url, f"{format_url(url)} is behind a wall: {wall}. The page itself was not sent.")


class PageUnreadable(PageError):
    """The page arrived, but parsing it failed or needed too much time or memory; `reason` is the worker's message."""

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(url, f"{format_url(url)} arrived but could not be read: {reason.rstrip('.')}.")


class PageTimeout(PageError):
    """The page took longer than `seconds`."""

    def __init__(self, url: str, seconds: float, doing: str = "to arrive") -> None:
        self.seconds = seconds
        super().__init__(url, f"{format_url(url)} took longer than {seconds:g} s {doing}.")


class TooManyRedirects(PageError):
    """The site redirects without end."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, f"{format_url(url)} was not read: {reason}.")


class ConnectionFailed(PageError):
    """The server could not be found or reached, or it broke off; the same read may work later."""

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(url, f"{format_url(url)} could not be read: {reason}.")


def format_url(url: str) -> str:
    """Return the URL for a message: cut in the middle, without characters that a terminal or bidi text would obey."""
    plain = url if url.isascii() and url.isprintable() else ascii(url)[1:-1]
    return plain if len(plain) <= 200 else f"{plain[:120]}...{plain[-60:]}"


def format_size(count: int) -> str:
    """Return a size for people: 512 bytes, 34 KB, 5.0 MB."""
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1_000:.0f} KB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
