"""What a GGUF file says of itself in its header: what kind of model it is, how long its texts may be, how much memory they take.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sayso.tools.errors import UsageError

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _LIST = 8, 9
_MOST = 1_000_000
"""More tensors, keys or pieces of a vocabulary than any model has."""
_BYTES_PER_CACHED_NUMBER = 2


@dataclass(frozen=True, slots=True)
class Gguf:
    """A model file. `cache_bytes` is what one token of context takes in memory, 0 where the file does not say."""

    architecture: str
    size_bytes: int
    trained_tokens: int
    cache_bytes: int


def header_of(path: Path) -> Gguf:
    """Read the header. UsageError for a file that is no GGUF, is not all there, or holds no language model."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise UsageError(f"{path} is no GGUF file.")
        try:
            values, ends_after = _read(file)
        except (struct.error, ValueError) as error:
            raise UsageError(f"{path} begins as a GGUF file and does not go on as one: {error}. Fetch it again.") from None
    if size < ends_after:
        raise UsageError(f"{path} is not all there: it has {size:,} bytes, and its last part begins at {ends_after:,}. Fetch it again.")
    architecture = str(values.get("general.architecture", ""))
    if architecture in ("", "clip") or f"{architecture}.block_count" not in values:
        raise UsageError(f"{path} holds no language model (architecture {architecture or 'not named'!r}).")
    return Gguf(architecture, size, _number(values, f"{architecture}.context_length"), _cache_bytes(values, architecture))


def _cache_bytes(values: dict[str, object], architecture: str) -> int:
    def said(key: str) -> int:
        return _number(values, f"{architecture}.{key}")

    heads = said("attention.head_count")
    width = said("embedding_length") // heads if heads else 0
    keys, texts = said("attention.key_length") or width, said("attention.value_length") or width
    return said("block_count") * (said("attention.head_count_kv") or heads) * (keys + texts) * _BYTES_PER_CACHED_NUMBER


def _number(values: dict[str, object], key: str) -> int:
    value = values.get(key)
    return int(value) if isinstance(value, (int, float)) else 0


def _read(file: BinaryIO) -> tuple[dict[str, object], int]:
    """The values that are one number or text (of a list, its largest number), and where the last tensor begins."""
    version, tensors, keys = (_one(file, form) for form in ("<I", "<Q", "<Q"))
    if version not in (2, 3):
        raise ValueError(f"its version is {version}, and 2 and 3 are known")
    values = {}
    for _ in range(_few(keys)):
        key = _text(file)
        values[key] = _value(file, _one(file, "<I"))
    last = 0
    for _ in range(_few(tensors)):
        _text(file)
        file.seek(8 * _few(_one(file, "<I")) + 4, 1)  # its shape and its type
        last = max(last, _one(file, "<Q"))
    aligned = _number(values, "general.alignment") or 32
    return values, -(-file.tell() // aligned) * aligned + last


def _value(file: BinaryIO, kind: int) -> object:
    if kind == _TEXT:
        return _text(file)
    if kind == _LIST:
        return _largest(file)
    if kind not in _SIZES:
        raise ValueError(f"a value is of the unknown kind {kind}")
    return _one(file, _NUMBERS[kind])


def _largest(file: BinaryIO) -> object:
    """A list of numbers as its largest, since layers may differ; a vocabulary is passed over."""
    kind, length = _one(file, "<I"), _one(file, "<Q")
    if kind == _TEXT:
        for _ in range(_few(length)):
            file.seek(_few(_one(file, "<Q")), 1)
        return None
    if kind not in _SIZES:
        raise ValueError(f"a list is of the unknown kind {kind}")
    form = _NUMBERS[kind]
    found = struct.unpack(f"<{_few(length)}{form[1]}", file.read(length * _SIZES[kind]))
    return max(found, default=None)


def _text(file: BinaryIO) -> str:
    length = _few(_one(file, "<Q"))
    read = file.read(length)
    if len(read) < length:
        raise ValueError("it breaks off in its header")
    return read.decode("utf-8", "replace")


def _one(file: BinaryIO, form: str) -> int:
    read = file.read(struct.calcsize(form))
    if len(read) < struct.calcsize(form):
        raise ValueError("it breaks off in its header")
    (number,) = struct.unpack(form, read)
    return number  # type: ignore[no-any-return]


def _few(number: int) -> int:
    if number > _MOST:
        raise ValueError(f"it speaks of {number:,} things where no model has so many")
    return number
