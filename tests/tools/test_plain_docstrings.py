"""A plain list of arguments is read as the library for docstrings reads it."""

from __future__ import annotations

import docstring_parser
import pytest

from sayso.tools.definition.schema import parse_docstring

DOCSTRINGS = {
    "one": "Look an item up.\n\nArgs:\n    item: What to look for.",
    "two": "Look an item up.\n\nArgs:\n    item: What to look for.\n    count: How many.",
    "more words before": "Look an item up.\n\nIt is slow: wait for it.\n\nArgs:\n    item: What.",
    "more words at once": "Look an item up.\nIt is slow.\n\nArgs:\n    item: What.",
    "lines that go on": "Look.\n\nArgs:\n    item: What to\n        look for: a name,\n      or a number.\n    count: How many.",
    "nothing said": "Look.\n\nArgs:\n    item:\n    count: How many.",
    "twice": "Look.\n\nArgs:\n    item: The first.\n    item: The second.",
    "with types": "Look.\n\nArgs:\n    item (str): What.\n    count (int, optional): How many. Defaults to 1.",
    "stars": "Look.\n\nArgs:\n    *items: What.\n    **more: More.",
    "an empty line between": "Look.\n\nArgs:\n    item: What.\n\n    count: How many.",
    "two spaces": "Look.\n\nArgs:\n  item: What.\n  count: How many.",
    "another heading after": "Look.\n\nArgs:\n    item: What.\n\nReturns:\n    Something.",
    "another heading before": "Look.\n\nReturns:\n    Something.\n\nArgs:\n    item: What.",
    "another word for it": "Look.\n\nArguments:\n    item: What.",
    "words after": "Look.\n\nArgs:\n    item: What.\nIt is slow.",
    "an example before": "Look.\n\nSo:\n    look('x')\n\nArgs:\n    item: What.",
    "letters": "Schlag nach.\n\nArgs:\n    größe: Wie groß?",
}


@pytest.mark.parametrize("text", DOCSTRINGS.values(), ids=DOCSTRINGS)
def test_a_docstring_is_read_as_the_library_reads_it(text: str) -> None:
    async def look(item: str) -> None: ...

    look.__doc__ = text
    parsed = docstring_parser.parse(text, docstring_parser.DocstringStyle.GOOGLE)
    said = "\n\n".join(part for part in (parsed.short_description, parsed.long_description) if part)
    described = {each.arg_name: " ".join((each.description or "").split()) for each in parsed.params}
    assert parse_docstring(look) == (said, described)
