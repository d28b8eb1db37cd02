"""Self-consistency: the same question several times with chance in it, and the answer that most of the samples agree on."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, NamedTuple

from cyclopts import Parameter
from cyclopts.validators import Number
from pydantic import BaseModel

from sayso import Agent, Sampling, ScriptedModel, command, parallel
from sayso.agents import Model
from sayso.workflows import Failed, Workflow

Samples = Annotated[int, Parameter(validator=Number(gte=1, lte=100))]
QUESTION = "A ramen bar sells 14 bowls an hour from noon to 6 and 30 bowls an hour from 6 to 10. How many bowls is that a day?"
INSTRUCTIONS = "Think step by step under steps, then give the one number that answers the question."
EXAMPLES = (
    (
        "A baker bakes 6 trays of 12 rolls before noon and 4 trays of 10 after it. How many rolls is that?",
        '{"steps": "Before noon 6 * 12 = 72 rolls. After it 4 * 10 = 40 rolls. Together 72 + 40 = 112.", "number": 112}',
    ),
)
SCRIPT = tuple(f'{{"steps": "...", "number": {number}}}' for number in (204, 264, 44, 204, 204))


class Answer(BaseModel):
    """How it was reasoned, and what came out."""

    steps: str
    number: float


class Vote(NamedTuple):
    """What the samples said: each number with how many said it, the winner first."""

    counts: tuple[tuple[float, int], ...]
    failed: int

    def __str__(self) -> str:
        (winner, votes), *others = self.counts
        asked = self.failed + sum(count for _, count in self.counts)
        said = [f"{count} said {number:g}" for number, count in others] or ["nobody disagreed"]
        if any(count == votes for _, count in others):
            return f"undecided  ({', '.join([f'{votes} of {asked} samples said {winner:g}', *said])})"
        failed = [f"{self.failed} gave no number"] if self.failed else []
        return f"{winner:g}  ({'; '.join([f'{votes} of {asked} samples', ', '.join(said), *failed])})"


def count(*answers: Answer | Failed) -> Vote:
    """Count what the samples came to; one that failed has no vote."""
    numbers = Counter(answer.number for answer in answers if isinstance(answer, Answer))
    failed = [answer.error for answer in answers if isinstance(answer, Failed)]
    if not numbers:
        raise failed[0]
    return Vote(tuple(numbers.most_common()), len(failed))


def poll(model: Model, samples: int) -> Workflow[str, Any]:
    """So many samples side by side, then the count."""
    solver = Agent(
        model,
        name="solver",
        output=Answer,
        instructions=INSTRUCTIONS,
        examples=EXAMPLES,
        sampling=Sampling(temperature=0.8, max_tokens=800),
    )
    return parallel(*[solver] * samples, join=count, on_error="collect", name="poll")


async def main(question: str = QUESTION, *, samples: Samples = 5, model: Model) -> str:
    """Answer a question that has a number for an answer, by vote."""
    return str(await poll(model, samples)(question))


if __name__ == "__main__":
    command(main, offline=ScriptedModel(*SCRIPT, repeat=True, name="a script, whatever is asked"))
