"""Tools that change while a run is under way: the agent has them as they are now from its next turn on, and their calls ask anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sayso.tools.definition.tool import AnyTool
from sayso.workflows import Run

from .prompt_format import make_prompt_format

if TYPE_CHECKING:
    from .model_conversation import ModelConversation


async def take_changed_tools(run: Run, turn: int, conversation: ModelConversation) -> None:
    """Give the agent the tools of each source that has changed. What it lists now is a step of the run, `tools:{source}.{turn}`."""
    for number, opened in conversation.spec.opened.items():
        position = f"tools:{number}.{turn}"
        if not run.replays(position) and (not run.is_live or run.replays(f"model:{turn}") or not opened.has_changed()):
            continue
        before = {tool.name for tool in opened.tools}
        _put(conversation, before, await opened.list_again(run, position))


def _put(conversation: ModelConversation, before: set[str], now: Sequence[AnyTool]) -> None:
    """Put the tools of one source in the place of those that it had. A new one whose name is taken is left out."""
    spec = conversation.spec
    others = {name: tool for name, tool in spec.tools.items() if name not in before}
    conversation.spec = spec = replace(spec, tools={**others, **{tool.name: tool for tool in now if tool.name not in others}})
    conversation.format = format = make_prompt_format(spec, *conversation.format.kind)
    conversation.request = replace(conversation.request, tools=format.schemas, grammar=format.grammar)
