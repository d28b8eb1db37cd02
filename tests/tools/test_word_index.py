"""Which texts hold some words: the same as looking through all of them, however many there are."""

from __future__ import annotations

import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.tools.approval.background import Background
from sayso.tools.approval.source_finder import SourceFinder
from sayso.tools.approval.words import WordIndex

PARTS = st.sampled_from(
    [
        "ada",
        "Ada",
        "ADA",
        "@",
        "example.org",
        "ß",
        "SS",
        "ẞ",
        "ı",
        "İ",
        "i",
        "I",
        "K",
        "k",
        "ſ",
        "é",
        "ΐ",
        "_",
        "-",
        "7",
        " ",
        "\n",
        ".",
        "x",
    ]
)
TEXTS = st.lists(PARTS, max_size=12).map("".join)


@settings(max_examples=400)
@given(st.lists(TEXTS, max_size=6), TEXTS)
def test_it_finds_what_looking_through_all_would_find(texts: list[str], wanted: str) -> None:
    pattern = r"(?<!\w)" + r"\s+".join(re.escape(part) for part in wanted.split()) + r"(?!\w)"
    assert list(WordIndex(texts).find(wanted)) == [place for place, text in enumerate(texts) if re.search(pattern, text, re.IGNORECASE)]


@given(st.lists(st.sampled_from(["word", "other words", "Ada", "."]), min_size=40, max_size=60), st.integers(0, 3))
def test_a_long_text_is_found_even_where_it_begins_inside_a_word(parts: list[str], cut: int) -> None:
    text = " ".join(parts)
    wanted = text[cut:].upper().replace(" ", "\n ")
    assert list(WordIndex(["nothing", f"so: {text}!", "of it"]).find(wanted)) == ([1] if len(wanted) > 200 or cut == 0 else [])


def test_each_value_is_told_from_the_first_text_that_has_it() -> None:
    background = Background(("write to ada@example.org",), (("a page", "eve@example.org says hi"), ("another", "bob and eve@example.org")))
    finder = SourceFinder(background)
    told = [finder.find(value).text for value in ("ADA@example.org", ["bob", "eve@example.org"], "bob", "da@example.org", 7, "")]
    assert told == ["you wrote this", "from a page", "from another", "the model chose it", "the model chose it", "the model chose it"]


def test_ten_thousand_questions_among_ten_thousand_texts_take_a_moment() -> None:
    index = WordIndex([f"person{number}@example.org" for number in range(10_000)])
    begun = time.process_time()
    for number in range(10_000):
        assert list(index.find(f"person{number}@example.org")) == [number]
    assert time.process_time() - begun < 5  # looking through all of them each time takes minutes
