"""What an hour of talking with a language model costs: every assumption is an option, prices are today's.

The rule of thumb "250 words a minute for an hour are 40,000 tokens, so $0.08 at $0.002 per 1,000 tokens" holds when somebody talks for the
whole hour and the model says as much back: 15,000 words each way, at 4 tokens for 3 words 20,000 tokens each way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso import command
from sayso.agents import price

Amount = Annotated[float, Parameter(validator=Number(gt=0, lt=1e9))]
Turns = Annotated[int, Parameter(validator=Number(gte=1, lte=1000), help="A chat sends again all that was said before with each turn.")]


def requests(said: float, answered: float, turns: int) -> list[tuple[int, int]]:
    """The tokens in and out of each turn of a talk in which so many are said on each side."""
    return [(round((said * turn + answered * (turn - 1)) / turns), round(answered / turns)) for turn in range(1, turns + 1)]


def total(talk: list[tuple[int, int]], cost: Callable[[int, int], float | None]) -> str:
    """What all requests cost, in words."""
    costs = [cost(*tokens) for tokens in talk]
    return "no price is known" if None in costs else f"${sum(filter(None, costs)):.4f}"


async def main(
    *models: str,
    words_per_minute: Amount = 250,
    minutes: Amount = 60,
    tokens_per_word: Amount = 4 / 3,
    answer_ratio: Amount = 1,
    turns: Turns = 1,
    usd_per_1000: Amount = 0.002,
) -> str:
    """Print what the talk costs at a flat price and with each of these models; discounts for repeated input are not counted."""
    words = words_per_minute * minutes
    talk = requests(words * tokens_per_word, words * tokens_per_word * answer_ratio, turns)
    tokens_in, tokens_out = map(sum, zip(*talk, strict=True))
    prices: dict[str, Callable[[int, int], float | None]] = {
        f"at ${usd_per_1000:g} per 1,000": lambda sent, answered: (sent + answered) * usd_per_1000 / 1000
    }
    prices |= {model: partial(price, model) for model in models or ("gpt-3.5-turbo", "gpt-5-mini", "gpt-5", "claude-sonnet-4-5")}
    lines = [f"{name:<24} {total(talk, cost)}" for name, cost in prices.items()]
    return "\n".join([f"{words:,.0f} words said: {tokens_in:,} tokens go in, {tokens_out:,} come out", *lines])


if __name__ == "__main__":
    command(main)
