"""The menu of the order desk: dishes with prices, calories and toppings; and the parser of wishes like "burgers without pickles"."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..errors import ToolError

_MARK = re.compile(r"[,;]?\s+(?:(?:and|but|with)\s+)?(with|without|w/o|no|minus|hold the|extra|plus)\s+", re.IGNORECASE)
_LEAVES_OUT = frozenset({"without", "w/o", "no", "minus", "hold the"})
_BETWEEN = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+|\s*&\s*", re.IGNORECASE)
_WHOLE_MENU = frozenset({"", "menu", "whole menu", "full menu", "everything", "all"})
_LONGEST_WISH = 300
_LONGEST_ECHO = 60


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
    """A dish as a customer wants it, with toppings added and left out."""

    dish: Dish
    extra: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = self.dish.name.lower()
        if self.extra:
            text += f" with {_join(self.extra, 'and')}"
        if self.without:
            text += f" without {_join(self.without, 'or')}"
        return text


def many(quantity: int, item: str) -> str:
    """Write "2 burgers with onions"."""
    dish, *rest = item.split(" with", 1)
    dishes = dish if quantity == 1 or dish.endswith("s") else f"{dish}s"
    return f"{quantity} {dishes}{' with' + rest[0] if rest else ''}"


def format_usd(amount: Decimal) -> str:
    """Write an amount exactly, with cents: "$15.00"."""
    with_cents = f"{amount:.2f}"
    return f"${with_cents if Decimal(with_cents) == amount else f'{amount.normalize():f}'}"


class NotOnTheMenu(ToolError):
    """The menu does not have what was asked for; the message says what it has."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The dishes and toppings that can be ordered."""

    dishes: tuple[Dish, ...]
    toppings: tuple[str, ...]

    def dish(self, name: str) -> Dish:
        """Return the dish of that name, in any case, singular or plural. Raises NotOnTheMenu that names the closest."""
        wanted = _to_singular(name)
        for dish in self.dishes:
            if wanted in (_to_singular(dish.name), *map(_to_singular, dish.also_called)):
                return dish
        raise NotOnTheMenu(f"we don't have {_echo(name)}; there are {_closest_first(wanted, self._dish_names)}")

    def topping(self, name: str) -> str:
        """Return the topping of that name. Raises NotOnTheMenu that names the closest."""
        wanted = _to_singular(name)
        for topping in self.toppings:
            if _to_singular(topping) == wanted:
                return topping
        raise NotOnTheMenu(f"we don't have {_echo(name)}; there are {_closest_first(wanted, self.toppings)}")

    def wish(self, text: str) -> Wish:
        """Parse "Burger", "cheeseburgers", "a burger with onions and no pickles". Raises ToolError for an unknown word."""
        head, *rest = _MARK.split(_strip_manners(text))
        dish = self.dish(head)
        extra: list[str] = []
        without: list[str] = []
        for mark, words in zip(rest[::2], rest[1::2], strict=True):
            leaves_out = mark.lower() in _LEAVES_OUT
            if not leaves_out and re.search(r"\bor\b", words, re.IGNORECASE):
                raise ToolError(f"which is it, in {_echo(text)!r}? order one or the other")
            (without if leaves_out else extra).extend(self.topping(word) for word in _BETWEEN.split(words))
        if rest and not dish.toppings:
            takers = [dish.name.lower() for dish in self.dishes if dish.toppings]
            raise NotOnTheMenu(f"there is nothing to put on {dish.name.lower()} or leave out; toppings go on {_join(takers, 'or')}")
        if both := [topping for topping in extra if topping in without]:
            raise ToolError(f"with {both[0]} or without?")
        return Wish(dish, tuple(dict.fromkeys(extra)), tuple(dict.fromkeys(without)))

    def about(self, text: str) -> str:
        """Describe a dish or topping, or the whole menu if the text is empty. Raises NotOnTheMenu that names the closest."""
        said = _strip_manners(text)
        if said.lower() in _WHOLE_MENU:
            return "\n".join(self.lines())
        try:
            dish = self.wish(said).dish
        except NotOnTheMenu:
            if _MARK.search(said):
                raise  # it names the unknown topping
            return self._about_topping(said)
        toppings = f", with {', '.join(dish.toppings)}" if dish.toppings else ""
        return f"{dish.name}: {format_usd(dish.price_usd)}, {dish.calories} calories{toppings}"

    def _about_topping(self, text: str) -> str:
        try:
            return f"Yes, there are {self.topping(text)}."
        except NotOnTheMenu as error:
            raise NotOnTheMenu(f"{error}; dishes: {_closest_first(_to_singular(text), self._dish_names)}") from None

    @property
    def _dish_names(self) -> list[str]:
        return [dish.name.lower() for dish in self.dishes]

    def lines(self) -> list[str]:
        """Return the menu as lines of text."""
        rows = [f"{dish.name}: {format_usd(dish.price_usd)}, {dish.calories} calories" for dish in self.dishes]
        return [*rows, f"Toppings: {', '.join(self.toppings)}"]


def _strip_manners(text: str) -> str:
    """Strip polite words: "a burger (no pickles), please!" becomes "burger no pickles"."""
    if len(text) > _LONGEST_WISH:
        raise NotOnTheMenu(f"{len(text)} characters are too long for a dish: {_echo(text[:_LONGEST_WISH])}; name one dish of the menu")
    said = re.sub(r",?\s+please$", "", " ".join(text.split()).rstrip("!. "), flags=re.IGNORECASE)
    said = re.sub(r"\s*\(([^()]+)\)$", r" \1", said)
    return re.sub(r"^(?:an?|one|the)\s+", "", said, flags=re.IGNORECASE)


def _join(names: Sequence[str], word: str) -> str:
    """Join names: "a, b and c"."""
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _echo(name: str) -> str:
    said = " ".join(name.lower().split()) or "that"
    return said if len(said) <= _LONGEST_ECHO else f"{said[:_LONGEST_ECHO]}..."


def _to_singular(word: str) -> str:
    """Return the singular in lower case, without accents: "Burgers" and "burger" are the same wish."""
    letters = unicodedata.normalize("NFKD", word.lower())
    text = " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
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
