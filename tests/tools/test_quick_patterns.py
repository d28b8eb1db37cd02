"""A quick pattern finds what the pattern itself finds, whatever it passes over."""

from __future__ import annotations

import re
import runpy
import sys

import pytest

from sayso.tools import quick_patterns
from sayso.tools.quick_patterns import Need, QuickChoice, QuickPattern, QuickPatterns, find_need

TEXTS = (
    "",
    "We deliver on Mondays, and formerly on Sundays.",
    "FORMERLY the SHOP of two brothers",
    "Is this it? This is it.",
    "No longer sold. Nicht mehr erhältlich. 以前は店でした",
    "Geöffnet täglich; GEÖFFNET AM MONTAG",
    "Call +49 30 1234567 or write to a@b.example, 24/7.",
    "It costs 12 € until 3 May 2024 (c) 2024",
    "the straße, the STRASSE, the str. of São Paulo",
    "LİSBOA and ſuch İstanbul, DAİLY",  # letters whose lower case is not what a pattern takes them for
    "PAZAR GÜNLERİ KAPALI, SO 5 μm and 5 ΜM, ΟΔΟΣ",
    "A/S and Ltd. and a/s",
    "pre-order, made to order, re ordered",
    "under_score words_no longer_here",
    "est-ce que vous livrez ? n'est-ce pas",
    "line one\nNo refunds\nline two",
    "Note: AI tools rewrite pages. (Any model) repairs itself; bikes of our own.",
    "We repay what we buy, can't wait, and cannot pay.",
)
PATTERNS = {
    "words": (r"\b(?:formerly|no longer|nicht mehr)\b|以前は", re.IGNORECASE),
    "short words": (r"(?i:\b(?:is|are) (?:an?|it)\b|です)", 0),
    "beginnings": (r"(?i:\b(?:open\w*|geöffnet|monta|dai)\w*)", 0),
    "classes": (r"\b[Ww]e\b|\b[Aa]/[Ss]\b|[Tt]his", 0),
    "looks around": (r"(?<!\w)(?:str\.|straße|strasse)(?!\w)|(?<=\bof )\w+", re.IGNORECASE),
    "repeats": (r"(?:\bvery )*(?:pre-?)?order(?:ed)+|(?:to\s+)+order", re.IGNORECASE),
    "figures alone": (r"\d{2,}", 0),
    "optional": (r"(?:until )?\d{1,2} (?i:may|mai)\b|(?:maybe)?", 0),
    "lines": (r"^no \w+", re.IGNORECASE | re.MULTILINE),
    "turkish": (r"\blisboa\b|\bdaily\b|\bistanbul\b|\bsuch\b", re.IGNORECASE),
    "letters alike in the pattern": (r"\bkapalı\b|\bſo\b|\d µm\b|οδοσ", re.IGNORECASE),
    "edges after what may be left out": (r"(?i:(?:^|[.!?:;(\[]\s*|note:? )(?:an? |any |the )*(?:ais?|models?|rep)\b)", 0),
    "two of several": (r"\b(?:we|they) (?:\w+ )?(?:pay|buy)s?\b|\b(?:is|of) (?:our|us)\b|can['’]t", re.IGNORECASE),
    "one after another": (r"(?:\ba|\brepa)(?:y|irs?)\b|b(?:i|u)(?:kes|y)|(?:re)+pair", re.IGNORECASE),
    "in a word": (r"(?i:livrez|score|onger_)", 0),
}


@pytest.mark.parametrize(("source", "flags"), PATTERNS.values(), ids=PATTERNS)
def test_a_quick_pattern_finds_what_the_pattern_finds(source: str, flags: int) -> None:
    quick, pattern = QuickPattern(source, flags), re.compile(source, flags)
    for text in TEXTS:
        assert quick.findall(text) == pattern.findall(text), text
        assert quick.sub("~", text) == pattern.sub("~", text), text
        assert [found.span() for found in quick.finditer(text)] == [found.span() for found in pattern.finditer(text)], text
        for one, other in ((quick.search(text), pattern.search(text)), (quick.match(text), pattern.match(text))):
            assert (one and one.span()) == (other and other.span()), text


def test_several_patterns_match_where_one_of_them_does() -> None:
    several = [QuickPattern(*pattern) for pattern in PATTERNS.values()]
    for number in range(len(several) - 1):
        pair = QuickPatterns(*several[number : number + 2])
        for text in TEXTS:
            assert pair.matches(text) == any(pattern.compiled.search(text) for pattern in pair.patterns), text
    assert not QuickPatterns(QuickPattern("formerly"), QuickPattern("no longer")).may_match("We deliver on Mondays.")


def test_a_text_needs_all_that_a_match_has() -> None:
    pattern = QuickPattern(r"\b(?:we|they) (?:pay|buy)\b|\bpay (?:us|them)\b|\bwarehouses?\b")
    assert [pattern.may_match(text) for text in ("they buy it", "we sell it", "pay us", "pay me", "at war", "our warehouse")] == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]


def test_alternatives_that_cannot_match_are_left_out() -> None:
    sources = [source for source, flags in PATTERNS.values() if not flags]
    choice, whole = QuickChoice(sources), re.compile("|".join(f"(?:{source})" for source in sources))
    for text in TEXTS:
        assert [found.span() for found in choice.choose(text).finditer(text)] == [found.span() for found in whole.finditer(text)], text
    assert QuickChoice([r"\bone\b", r"\btwo\b"]).choose("two of three").pattern == r"(?:\btwo\b)"


def test_texts_that_each_need_another_choice_do_not_compile_one_each() -> None:
    words = [f"word{number}" for number in range(10)]
    choice, whole = QuickChoice([rf"\b{word}\b" for word in words]), re.compile("|".join(words))
    texts = [" ".join(word for at, word in enumerate(words) if number >> at & 1) for number in range(1_024)]
    patterns = {choice.choose(text) for text in texts}
    assert len(patterns) < 300
    assert all(choice.choose(text).findall(text) == whole.findall(text) for text in texts)


NEEDS = {
    r"\b(?:is|are)\b": Need(words=frozenset(["is", "are"])),
    r"\bdeliver\w*": Need(words=frozenset(["del*"]), rest={"del*": ((Need(pieces=frozenset(["deliver"])),),)}),
    r"(?:fee|charge)s?": Need(pieces=frozenset(["fee", "charge"])),
    r"\bno longer (?:open|sold)\b": Need(
        words=frozenset(["longer"]), rest={"longer": ((Need(words=frozenset(["no"])), Need(words=frozenset(["open", "sold"]))),)}
    ),
    r"[Aa]ward": Need(pieces=frozenset(["award"])),
    r"\d+|€": Need(pieces=frozenset([""])),
}


@pytest.mark.parametrize(("source", "need"), NEEDS.items(), ids=NEEDS)
def test_what_each_match_needs(source: str, need: Need) -> None:
    assert find_need(source) == need


def test_on_a_python_that_reads_patterns_elsewhere_each_is_tried_on_every_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re._casefix", None)
    elsewhere = runpy.run_path(quick_patterns.__file__)
    assert elsewhere["find_need"](r"\bno longer\b").pieces == {""}
    found = elsewhere["QuickPattern"](r"\bno longer\b").search("It is no longer sold.")
    assert found is not None
    assert found.span() == (6, 15)
