"""Texts are cut so that nothing is lost, every span is where it says, and pieces end where a reader would pause."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sayso.tools.documents.cutting import Heading, find_markdown_headings, split_by_heading, split_passages, split_pieces

TEXTS = st.text(st.sampled_from("ab.! \n\t#-=`“”。\u3000é\r\x0c")) | st.text(max_size=300)
LINES = st.lists(
    st.sampled_from(
        ["# One", "## Two ##", "text. More text!", "", "```", "~~~ python", "Under", "===", "---", "- item", "#tag", "   # Three"]
    )
)


def packed(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(1, 40))
def test_pieces_lose_nothing_and_are_never_too_long(text: str, most: int) -> None:
    spans = list(split_pieces(text, 0, len(text), most))
    assert packed("".join(text[start:end] for start, end in spans)) == packed(text)
    assert all(0 < end - start <= most for start, end in spans)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(LINES.map("\n".join) | TEXTS, st.integers(5, 60))
def test_a_markdown_text_comes_back_whole_from_its_passages(text: str, most: int) -> None:
    sections = split_by_heading(text, find_markdown_headings(text))
    assert "".join(text[section.start : section.end] for section in sections) == text
    cuts = list(split_passages(text, sections, most))
    assert packed("".join(text[cut.start : cut.end] for cut in cuts)) == packed(text)
    for cut in cuts:
        assert any(section.start <= cut.start and cut.end <= section.end and section.headings == cut.headings for section in sections)


HANDBOOK = """\
Welcome.

# Handbook

Intro.

## Parking {#parking}
Visitors use lot B.

### At *night* ###

Closed.

```bash
# not a heading
```

Holidays
--------

- a list
---
25 days. [Link](x)

# Second `part`
"""


def test_headings_are_those_that_a_reader_sees() -> None:
    found = [(heading.level, heading.text, HANDBOOK[heading.start :].split("\n")[0]) for heading in find_markdown_headings(HANDBOOK)]
    assert found == [
        (1, "Handbook", "# Handbook"),
        (2, "Parking", "## Parking {#parking}"),
        (3, "At night", "### At *night* ###"),
        (2, "Holidays", "Holidays"),
        (1, "Second part", "# Second `part`"),
    ]
    cuts = list(split_passages(HANDBOOK, split_by_heading(HANDBOOK, find_markdown_headings(HANDBOOK))))
    assert [cut.headings for cut in cuts] == [
        (),
        ("Handbook",),
        ("Handbook", "Parking"),
        ("Handbook", "Parking", "At night"),
        ("Handbook", "Holidays"),
        ("Second part",),
    ]


def test_pieces_end_at_the_end_of_a_paragraph_a_sentence_a_word() -> None:
    text = "First paragraph. It is short.\n\nSecond one! With a longer sentence, of many words. End"
    assert [text[start:end] for start, end in split_pieces(text, 0, len(text), 45)] == [
        "First paragraph. It is short.",
        "Second one! With a longer sentence,",
        "of many words. End",
    ]


def test_sections_without_headings_and_headings_without_text() -> None:
    assert [tuple(section) for section in split_by_heading("abc", [])] == [(0, 3, (), 0)]
    sections = split_by_heading("abcdefg", [Heading(0, 1, 2, "A"), Heading(2, 3, 1, "B"), Heading(3, 4, 2, "C"), Heading(6, 7, 2, "D")])
    assert [tuple(section) for section in sections] == [(0, 2, ("A",), 0), (2, 6, ("B", "C"), 0), (6, 7, ("B", "D"), 0)]


def test_hostile_texts_are_cut_in_linear_time() -> None:
    for text in ("x" * 500_000, "# " * 200_000, "```\n" * 100_000, " \n" * 200_000, "a\n---\n" * 60_000, "." * 500_000):
        began = time.process_time()
        for _ in split_passages(text, split_by_heading(text, find_markdown_headings(text))):
            pass
        assert time.process_time() - began < 3, text[:10]
