"""Files with a prompt and its completion on each line, "prompt ||| completion": read and written without loss.

One blank stands on each side of the bars, and all others belong to the texts. A text with `|||` or a line break in it has no such form, so
it is refused by name. With `escape` a line break is written `\\n`, a carriage return `\\r`, a bar `\\|`, a backslash `\\\\`, and read back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from sayso.tools.errors import UsageError

from .example import Example, ExampleOrigin, iter_texts, text_example
from .text_files import read_lines

BARS = "|||"
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "|": "\\|"}
_UNESCAPES = {written: character for character, written in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)


def read_separated(path: str | Path, *, escape: bool = False) -> list[Example]:
    """Return the examples of a `prompt ||| completion` file. Blank lines are passed over.

    Raises UsageError with the line for one without the bars, with several, or with an empty side.
    """
    found: list[Example] = []
    for number, line in read_lines(path):
        place = f"{path}:{number}"
        prompt, completion = split_line(line, place, escape=escape)
        found.append(text_example(prompt, completion, ExampleOrigin(place, "", "a line of the file")))
    if not found:
        raise UsageError(f"{path} has no line with {BARS} in it, so it holds no examples.")
    return found


def split_line(line: str, place: str, *, escape: bool = False) -> tuple[str, str]:
    """Return what stands on the two sides of the bars. `place` is what errors call the line."""
    parts = line.split(BARS)
    if len(parts) == 1:
        raise UsageError(f"{place} has no {BARS} between a prompt and its completion: {line[:60]!r}.")
    if len(parts) > 2 or parts[1].startswith("|"):
        raise UsageError(f"{place} has {BARS} more than once, so nobody can tell where the completion begins: {line[:60]!r}.")
    prompt, completion = parts[0].removesuffix(" "), parts[1].removeprefix(" ")
    return (_unescape(prompt, place), _unescape(completion, place)) if escape else (prompt, completion)


def write_separated(examples: Iterable[Example], *, escape: bool = False) -> str:
    """Return examples as lines of such a file. Raises UsageError for one that has no such form; it names the example."""
    return "".join(f"{line}\n" for line in (write_line(*find_texts(each), each.origin.source, escape=escape) for each in examples))


def write_line(prompt: str, completion: str, source: str, *, escape: bool = False) -> str:
    """Return a prompt and its completion as one line, without its end."""
    for name, text in (("prompt", prompt), ("completion", completion)):
        if not text.strip():
            raise UsageError(f"The {name} of {source} is empty.")
        for sign, what in (("\n", "a line break"), ("\r", "a carriage return"), (BARS, BARS)):
            if sign in text and not escape:
                raise UsageError(
                    f"The {name} of {source} has {what} in it, so it has no place on a line. Use --escape (escape=True), or another format."
                )
    return f"{_escape(prompt)} {BARS} {_escape(completion)}" if escape else f"{prompt} {BARS} {completion}"


def find_texts(example: Example) -> tuple[str, str]:
    """Return the prompt and the completion of an example as texts. Raises UsageError where it has more than one turn, calls or media."""
    roles = [message["role"] for message in (*example.prompt, *example.answer)]
    plain = all(isinstance(message.get("content"), str) and "tool_calls" not in message for message in (*example.prompt, *example.answer))
    if roles not in (["user", "assistant"], ["system", "user", "assistant"]) or not plain:
        raise UsageError(f"{example.origin.source} is not a prompt with one text as its answer: it has {', '.join(roles)} messages.")
    return "\n\n".join(iter_texts(example.prompt)), next(iter_texts(example.answer))


def _escape(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def _unescape(text: str, place: str) -> str:
    def find(escaped: re.Match[str]) -> str:
        if escaped[0] not in _UNESCAPES:
            raise UsageError(f"{place} has {escaped[0]!r}, which is not one of {', '.join(_UNESCAPES)}. Is the file written with escape?")
        return _UNESCAPES[escaped[0]]

    return _ESCAPED.sub(find, text)
