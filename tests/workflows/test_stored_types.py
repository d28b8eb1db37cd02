"""Stored data does not know the layout: types are stored under tags, and the table of tags is whole."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import importlib
import json
import pkgutil
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import sayso
from sayso.agents import UserMessage
from sayso.tools import ToolCall
from sayso.tools.errors import SaysoError
from sayso.workflows.runs import events
from sayso.workflows.runs.codec import NotJson, from_json, to_json
from sayso.workflows.runs.stored_types import FORMER, TAGS, TYPES, find_type

from .old_database.old_values import errors, values


def path_of(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


@pytest.mark.parametrize("tag", TYPES)
def test_a_tag_leads_to_its_class_and_back(tag: str) -> None:
    kind = find_type(tag)
    assert kind is not None
    assert (TYPES[tag][0], TAGS[path_of(kind)]) == (path_of(kind), tag), "The class has moved or was renamed: write its path into the row."
    assert [find_type(former) for former in TYPES[tag][1:]] == [kind] * len(TYPES[tag][1:])


def test_what_older_rows_say_is_never_changed() -> None:
    assert len(TAGS) == len(TYPES)
    written = json.dumps(sorted(FORMER.items()))
    assert hashlib.sha256(written.encode()).hexdigest()[:16] == "c167405b8ac86079", (
        "Rows of 6f7a18e have these paths; leave tags and former paths alone."
    )


def classes() -> Iterator[type]:
    """Every class of ours."""
    for module in pkgutil.walk_packages(sayso.__path__, "sayso."):
        if not module.name.endswith("__main__"):
            for value in list(vars(importlib.import_module(module.name)).values()):
                if isinstance(value, type) and value.__module__ == module.name:
                    yield value


def is_value(kind: Any) -> bool:
    """Whether values of the class can be stored at all."""
    if not isinstance(kind, type) or not kind.__module__.startswith("sayso."):
        return False
    is_tuple = issubclass(kind, tuple) and hasattr(kind, "_fields")
    return is_tuple or dataclasses.is_dataclass(kind) or hasattr(kind, "model_validate") or issubclass(kind, (enum.Enum, Exception))


def inside(annotation: Any) -> Iterator[type]:
    """The classes that an annotation names."""
    if isinstance(annotation, type):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from inside(argument)


def test_everything_that_a_stored_value_holds_has_a_tag() -> None:
    held = {kind for tag in TYPES for hint in typing.get_type_hints(find_type(tag)).values() for kind in inside(hint)}
    assert sorted(path_of(kind) for kind in held if is_value(kind) and path_of(kind) not in TAGS) == []


def test_every_error_and_every_event_has_a_tag() -> None:
    raised = [kind for kind in classes() if issubclass(kind, SaysoError) and not kind.__name__.startswith("_")]
    told = [kind for kind in vars(events).values() if is_value(kind) and kind.__module__ == events.__name__]
    assert sorted(path_of(kind) for kind in [*raised, *told] if path_of(kind) not in TAGS) == []


NEVER_STORED = set(
    "ArgumentDelta CallDelta CallDropped CallRead CallStarted CallTextDelta Cap Downgraded Fetched Finished IndexEntry "
    "ModelRequest ProblemRead ReasoningDelta Replayed Retrying RunEnded RunResult Sandbox ScriptedModel Secret ServerSettings "
    "TextDelta Tool ToolContext Web".split()
)
"""Public classes that no run keeps: they mark a parameter, hold code or something open, are told and forgotten, or are a run's result."""


def test_every_public_value_has_a_tag() -> None:
    public = set()
    for package in ("sayso", "sayso.tools", "sayso.workflows", "sayso.agents", "sayso.tools.web", "sayso.tools.documents"):
        module = importlib.import_module(package)
        public |= {kind for name in module._PLACES if is_value(kind := getattr(module, name))}
    assert sorted(kind.__name__ for kind in public if path_of(kind) not in TAGS) == sorted(NEVER_STORED)


@dataclass(frozen=True)
class Own:
    """An application's own type."""

    message: UserMessage


class OwnCall(ToolCall):
    """A type of ours that an application has made another of."""


def test_no_path_of_ours_is_stored_and_an_applications_own_is() -> None:
    written = json.dumps(to_json([*values(find_type), *errors(find_type)]))
    assert '"sayso.' not in written
    own = to_json([Own(UserMessage("Hi")), OwnCall("0.0", "mail", {})])
    assert [each["$"] for each in own] == [f"{__name__}:Own", f"{__name__}:OwnCall"]
    assert own[0]["="]["message"]["$"] == "UserMessage"
    assert from_json(own) == [Own(UserMessage("Hi")), OwnCall("0.0", "mail", {})]


def test_an_unknown_tag_is_an_error_that_names_it() -> None:
    with pytest.raises(NotJson, match="'NewThing', which this version of Sayso does not know"):
        from_json({"$": "NewThing", "=": []})
    with pytest.raises(NotJson, match=r"holds a Gone of sayso\.tools\.gone, which this program has not loaded"):
        from_json({"$": "sayso.tools.gone:Gone", "=": []})
