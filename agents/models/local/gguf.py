"""The header of a GGUF file: the kind of model, the longest text it was trained on, and the memory that a token takes.

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
    """A model file. `cache_bytes` is what one token of context takes in memory, 0 where the file does not say.

    `pooling` is llama.cpp's number for how it makes one vector of a text, 0 for a model that makes none.
    """

    architecture: str
    size_bytes: int
    trained_tokens: int
    cache_bytes: int
    pooling: int = 0


def read_header(path: Path) -> Gguf:
    """Read the header of a model file. Raises UsageError for a file that is not GGUF, is not complete, or holds no language model."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise UsageError(f"{path} is not a GGUF file.")
        try:
            values, ends_after = _read_values(file)
        except (struct.error, ValueError) as error:
            raise UsageError(f"{path} is a damaged GGUF file: {error}. Download it again.") from None
    if size < ends_after:
        raise UsageError(f"{path} is incomplete: it has {size:,} bytes, and its last tensor begins at {ends_after:,}. Download it again.")
    architecture = str(values.get("general.architecture", ""))
    if architecture in ("", "clip") or f"{architecture}.block_count" not in values:
        raise UsageError(f"{path} does not hold a language model (architecture {architecture or 'not named'!r}).")
    trained, pooling = (_get_number(values, f"{architecture}.{key}") for key in ("context_length", "pooling_type"))
    return Gguf(architecture, size, trained, _count_cache_bytes(values, architecture), pooling)


def _count_cache_bytes(values: dict[str, object], architecture: str) -> int:
    """Return the bytes that one token takes in the cache: in each layer a key and a value for each head, as 16-bit numbers."""

    def number_of(key: str) -> int:
        return _get_number(values, f"{architecture}.{key}")

    heads = number_of("attention.head_count")
    width = number_of("embedding_length") // heads if heads else 0
    keys, texts = number_of("attention.key_length") or width, number_of("attention.value_length") or width
    return number_of("block_count") * (number_of("attention.head_count_kv") or heads) * (keys + texts) * _BYTES_PER_CACHED_NUMBER


def _get_number(values: dict[str, object], key: str) -> int:
    value = values.get(key)
    return int(value) if isinstance(value, (int, float)) else 0


def _read_values(file: BinaryIO) -> tuple[dict[str, object], int]:
    """Read the values that are one number or text (of a list, its largest number), and where the last tensor begins."""
    version, tensors, keys = (_read_one(file, form) for form in ("<I", "<Q", "<Q"))
    if version not in (2, 3):
        raise ValueError(f"its version is {version}, and 2 and 3 are known")
    values = {}
    for _ in range(_check_count(keys)):
        key = _read_text(file)
        values[key] = _read_value(file, _read_one(file, "<I"))
    last = 0
    for _ in range(_check_count(tensors)):
        _read_text(file)
        file.seek(8 * _check_count(_read_one(file, "<I")) + 4, 1)  # its shape and its type
        last = max(last, _read_one(file, "<Q"))
    aligned = _get_number(values, "general.alignment") or 32
    return values, -(-file.tell() // aligned) * aligned + last


def _read_value(file: BinaryIO, kind: int) -> object:
    if kind == _TEXT:
        return _read_text(file)
    if kind == _LIST:
        return _read_largest(file)
    if kind not in _SIZES:
        raise ValueError(f"a value is of the unknown kind {kind}")
    return _read_one(file, _NUMBERS[kind])


def _read_largest(file: BinaryIO) -> object:
    """Read a list of numbers and return its largest, since layers may differ; a vocabulary is skipped."""
    kind, length = _read_one(file, "<I"), _read_one(file, "<Q")
    if kind == _TEXT:
        for _ in range(_check_count(length)):
            file.seek(_check_count(_read_one(file, "<Q")), 1)
        return None
    if kind not in _SIZES:
        raise ValueError(f"a list is of the unknown kind {kind}")
    form = _NUMBERS[kind]
    found = struct.unpack(f"<{_check_count(length)}{form[1]}", file.read(length * _SIZES[kind]))
    return max(found, default=None)


def _read_text(file: BinaryIO) -> str:
    length = _check_count(_read_one(file, "<Q"))
    read = file.read(length)
    if len(read) < length:
        raise ValueError("it ends in its header")
    return read.decode("utf-8", "replace")


def _read_one(file: BinaryIO, form: str) -> int:
    read = file.read(struct.calcsize(form))
    if len(read) < struct.calcsize(form):
        raise ValueError("it ends in its header")
    (number,) = struct.unpack(form, read)
    return number  # type: ignore[no-any-return]


def _check_count(number: int) -> int:
    if number > _MOST:
        raise ValueError(f"its header announces {number:,} entries, more than any model has")
    return number
