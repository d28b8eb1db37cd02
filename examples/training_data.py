"""Training data from a bot's own work: what a person approved, changed and refused becomes conversations and preference pairs."""

from __future__ import annotations

import json
from pathlib import Path

import stand_ins
from sayso import Agent, Edit, command, engine
from sayso.agents import Model
from sayso.agents.evaluation.datasets import Messages, find_records, find_thumbs, make_dataset, make_examples
from sayso.tools import ApprovalRequest, Approve, Decision, Reject
from sayso.tools.ordering.order_desk import MENU, ORDER, Counter, Customer, OrderDesk

INSTRUCTIONS = "You take orders for a restaurant. Answer questions with MENU, and take an order with ORDER."
WISHES = (
    "A burger, please.",
    "Send fries to ada@example.org, please.",
    "Please order a milkshake for my son.",
    "How many calories are in the fries?",
    "One cheeseburger please, and call me at +1 202 555 0143.",
    "A veggie burger for the office, please.",
)
ADA = Customer("9876", "1234 My Street", "Ada")


async def shift_manager(request: ApprovalRequest) -> Decision:
    """Decide as a person would at the end of a long day: no milkshakes, and the office always wants four."""
    arguments = json.loads(request.arguments)
    if arguments["item"] == "milkshake":
        return Reject("the machine is broken")
    return Edit({**arguments, "quantity": 4}) if arguments == {**arguments, "item": "veggie burger", "quantity": 1} else Approve()


def first_call(messages: Messages) -> str:
    """The call of an answer, as it is written."""
    return "{name}({arguments})".format(**messages[0]["tool_calls"][0]["function"])


async def main(out: Path = Path("training-data"), *, model: Model) -> str:
    """Take some orders, have them judged, and write what was learned into two folders."""
    store = engine("sqlite:///" + str(out.with_suffix(".db")))
    bot = Agent(model, name="order_bot", tools=[ORDER, MENU], instructions=INSTRUCTIONS)
    with OrderDesk() as desk:
        for number, wish in enumerate(WISHES, 1):
            run = f"order-{number}"
            await bot.run(wish, engine=store, run_id=run, deps=Counter(desk, ADA), approve=shift_manager)
            await store.give_feedback(run, "milkshake" not in wish, by="ada")
    records, good, thumbs = await find_records(store), await find_records(store, feedback="up"), await find_thumbs(store)
    store.close()
    chat = make_dataset(make_examples(good, thumbs=thumbs), shares=(0.6, 0.4))
    pairs = make_dataset(make_examples(records, format="preference"), format="preference", reader="trl")
    chat.write(out / "chat")
    pairs.write(out / "preference")
    told = [f"{name}: {len(found)} conversations" for name, found in chat.parts.items()]
    told += [f"pair: {first_call(each.answer)} rather than {first_call(each.rejected)}" for each in pairs.parts["train"]]
    told += [
        f"{'liked' if each.liked else 'disliked'}: {first_call(each.answer)}, for {each.origin.why}" for each in pairs.unpaired["train"]
    ]
    return "\n".join(told)


if __name__ == "__main__":
    command(main, offline=stand_ins.order_bot)
