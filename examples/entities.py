"""Entity extraction: a text goes in, typed names, places and amounts come out, and only those that really stand in the text."""

from __future__ import annotations

import re

from pydantic import BaseModel

import stand_ins
from sayso import Agent, command
from sayso.agents import Model

TEXT = """On 3 March, Maria Keller sold her ramen bar in Columbus to BettaBurgers for $240,000.
Her brother Tom stays on as cook; the other one, in Dayton, is not for sale, said Keller."""
INSTRUCTIONS = "Copy what the text names, word for word as it is written there. Leave a list empty when the text names nothing of the kind."


class Entities(BaseModel):
    """What a text names."""

    people: list[str]
    organisations: list[str]
    places: list[str]
    dates: list[str]
    amounts: list[str]


PAID = Entities(people=["Ada Byron"], organisations=[], places=["London"], dates=[], amounts=["£90"])
HIRED = Entities(people=["Tom Lee"], organisations=["Acme Tools"], places=["Bonn"], dates=["May 1999"], amounts=["30 people"])
EXAMPLES = (
    ("Ada Byron paid £90 in London.", PAID),
    ("In May 1999 Acme Tools of Bonn hired Tom Lee; the firm had 30 people then.", HIRED),
)


def stands_in(text: str, name: str) -> bool:
    """Whether a text holds these words: "$5" does not stand in "$50"."""
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", " ".join(text.split())) is not None


async def main(text: str = TEXT, *, model: Model) -> str:
    """Say which people, organisations, places, dates and amounts a text names."""
    reader = Agent(model, name="reader", output=Entities, instructions=INSTRUCTIONS, examples=EXAMPLES)
    lines, left_out = list[str](), 0
    for kind, names in await reader(text):
        named = dict.fromkeys(" ".join(name.split()) for name in names)
        found = [name for name in named if stands_in(text, name)]  # a model also names what it only expects
        lines.append(f"{kind:<14} {', '.join(found) or '-'}")
        left_out += len(named) - len(found)
    return "\n".join([*lines, f"{'left out':<14} {left_out} that do not stand in the text"])


if __name__ == "__main__":
    command(main, offline=stand_ins.namer)
