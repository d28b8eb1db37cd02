"""What an hour of talking with a language model costs: every assumption is an option, prices are today's.

The rule of thumb "250 words a minute for an hour are 40,000 tokens, so $0.08 at $0.002 per 1,000 tokens" holds when somebody talks for the
whole hour and the model says as much back: 15,000 words each way, at 4 tokens for 3 words 20,000 tokens each way.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, NamedTuple

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso import command
from sayso.agents import price

Amount = Annotated[float, Parameter(validator=Number(gt=0, lt=1e9))]
Share = Annotated[float, Parameter(validator=Number(gte=0, lt=1e3))]
Turns = Annotated[int, Parameter(validator=Number(gte=1, lte=1000))]
MODELS = ("gpt-3.5-turbo", "gpt-5-mini", "gpt-5", "claude-sonnet-4-5", "gemini-2.5-flash")


class Request(NamedTuple):
    """One request to a model: so many tokens go in, so many come out."""

    tokens_in: float
    tokens_out: float


def requests(said: float, answered: float, turns: int) -> list[Request]:
    """The requests of a talk in which so many tokens are said on each side; each sends all that was said before again."""
    return [Request((said * turn + answered * (turn - 1)) / turns, answered / turns) for turn in range(1, turns + 1)]


def todays_price(model: str) -> Callable[[Request], float | None]:
    """What a request costs with that model, in US dollars; None where nobody knows."""
    return lambda request: price(model, round(request.tokens_in), round(request.tokens_out))


def total(talk: list[Request], cost: Callable[[Request], float | None]) -> str:
    """What all requests cost, in words."""
    costs = [cost(request) for request in talk]
    return "no price is known" if None in costs else f"${sum(filter(None, costs)):.4f}"


async def main(
    *models: str,
    words_per_minute: Amount = 250,
    minutes: Amount = 60,
    tokens_per_word: Amount = 4 / 3,
    answer_ratio: Share = 1,
    turns: Turns = 1,
    usd_per_1000: Amount = 0.002,
) -> str:
    """Print what the talk costs at a flat price and with each of these models.

    Parameters
    ----------
    answer_ratio
        How many words the model says for each word that it hears.
    turns
        In how many turns: a chat sends everything that was said before again with each of them.
    usd_per_1000
        The flat price, US dollars for 1,000 tokens in or out.
    """
    words = words_per_minute * minutes
    talk = requests(words * tokens_per_word, words * tokens_per_word * answer_ratio, turns)
    tokens_in, tokens_out = map(sum, zip(*talk, strict=True))
    lines = [f"{words:,.0f} words said: {tokens_in:,.0f} tokens go in, {tokens_out:,.0f} come out"]
    lines.append(f"{f'at ${usd_per_1000:g} per 1,000':<24} {total(talk, lambda request: sum(request) * usd_per_1000 / 1000)}")
    lines += [f"{model:<24} {total(talk, todays_price(model))}" for model in models or MODELS]
    return "\n".join([*lines, f"Prices of genai-prices {version('genai-prices')}; discounts for repeated input are not counted."])


if __name__ == "__main__":
    command(main)
