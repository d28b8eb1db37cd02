"""Reading many sites: what their pages say is found in worker processes, side by side, while the program fetches the next ones.

A worker is one of the sandbox's: it reaches no network and no file, and ends with the program, however that ends. Where there are few
sites, one processor, or no workers, the same functions run in a thread.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sayso.workflows.runs.codec import from_json, to_json

from .aspects import find_aspects
from .profile import make_profile
from .report_values import Considered
from .site_findings import SiteFindings, examine_site, find_on_site
from .state import Candidate, SearchHit, Visit, VisitedPage

if TYPE_CHECKING:
    from sayso.tools.canonical import Json

    from .aspects import Aspect
    from .profile import ClientProfile

WORTH = 12
"""From how many sites on workers are worth starting: each takes a second of a processor until it has loaded what it needs."""
SECONDS = 120.0
"""How long a worker may take over a site; then it is read here."""
MEMORY_MB = 1024
NEW_OBJECTS = 100_000
"""How many new containers a worker makes before it looks for garbage: what it reads of a site makes few cycles."""
MOST_FAILURES = 3
"""After so many workers that did not answer, sites are read here."""
_TASKS: dict[str, Callable[..., object]] = {"examine": examine_site, "find": find_on_site}


@dataclass(slots=True)
class SiteReader:
    """Finds what sites say. `uses_workers` is set when many sites are expected."""

    uses_workers: bool = False
    failures: int = 0

    def expect(self, sites: int) -> None:
        """Get ready for so many sites: a worker loads what it needs while the first pages are fetched."""
        if self.uses_workers or sites < WORTH or count_processors() < 2:
            return
        from sayso.tools.sandbox import SandboxError, begin_worker  # late, for load time

        self.uses_workers = True
        with suppress(SandboxError):  # the first call finds it out again
            begin_worker(f"{__name__}:do_in_worker", memory_mb=MEMORY_MB)

    @property
    def at_once(self) -> int:
        """Return how many sites are read at once."""
        return count_processors() if self.uses_workers else 1

    async def examine(
        self, profile: ClientProfile, before: Considered, others: Sequence[str], visit: Visit, aspects: Sequence[Aspect], kind: str
    ) -> tuple[Considered, SiteFindings | None]:
        """Do as `examine_site`."""
        examined: tuple[Considered, SiteFindings | None] = await self._do("examine", profile, before, list(others), visit, aspects, kind)
        return examined

    async def find(self, visit: Visit, aspects: Sequence[Aspect], kind: str, first: int = 0) -> SiteFindings:
        """Do as `find_on_site`."""
        findings: SiteFindings = await self._do("find", visit, aspects, kind, first)
        return findings

    async def _do(self, task: str, *given: Any) -> Any:
        if self.uses_workers:
            from sayso.tools.sandbox import SandboxError, acall_sandboxed  # late, for load time

            try:
                written = await asyncio.to_thread(to_json, list(given))
                done = await acall_sandboxed(f"{__name__}:do_in_worker", task, written, seconds=SECONDS, memory_mb=MEMORY_MB)
            except SandboxError:
                self.failures += 1  # none can be started, or one has died: what they do can be done here
                self.uses_workers = self.failures < MOST_FAILURES
            else:
                return await asyncio.to_thread(from_json, done)
        return await asyncio.to_thread(_TASKS[task], *given)


def do_in_worker(task: str, given: Json) -> Json:
    """Do a task with what `to_json` wrote, and return what it gives in the same form."""
    return to_json(_TASKS[task](*from_json(given)))


def warm() -> None:
    """Load what reading a page needs, before a worker is forked: it can open no file, and shares what was there before."""
    text = "\n".join(_SAMPLE)
    url, name = "https://quayside.example/", "Quayside Bikes"
    page = VisitedPage(url, name, text, (), "2026-01-01T00:00:00Z", "", "")
    profile = make_profile("bicycle rental", [SearchHit(name, url, _SAMPLE[1])], (), kind="market")
    before = Considered(name, "quayside.example", url, competes=True, reason="")
    visit, aspects = Visit(Candidate(name, url, ""), (page,), ()), find_aspects(("what they offer", "prices", "opening hours", "locations"))
    do_in_worker("examine", to_json([profile, before, ["canalbikes.example"], visit, aspects, "market"]))
    do_in_worker("find", to_json([visit, aspects, "market", 0]))
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


_SAMPLE = (
    "Quayside Bikes",
    "Quayside Bikes rents and sells bicycles in Ghent, at 12 Canal Street. We were founded in 1998 and employ nine people.",
    "A city bike costs €14 a day, or €60 for a week. Helmets are free. Students pay 10% less, unless they hire for one day only.",
    "Open Monday to Friday from 9:00 to 18:00, except on holidays. Closed on Sundays until April 2027.",
    "Fahrräder kosten ab 12,50 € pro Tag. Les vélos coûtent 14 € par jour. Las bicicletas cuestan 14 € al día.",
    "Model | Weight | Price\nCargo L | 24 kg | 2,450 €\nCargo S | 19 kg | 1,990 €",
)


def count_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
