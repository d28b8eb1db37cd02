"""Images, audio and files in messages and in tools' results: by address, or as bytes."""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import unquote_to_bytes, urlsplit

from .errors import UsageError

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w-]+=[^;,]*)*)(;base64)?,(.*)", re.DOTALL | re.IGNORECASE)
_BEGINNINGS: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF-": "application/pdf",
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"OggS": "audio/ogg",
    b"fLaC": "audio/flac",
}
_IN_RIFF: Mapping[bytes, str] = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_OTHER_NAMES: Mapping[str, str] = {
    "image/jpg": "image/jpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
}


@dataclass(frozen=True, slots=True, init=False)
class Media:
    """An image, audio or file: at a `url`, or as `data`, of a `media_type` ("image/png"), with a `name` for people.

    Write `Image(data=png_bytes)`, `Image(url="https://...")` or `Image.from_path("menu.png")`. The data is kept as base64 text. A media
    type that is not given is found by the first bytes or the ending of the name. Raises UsageError for what is not one of these.
    """

    is_media: ClassVar[bool] = True
    kind: ClassVar[str] = "media"
    general_type: ClassVar[str] = ""

    url: str
    data: str
    media_type: str
    name: str

    def __init__(self, url: str = "", data: bytes | str = b"", media_type: str = "", name: str = "") -> None:
        kind = type(self).__name__
        if url[:5].lower() == "data:" and not data:
            url, data, media_type = _split_data_url(url, media_type)
        if bool(url) is bool(data):
            raise UsageError(f"{kind} takes a url= or data=, one of them and not both.")
        if url and not re.match(r"https?://[^/]", url):
            raise UsageError(f"{url[:80]!r} is not an address of the web. A file on this machine: {kind}.from_path(...).")
        raw = _decode(data, kind)
        found = (media_type or _find_type(raw, urlsplit(url).path or name)).lower()
        found = _OTHER_NAMES.get(found, found)
        if not found.startswith(self.general_type) and not (url and not found):
            seen = found or "of an unknown type"
            raise UsageError(f"{name or 'This'} is {seen}, and {kind} takes {self.general_type}*. Give its media_type=, or use File.")
        values = {"url": url, "data": base64.b64encode(raw).decode(), "media_type": found, "name": name}
        for field, value in values.items():
            object.__setattr__(self, field, value)

    @classmethod
    def from_path(cls, path: str | Path, *, media_type: str = "") -> Self:
        """Return the file at a path, read now. Raises UsageError if there is none."""
        try:
            return cls(data=Path(path).expanduser().read_bytes(), media_type=media_type, name=Path(path).name)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None

    @property
    def bytes(self) -> bytes:
        """Return the data; empty for a URL."""
        return base64.b64decode(self.data)

    @property
    def data_url(self) -> str:
        """Return the URL, or the data as one."""
        return self.url or f"data:{self.media_type or 'application/octet-stream'};base64,{self.data}"

    @property
    def user_texts(self) -> tuple[str, ...]:
        """Return nothing: what it shows are not the user's words."""
        return ()

    def __str__(self) -> str:
        return f"[{self.kind} {self.name or self.url or self.media_type}]"

    def __repr__(self) -> str:
        what = f"url={self.url!r}" if self.url else f"data=<{len(self.data) * 3 // 4} bytes>"
        return f"{type(self).__name__}({what}, media_type={self.media_type!r}, name={self.name!r})"


def _split_data_url(url: str, media_type: str) -> tuple[str, bytes, str]:
    """Return no URL, the data in a data URL, and its media type."""
    found = _DATA_URL.fullmatch(url.strip())
    if found is None:
        raise UsageError(f"{url[:40]!r}... is not a data URL with a type and data.")
    plain = unquote_to_bytes(found[4])
    return "", _decode(plain.decode("ascii", "replace"), "a data URL") if found[3] else plain, media_type or found[1] or ""


def _decode(data: bytes | str, kind: str) -> bytes:
    if not isinstance(data, str):
        return bytes(data)
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        raise UsageError(f"The data of {kind} is text that is not base64. Give the bytes.") from None


def _find_type(data: bytes, path: str) -> str:
    """Return the media type by the first bytes, else by the ending of a name; empty where neither tells."""
    by_bytes = find_media_type(data)
    return by_bytes or mimetypes.guess_type(path)[0] or ""


def find_media_type(data: bytes) -> str:
    """Return the media type that the first bytes of an image, of audio or of a PDF show; empty for anything else."""
    if data[:4] == b"RIFF":
        return _IN_RIFF.get(data[8:12], "")
    return next((kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning)), "")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Image(Media):
    """An image: `Image(url=...)`, `Image(data=...)`, `Image.from_path("menu.png")`."""

    kind: ClassVar[str] = "image"
    general_type: ClassVar[str] = "image/"


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Audio(Media):
    """Audio: `Audio(data=...)`, `Audio.from_path("order.wav")`."""

    kind: ClassVar[str] = "audio"
    general_type: ClassVar[str] = "audio/"


@dataclass(frozen=True, slots=True, init=False, repr=False)
class File(Media):
    """A file of any type that a model may take, most often a PDF: `File.from_path("menu.pdf")`."""

    kind: ClassVar[str] = "file"


Part = str | Media
"""A part of a message: text, or an image, audio or file."""


def split_parts(value: object) -> tuple[object, ...]:
    """Return the parts of a value that holds media: the value itself, or the items of a list. Empty where it holds none.

    Raises UsageError for media deeper inside a value: they could only be sent as JSON text.
    """
    if isinstance(value, Media):
        return (value,)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and any(isinstance(item, Media) for item in value):
        return tuple(value)
    return ()
