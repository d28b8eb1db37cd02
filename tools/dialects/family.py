"""What one family of models writes, as one record. All tables of the reader are derived from these records (markers.py, dialect.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .elements import Element
from .parsed_calls import BodyParser
from .tagged import Tags
from .writers import Renderer

OTHER_SPEAKERS = ("user", "human", "system", "developer", "tool", "tool_response", "function", "ipython", "observation", "environment")


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatTemplate:
    """What a chat template puts around replies. None of it is text for the user."""

    thinks: Mapping[str, str] = field(default_factory=dict)
    """Reasoning: the marker that opens it, and the one that closes it."""
    results: tuple[str, ...] = ()
    """Openings of tool results: in a reply the model invented them, and no call is made in them or behind them."""
    turns: tuple[str, ...] = ()
    """Tokens with which somebody else than the model speaks: the reply ends before them."""
    tokens: tuple[str, ...] = ()
    """Tokens that are dropped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One form of calls, and the models that write it. Only `name` is needed; what is left out the family does not have."""

    name: str
    models: str = ""
    """A pattern of the names of these models. Where those of several families match, the longest match counts."""
    bases: str = ""
    """A pattern of names that models made from these bear too: it counts where no other family's `models` match."""
    also: str = "json"
    """Other forms that these models write."""
    sections: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Markers around calls: the opening one, and those that close it. Whatever form stands between them is read."""
    call_begins: tuple[str, ...] = ()
    """Markers before a call inside of a section."""
    call_ends: tuple[str, ...] = ()
    """Markers behind a call inside of a section."""
    separators: tuple[str, ...] = ()
    """Between a name and its arguments. They mark a call even where the marker before the name was lost."""
    leads: tuple[str, ...] = ()
    """Patterns of what may stand before a name inside of a section: a type, an id."""
    joints: tuple[str, ...] = ()
    """Patterns of what else may stand between a name and JSON arguments inside of a section."""
    elements: Mapping[str, Element] = field(default_factory=dict)
    """Elements that are a call by themselves, by what their opening tag begins with."""
    inner_elements: Mapping[str, Element] = field(default_factory=dict)
    """Elements that are a call only inside of a section."""
    fences: Mapping[str, Element] = field(default_factory=dict)
    """What stands in a code fence that is a call, by the fence's info string. Its closing fence ends the call."""
    tags: tuple[Tags, ...] = ()
    """How arguments stand between tags behind a name."""
    bodies: Mapping[str, BodyParser] = field(default_factory=dict)
    """Of sections that hold a form of their own, the parser of what stands between their markers, by the opening one."""
    write: Renderer | None = None
    """Writes calls. Without it the family is read, and is no dialect to ask a model for."""
    stop: tuple[str, ...] = ()
    """Where a reply has nothing to add: the end of the call, or the beginning of a result that the model would invent."""
    before_results: str = ""
    """What stands before results of tools. Models that know the hermes form have them in <tool_response>."""
    lists_signatures: bool = False
    """Tools are listed for the model as signatures and not as JSON."""
    ends_thought: tuple[str, ...] | None = None
    """Openings of sections that may follow reasoning whose closing marker the model forgot. All of them, unless this names some."""
    template: ChatTemplate = field(default_factory=ChatTemplate)
