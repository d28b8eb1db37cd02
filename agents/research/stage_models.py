"""The model of a research's stages: how long each of its answers may be, and what the report says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from ..messages import Sampling

if TYPE_CHECKING:
    from ..models.model import Model

Reader = Literal["auto", "model", "code"]
READERS: tuple[Reader, ...] = ("auto", "model", "code")


def choose_sampling(model: Model, stage: str) -> Sampling:
    """Return the sampling of a stage: how long its answer may be. A model on this machine has a small context and does not reason first.

    Where a page is read or said again the likeliest words are wanted: small models invent when they are drawn by chance.
    """
    from .stage_prompts import EXACT_STAGES, REPLY_TOKENS, THINKING_TOKENS  # late, for load time

    tokens = REPLY_TOKENS[stage] + (0 if not is_extractive(model) and _is_local(model) else THINKING_TOKENS)
    return Sampling(max_tokens=tokens, temperature=0.0 if stage in EXACT_STAGES else None)


def _is_local(model: Model) -> bool:
    from ..models.local.local_model import LocalModel  # late, for load time

    return isinstance(model, LocalModel)


def choose_reader(model: Model, reader: Reader) -> Model:
    """Return who plans, chooses, reads and compares: the model, or code, which leaves it the wording of single sentences.

    A page of 4,000 tokens takes a model on a processor minutes, and a sentence of it seconds.
    """
    from ..models.extractive import ExtractiveReader  # late, for load time

    by_code = reader == "code" or (reader == "auto" and not is_extractive(model) and _is_local(model))
    return ExtractiveReader() if by_code and not is_extractive(model) else model


def is_extractive(model: Model) -> bool:
    """Return whether the model is the reader that only quotes."""
    from ..models.extractive import ExtractiveReader  # late, for load time

    return isinstance(model, ExtractiveReader)


def hand_answers(model: Model, answers: Mapping[str, str]) -> Model:
    """Return the model; the extractive reader with answers that are worked out elsewhere, by question.

    A reader of another class is asked itself: how it is made, and what it answers, is its own business.
    """
    from ..models.extractive import ExtractiveReader  # late, for load time

    return replace(model, answers=answers) if type(model) is ExtractiveReader else model


def describe_author(model: Model, thinker: Model | None = None) -> str:
    """Return the report's line on who wrote it."""
    if is_extractive(model):
        return "No language model: sentences are quoted, not written."
    name = model.name.rpartition("/")[2] if model.name.startswith("/") else model.name  # a local file's folder is nobody's business
    if thinker is not None and is_extractive(thinker):
        return f"Read without a language model; some sentences were worded by {name}, and checked against the page that they quote."
    return f"Written by {name}; every sentence was checked against the page that it quotes."
