"""The card that ORDER had before it named the price: orders that wait since then are compared with it, and stay answerable."""

from __future__ import annotations

from ..approval.cards import show_value as shown  # the name that the code of the card has in its digest
from ..definition.tool import Arguments
from .menu import many


def card(arguments: Arguments) -> str:
    """The question that is put to the customer. What the model wrote is made visible, so that it cannot end a line of the card."""
    wish, address = many(arguments["quantity"], shown(arguments["item"])), shown(arguments["address"])
    return f"You have ordered: {wish} for delivery to: {address}. Is this correct? (If yes, your credit card will be charged)"
