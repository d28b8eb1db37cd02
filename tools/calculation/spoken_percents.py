"""Write out what a sentence says of percentages: `20 is what percent of 80`, `$59.99 with 7% tax`, `45 is 50% off what`."""

from __future__ import annotations

from .sentence_tokens import Sentence, Tokens, find_phrase, wrap

PERCENT_RESULT = "→ %"
"""A token at the end: the value is shown as a percentage."""
_LESS = frozenset({"off", "discount", "rebate", "reduction"})
_MORE = frozenset({"tax", "vat", "gst", "tip", "gratuity", "surcharge", "markup", "interest", "fee"})
_AS_PERCENT = (("as", "a", "%"), ("in", "%"), ("as", "%"), ("to", "%"), ("to", "a", "%"))
_LONGEST_NOUN = 3


def drop_labels(sentence: Sentence, tokens: Tokens) -> Tokens:
    """Drop the word that says what a percentage after a sign is: + 8.25% tax, - 10% discount. A discount is not added."""
    found: Tokens = []
    at = 0
    while at < len(tokens):
        found.append(tokens[at])
        at += 1
        if found[-1][0] != "%" or len(found) < 3 or found[-3][0] not in ("+", "-") or not found[-2][0][:1].isdecimal():
            continue
        end = at
        while end - at < _LONGEST_NOUN and sentence.is_label(tokens, end):
            end += 1
        if end == at or sentence.word(tokens, end) not in ("", ")", "+", "-", "="):
            continue
        if found[-3][0] == "+" and (less := [word for word in sentence.words(tokens, at, end - at) if word in _LESS]):
            raise sentence.pieces.refuse(tokens[at][1], f"A {less[0]} is taken off: write - {found[-2][0]}%.")
        at = end
    return found


def add_named_shares(sentence: Sentence, tokens: Tokens) -> Tokens:
    """$59.99 with 7% tax is + 7%, 80 with a 30% discount - 30%: at the end, where a word says which. 10% on 200 may be of it or more."""
    if not any(token == "%" for token, _ in tokens):
        return tokens
    words = sentence.words(tokens, 0, len(tokens))
    if words[1:3] == ("%", "on") and len(words) > 3 and words[0][:1].isdecimal():
        share, whole = f"{words[0]}%", sentence.pieces.text[tokens[3][1] :].strip()
        reason = f"This can mean {share} of {whole}, or {whole} and {share} more; write {share} of {whole} or {whole} + {share}."
        raise sentence.pieces.refuse(tokens[2][1], reason)
    at = max((each for each, word in enumerate(words) if word in ("with", "at")), default=0)
    number = at + 1 + (words[at + 1 : at + 2] in (("a",), ("an",)))
    label = list(words[number + 2 :])
    if at < 1 or words[number + 1 : number + 2] != ("%",) or not words[number][:1].isdecimal() or not (_LESS | _MORE) & set(label):
        return tokens
    sentence.check_reach(tokens, 0, at, words[at])
    named = next(end for end, word in enumerate(label, 1) if word in _LESS | _MORE)
    if named < len(label) or not all(sentence.is_label(tokens, number + 2 + each) for each in range(named - 1)):
        # Whatever else is said may change the value: and 10% tip, plus 5, included, for 3 years.
        raise sentence.pieces.refuse(tokens[at][1], f"How far does {words[at]!r} reach? Write signs and parentheses.")
    return [*tokens[:at], ("-" if label[-1] in _LESS else "+", tokens[at][1]), *tokens[number : number + 2]]


def ask_percent(sentence: Sentence, tokens: Tokens) -> Tokens:
    """20 is what % of 80, what % of 80 is 20, 20 as a % of 80, 20 out of 80, 25% of what is 50, 45 is 50% off what."""
    words = sentence.words(tokens, 0, len(tokens))
    if "%" in words and words[:2] in (("the", "%"), ("the", "number")):
        tokens = tokens[1 + (words[1] == "number") :]
        words = sentence.words(tokens, 0, len(tokens))
    if "%" in words and (named := find_phrase(words, ("what", "number"), 0)) >= 0:
        tokens = [*tokens[: named + 1], *tokens[named + 2 :]]
        words = sentence.words(tokens, 0, len(tokens))
    if words[:1] in (("%",), ("what",)) and "%" in words[:2]:
        begun = words.index("%") + 1
        if words[begun : begun + 1] == ("of",) and (middle := find_phrase(words, ("is",), begun)) > 0:
            return _divide(sentence, tokens[middle + 1 :], tokens[begun + 1 : middle], percent=True)
        change = words[begun : begun + 1]
        if change in (("change",), ("increase",), ("decrease",)) and words[begun + 1 : begun + 2] == ("from",):
            middle = find_phrase(words, ("to",), begun)
            first, last = tokens[begun + 2 : middle], tokens[middle + 1 :]
            if middle > 0 and first and last:
                sentence.check_reach(last, 0, len(last), "to")
                less, more = (first, last) if change != ("decrease",) else (last, first)
                return _divide(sentence, [*wrap(more), ("-", more[0][1]), *wrap(less)], first, percent=True)
    for phrase in (("is", "what", "%", "of"), ("as", "a", "%", "of"), ("as", "%", "of")):
        if (at := find_phrase(words, phrase, 0)) > 0:
            return _divide(sentence, tokens[:at], tokens[at + len(phrase) :], percent=True)
    if (at := find_phrase(words, ("is", "what", "%", "off"), 0)) > 0:
        whole = tokens[at + 4 :]
        return _divide(sentence, [*wrap(whole), ("-", tokens[at][1]), *wrap(tokens[:at])], whole, percent=True)
    if (at := find_phrase(words, ("out", "of"), 0)) > 0:
        sentence.check_reach(tokens, 0, at, "out of")
        sentence.check_reach(tokens, at + 2, len(tokens), "out of")
        end = next((end for end in _AS_PERCENT if words[-len(end) :] == end), ())
        return _divide(sentence, tokens[:at], tokens[at + 2 : len(tokens) - len(end)], percent=bool(end))
    if words[-3:] == ("%", "off", "what") and (at := find_phrase(words, ("is",), 0)) > 0:
        start = tokens[at][1]
        return _divide(sentence, tokens[:at], [("1", start), ("-", start), *wrap(tokens[at + 1 : -2])], percent=False)
    if (at := find_phrase(words, ("%", "of", "what", "is"), 0)) > 0:
        return _divide(sentence, tokens[at + 4 :], tokens[: at + 1], percent=False)
    if words[-3:] == ("%", "of", "what") and (at := find_phrase(words, ("is",), 0)) > 0:
        return _divide(sentence, tokens[:at], tokens[at + 1 : -2], percent=False)
    if end := next((end for end in _AS_PERCENT if words[-len(end) :] == end and len(words) > len(end)), ()):
        return [*wrap(tokens[: -len(end)]), (PERCENT_RESULT, tokens[-1][1])]
    return tokens


def _divide(sentence: Sentence, above: Tokens, below: Tokens, *, percent: bool) -> Tokens:
    if not above or not below:
        return [*above, ("/", sentence.pieces.starts[-1]), *below]  # which says what is missing
    divided = [*wrap(above), ("/", above[0][1]), *wrap(below)]
    return [*divided, (PERCENT_RESULT, divided[-1][1])] if percent else divided
