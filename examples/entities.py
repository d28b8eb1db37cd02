"""Entity extraction: a text goes in, typed names, places and amounts come out, and only those that really stand in the text."""

from __future__ import annotations

import re

from pydantic import BaseModel

from sayso import Agent, ScriptedModel, command
from sayso.agents import Model

TEXT = """On 3 March, Maria Keller sold her ramen bar in Columbus to BettaBurgers for $240,000.
Her brother Tom stays on as cook; the other one, in Dayton, is not for sale, said Keller."""
INSTRUCTIONS = "Copy what the text names, word for word as it is written there. Leave a list empty when the text names nothing of the kind."
EXAMPLES = (
    (
        "Ada Byron paid £90 in London.",
        '{"people": ["Ada Byron"], "organisations": [], "places": ["London"], "dates": [], "amounts": ["£90"]}',
    ),
    (
        "In May 1999 Acme Tools of Bonn hired Tom Lee; the firm had 30 people then.",
        '{"people": ["Tom Lee"], "organisations": ["Acme Tools"], "places": ["Bonn"], "dates": ["May 1999"], "amounts": ["30 people"]}',
    ),
)


def stands_in(text: str, name: str) -> bool:
    """Whether a text holds these words: "$5" does not stand in "$50"."""
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", " ".join(text.split())) is not None


class Entities(BaseModel):
    """What a text names."""

    people: list[str]
    organisations: list[str]
    places: list[str]
    dates: list[str]
    amounts: list[str]

    def found_in(self, text: str) -> Entities:
        """Those that stand in the text: a model also names what it only expects."""
        kept = {
            kind: [name for name in dict.fromkeys(" ".join(name.split()) for name in names) if stands_in(text, name)]
            for kind, names in self
        }
        return Entities(**kept)

    def __len__(self) -> int:
        return sum(len(set(names)) for _, names in self)

    def __str__(self) -> str:
        return "\n".join(f"{kind:<14} {', '.join(names) or '-'}" for kind, names in self)


SCRIPT = Entities(
    people=["Maria Keller", "Tom", "Tom Keller"],  # nobody writes "Tom Keller": it will be left out
    organisations=["BettaBurgers"],
    places=["Columbus", "Dayton"],
    dates=["3 March"],
    amounts=["$240,000"],
)


async def main(text: str = TEXT, *, model: Model) -> str:
    """Say which people, organisations, places, dates and amounts a text names."""
    reader = Agent(model, name="reader", output=Entities, instructions=INSTRUCTIONS, examples=EXAMPLES)
    named = await reader(text)
    found = named.found_in(text)
    return f"{found}\n{'left out':<14} {len(named) - len(found)} that do not stand in the text"


if __name__ == "__main__":
    command(main, offline=ScriptedModel(SCRIPT.model_dump_json(), name="a script, whatever is asked"))
