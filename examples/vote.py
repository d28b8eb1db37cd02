"""Self-consistency: the same question several times with chance in it, and the answer that most of the samples agree on."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from pydantic import BaseModel

import stand_ins
from sayso import Agent, Sampling, command, parallel
from sayso.agents import Model
from sayso.workflows import Failed

Samples = Annotated[int, Parameter(validator=Number(gte=1, lte=100))]
QUESTION = "A ramen bar sells 14 bowls an hour from noon to 6 and 30 bowls an hour from 6 to 10. How many bowls is that a day?"
INSTRUCTIONS = "Think step by step under steps, then give the one number that answers the question."


class Answer(BaseModel):
    """How it was reasoned, and what came out."""

    steps: str
    number: float


ROLLS = "A baker bakes 6 trays of 12 rolls before noon and 4 trays of 10 after it. How many rolls is that?"
EXAMPLES = ((ROLLS, Answer(steps="Before noon 6 * 12 = 72 rolls. After it 4 * 10 = 40 rolls. Together 72 + 40 = 112.", number=112)),)


def count(*answers: Answer | Failed) -> str:
    """What most of the samples came to; one that failed has no vote, and a tie has no winner."""
    votes = Counter(answer.number for answer in answers if isinstance(answer, Answer)).most_common()
    failed = [answer.error for answer in answers if isinstance(answer, Failed)]
    if not votes:
        raise failed[0]
    tied = len(votes) > 1 and votes[0][1] == votes[1][1]
    said = [f"{many} said {number:g}" for number, many in votes] + ([f"{len(failed)} gave no number"] if failed else [])
    return f"{'undecided' if tied else f'{votes[0][0]:g}'}  (of {len(answers)} samples {', '.join(said)})"


async def main(question: str = QUESTION, *, samples: Samples = 5, model: Model) -> str:
    """Answer a question that has a number for an answer, by vote."""
    sampling = Sampling(temperature=0.8, max_tokens=800)
    solver = Agent(model, name="solver", output=Answer, instructions=INSTRUCTIONS, examples=EXAMPLES, sampling=sampling)
    counted: str = await parallel(*[solver] * samples, join=count, on_error="collect", name="poll")(question)
    return counted


if __name__ == "__main__":
    command(main, offline=stand_ins.voter)
