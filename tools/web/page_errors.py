"""Why a page could not be read.

PageError
├── UrlRefused          the address may not be visited; `rule` names which rule says so
├── RobotsForbid        the site's robots.txt says no, or could not be read
├── PageStatus          the server answered with an error status
├── PageTooLarge        more bytes than are read
├── NotAPage            a PDF, a picture, an archive: nothing to read here
├── PageEmpty           a page without text
├── PageUnreadable      its HTML could not be taken apart with the time and memory there is for it
├── PageTimeout         too slow
├── TooManyRedirects    sent round in circles
└── ConnectionFailed    no such name, no connection, or it broke off
"""

from __future__ import annotations

from ..errors import ToolError


class PageError(ToolError):
    """A page could not be read; `url` is the one that was asked for, or the hop of it that failed."""

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        super().__init__(message)


class UrlRefused(PageError):
    """This URL is not visited. `rule` is what it breaks, in a few words."""

    def __init__(self, url: str, rule: str) -> None:
        self.rule = rule
        super().__init__(url, f"{shown(url)} is refused: {rule}.")


class RobotsForbid(PageError):
    """The site does not want this page read by programs, or does not say."""

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(url, f"{shown(url)} is not read: {reason}.")


class PageStatus(PageError):
    """The server answered, but not with a page. `status` is the HTTP status."""

    def __init__(self, url: str, status: int, note: str = "") -> None:
        self.status = status
        super().__init__(url, f"{shown(url)} answered with status {status}{f' ({note})' if note else ''}.")


class PageTooLarge(PageError):
    """The page is larger than the caps allow; `limit` is the one that was reached."""

    def __init__(self, url: str, limit: str) -> None:
        self.limit = limit
        super().__init__(url, f"{shown(url)} is too large: {limit}.")


class NotAPage(PageError):
    """Something else than HTML or plain text; `what` names it."""

    def __init__(self, url: str, what: str, size_bytes: int | None = None) -> None:
        self.what, self.size_bytes = what, size_bytes
        size = f" of {bytes_shown(size_bytes)}" if size_bytes is not None else ""
        super().__init__(url, f"{shown(url)} is {what}{size}, not a page of text. Look for an HTML page with the same content.")


class PageEmpty(PageError):
    """The page arrived but has no text; many such pages are drawn by scripts, which are not run."""

    def __init__(self, url: str) -> None:
        super().__init__(url, f"{shown(url)} has no text to read (it may be drawn by scripts, which are not run).")


class PageUnreadable(PageError):
    """The page arrived, but reading it failed or needed more than a page may; `reason` is what the worker said."""

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(url, f"{shown(url)} arrived but could not be read: {reason.rstrip('.')}.")


class PageTimeout(PageError):
    """The page took too long; `seconds` is how long it was given."""

    def __init__(self, url: str, seconds: float, doing: str = "to arrive") -> None:
        self.seconds = seconds
        super().__init__(url, f"{shown(url)} took longer than {seconds:g} s {doing}.")


class TooManyRedirects(PageError):
    """The site sends its visitor from address to address without end."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, f"{shown(url)} was left: {reason}.")


class ConnectionFailed(PageError):
    """The server could not be found or reached, or it broke off; the same read may work later."""

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(url, f"{shown(url)} could not be read: {reason}.")


def shown(url: str) -> str:
    """The URL in a message: cut in the middle, and nothing in it that a terminal or a reader of bidi text would obey."""
    plain = url if url.isascii() and url.isprintable() else ascii(url)[1:-1]
    return plain if len(plain) <= 200 else f"{plain[:120]}...{plain[-60:]}"


def bytes_shown(count: int) -> str:
    """A size for people: 512 bytes, 34 KB, 5.0 MB."""
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1_000:.0f} KB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
