"""How answers word what they cite: whose word it is, lists, pronouns, a verb for two things; and what is false all the same."""

from __future__ import annotations

import pytest

from sayso.tools.documents.citations import resolve_citations
from sayso.tools.documents.passages import Passage

HANDBOOK = """Pets are allowed with the landlord's written consent. Quiet hours are from 22:00 to 6:00. Rubbish is collected on Tuesdays.

Fees
Key replacement: 40 euros
Parking space: 35 euros a month"""
PARKING = """A permit costs 15 euros a year. It is valid for one car. Visitors may park for two hours on the square.
The permit is not transferable."""
LEAVE = """Employees get 28 days of leave a year. Up to five days can be carried over until 31 March.
The policy applies from 1 January 2026. It does not cover interns."""
PASSAGES = {
    1: Passage(1, "handbook.md", "Tenants' handbook", HANDBOOK),
    2: Passage(2, "parking.md", "Parking rules", PARKING),
    3: Passage(3, "leave.md", "Leave policy", LEAVE),
}

GOOD = """According to the handbook, quiet hours are from 22:00 to 6:00 [DOC 1].
The handbook says that rubbish is collected on Tuesdays [DOC 1].
As the tenants' handbook puts it, pets are allowed with the landlord's written consent [DOC 1].
In [DOC 1] it says that quiet hours are from 22:00 to 6:00.
The relevant passage [DOC 2] says a permit is valid for one car.
Based on the passages, the answer is that rubbish is collected on Tuesdays [DOC 1].
Rubbish is collected on Tuesdays (tenants' handbook) [DOC 1].
Rubbish is collected on Tuesdays, as the handbook says [DOC 1].
The rules do not say whether motorcycles need one. A permit is valid for one car [DOC 2].
There is no mention of sick days in the leave policy [DOC 3].
The leave policy applies from 1 January 2026 [DOC 3].
It applies from 1 January 2026 [DOC 3].
You asked about pets. They are allowed with the landlord's written consent [DOC 1].
A permit costs 15 euros a year [DOC 2]. It is valid for one car [DOC 2].
Quiet hours are from 22:00 to 6:00 [DOC 1] and a permit costs 15 euros a year [DOC 2].
Quiet hours are from 22:00 to 6:00, and a permit costs 15 euros a year [DOC 1][DOC 2].
Key replacement costs 40 euros and a parking space 35 euros a month [DOC 1].
Key replacement: 40 euros; parking space: 35 euros a month [DOC 1].
The leave policy, which applies from 1 January 2026, does not cover interns [DOC 3].
A permit costs 15 euros a year and is valid for one car [DOC 2].
Employees get 28 days of leave a year, of which up to five days can be carried over until 31 March [DOC 3].
The fees are:\\n- key replacement costs 40 euros [DOC 1]\\n- a parking space costs 35 euros a month [DOC 1]
1. Key replacement costs 40 euros [DOC 1].\\n2. A parking space costs 35 euros a month [DOC 1].
| Fee | Cost |\\n|---|---|\\n| Key replacement | 40 euros [DOC 1] |\\n| Parking space | 35 euros a month [DOC 1] |"""

FALSE = """You asked about pets, which are forbidden. Quiet hours are from 22:00 to 6:00 [DOC 1].
You asked about pets and they are forbidden. Quiet hours are from 22:00 to 6:00 [DOC 1].
According to the landlord, quiet hours are from 22:00 to 6:00 [DOC 1].
The handbook says that rubbish is not collected on Tuesdays [DOC 1].
The handbook does not say that rubbish is collected on Tuesdays [DOC 1].
The leave policy does not mention interns [DOC 3].
There is no mention of interns in the leave policy [DOC 3].
The leave policy does not give employees 28 days of leave [DOC 3].
The handbook never states that quiet hours are from 22:00 to 6:00 [DOC 1].
The handbook denies that rubbish is collected on Tuesdays [DOC 1].
Nothing in the handbook says that rubbish is collected on Tuesdays [DOC 1].
No document says that visitors may park for two hours on the square [DOC 2].
No visitors may park for two hours on the square [DOC 2].
An earlier version of the handbook says that rubbish is collected on Tuesdays [DOC 1].
The handbook says that employees get 28 days of leave a year [DOC 3].
Rubbish is collected on Tuesdays, as the law says [DOC 1].
The handbook applies from 1 January 2026 [DOC 3].
The permit may be transferred [DOC 2].
Interns are covered [DOC 3].
Yes, interns are covered [DOC 3].
The leave policy, which applies from 1 January 2026, covers interns [DOC 3].
The leave policy, which does not cover interns, applies from 1 January 2025 [DOC 3].
A permit costs 15 euros a year and is valid for two cars [DOC 2].
Key replacement: 35 euros; parking space: 40 euros a month [DOC 1].
Quiet hours are from 22:00 to 6:00 [DOC 2] and a permit costs 15 euros a year [DOC 1].
A permit costs 50 euros [DOC 2].
Key replacement costs 35 euros and a parking space 40 euros a month [DOC 1].
Key replacement costs 40 euros and a permit 35 euros a year [DOC 1].
Employees get 28 days of leave a year, of which up to nine days can be carried over until 31 March [DOC 3].
The fees are:\\n- key replacement costs 35 euros [DOC 1]\\n- a parking space costs 40 euros a month [DOC 1]
1. Key replacement costs 35 euros [DOC 1].\\n2. A parking space costs 35 euros a month [DOC 1].
| Fee | Cost |\\n|---|---|\\n| Key replacement | 35 euros [DOC 1] |\\n| Parking space | 40 euros a month [DOC 1] |"""


@pytest.mark.parametrize("answer", GOOD.splitlines())
def test_an_answer_holds_however_it_is_worded(answer: str) -> None:
    assert resolve_citations(answer.replace("\\n", "\n"), PASSAGES.get).problems == ()


@pytest.mark.parametrize("answer", FALSE.splitlines())
def test_no_wording_makes_a_false_answer_hold(answer: str) -> None:
    assert resolve_citations(answer.replace("\\n", "\n"), PASSAGES.get).problems
