"""What the models of an answer's steps are told, with examples that small models need."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.tools.documents import NOT_IN_THE_DOCUMENTS

_CANTEEN = """
[DOC 41] The canteen, Lunch
Lunch is served from noon to two. On Fridays there is fish.

[DOC 42] The canteen, Prices
A meal costs 6 euros for staff, and guests pay 9 euros.

{}"""

ROUTE = """
You sort what people write to an assistant that answers from documents. Whatever asks for something goes to "documents", whether you know
the answer or not. Only greetings, thanks and goodbyes go to "talk"."""
ROUTE_EXAMPLES: Sequence[tuple[str, str]] = (
    ("When is lunch?", '"documents"'),
    ("Hello there!", '"talk"'),
    ("who is the head of sales", '"documents"'),
    ("Thanks, bye", '"talk"'),
)

JUDGE = """
You see passages, each under a number such as [DOC 7], and a question. List the numbers of the passages that answer the question or a part
of it. List none if no passage does."""
JUDGE_EXAMPLES: Sequence[tuple[str, list[int]]] = (
    (_CANTEEN.format("When can I eat?"), [41]),
    (_CANTEEN.format("Who is the manager?"), []),
    (_CANTEEN.format("How much do visitors pay for a meal?"), [42]),
)

REWRITE = """
A search in documents found nothing of use. Write what to search for in other words, as the documents may put it. Write only the words."""
REWRITE_EXAMPLES: Sequence[tuple[str, str]] = (
    ("When can I eat?\nSearched for: When can I eat?", "lunch hours canteen meals"),
    (
        "How do I get my money back after a trip?\nSearched for: How do I get my money back after a trip?",
        "reimbursement of travel expenses",
    ),
)

_WRITE = """
Answer the question in one or two sentences, only from the passages above it. Use the words of the passage, and write its number after each
sentence, like [DOC 7]."""
_ANSWERS: Sequence[tuple[str, str]] = (
    (_CANTEEN.format("Do you have lunch?"), "Yes, lunch is served from noon to two [DOC 41]."),
    (_CANTEEN.format("How much do I pay for a guest?"), "For a meal, guests pay 9 euros [DOC 42]."),
)
WRITE = f"{_WRITE} If no passage answers the question, say: {NOT_IN_THE_DOCUMENTS}"
WRITE_EXAMPLES: Sequence[tuple[str, str]] = ((_CANTEEN.format("Who cooks?"), NOT_IN_THE_DOCUMENTS), *_ANSWERS)

INSIST = f"{_WRITE} One of the passages has the answer."
INSIST_EXAMPLES = _ANSWERS
"""For a writer that finds nothing where the words of the question and the judge say that there is something: small models give up early."""
