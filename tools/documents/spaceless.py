"""Writing without spaces: Chinese, Japanese and Korean as overlapping pairs of characters, which is how an index of words finds them."""

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
"""Words that say how a question is asked, not what it is about."""


def folded(text: str) -> str:
    """The text in one form of what can be written in several: full width letters as plain ones, ß as ss."""
    return text if text.isascii() else _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text).replace("ß", "ss")


def searchable(text: str) -> str:
    """The text as it goes into the index: a run of such characters as its pairs, and its last character by itself."""
    return text if text.isascii() else _RUN.sub(lambda run: f" {_pairs(run[0])} {run[0][-1]} ", folded(text))


def askable(question: str) -> str:
    """A question as it is looked up: the pairs of what it is about. What is only Japanese grammar is left out where there is more."""
    if question.isascii():
        return question
    words = folded(question)
    about = _ASKS.sub(" ", words)
    if re.search(f"[{_OTHERS}]", about):
        about = re.sub(f"[{_HIRAGANA}]+", " ", about)
    return _RUN.sub(lambda run: f" {_pairs(run[0])} ", about if re.search(r"\w", about) else words)


def begins_a_pair(word: str) -> bool:
    """Whether a word is a single such character, which stands in the index as the first one of pairs."""
    return len(word) == 1 and _RUN.match(word) is not None


def _pairs(run: str) -> str:
    return " ".join(run[at : at + 2] for at in range(max(len(run) - 1, 1)))
