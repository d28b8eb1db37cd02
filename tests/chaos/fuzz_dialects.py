"""Texts made to break the reader of calls: no exception, no hang, the same reading however it is cut, no call that is not in the text.

python tests/chaos/fuzz_dialects.py [--seconds 60] [--seed 0]

Guided by coverage where atheris is installed, by chance otherwise. Ends with 1 and the text at the first one that breaks a promise.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from sayso.tools import Reader, read
from sayso.tools.dialects import DIALECTS, ReadCall, Reading
from sayso.tools.dialects.markers import CALL_SEPARATORS, INNER_ELEMENTS, NAME_SEPARATORS, SECTIONS
from sayso.tools.dialects.markers import MARKS as TEMPLATE_MARKS

TOOLS = [
    {"name": "ORDER", "parameters": {"properties": {"item": {"type": "string"}, "quantity": {"type": "integer"}}, "required": ["item"]}},
    {"name": "now", "parameters": {}},
]
MARKS = [
    *SECTIONS,
    *(close for section in SECTIONS.values() for close in section.closes),
    *INNER_ELEMENTS,
    '[Calling tool="',
    *CALL_SEPARATORS,
    *NAME_SEPARATORS,
    *sorted(TEMPLATE_MARKS),
    *(
        '<zeta:invoke name="',
        "<zeta:function_calls>",
        "</zeta:function_calls>",
        "</zeta:invoke>",
        '<zeta:parameter name="',
        "</zeta:parameter>",
    ),
    *("<ORDER>", "</ORDER>", "<item>", "</item>", "<ORDER ", "/>", "<now/>", "</tool><tool_input>", "</tool_input>", "✿ARGS✿:"),
    *(
        "```tool",
        "TOOL_NAME: ORDER",
        "BEGIN_ARG: item",
        "END_ARG",
        "{{",
        "}}",
        '{\\"',
        '\\"',
        "assistantcommentary to=functions.ORDER json",
    ),
]
WORDS = [
    *("ORDER(", "now()", "ORDER", "now", "item", "quantity", "Burger", "7", "-1.5", "true", "None", "a, b", "é", "🍔", "\ud83c"),
    *('{"name": "', '", "arguments": {', '"item": ', '"ORDER"', "{", "}", "[", "]", "(", ")", '"', "'", "“", "”", "\\", ",", ":", "=", " "),
    *(
        "\n",
        "\n\n",
        "`",
        "```",
        "```json\n",
        "```tool_code\n",
        "Action: ORDER",
        "\nAction Input: ",
        "\nObservation: ",
        ">>>ORDER\n",
        ">>>all\n",
    ),
    *("<parameter=item>", "</parameter>", '<parameter name="item">', "</invoke>", "</function>", "<arg_key>item</arg_key>", "<arg_value>"),
    *(
        "</arg_value>",
        "<![CDATA[",
        "]]>",
        "call:ORDER{item:",
        '<|"|>',
        "<escape>",
        " to=functions.ORDER",
        "[ARGS]",
        "ORDER\n{",
        "//",
        "/*",
        "#",
    ),
    *(DIALECTS[name].render(ReadCall("ORDER", {"item": "x", "quantity": 2}), ReadCall("now", {})) for name in DIALECTS),
]
SLOWEST_SECONDS = 2.0  # for a text of at most a few thousand characters


def make_text(chance: random.Random) -> str:
    """Return markers and words in any order, some of them cut."""
    parts = []
    for _ in range(chance.randint(1, 14)):
        part = chance.choice(MARKS if chance.random() < 0.4 else WORDS)
        if chance.random() < 0.15:
            part = part[: chance.randint(0, len(part))]
        parts.append(part * (chance.randint(2, 60) if chance.random() < 0.03 else 1))
    return "".join(parts)


def cut_text(text: str, chance: random.Random) -> list[str]:
    """Cut the text at some places."""
    cuts = sorted(chance.randint(0, len(text)) for _ in range(chance.randint(0, 6)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def check(text: str, pieces: list[str], dialect: str) -> None:
    """Raise AssertionError where a promise is broken."""
    start = time.process_time()
    whole = read(text, TOOLS, dialect)
    assert time.process_time() - start < SLOWEST_SECONDS, "it takes too long"
    for cut in (pieces, list(text)):
        reader = Reader(TOOLS, dialect)
        for piece in cut:
            reader.feed(piece)
        assert reader.close() == whole, f"cut differently it reads {reader.close()}, whole {whole}"
    _is_in_the_text(whole, text)


def _is_in_the_text(reading: Reading, text: str) -> None:
    end = 0
    for call in sorted(reading.calls, key=lambda call: call.span):
        at, end = call.span
        assert 0 <= at < end <= len(text), f"{call} is nowhere"
        assert call.tool.casefold() in text.casefold(), f"{call.tool} is not in the text"
        for value in call.arguments.values():
            assert not isinstance(value, int) or str(value) in text or isinstance(value, bool), f"{value} is not in the text"


def check_one(chance: random.Random) -> None:
    """Make one text, cut it and read it."""
    text = make_text(chance)
    pieces, dialect = cut_text(text, chance), chance.choice(("auto", "auto", *DIALECTS))
    try:
        check(text, pieces, dialect)
    except Exception as error:
        raise AssertionError(f"{dialect}: {text!r} in {[len(piece) for piece in pieces]}: {error!r}") from error


def run_by_chance(seconds: float, seed: int) -> int:
    """Check as many texts as the time allows. Return how many."""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        check_one(random.Random(f"{seed}.{count}"))
        count += 1
    return count


def run_guided(seconds: float, seed: int) -> None:
    """Check texts, led by the branches that are reached."""
    import atheris

    def once(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)  # pyright: ignore[reportAttributeAccessIssue]
        numbers = provider.ConsumeIntListInRange(24, 0, 2**31)
        if provider.ConsumeBool():
            check_one(random.Random(f"{numbers}"))
        else:
            text = provider.ConsumeUnicodeNoSurrogates(400)
            check(text, [text[: numbers[0] % (len(text) + 1)], text[numbers[0] % (len(text) + 1) :]], "auto")

    atheris.instrument_all()  # pyright: ignore[reportAttributeAccessIssue]
    atheris.Setup([sys.argv[0], f"-max_total_time={max(1, int(seconds))}", f"-seed={seed + 1}", "-timeout=20"], once)
    atheris.Fuzz()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        import atheris  # noqa: F401
    except ImportError:
        print(f"{run_by_chance(given.seconds, given.seed)} texts by chance (atheris is not installed): all promises kept")
    else:
        half = given.seconds / 2
        print(f"{run_by_chance(half, given.seed)} texts by chance: all promises kept", flush=True)
        run_guided(half, given.seed)


if __name__ == "__main__":
    main()
