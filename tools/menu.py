"""The menu of the order desk: dishes with prices, calories and what goes on them; and how a wish like "burgers without pickles" is read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .errors import ToolError


@dataclass(frozen=True, slots=True)
class Dish:
    """Something that can be ordered. `price_usd` and `calories` are for one, with its usual `toppings`."""

    name: str
    price_usd: Decimal
    calories: int
    toppings: tuple[str, ...] = ()
    also_called: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """A dish as somebody wants it: with toppings added and left out."""

    dish: Dish
    extra: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = self.dish.name.lower()
        if self.extra:
            said += f" with {' and '.join(self.extra)}"
        if self.without:
            said += f" without {' or '.join(self.without)}"
        return said


class NotOnTheMenu(ToolError):
    """Somebody asked for what there is not; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Menu:
    """What the kitchen has."""

    dishes: tuple[Dish, ...]
    toppings: tuple[str, ...]

    def dish(self, name: str) -> Dish:
        """The dish of that name, in any case, one or many. NotOnTheMenu names the closest."""
        wanted = _singular(name)
        for dish in self.dishes:
            if wanted in (_singular(dish.name), *map(_singular, dish.also_called)):
                return dish
        names = [dish.name.lower() for dish in self.dishes]
        raise NotOnTheMenu(f"we don't have {name.strip().lower() or 'that'}; there are {_closest_first(wanted, names)}")

    def topping(self, name: str) -> str:
        """The topping of that name. NotOnTheMenu names what there is."""
        wanted = _singular(name)
        for topping in self.toppings:
            if _singular(topping) == wanted:
                return topping
        raise NotOnTheMenu(f"we don't have {name.strip().lower() or 'that'}; there are {_closest_first(wanted, self.toppings)}")

    def wish(self, text: str) -> Wish:
        """Read "Burger", "cheeseburgers", "a burger with onions and no pickles". Every word must mean something; nothing is guessed."""
        cleaned = re.sub(r"^\s*(?:an?|one|the)\s+", "", " ".join(text.split()), flags=re.IGNORECASE)
        head, *rest = re.split(r"[,;]?\s+\b(with(?:out)?|no|extra|plus|and no|hold the)\b\s+", cleaned, flags=re.IGNORECASE)
        dish = self.dish(head)
        extra: list[str] = []
        without: list[str] = []
        for mark, words in zip(rest[::2], rest[1::2], strict=True):
            leaves_out = mark.lower() in ("without", "no", "and no", "hold the")
            (without if leaves_out else extra).extend(self._listed(words))
        return Wish(dish, tuple(dict.fromkeys(extra)), tuple(dict.fromkeys(without)))

    def _listed(self, words: str) -> Iterable[str]:
        return [self.topping(word) for word in re.split(r"\s*(?:,|\band\b|\bor\b|&)\s*", words, flags=re.IGNORECASE) if word.strip()]

    def lines(self) -> list[str]:
        """The menu as lines of text."""
        rows = [f"{dish.name}: ${dish.price_usd}, {dish.calories} calories" for dish in self.dishes]
        return [*rows, f"Toppings: {', '.join(self.toppings)}"]


def _singular(word: str) -> str:
    """One of it, in lower case: "Burgers" and "burger" are the same wish."""
    text = " ".join(word.lower().split()).removesuffix("!").removesuffix(".")
    for ending, one in (("ies", "y"), ("oes", "o"), ("ches", "ch"), ("s", "")):
        if len(text) > len(ending) + 2 and text.endswith(ending) and not text.endswith("ss"):
            return text[: -len(ending)] + one
    return text


def _closest_first(wanted: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    return ", ".join([*close, *(name for name in names if name not in close)])


HOUSE_MENU = Menu(
    (
        Dish("Burger", Decimal("7.50"), 540, ("lettuce", "tomatoes", "onions", "pickles"), ("hamburger", "beef burger")),
        Dish("Cheeseburger", Decimal("8.25"), 630, ("cheese", "lettuce", "tomatoes", "onions", "pickles"), ("cheese burger",)),
        Dish("Veggie Burger", Decimal("7.90"), 460, ("lettuce", "tomatoes", "onions", "pickles"), ("vegetarian burger", "vegan burger")),
        Dish("Fries", Decimal("3.25"), 380, (), ("french fries", "chips")),
        Dish("Onion Rings", Decimal("3.75"), 410),
        Dish("Side Salad", Decimal("4.10"), 150, (), ("salad",)),
        Dish("Lemonade", Decimal("2.60"), 120),
        Dish("Milkshake", Decimal("4.50"), 560, (), ("shake",)),
    ),
    ("onions", "pickles", "lettuce", "tomatoes", "cheese", "bacon", "jalapeños"),
)
