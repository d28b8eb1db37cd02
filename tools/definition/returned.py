"""What a tool's function returns, as JSON and media: anything that JSON can hold or pydantic can dump, bytes, images, numbers as keys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set, ValuesView
from dataclasses import fields, is_dataclass
from hashlib import sha256
from io import IOBase
from itertools import islice
from typing import Any

from ..canonical import canonical_json, to_jsonable
from ..media import Audio, File, Image, Media, find_media_type

MOST_ITEMS = 1_000_000
DEEPEST = 200
_PLAIN = (str, bool, int, type(None))


class UnshownValue(TypeError):
    """A value that cannot be shown to a model: the message names its type and says what to return instead."""


def convert_result(value: object, tool: str) -> object:
    """Return a tool's return value as JSON, as media, or as a list of both: media that stand deeper come after the value.

    Raises UnshownValue, which names the type, for what neither JSON nor pydantic can write.
    """
    if type(value) in _PLAIN:
        return value
    media: list[Media] = []
    try:
        if isinstance(value, (list, tuple)) and any(isinstance(_as_media(item), Media) for item in value):
            parts = [each if isinstance(each := _as_media(item), Media) else _write(each, media, 1) for item in value]
            return [*parts, *media]
        written = _write(value, media, 0)
    except RecursionError:
        raise UnshownValue(f"{tool} returned a value that holds itself, or is nested more than {DEEPEST} deep") from None
    except (TypeError, ValueError) as error:
        raise UnshownValue(f"{tool} returned a {_name(value)}, and {error}. Return text, numbers, lists, dicts or models") from None
    if media and written == str(media[0]) and len(media) == 1:
        return media[0]
    return [written, *media] if media else written


def _write(value: Any, media: list[Media], depth: int) -> Any:
    """Write a value as JSON. Media in it are noted and stand in it by name."""
    if type(value) in _PLAIN:
        return value
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no NaN
    value = _as_media(value)
    if isinstance(value, Media):
        media.append(value)
        return str(value)
    if type(value).__module__ == "sqlite3":  # a row, which is a sequence too
        value = {key: value[key] for key in value.keys()} if hasattr(value, "keys") else value  # noqa: SIM118  a row iterates its values
    if isinstance(value, Mapping):
        return _write_mapping(value, media, depth)
    if isinstance(value, Set):  # sorted: the order of a set of texts differs from process to process
        return sorted((_write(item, media, depth + 1) for item in value), key=canonical_json)
    if isinstance(value, (Sequence, ValuesView, Iterator)) and not isinstance(value, (bytes, bytearray, memoryview, IOBase)):
        items = list(islice(value, MOST_ITEMS + 1))
        if len(items) > MOST_ITEMS:
            raise TypeError(f"it has more than {MOST_ITEMS} values")
        return [_write(item, media, depth + 1) for item in items]
    return _write_other(value, media, depth)


def _write_mapping(value: Mapping[Any, Any], media: list[Media], depth: int) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for key, item in value.items():
        name = key if type(key) is str else _write_key(key)
        if name in written:
            raise TypeError(f"two of its keys are {name!r} in JSON")
        written[name] = _write(item, media, depth + 1)
    return written


def _write_key(key: object) -> str:
    """Return a key as JSON has it: text. A year is "2025", a pair is "a, b"."""
    if isinstance(key, tuple):
        return ", ".join(map(_write_key, key))
    written = to_jsonable(key)
    if isinstance(written, bool) or written is None:
        return {True: "true", False: "false", None: "null"}[written]
    if not isinstance(written, (str, int, float)):
        raise TypeError(f"{_name(key)} cannot be a key in JSON")
    return str(written)


def _write_other(value: Any, media: list[Media], depth: int) -> Any:
    """Write what is not one of JSON's own types: what has a way of its own, what pydantic dumps, what says itself as text."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _describe_bytes(bytes(value))
    package = type(value).__module__.partition(".")[0]
    if package == "numpy" and hasattr(value, "tolist"):
        return _write(value.tolist(), media, depth + 1)
    if package in ("pandas", "polars") and hasattr(value, "to_dict"):
        is_table = type(value).__name__ == "DataFrame"
        rows = value.to_dict(orient="records") if is_table and package == "pandas" else value.to_dicts() if is_table else value.to_dict()
        return _write(rows, media, depth + 1)
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    try:
        return _write(to_jsonable(value), media, depth + 1)
    except TypeError:
        if hasattr(type(value), "model_fields") and hasattr(value, "model_dump"):  # of which a part is not JSON: a picture
            return _write(value.model_dump(), media, depth + 1)
        if is_dataclass(value) and not isinstance(value, type):
            return _write({each.name: getattr(value, each.name) for each in fields(value)}, media, depth + 1)
        if not callable(value) and "__str__" in vars(type(value)):
            return str(value)
        raise


def _as_media(value: Any) -> Any:
    """Return bytes that begin as those of an image, of audio or of a PDF, and a picture of Pillow's, as media; all else as it is."""
    if type(value) in _PLAIN or isinstance(value, Media):
        return value
    if isinstance(value, (bytes, bytearray)):
        found = find_media_type(bytes(value[:32]))
        kind = {"image": Image, "audio": Audio}.get(found.partition("/")[0], File)
        return kind(data=bytes(value), media_type=found) if found else value
    if type(value).__module__.startswith("PIL.") and hasattr(value, "save"):
        from io import BytesIO  # late, for load time: few tools return pictures

        buffer = BytesIO()
        value.save(buffer, format="PNG")
        return Image(data=buffer.getvalue(), media_type="image/png")
    return value


def _describe_bytes(value: bytes) -> str:
    """Return bytes that are text as it, others by their length and hash: no model reads them."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return f"[{len(value)} bytes of no type that a model reads, sha256 {sha256(value).hexdigest()[:16]}]"
    return text


def _name(value: object) -> str:
    return type(value).__name__
