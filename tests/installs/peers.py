"""Measure what docs/peers.md says of Sayso and its peers: packages, megabytes, modules loaded, and whether a tool asks before it acts.

python tests/installs/peers.py [FOLDER]      # installs each into a folder of its own; what is there already is not installed again
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAYSO = """
from sayso import Agent, ScriptedModel, tool
from sayso.agents.messages import Reply
from sayso.agents.models.scripted import call
done = []

@tool
def mail(to: str) -> str:
    "Send an e-mail."
    done.append(to)
    return "sent"

Agent(ScriptedModel(Reply(calls=(call("mail", to="ada"),)), "Done."), tools=[mail]).run_sync("Write to ada.")
"""
PYDANTIC_AI = """
from pydantic_ai import Agent
from pydantic_ai.models.test import TestModel
done = []
agent = Agent(TestModel())

@agent.tool_plain
def mail(to: str) -> str:
    "Send an e-mail."
    done.append(to)
    return "sent"

agent.run_sync("Write to ada.")
"""
LANGGRAPH = """
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
done = []

@tool
def mail(to: str) -> str:
    "Send an e-mail."
    done.append(to)
    return "sent"

graph = StateGraph(MessagesState)
graph.add_node("tools", ToolNode([mail]))
graph.add_edge(START, "tools")
call = {"name": "mail", "args": {"to": "ada"}, "id": "c1", "type": "tool_call"}
graph.compile().invoke({"messages": [AIMessage("", tool_calls=[call])]})
"""
OPENAI_AGENTS = """
import asyncio
from agents import Agent, Model, ModelResponse, Runner, Usage, function_tool, set_tracing_disabled
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
set_tracing_disabled(True)
done = []

@function_tool
def mail(to: str) -> str:
    "Send an e-mail."
    done.append(to)
    return "sent"

class Scripted(Model):
    asked = 0
    async def get_response(self, *args, **kwargs):
        self.asked += 1
        if self.asked == 1:
            said = ResponseFunctionToolCall(call_id="c1", name="mail", arguments='{"to": "ada"}', type="function_call")
        else:
            text = ResponseOutputText(text="Done.", type="output_text", annotations=[], logprobs=[])
            said = ResponseOutputMessage(id="m1", type="message", role="assistant", status="completed", content=[text])
        return ModelResponse(output=[said], usage=Usage(), response_id=None)
    def stream_response(self, *args, **kwargs):
        raise NotImplementedError

asyncio.run(Runner.run(Agent(name="a", model=Scripted(), tools=[mail]), "Write to ada."))
"""
SMOLAGENTS = """
from smolagents import CodeAgent, Model, tool
from smolagents.models import ChatMessage, MessageRole
done = []

@tool
def mail(to: str) -> str:
    '''Send an e-mail.

    Args:
        to: who gets it
    '''
    done.append(to)
    return "sent"

class Scripted(Model):
    def generate(self, *args, **kwargs):
        return ChatMessage(role=MessageRole.ASSISTANT, content='<code>\\nmail(to="ada")\\nfinal_answer("Done.")\\n</code>')

CodeAgent(tools=[mail], model=Scripted(), verbosity_level=0).run("Write to ada.")
"""


@dataclass(frozen=True)
class Peer:
    """What is installed, what a first program imports, and that program: a tool without options, called by a model."""

    packages: tuple[str, ...]
    imports: str
    program: str


PEERS = {
    "sayso": Peer((str(ROOT),), "from sayso import Agent, tool, sequential, engine", SAYSO),
    "pydantic_ai": Peer(("pydantic-ai-slim[openai]",), "from pydantic_ai import Agent", PYDANTIC_AI),
    "langgraph": Peer(
        ("langgraph", "langchain-openai"), "from langgraph.graph import StateGraph; from langchain_openai import ChatOpenAI", LANGGRAPH
    ),
    "openai_agents": Peer(("openai-agents",), "from agents import Agent, Runner", OPENAI_AGENTS),
    "smolagents": Peer(("smolagents[openai]",), "from smolagents import CodeAgent", SMOLAGENTS),
}
COUNT = "import sys\nbefore = set(sys.modules)\n{}\nprint(len(set(sys.modules) - before))"


def run(program: str, folder: Path) -> str:
    """Return the last line that a program prints which finds packages in this folder alone, or its last line of an error."""
    base = getattr(sys, "_base_executable", sys.executable)
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder), "OPENAI_API_KEY": "none"}
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "tried.py").write_text(program, encoding="utf-8")  # smolagents reads the source of its tools
        command = [base, "-s", str(Path(place) / "tried.py")]
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return ((done.stdout or done.stderr).strip().splitlines() or [""])[-1]


def main() -> None:
    place = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="sayso-peers-")).absolute()
    print(f"{'':14}{'version':14}{'packages':>9}{'MB':>5}{'modules':>9}  a tool without options, called by a model")
    for name, peer in PEERS.items():
        folder = place / name
        if not folder.exists():
            install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", folder, *peer.packages]
            subprocess.run(install, check=True)
        found = [each.name.removesuffix(".dist-info") for each in folder.glob("*.dist-info")]
        own = peer.packages[0].partition("[")[0].replace("-", "_") if name != "sayso" else "sayso"
        version = next((each.removeprefix(f"{own}-") for each in found if each.startswith(f"{own}-")), "?")
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")
        acted = run(f"{peer.program}\nprint('runs at once' if done else 'waits for approval')", folder)
        modules = run(COUNT.format(peer.imports), folder)
        print(f"{name:14}{version:14}{len(found) - 1:>9}{round(size / 1e6):>5}{modules:>9}  {acted}", flush=True)


if __name__ == "__main__":
    main()
