"""Find the conversations of a person in a database of runs: each is a session, whose turns are the runs NAME.1, NAME.2, ..."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sayso.cli.display import describe_input, read_text
from sayso.tools.approval.cards import show_value

if TYPE_CHECKING:
    from sayso.workflows.durable.database import Session

CONVERSATION = re.compile(r"chat-[0-9a-f]{8,32}")
"""The names of conversations that begin on the page. One of another name, as a program begins it, can be gone on with there."""
PAGE_SIZE = 50
_TOGETHER = 500


class FoundConversation(NamedTuple):
    """A conversation as its runs tell it: `first` is the oldest turn that there still is, the state that of the last one."""

    name: str
    agent: str
    state: str
    changed_at: float
    turns: int
    first: int


def find_conversations(session: Session, user: str, agents: Collection[str]) -> list[FoundConversation]:
    """Return the conversations of a user with one of the agents, the one that changed last first."""
    rows = session.execute("SELECT id, flow, state, changed_at FROM sayso_runs WHERE for_user = :user AND for_user <> ''", {"user": user})
    found: dict[str, FoundConversation] = {}
    for run_id, flow, state, changed_at in rows.fetchall():
        name, _, _ = run_id.rpartition(".")
        number = read_number(run_id)
        if not name or not number or (flow not in agents and not CONVERSATION.fullmatch(name)):
            continue
        known = found.get(name, FoundConversation(name, flow, state, changed_at, 0, number))
        if number > known.turns:
            known = known._replace(agent=flow, state=state, turns=number)
        found[name] = known._replace(changed_at=max(changed_at, known.changed_at), first=min(number, known.first))
    return sorted(found.values(), key=lambda each: (-each.changed_at, each.name))


def read_titles(
    session: Session, chats: Sequence[FoundConversation], words: Sequence[str], offset: int
) -> tuple[list[dict[str, object]], int]:
    """Return a page of conversations as JSON data, each with what was asked first, and how many there are that have all `words` in it."""
    chosen = list(chats) if words else list(chats[offset : offset + PAGE_SIZE])
    titles: dict[str, str] = {}
    for begin in range(0, len(chosen), _TOGETHER):
        ids = {f"v{index}": f"{each.name}.{each.first}" for index, each in enumerate(chosen[begin : begin + _TOGETHER])}
        rows = session.execute(f"SELECT id, input FROM sayso_runs WHERE id IN ({', '.join(f':{name}' for name in ids)})", ids)
        titles |= {run_id: _read_title(given) for run_id, given in rows.fetchall()}
    total = len(chats)
    if words:
        chosen = [each for each in chosen if all(word in titles.get(f"{each.name}.{each.first}", "").casefold() for word in words)]
        total, chosen = len(chosen), chosen[offset : offset + PAGE_SIZE]
    return [{**each._asdict(), "title": titles.get(f"{each.name}.{each.first}", each.name)[:200]} for each in chosen], total


def read_number(run_id: str) -> int:
    """Return the number of the turn that a run is; 0 if it is none."""
    number = run_id.rpartition(".")[2]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 0


def read_offset(query: Mapping[str, str]) -> int:
    """Return the offset that is asked for; 0 for none, and for what is no number."""
    text = query.get("offset", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _read_title(given: str) -> str:
    try:
        return show_value(describe_input(read_text(given)))
    except (ValueError, TypeError, KeyError):
        return "(cannot be read here)"
