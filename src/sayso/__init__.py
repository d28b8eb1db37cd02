"""Run agents that act only on your say-so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sayso.agents import Agent as Agent
    from sayso.agents import Prompt as Prompt
    from sayso.agents import Sampling as Sampling
    from sayso.agents import ScriptedModel as ScriptedModel
    from sayso.agents import Session as Session
    from sayso.agents.answering.ask_agent import ask as ask
    from sayso.agents.evaluation import evaluate as evaluate
    from sayso.agents.research.run import research as research
    from sayso.console import terminal as terminal
    from sayso.flow_command import command as command
    from sayso.flow_command import follow as follow
    from sayso.tools import ApprovalRequest as ApprovalRequest
    from sayso.tools import Approve as Approve
    from sayso.tools import Audio as Audio
    from sayso.tools import Edit as Edit
    from sayso.tools import File as File
    from sayso.tools import Image as Image
    from sayso.tools import Reject as Reject
    from sayso.tools import SaysoError as SaysoError
    from sayso.tools import Secret as Secret
    from sayso.tools import ToolContext as ToolContext
    from sayso.tools import ToolError as ToolError
    from sayso.tools import tool as tool
    from sayso.tools.mcp.servers import mcp as mcp
    from sayso.workflows import App as App
    from sayso.workflows import Cap as Cap
    from sayso.workflows import Limits as Limits
    from sayso.workflows import Run as Run
    from sayso.workflows import best_of as best_of
    from sayso.workflows import conditional as conditional
    from sayso.workflows import engine as engine
    from sayso.workflows import iterate as iterate
    from sayso.workflows import map_each as map_each
    from sayso.workflows import parallel as parallel
    from sayso.workflows import reflect as reflect
    from sayso.workflows import sequential as sequential
    from sayso.workflows import split as split
    from sayso.workflows import step as step

_PLACES = {
    "Agent": "agents",
    "App": "workflows",
    "ApprovalRequest": "tools",
    "Approve": "tools",
    "Audio": "tools",
    "Cap": "workflows",
    "Edit": "tools",
    "File": "tools",
    "Image": "tools",
    "Limits": "workflows",
    "Prompt": "agents",
    "Reject": "tools",
    "Run": "workflows",
    "Sampling": "agents",
    "SaysoError": "tools",
    "ScriptedModel": "agents",
    "Secret": "tools",
    "Session": "agents",
    "ToolContext": "tools",
    "ToolError": "tools",
    "ask": "agents.answering.ask_agent",
    "best_of": "workflows",
    "command": "flow_command",
    "conditional": "workflows",
    "engine": "workflows",
    "evaluate": "agents.evaluation",
    "follow": "flow_command",
    "iterate": "workflows",
    "map_each": "workflows",
    "mcp": "tools.mcp.servers",
    "parallel": "workflows",
    "reflect": "workflows",
    "research": "agents.research.run",
    "sequential": "workflows",
    "split": "workflows",
    "step": "workflows",
    "terminal": "console",
    "tool": "tools",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
