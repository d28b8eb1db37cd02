"""Every kind of event goes to JSON and back, whatever is in it."""

from __future__ import annotations

import json
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso import events
from sayso.tools.approval.requests import ApprovalRequest, ShownArgument
from sayso.tools.canonical import canonical_json
from sayso.workflows.events.event_types import AnyEvent, AskedCall, SentMessage

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=8)  # halves of surrogate pairs among them: models write them
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = st.floats(allow_nan=False)
MESSAGES = st.builds(SentMessage, role=TEXTS, text=TEXTS)
CALLS = st.builds(AskedCall, id=TEXTS, tool=TEXTS, arguments=TEXTS)
SHOWN = st.builds(ShownArgument, name=TEXTS, value=TEXTS, source=TEXTS, quote=TEXTS)
REQUESTS = st.builds(
    ApprovalRequest,
    arguments=st.dictionaries(TEXTS, st.integers(), max_size=2).map(canonical_json),
    shown=st.lists(SHOWN, max_size=2).map(tuple),
    warnings=st.lists(TEXTS, max_size=2).map(tuple),
    **dict.fromkeys(("digest", "key", "run_id", "position", "tool", "tool_version", "schema_hash", "card", "nonce"), TEXTS),
    proposed_at=NUMBERS,
    expires_at=NUMBERS,
)
OF_TYPES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(),
    float: NUMBERS,
    bool: st.booleans(),
    int | None: st.none() | st.integers(),
    float | None: st.none() | NUMBERS,
    Any: VALUES,
    dict[str, Any]: st.dictionaries(TEXTS, VALUES, max_size=3),
    tuple[str, ...]: st.lists(TEXTS, max_size=3).map(tuple),
    tuple[SentMessage, ...]: st.lists(MESSAGES, max_size=2).map(tuple),
    tuple[AskedCall, ...]: st.lists(CALLS, max_size=2).map(tuple),
    tuple[tuple[str, str], ...]: st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple),
    ApprovalRequest: REQUESTS,
}
KINDS = {kind.__name__: kind for kind in get_args(AnyEvent)}


def strategy_of(kind: type[events.RunEvent]) -> st.SearchStrategy[Any]:
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name != "is_streamed"}
    return st.builds(kind, **{name: OF_TYPES[hint] for name, hint in hints.items()})


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_event_goes_to_json_and_back(kind: type[events.RunEvent], data: st.DataObject) -> None:
    event = data.draw(strategy_of(kind))
    written = json.dumps(events.to_dict(event))
    assert events.from_dict(json.loads(written)) == event
    assert json.loads(written)["parent"] == event.parent
