"""`sayso read --conformance`: a table of how many rows of the suite each parser reads right."""

from __future__ import annotations

import json as json_format
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sayso.cli.options import Exit
from sayso.tools.errors import UsageError


def print_scores(parsers: Sequence[str], forms: Sequence[str], rows_file: str, *, failures: bool, json: bool) -> int:
    """Run the suite on our reader and on these parsers, and print the table. Exit code 1 where any row is read wrong."""
    from sayso.conformance import load_parser, load_rows, run_suite  # late, for load time
    from sayso.conformance.parsers import FunctionParser, ProgramParser
    from sayso.conformance.sayso_parser import read_with_sayso
    from sayso.conformance.suite import write_table

    rows = load_rows(Path(rows_file)) if rows_file else load_rows()
    known = {row.form for row in rows}
    if unknown := sorted(set(forms) - known):
        raise UsageError(f"There are no rows of the form {unknown[0]!r}. Forms: {', '.join(sorted(known))}.")
    rows = [row for row in rows if not forms or row.form in forms]
    scores = [run_suite("sayso", FunctionParser(read_with_sayso), rows)]
    for place in parsers:
        parser = load_parser(place)
        if isinstance(parser, ProgramParser):
            with closing(parser):
                scores.append(run_suite(place, parser, rows))
        else:
            scores.append(run_suite(place.rpartition(":")[2], parser, rows))
    if json:
        listed = [
            {
                "parser": score.name,
                "scores": [
                    {"form": form, "way": way, "kind": kind, "right": score.right[form, way, kind], "of": of}
                    for (form, way, kind), of in score.total.items()
                ],
                "failures": score.failures,
            }
            for score in scores
        ]
        print(json_format.dumps(listed, ensure_ascii=False, indent=2))
    else:
        print(write_table(scores))
        for score in scores if failures else ():
            print("\n".join(["", *score.failures]) if score.failures else f"\n{score.name} reads every row right.")
    return Exit.OK if all(score.is_right() for score in scores) else Exit.FAILED
