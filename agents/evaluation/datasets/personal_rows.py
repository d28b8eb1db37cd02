"""Rows of a file that hold personal data or credentials: whoever uploads them gives them away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...guards.personal_data import PersonalData
from ...guards.plain_letters import PlainLetters
from .credential_values import CredentialValues, NetworkAddresses
from .problems import RowProblem

_DO = "Replace it in all rows: sayso dataset FILE --out FOLDER."


def find_personal_rows(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[RowProblem]:
    """Yield each row with personal data that has a form, or with a credential, once for each kind of it."""
    finders, credentials = (PersonalData(), NetworkAddresses()), CredentialValues()
    for line, row in rows:
        text = "\n".join(_iter_words(row))
        letters = PlainLetters(text).text
        kinds = {span.what: None for finder in finders for span in finder.find(letters, 0)}
        counted: list[int] = []
        credentials.replace(text, counted.append)
        for what in [*kinds, *(["a credential"] if counted else [])]:
            yield RowProblem(line, "", f"holds {what}", _DO, False)


def _iter_words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _iter_words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _iter_words(item)
