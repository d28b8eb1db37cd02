"""The tables of the reader, derived from the records of the families.

Sources of the records are the chat templates on the models' Hugging Face pages (tokenizer_config.json or chat_template.jinja), the model
cards, and the tests of the servers' parsers; comments in the records name the models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import chain
from pkgutil import iter_modules
from typing import NamedTuple

from . import families
from .elements import Element
from .family import ChatTemplate, Family


class CallSection(NamedTuple):
    """A part of a reply that holds calls: the forms that it belongs to, and the markers that close it."""

    forms: frozenset[str]
    closes: tuple[str, ...]


_FILES = [import_module(f"{families.__name__}.{module.name}") for module in iter_modules(families.__path__)]
FAMILIES: Mapping[str, Family] = {family.name: family for file in _FILES for family in getattr(file, "FAMILIES", ())}
"""Every family by its name."""
_TEMPLATES: list[ChatTemplate] = [
    *(family.template for family in FAMILIES.values()),
    *(template for file in _FILES for template in getattr(file, "TEMPLATES", ())),
]


def _merge_sections() -> Iterator[tuple[str, CallSection]]:
    """Yield each section. Several families may use one marker: then it belongs to the forms of all."""
    for opening in dict.fromkeys(chain.from_iterable(family.sections for family in FAMILIES.values())):
        users = [family for family in FAMILIES.values() if opening in family.sections]
        closes = [family.sections[opening] for family in users]
        listed = chain.from_iterable([each] if isinstance(each, str) else each for each in closes)
        yield opening, CallSection(frozenset(family.name for family in users), tuple(dict.fromkeys(listed)))


SECTIONS: Mapping[str, CallSection] = dict(_merge_sections())
"""Sections of calls by their opening marker."""
BODY_PARSERS = {opening: parse for family in FAMILIES.values() for opening, parse in family.bodies.items()}
"""Sections with a form of their own, by opening marker: the whole body is parsed at once, when its end has arrived."""
ELEMENTS: Mapping[str, Element] = {opening: element for family in FAMILIES.values() for opening, element in family.elements.items()}
"""Elements by what their opening tag begins with."""
INNER_ELEMENTS: Mapping[str, Element] = {
    **{opening: element for family in FAMILIES.values() for opening, element in family.inner_elements.items()},
    **ELEMENTS,
}
"""Those that are a call inside of a section."""
FENCES: Mapping[str, tuple[str, Element]] = {
    info: (family.name, element) for family in FAMILIES.values() for info, element in family.fences.items()
}
"""What stands in code fences that are calls, by info string, each with its family."""
TAGS_AFTER_NAME = {
    marker: tags
    for family in reversed(list(FAMILIES.values()))
    for tags in reversed(family.tags)
    for marker in (*tags.begins, *tags.ends_before)
}
"""What stands behind a name that is followed by its arguments in tags (or by none), and how those are written."""
NAME_SEPARATORS = {
    marker: family.name
    for family in FAMILIES.values()
    for marker in (*family.separators, *(begin for tags in family.tags if family.separators for begin in tags.begins))
}
"""Separators between the name of a call and its arguments, by which a call is found without the marker before its name."""
LEADS = tuple(chain.from_iterable(family.leads for family in FAMILIES.values()))
"""Patterns of what may stand before a name."""
JOINTS = tuple(chain.from_iterable((*map(re.escape, family.separators), *family.joints) for family in FAMILIES.values()))
"""Patterns of what may stand between a name and JSON arguments."""
CALL_ENDS = tuple(chain.from_iterable(family.call_ends for family in FAMILIES.values()))
"""Markers behind one call of a section."""
CALL_SEPARATORS = (*chain.from_iterable(family.call_begins for family in FAMILIES.values()), *CALL_ENDS)
"""Markers between the calls of one section."""
REASONING = {opening: closing for template in _TEMPLATES for opening, closing in template.thinks.items()}
"""Reasoning: the marker that opens it, and the one that closes it."""
REASONING_ENDS = frozenset((*REASONING.values(), "[BEGIN FINAL RESPONSE]"))  # the second is Apriel's
"""Markers that close reasoning. Where it was opened in the prompt, everything before the marker was reasoning."""
CALLS_ENDING_REASONING = {
    # a section that opens with a marker of one call may end in it too, or without any mark
    opening: ("}", *family.call_ends) if opening in family.call_begins else SECTIONS[opening].closes
    for family in FAMILIES.values()
    for opening in (family.sections if family.ends_thought is None else family.ends_thought)
    if SECTIONS[opening].closes
}
"""Sections that may follow reasoning whose closing marker the model forgot, and what their calls end in."""
TOOL_RESULTS = frozenset(chain.from_iterable(template.results for template in _TEMPLATES))
"""Openings of tool results. In a reply they are invented by the model, and no call is made in them or behind them."""
INVENTED_TURNS = frozenset(chain.from_iterable(template.turns for template in _TEMPLATES))
"""Tokens of chat templates with which somebody else than the model speaks. The reply ends before them."""
TEMPLATE_TOKENS = frozenset(chain.from_iterable(template.tokens for template in _TEMPLATES))
"""Tokens of chat templates that are dropped."""
MARKS = frozenset(chain(REASONING, REASONING_ENDS, TOOL_RESULTS, INVENTED_TURNS, TEMPLATE_TOKENS))
"""All of them."""
