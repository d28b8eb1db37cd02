"""Zero-, one- and few-shot side by side: the same model and the same orders, shown no, one and three examples of a kitchen ticket."""

from __future__ import annotations

from collections.abc import Sequence

from sayso import Agent, Sampling, ScriptedModel, command, map_each, parallel
from sayso.agents import AssistantMessage, Model, ModelRequest

INSTRUCTIONS = "You turn what a guest says into a kitchen ticket. Say only the ticket."
SHOTS = (
    ("Two burgers without onions, please.", "2 BURGER -ONION"),
    ("Hi! I'd like a veggie burger with extra cheese and one cola.", "1 VEGGIE +CHEESE | 1 COLA"),
    ("Could we get three fries, and one of them without salt?", "2 FRIES | 1 FRIES -SALT"),
)
ORDERS = (
    ("One cheeseburger without pickles.", "1 CHEESEBURGER -PICKLES"),
    ("I'll have four colas.", "4 COLA"),
    ("Two burgers, one of them without onions.", "1 BURGER | 1 BURGER -ONION"),
    ("A ramen with extra egg and two fries, thank you so much!", "1 RAMEN +EGG | 2 FRIES"),
    ("Zwei Burger ohne Zwiebeln, bitte.", "2 BURGER -ONION"),
    ("Just a milkshake.", "1 MILKSHAKE"),
)


def cook(model: Model, shots: int) -> Agent[str]:
    """The writer of tickets, shown so many examples."""
    return Agent(
        model, name=f"{shots}-shot", instructions=INSTRUCTIONS, examples=SHOTS[:shots], sampling=Sampling(temperature=0, max_tokens=60)
    )


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """What each of the three wrote for each order, a tick where it is the ticket."""
    lines = [f"{'ticket':<28} {'zero-shot':<32} {'one-shot':<32} few-shot"]
    right = [0, 0, 0]
    for (_, ticket), said in zip(ORDERS, rows, strict=True):
        hits = [each.strip() == ticket for each in said]
        right = [count + hit for count, hit in zip(right, hits, strict=True)]
        shown = [f"{'✓' if hit else ' '} {' '.join(each.split())[:29]}" for each, hit in zip(said, hits, strict=True)]
        lines.append(f"{ticket:<28} {shown[0]:<32} {shown[1]:<32} {shown[2]}".rstrip())
    return "\n".join([*lines, f"{'right, of ' + str(len(ORDERS)):<28} {right[0]:<32} {right[1]:<32} {right[2]}"])


def copycat(request: ModelRequest) -> str:
    """Stands in for a model: it knows the orders, and the ticket's form only as far as it was shown one."""
    shown = sum(isinstance(message, AssistantMessage) for message in request.messages)
    ticket = next((ticket for order, ticket in ORDERS if order == request.question), "?")
    return (request.question, ticket.replace("|", "and"), ticket)[min(shown, 2)]


async def main(*, model: Model) -> str:
    """Compare the three on the same orders."""
    rows = await map_each(parallel(cook(model, 0), cook(model, 1), cook(model, 3)), concurrency=4)([order for order, _ in ORDERS])
    return table(rows)


if __name__ == "__main__":
    command(main, offline=ScriptedModel(copycat, repeat=True, name="a script"))
