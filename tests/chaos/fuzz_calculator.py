"""Text that nobody would write, into the calculator: it answers or refuses with CalculationError, soon, whatever comes.

    python tests/chaos/fuzz_calculator.py --seconds 60 [--seed N]

With atheris (Linux, x86_64) the text is bent towards code that was not reached before; without it pieces of expressions are put together
by chance. A text that takes long or raises something else is printed so that it can be tried again, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

from sayso.tools.calculation import CalculationError, calculate

PIECES = (
    *"0123456789+-*/^%!().,$€£ =πe√²³×÷−_;:[]{}'\"\\\t\n\0x",
    *"** // 0x 1e9 1e-9 .5 1,000 50% 5% 2^-1 (( )) +- -- sqrt( sin( log( ln( exp( abs( floor( max( min( gcd( pi e".split(),
    *"solve( diff( sum( mean( median( stdev( simplify( factorial( 99999999999 0.000001 km/h USD 9^9^9 170! 1/0 0/0 x y".split(),
    *("٣", "１２", "½", "∞", "𝟙", "\u202e", "\u200b", "\ud800", "é", "**2**", "import os", "__class__", "lambda:0"),
)
OPERANDS = "0 1 2 3.5 0.1 1,000 1e3 5% (1+2) sqrt(2) pi $4 7! x sin(1) -3 2^10 log(8,2) 99999999 1/3".split()
OPERATORS = "+ - * / // % ^ ** × ÷".split()
SLOW_SECONDS = 3.0
"""The calculator's own limit is 2 s; the rest is for a machine that is busy with other things."""


def find_trouble(text: str) -> str | None:
    """Return what is wrong with how this text is taken, or None."""
    begun = time.monotonic()
    try:
        result = calculate(text)
        _ = (result.text, str(result))
    except CalculationError as error:
        if not str(error):
            return "an error without words"
    except RecursionError:
        return "RecursionError"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"{type(error).__name__}: {error}"
    taken = time.monotonic() - begun
    return f"took {taken:.1f} s" if taken > SLOW_SECONDS else None


def make_texts(chance: random.Random) -> Iterator[str]:
    """Yield texts: half of them pieces in any order, half nearly expressions, and now and then a very long one."""
    while True:
        length = chance.choice((1, 2, 3, 5, 8, 13, 20, 30))
        if chance.random() < 0.5:
            text = "".join(chance.choice(PIECES) for _ in range(length))
        else:
            text = " ".join(chance.choice((OPERATORS, OPERANDS)[place % 2 == 0]) for place in range(length | 1))
        yield text * 100 if chance.random() < 0.02 else text


def run_by_chance(seconds: float, seed: int) -> int:
    """Return the number of texts that were tried. Exit at the first trouble."""
    deadline = time.monotonic() + seconds
    for tried, text in enumerate(make_texts(random.Random(seed))):
        if time.monotonic() > deadline:
            return tried
        trouble = find_trouble(text)
        if trouble is not None:
            print(f"{text[:2000]!r} ({len(text)} characters): {trouble}")
            sys.exit(1)
    raise AssertionError("there is always another text")


def run_guided(seconds: float, seed: int) -> None:
    """Run atheris, in a process of its own: libFuzzer ends it."""
    import atheris

    for name in [name for name in sys.modules if name.startswith("sayso.tools.calculation")]:
        del sys.modules[name]  # loaded once more, so that it is seen which code a text reaches
    with atheris.instrument_imports(include=["sayso.tools.calculation"]):  # pyright: ignore[reportAttributeAccessIssue]
        from sayso.tools.calculation import evaluation, refusal

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)  # pyright: ignore[reportAttributeAccessIssue]
        count = min(40, provider.remaining_bytes())
        text = "".join(PIECES[provider.ConsumeIntInRange(0, len(PIECES) - 1)] for _ in range(count))
        begun = time.monotonic()
        with suppress(refusal.CalculationError):
            _ = evaluation.calculate(text).text
        if time.monotonic() - begun > SLOW_SECONDS:
            raise TimeoutError(f"{text!r} took {time.monotonic() - begun:.1f} s")

    atheris.Setup([sys.argv[0], f"-max_total_time={max(1, int(seconds))}", f"-seed={seed}", "-verbosity=0", "-max_len=200"], one)
    atheris.Fuzz()


def has_atheris() -> bool:
    """Tell whether the guided half can be run here."""
    try:
        import atheris  # noqa: F401
    except ImportError:
        return False
    return True


def main() -> int:
    """Run both ways, half of the time each. Return 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--guided", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(1, 2**31)
    if given.guided:
        run_guided(given.seconds, seed)
        return 0
    both = has_atheris()
    tried = run_by_chance(given.seconds / 2 if both else given.seconds, seed)
    print(f"{tried} texts by chance (seed {seed}): answered or refused, all soon")
    if both:
        command = [sys.executable, __file__, "--guided", "--seconds", str(given.seconds / 2), "--seed", str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=given.seconds + 120)
        if done.returncode != 0:
            print(done.stdout[-4000:], done.stderr[-4000:])
            return 1
        print("and by atheris: nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
