"""The travel handbook of the examples' company: its pages, and the PDF that is made of them.

`python -m tests.examples.travel_handbook` writes examples/data/company/travel.pdf anew.
"""

from __future__ import annotations

from pathlib import Path

PDF = Path(__file__).resolve().parents[2] / "examples" / "data" / "company" / "travel.pdf"
TITLE = "Travel handbook"
PAGES = (
    """\
Lakeside Tools
Travel handbook

This handbook says how trips are booked and what is paid back.
Trips are booked through the travel desk, extension 4470.""",
    """\
Trains and flights

Take the train where it takes less than five hours. Flights need the
approval of your manager before they are booked. On flights of more
than six hours you may book premium economy.""",
    """\
Hotels and meals

A hotel room may cost up to 140 euros a night, in Zurich and London up
to 190 euros. Breakfast is paid back when the room does not include it.
Meals are paid back up to 45 euros a day, with receipts.""",
    """\
Getting your money back

Send your receipts within 30 days of the end of the trip. Money is paid
back with the next salary when they arrive before the 15th.""",
)


def made() -> bytes:
    """The bytes of the PDF."""
    from ..tools.pdf_files import pdf_of

    return pdf_of(PAGES, title=TITLE, compress=True)


if __name__ == "__main__":
    PDF.write_bytes(made())
