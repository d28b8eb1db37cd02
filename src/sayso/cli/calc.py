"""`sayso calc`: exact arithmetic in the shell."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.options import Exit, read_whole

Places = Annotated[int | None, Parameter(converter=read_whole, validator=Number(gte=0, lte=1000))]


def calc(expression: Annotated[str, Parameter(allow_leading_hyphen=True)], *, exact: bool = False, places: Places = None) -> int:
    """Calculate exactly.

    Parameters
    ----------
    expression
        What to calculate, or - to read one expression a line from standard input.
    exact
        Print the exact value (a fraction, a root) instead of a decimal.
    places
        Print this many decimal places.
    """
    if expression != "-":
        return Exit.OK if _print_result(expression, exact, places) else Exit.FAILED
    lines = enumerate(sys.stdin, start=1)
    results = [_print_result(line.strip(), exact, places, f"Line {number}: ") for number, line in lines if line.strip()]
    return Exit.OK if all(results) else Exit.FAILED


def _print_result(expression: str, exact: bool, places: int | None, line: str = "") -> bool:
    """Print the value, or the error with `line` in front; return whether there is a value."""
    from sayso.tools import CalculationError, calculate  # late, for load time

    try:
        result = calculate(expression)
        if exact:
            print(result.exact)
        elif places is not None:
            print(f"{result:.{places}f}")
        else:
            print(result.text)
    except CalculationError as error:
        sys.stdout.flush()  # the error stands after the answers to the lines before it
        print(f"{line}{error}", file=sys.stderr, flush=True)
        return False
    return True
