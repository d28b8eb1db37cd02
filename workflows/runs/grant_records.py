"""What became of the standing approvals of a run: how often each was used, and which were withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sayso.tools.approval.grant import GivenGrant, Grant
from sayso.tools.errors import UsageError

from .events import GrantsGiven, GrantUsed
from .execution import WITHDRAW


class StandingApproval(NamedTuple):
    """A grant of a run: what it says, how often it was used, and who withdrew it (None while it is in force; "" where nobody said)."""

    grant: GivenGrant
    uses: int
    withdrawn_by: str | None


def list_grants(events: Iterable[object], sent: Mapping[str, object]) -> tuple[StandingApproval, ...]:
    """Return the grants that a run was last given, from its events; `sent` is what was sent to it, by topic."""
    given: tuple[GivenGrant, ...] = ()
    uses: dict[str, int] = {}
    for event in events:
        match event:
            case GrantsGiven(_, given):
                pass
            case GrantUsed(_, grant):
                uses[grant] = uses.get(grant, 0) + 1
    return tuple(StandingApproval(grant, uses.get(grant.id, 0), _read_withdrawal(sent, grant)) for grant in given)


def _read_withdrawal(sent: Mapping[str, object], grant: GivenGrant) -> str | None:
    topic = WITHDRAW + grant.id
    if topic not in sent:
        return None
    withdrawal = sent[topic]
    return str(withdrawal.get("by", "")) if isinstance(withdrawal, Mapping) else ""


def find_grant(run_id: str, grant: Grant | str, standing: Iterable[StandingApproval]) -> str:
    """Return the id of the grant of a run that is meant, by itself or the beginning of its id. Raises UsageError."""
    wanted = grant if isinstance(grant, str) else grant.id
    known = {each.grant.id: each for each in standing}
    found = [each for each in known if wanted and each.startswith(wanted)]
    if len(found) != 1:
        listed = ", ".join(f"{each} {approval.grant.text}" for each, approval in known.items()) or "none"
        raise UsageError(f"Run {run_id} has no grant {wanted!r}. Grants: {listed}.")
    return found[0]
