"""Stand-ins for a model, one for each example, so that all run without one. Each knows its example's own input, and little else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from sayso import ScriptedModel
from sayso.agents import AssistantMessage, ModelRequest, Reply, SystemMessage, ToolMessage, call
from sayso.agents.models.extractive import find_passages_about, quote_passages
from sayso.tools import UsageError
from sayso.tools.documents import NOT_IN_THE_DOCUMENTS


def stand_in(says: Callable[[ModelRequest], Reply | str]) -> ScriptedModel:
    """A function as a model."""
    return ScriptedModel(says, repeat=True, name="a stand-in of a few lines")


@stand_in
def order_bot(request: ModelRequest) -> Reply | str:
    """Looks up the dish that a question names, and orders it where it is wanted."""
    results = [result for message in request.messages if isinstance(message, ToolMessage) for result in message.results]
    wish = request.question.lower()
    dish = next((name for name in ("cheeseburger", "veggie burger", "burger", "milkshake", "fries") if name in wish), "")
    if "?" in wish and not results:
        return Reply(calls=(call("MENU", item=dish),))
    if dish and re.search(r"send|please|order", wish) and not any(result.origin == "ORDER" for result in results):
        return Reply(f"Your {dish} is on its way.", calls=(call("ORDER", item=dish),))
    return results[-1].text if results else "What would you like to eat?"


@stand_in
def critic_of_food(request: ModelRequest) -> str:
    """Looks for words that it knows, and for those in quotation marks in its prompt; so it misses what is said without them."""
    text = request.question.lower()
    prompt = request.messages[0]
    rules = [line for line in prompt.text.splitlines() if line.startswith("- ")] if isinstance(prompt, SystemMessage) else []
    told: list[str] = re.findall('"([^"]+)"', "\n".join(rules))
    bad = ("rude", "wrong", "forty", "hour", "terrible", "twice", "up again", "nobody", "froid", *told)
    about = next((topic for topic in ("delivery", "service", "price") if topic in text), "food")
    return json.dumps({"about": about, "happy": not any(word in text for word in bad)})


@stand_in
def mail_room(request: ModelRequest) -> str:
    """Knows a few words of English, and one answer."""
    mail = request.question.lower()
    if request.schema is None:
        return "We are sorry for what happened. Somebody will look into it today and write to you."
    words = {"jobs": "job", "press": "courier", "billing": "invoice", "orders": "order"}
    department = next((department for department, word in words.items() if word in mail), "other")
    return json.dumps({"department": department, "complaint": "wrong" in mail or "again" in mail})


@stand_in
def namer(request: ModelRequest) -> str:
    """Names what the sample text names, and a "Tom Keller" whom nobody writes of."""
    named = {"people": ["Maria Keller", "Tom", "Tom Keller"], "organisations": ["BettaBurgers"], "places": ["Columbus", "Dayton"]}
    return json.dumps(named | {"dates": ["3 March"], "amounts": ["$240,000"]})


@stand_in
def listener(request: ModelRequest) -> str:
    """Summarises the sample call."""
    refund = {"who": "Priya", "what": "refund $61.50", "when": "today"}
    ring = {"who": "Sam", "what": "call Jo Alvarez about Thursday's order", "when": "Wednesday before ten"}
    return json.dumps(
        {
            "caller": "Jo Alvarez",
            "reason": "half of office order 4471 was missing: six veggie burgers and all the fries.",
            "outcome": "the missing part, $61.50, is refunded to the card.",
            "mood_at_the_end": "content",
            "follow_ups": [refund, ring],
        }
    )


@stand_in
def cook(request: ModelRequest) -> str:
    """Writes a ticket as far as it was shown how: with no example not at all, with one without the bar."""
    shown = sum(isinstance(message, AssistantMessage) for message in request.messages)
    tickets = {
        "One cheeseburger without pickles.": "1 CHEESEBURGER -PICKLES",
        "I'll have four colas.": "4 COLA",
        "Two burgers, one of them without onions.": "1 BURGER | 1 BURGER -ONION",
        "A ramen with extra egg and two fries, thank you so much!": "1 RAMEN +EGG | 2 FRIES",
        "Zwei Burger ohne Zwiebeln, bitte.": "2 BURGER -ONION",
    }
    ticket = tickets.get(request.question, "1 MILKSHAKE")
    return (request.question, ticket.replace("|", "and"), ticket)[min(shown, 2)]


voter = ScriptedModel(
    *(json.dumps({"steps": "...", "number": number}) for number in (204, 264, 44, 204, 204)), repeat=True, name="a stand-in of a few lines"
)
"""Comes to 204, mostly."""


@stand_in
def team(request: ModelRequest) -> str:
    """Plans the opening day of a ramen bar, whatever is asked."""
    if request.schema is not None:
        return '[{"title": "Menu", "assignment": "Choose three ramen."}, {"title": "Staff", "assignment": "Who serves 20 seats?"}]'
    said = {"Choose three ramen.": "Miso, shoyu and one vegan bowl.", "Who serves 20 seats?": "Two cooks and two waiters."}
    whole = "Open at noon with three bowls, miso, shoyu and a vegan one; two cooks and two waiters serve the 20 seats."
    return said.get(request.question, whole)


@stand_in
def essayist(request: ModelRequest) -> str:
    """Quotes a sentence of the first sources that it is given, and is asked once to add a second one."""
    if request.schema is not None:
        questions = ["burger chain signature", "burger prices", "local beef"]
        return json.dumps({"title": "How small burger chains set themselves apart", "questions": questions})
    if "You check an essay" in str(request.messages[0]):
        return "OK" if request.question.rpartition("Essay:")[2].count("[") > 1 else "Name a second source."
    sources = [block.partition(" ") for block in re.split(r"\n(?=\[\d+\] )", request.question)[1:]]
    facts = [
        (mark, re.search(r"(?:^|[.!?] )([A-Z][^.!?|$\n]*(?:burgers|beef|price)[^.!?|$\n]*\.)", text, re.MULTILINE))
        for mark, _, text in sources
    ]
    told = [f"{fact[1]} {mark}" for mark, fact in facts if fact]
    return "\n\n".join(told[: 1 + ("Critique:" in request.question)])


@stand_in
def librarian(request: ModelRequest) -> str:
    """Routes by the question mark, keeps the passages that share two words with the question, and quotes them."""
    material, _, asked = request.question.split("\n\nYour last version:")[0].rpartition("\n")
    if (request.schema or {}).get("type") == "string":
        return json.dumps("documents" if "?" in asked else "talk")
    if (request.schema or {}).get("type") == "array":
        return json.dumps(find_passages_about(asked, material))
    if "in other words" in str(request.messages[0]):
        return "parking for visitors" if "car" in material else "something else"
    return quote_passages(asked, material) or NOT_IN_THE_DOCUMENTS


@stand_in
def teacher(request: ModelRequest) -> str:
    """Quotes the notes of the course, and gives away whatever stands in them; as a judge it lets everything pass."""
    system, asked = request.messages[0], set(re.findall(r"\w{4,}", request.question.lower()))
    notes = system.text if isinstance(system, SystemMessage) else ""
    sentences: list[str] = re.findall(r"[A-Z][^.;]*", notes.partition("only:")[2])
    nearest = max(sentences, key=lambda each: len(asked & set(re.findall(r"\w{4,}", each.lower()))), default="")
    return "yes" if "Answer yes" in notes else f"{nearest}."


@stand_in
def beginner(request: ModelRequest) -> str:
    """Knows every solution, and writes every third one wrong until it is criticised or tries with chance."""
    from humaneval import PROBLEMS, problems_in

    place, problem = next((each for each in enumerate(problems_in(PROBLEMS)) if each[1].prompt in request.question), (0, None))
    if problem is None:
        raise UsageError("The stand-in only knows the problems of data/problems.jsonl. Name a model: --base-url URL, or --model NAME.")
    sure = request.sampling.temperature or "Critique:" in request.question
    return f"```python\n{problem.prompt}{problem.canonical_solution if sure or place % 3 else '    return None'}\n```"
