"""From a run to a case: the order bot's runs as recordings, replayed over the bot as it is and with other instructions."""

from __future__ import annotations

import tempfile
from pathlib import Path

import food_order
import order_cases

import stand_ins
from sayso import command, engine
from sayso.agents import Model
from sayso.agents.evaluation import Case, make_case, make_recording, read_recording, replay_case, write_recording
from sayso.tools import Approve, Decision, Reject
from sayso.tools.approval.requests import ApprovalRequest

WISHES = ("How many calories are in the fries?", "A cheeseburger, please.", "A milkshake, please.", "One veggie burger, please.")


async def decide(request: ApprovalRequest) -> Decision | None:
    """Say yes to the cheeseburger, no to the milkshake, and nothing yet to the rest."""
    card = request.card.lower()
    if "cheeseburger" in card:
        return Approve(by="Ada")
    return Reject("too sweet") if "milkshake" in card else None


async def record(model: Model, folder: Path) -> list[Case]:
    """Execute the bot for each wish in a database, and make a case of each run: its file is all that is needed from then on."""
    runs, bot = engine(f"sqlite:///{folder}/runs.db"), order_cases.make_bot(model)
    cases = list[Case]()
    for number, wish in enumerate(WISHES, 1):
        await bot.run(wish, engine=runs, run_id=f"order-{number}", deps=order_cases.open_desk(), approve=decide)
        recording = await make_recording(runs, f"order-{number}")
        path = write_recording(recording, folder / "recordings" / f"{recording.run_id}.json")
        cases.append(make_case(read_recording(path), str(path)))
    runs.close()
    return cases


async def main(*, model: Model, out: Path | None = None) -> str:
    """Record four orders, and replay them over the bot as it is and with other instructions; the recordings stay in `out`."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        cases = await record(model, folder)
        lines = list[str]()
        for instructions in (food_order.INSTRUCTIONS, f"{food_order.INSTRUCTIONS} Be polite."):
            bot = order_cases.make_bot(model, instructions)
            for case in cases:
                replayed = await replay_case(case, bot, deps=order_cases.open_desk)
                did = ", ".join(f"{call.tool} {call.outcome or 'waits'}" for call in replayed.record.calls) or "no call"
                lines.append(f"{case.name}: {f'different: {replayed.difference}' if replayed.difference else f'the same: {did}'}")
        return "\n".join(lines)


if __name__ == "__main__":
    command(main, offline=stand_ins.order_bot)
