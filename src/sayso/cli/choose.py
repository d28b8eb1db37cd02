"""`sayso research --choose`: a person looks at the sites and aspects before the visits."""

from __future__ import annotations

from sayso.agents.research.state import Selection


async def choose_on_terminal(selection: Selection) -> Selection:
    """Return the selection, changed or not, after showing it in this terminal."""
    return selection
