"""Make engines: in memory, or by the URL of a database."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, overload

from sayso.tools.errors import UsageError

from .runs.memory_engine import MemoryEngine, check_listeners

if TYPE_CHECKING:
    from sayso.tools.approval.signatures import Approvers
    from sayso.tools.approval.signing_keys import KeySource

    from .caps import Cap
    from .durable.app import App
    from .durable.engine import DurableEngine
    from .events.watched_execution import Listener

PublicKeys = Mapping[str, "KeySource"]
"""Public keys of approvers by their names."""
_OPEN: weakref.WeakValueDictionary[str, DurableEngine] = weakref.WeakValueDictionary()


@overload
def engine(
    url: None = None,
    *,
    strict: bool = False,
    approvers: PublicKeys | None = None,
    caps: Iterable[Cap] | None = None,
    listeners: Iterable[Listener] | None = None,
) -> MemoryEngine: ...
@overload
def engine(
    url: str,
    *,
    strict: bool = False,
    app: App | None = None,
    approvers: PublicKeys | None = None,
    caps: Iterable[Cap] | None = None,
    listeners: Iterable[Listener] | None = None,
) -> DurableEngine: ...
def engine(
    url: str | None = None,
    *,
    strict: bool = False,
    app: App | None = None,
    approvers: PublicKeys | None = None,
    caps: Iterable[Cap] | None = None,
    listeners: Iterable[Listener] | None = None,
) -> MemoryEngine | DurableEngine:
    """Return an engine for runs. Without a URL they live in this process; with "sqlite:///runs.db", "postgresql://..." or
    "temporal://host:7233/namespace" they outlive it.

    `strict` sends every stored value of a memory engine through JSON, as a database does. `app` is the code of runs that are resumed by
    their id alone. With `approvers` (public keys by name; an app may have its own) only what one of them has signed counts.
    `listeners` are called with each event of the runs that are executed here: see sayso.events.
    `caps` are what the model calls of all runs may cost together: `caps=[Cap(usd=5, per="day", by="user")]` (an app may have its own).

    Raises UsageError for a URL that no engine serves, and for a database that cannot be used. The same URL returns the same engine for as
    long as it is in use in this program.
    """
    if url is None:
        return MemoryEngine(strict=strict, approvers=_make_approvers(approvers), caps=caps, listeners=listeners or ())
    if not url.startswith(("sqlite:", "postgresql:", "postgres:", "temporal:")):
        raise UsageError(
            f"There is no engine for {url!r}. engine() keeps runs in memory, engine('sqlite:///runs.db') in a file, "
            "engine('postgresql://user@host/name') in a Postgres database, engine('temporal://host:7233/namespace') on a Temporal server."
        )
    from .durable.database import normalise_url  # late, for load time: a run in memory needs no database

    address = normalise_url(url)
    known = _OPEN.get(address)
    if known is None or not known.is_open or (app is not None and known.app not in (None, app)):
        given = known.given_approvers if known is not None and known.is_open else None
        heard = known.listeners if known is not None and known.is_open else ()
        caps = known.given_caps if caps is None and known is not None and known.is_open else caps
        known = _OPEN[address] = _choose_engine(url)(address, app=app, approvers=_make_approvers(approvers) or given, caps=caps)
        known.listeners = check_listeners(listeners or heard)
        return known
    if listeners is not None:
        known.listeners = check_listeners(listeners)
    if caps is not None:
        from .caps import check_caps  # late, for load time: few engines have caps

        known.given_caps = check_caps(caps)
    if approvers is not None:
        known.given_approvers = _make_approvers(approvers)
    if app is not None or approvers is not None or caps is not None:
        known.choose(app or known.app)
    return known


def _choose_engine(url: str) -> type[DurableEngine]:
    if url.startswith("temporal:"):
        from .temporal.temporal_engine import TemporalEngine  # late, for load time: it loads the client of Temporal

        return TemporalEngine
    from .durable.engine import DurableEngine  # late, for load time: a run in memory needs no database

    return DurableEngine


def _make_approvers(keys: PublicKeys | None) -> Approvers | None:
    if keys is None:
        return None
    from sayso.tools.approval.signatures import Approvers  # late, for load time: only who configures approvers needs it

    return Approvers(keys)
