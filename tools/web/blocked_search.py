"""Tell an empty answer of a search engine from one that blocks programs. Pure."""

from __future__ import annotations

import re

_CHALLENGE = re.compile(r"anomaly-modal|anomaly\.js|challenge-form|cf-chl|captcha-delivery|showcaptcha|/sorry/index", re.I)
# These stand in ordinary pages, too: they count only where a page does not say that nothing was found.
_MARKS = re.compile(r"cf-turnstile|g-recaptcha|recaptcha/api|h-captcha|hcaptcha\.com|px-captcha|smartcaptcha|_incapsula_|ddos-guard", re.I)
_WORDS = re.compile(
    r"are you (?:a |an )?(?:human|robot|bot)\b|(?:not|isn't|is not) a (?:robot|bot)\b|you(?:'re| are) (?:a )?human|made by a human|"
    r"following challenge|unusual (?:traffic|activity)|automated (?:quer|request|traffic|search)|access (?:is |was |has been )?denied|"
    r"too many requests|rate.?limit|been blocked|are blocked|just a moment|checking your browser|security check|captcha|forbidden",
    re.I,
)
_NOTHING = re.compile(
    r"\bno (?:\w+ )?(?:results?|matches|hits|pages)\b|\bdid not match any|\bnothing (?:was )?found|\bnot find any|did not find results|"
    r"keine (?:\w+ )?(?:ergebnisse|treffer)|aucun résultat|ning[uú]n resultado|sin resultados|nessun risultato|geen resultaten|"
    r"ничего не (?:найдено|нашлось)|没有(?:找到)?.{0,6}结果|結果.{0,6}ありません|見つかりません",
    re.I,
)
_NOTHING_MARK = re.compile(r"""class=["'][^"']*\bno-results?\b""", re.I)
_NO_TEXT = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<[^>]*>")
_LONGEST = 500_000  # characters of a page that are looked at


def explain_no_hits(status: int, page: str, *, says_so: bool) -> str:
    """Return the reason why an answer without a hit is a failed search; an empty text if nothing was found.

    `says_so`: the engine's page for nothing found is known to say so, hence one that does not say it is another page.
    """
    if status == 429:
        return "too many searches in a short time (rate limit)"
    if status in (202, 401, 403):  # DuckDuckGo sends its challenge with 202
        return f"it keeps programs out (status {status})"
    if status >= 500:
        return f"it has trouble (status {status})"
    if status != 200:
        return f"it refused the search (status {status})"
    page = page[:_LONGEST]
    if _CHALLENGE.search(page):
        return "it keeps programs out (a challenge that only people can solve)"
    words = " ".join(_NO_TEXT.sub(" ", page).split())
    if _NOTHING.search(words) or _NOTHING_MARK.search(page):
        return ""
    if _MARKS.search(page) or _WORDS.search(words):
        return "it keeps programs out (a challenge that only people can solve)"
    if says_so or not words:  # an empty page comes from whoever stands between, not from an engine that has searched
        return "its answer holds no results and does not say that there are none"
    return ""
