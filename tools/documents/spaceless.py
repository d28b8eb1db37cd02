"""Chinese, Japanese and Korean, which have no spaces, as overlapping pairs of characters (bigrams) for an index of words."""

from __future__ import annotations

import re
import unicodedata

_HIRAGANA = "ぁ-ゖ"
_OTHERS = "々〇ァ-ヺー㐀-䶿一-鿿豈-\ufaff가-힣\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_HIRAGANA}{_OTHERS}]+")
_WIDE = re.compile("[\uff01-\uffdc]+")
_ASKS = re.compile(
    "请问|在哪里|在哪儿|在哪|哪里|哪儿|哪些|什么|怎么样|怎么|怎样|如何|多少|是否|有没有|可以|能不能|为什么|[吗呢的了谁]"
    "|何ですか|어디|무엇|언제|얼마|입니까|있습니까|인가요|있나요"
)
"""Words that shape a question but are not its subject."""


def fold(text: str) -> str:
    """Return the text with full-width letters as plain ones (NFKC) and ß as ss."""
    return text if text.isascii() else _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text).replace("ß", "ss")


def split_for_index(text: str) -> str:
    """Return the text as it is indexed: a run of such characters as its pairs, and its last character by itself."""
    return text if text.isascii() else _RUN.sub(lambda run: f" {_make_pairs(run[0])} {run[0][-1]} ", fold(text))


def split_for_search(question: str) -> str:
    """Return a question as it is searched for: the pairs of its subject. Hiragana, mostly grammar, is left out if there is more."""
    if question.isascii():
        return question
    words = fold(question)
    about = _ASKS.sub(" ", words)
    if re.search(f"[{_OTHERS}]", about):
        about = re.sub(f"[{_HIRAGANA}]+", " ", about)
    return _RUN.sub(lambda run: f" {_make_pairs(run[0])} ", about if re.search(r"\w", about) else words)


def is_single_character(word: str) -> bool:
    """Return whether a word is a single such character, which the index holds as the first one of pairs."""
    return len(word) == 1 and _RUN.match(word) is not None


def _make_pairs(run: str) -> str:
    return " ".join(run[at : at + 2] for at in range(max(len(run) - 1, 1)))
