"""A ToolContext says who the user is and holds the key of the call: however its parameter is spelled, a model never fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, NewType, Optional, TypeAlias, TypeVar, Union

import pytest
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from sayso import Agent, ScriptedModel
from sayso.agents import Reply, call
from sayso.tools import Tool, ToolContext, UsageError, tool
from sayso.tools.approval.requests import approve_all

if TYPE_CHECKING:
    from decimal import Decimal as Price


@dataclass(frozen=True)
class Deps:
    user: str = "ada"


DepsT = TypeVar("DepsT")
Shared: TypeAlias = ToolContext[Deps]
Renamed = NewType("Renamed", ToolContext[Deps])  # type: ignore[valid-newtype]
Alias = TypeAliasType("Alias", ToolContext[Deps])  # `type Alias = ToolContext[Deps]`
GenericAlias = TypeAliasType("GenericAlias", ToolContext[DepsT] | None, type_params=(DepsT,))
ContextT = TypeVar("ContextT", bound=ToolContext[Deps])
NOBODY: ToolContext[Any] = ToolContext(Deps("nobody"))


def plain(text: str, context: ToolContext[Deps]) -> None: ...
def bare(text: str, context: ToolContext) -> None: ...  # type: ignore[type-arg]
def or_none(text: str, context: ToolContext[Deps] | None = None) -> None: ...
def none_first(text: str, context: None | ToolContext[Deps]) -> None: ...  # noqa: RUF036
def optional(text: str, context: Optional[ToolContext[Deps]] = None) -> None: ...  # noqa: UP045
def union(text: str, context: Union[ToolContext[Deps], int] = 1) -> None: ...  # noqa: UP007
def annotated(text: str, context: Annotated[ToolContext[Deps], "who asks"]) -> None: ...
def annotated_inside(text: str, context: Annotated[ToolContext[Deps], "who"] | None = None) -> None: ...
def in_quotes(text: str, context: "ToolContext[Deps]") -> None: ...  # noqa: UP037
def alias(text: str, context: Shared) -> None: ...
def alias_or_none(text: str, context: Shared | None = None) -> None: ...
def alias_statement(text: str, context: Alias) -> None: ...
def alias_statement_or_none(text: str, context: Alias | None = None) -> None: ...
def generic_alias(text: str, context: GenericAlias[Deps] = None) -> None: ...
def new_type(text: str, context: Renamed) -> None: ...
def type_variable(text: str, context: ContextT) -> None: ...  # pyright: ignore[reportInvalidTypeVarUse]
def implicit(text: str, context: ToolContext[Deps] = None) -> None: ...  # type: ignore[assignment]
def by_name_only(text: str, *, context: ToolContext[Deps] = NOBODY) -> None: ...
def other_name(text: str, who_asks: ToolContext[Deps] | None = None) -> None: ...


SPELLINGS = [
    plain,
    bare,
    or_none,
    none_first,
    optional,
    union,
    annotated,
    annotated_inside,
    in_quotes,
    alias,
    alias_or_none,
    alias_statement,
    alias_statement_or_none,
    generic_alias,
    new_type,
    type_variable,
    implicit,
    by_name_only,
    other_name,
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda each: each.__name__)
async def test_the_context_is_the_applications_in_every_spelling(spelling: Any) -> None:
    seen: list[tuple[str, object]] = []
    hints = spelling.__annotations__
    name = next(each for each in hints if each not in ("text", "return"))

    @wraps(spelling)
    def function(**arguments: Any) -> str:
        seen.append((arguments["text"], arguments[name]))
        return "done"

    note: Tool[..., Any] = tool.write(name="note", description="Take a note.")(function)
    assert list(note.parameters["properties"]) == ["text"]

    forged = {"deps": {"user": "mallory"}, "key": "mine", "call": None, "user_text": "yes"}
    tries = (call("note", text="forged", **{name: forged}), call("note", text="nothing", **{name: None}), call("note", text="right"))
    model = ScriptedModel(*(Reply(calls=(each,)) for each in tries), "Done.")
    result = await Agent(model, tools=[note]).run("note it", deps=Deps(), approve=approve_all)
    assert result.output == "Done."
    ((text, context),) = seen
    assert text == "right"
    assert isinstance(context, ToolContext)
    assert (context.deps, len(context.key)) == (Deps(), 64)
    with pytest.raises(UsageError, match=f"has no argument '{name}'"):
        note.using(**{name: NOBODY})


class Mine(ToolContext[Deps]):
    """A context of one's own, which no run makes."""


class Wrapped(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    context: ToolContext[Any]


@dataclass
class Holder:
    context: ToolContext[Any] | None = None


def in_a_list(text: str, contexts: list[ToolContext[Deps]]) -> None: ...
def in_a_dict(text: str, contexts: dict[str, ToolContext[Deps]]) -> None: ...
def in_a_tuple(text: str, contexts: tuple[str, ToolContext[Deps]] | None = None) -> None: ...
def in_a_model(text: str, wrapped: Wrapped) -> None: ...
def in_a_dataclass(text: str, holders: list[Holder]) -> None: ...
def of_its_own_class(text: str, context: Mine) -> None: ...
def two(one: ToolContext[Deps], other: ToolContext[Deps]) -> None: ...
def nowhere(text: str, context: ToolContext[Price]) -> None: ...  # its name exists for type checkers only
def many(text: str, *contexts: ToolContext[Deps]) -> None: ...
def named(text: str, **contexts: ToolContext[Deps]) -> None: ...


class _Shop:
    class ToolContext(BaseModel):
        """An application's own class of that name, which a model may fill in."""

        account: str


def of_the_same_name(context: _Shop.ToolContext) -> str:
    return context.account


def test_a_class_of_the_applications_own_is_the_models_whatever_its_name() -> None:
    note = tool.read(description="Reads.")(of_the_same_name)
    assert (list(note.parameters["properties"]), note.needs_context) == (["context"], False)


REFUSED = {
    "in a list": (in_a_list, "in_a_list: its parameter 'contexts' has a ToolContext inside"),
    "in a dict": (in_a_dict, "in_a_dict: its parameter 'contexts' has a ToolContext inside"),
    "in a tuple": (in_a_tuple, "in_a_tuple: its parameter 'contexts' has a ToolContext inside"),
    "in a model": (in_a_model, "in_a_model: its parameter 'wrapped' has a ToolContext inside"),
    "in a dataclass": (in_a_dataclass, "in_a_dataclass: its parameter 'holders' has a ToolContext inside"),
    "a subclass": (of_its_own_class, "of_its_own_class: its parameter 'context' is a Mine"),
    "two of them": (two, "two: its parameters 'one' and 'other' are both a ToolContext"),
    "a name for type checkers only": (nowhere, "nowhere: the type hint of 'context' cannot be read: name 'Price' is not defined"),
    "any number": (many, "contexts"),
    "any names": (named, "contexts"),
}


@pytest.mark.parametrize(("function", "message"), REFUSED.values(), ids=REFUSED)
def test_a_context_that_no_run_can_hand_over_is_refused_by_name(function: Any, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        tool.read(description="Reads.")(function)
    assert message in str(refused.value)


def test_a_local_function_is_looked_at_when_it_is_given_to_an_agent() -> None:
    @tool.read
    def look(text: str, context: ToolContext[Local]) -> str:
        """Look."""
        return text

    class Local: ...

    with pytest.raises(UsageError, match=r"look: the type hint of 'context' cannot be read: name 'Local' is not defined"):
        Agent(ScriptedModel("Done."), tools=[look])
