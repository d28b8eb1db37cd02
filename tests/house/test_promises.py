"""The three uses, as the design promises them to users, typed as they stand there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sayso.agents.models.extractive import ANSWERS

from ..agents.fake_openai import FakeOpenAI
from ..cli.commands import environment


def ran(program: str, folder: Path, **more: str) -> str:
    """What the program prints."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


RESEARCH = """
from sayso import Limits, research
report = research.run_sync("BettaBurgers", model="gpt-5-mini", competitors=5, limits=Limits(cost_usd=0.50)).output
report.save("betta.md"); report.competitors[0].claims[0].quote
print(len(report.competitors), bool(report.competitors[0].claims[0].quote))
"""


def answered(body: dict[str, Any]) -> str:
    """A model that answers the research's questions by quoting."""
    title = body["response_format"]["json_schema"]["schema"]["title"]
    return json.dumps(ANSWERS[title](body["messages"][-1]["content"]))


def test_the_research_agent_runs_as_typed(tmp_path: Path) -> None:
    with FakeOpenAI([answered], repeat=True) as endpoint:
        told = ran(RESEARCH, tmp_path, OPENAI_API_KEY="k", OPENAI_BASE_URL=endpoint.base_url, SAYSO_SEARCH="sample")
    assert told == "5 True\n"
    assert (tmp_path / "betta.md").exists()
    assert (tmp_path / "betta.json").exists()
    assert {request["model"] for request in endpoint.requests} == {"gpt-5-mini"}


CALCULATOR = """
from sayso.tools import calculate, calculator, fill
print(f"{calculate('p*(1+r)^n', p=100, r='5%', n=8):.2f}")
print(fill("you would have CALCULATOR(100 * 1.05^8) dollars", [calculator]))
import sys
from openai import OpenAI
with OpenAI() as client:
    reply = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}], tools=[calculator.openai_schema()])
    for tool_call in reply.choices[0].message.tool_calls:
        print(calculator.answer(tool_call))
"""


def test_the_calculator_is_embedded_as_typed(tmp_path: Path) -> None:
    def completion(body: dict[str, Any]) -> Any:
        from ..agents.fake_openai import Raw

        function = {"name": body["tools"][0]["function"]["name"], "arguments": '{"expression": "2^10"}'}
        message = {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}
        choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
        answer = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        return Raw(json.dumps(answer), "application/json")

    with FakeOpenAI([completion]) as endpoint:
        told = ran(CALCULATOR, tmp_path, OPENAI_API_KEY="k", OPENAI_BASE_URL=endpoint.base_url)
    assert told.splitlines() == [
        "147.75",
        "you would have 147.75 dollars",
        "{'role': 'tool', 'tool_call_id': 'c1', 'content': '1024'}",
    ]


WORKFLOW = """
import asyncio
from sayso import ScriptedModel

async def prices(company: str) -> str:
    return f"{company}: from $5"

async def news(company: str) -> str:
    return f"{company} opens in Columbus"

def merge(prices: str, news: str) -> str:
    return f"{prices}; {news}"

async def main():
    from sayso import Agent, Limits, engine, parallel, reflect, sequential, terminal, tool
    @tool.write(card="E-mail to {to}: {text}")
    async def mail(to: str, text: str) -> str:
        "Send an e-mail."
        return f"sent to {to}"
    writer = Agent(ScriptedModel("BettaBurgers opens in Columbus."), name="writer")
    critic = Agent(ScriptedModel("OK"), name="critic")
    flow = sequential(parallel(prices, news, join=merge), reflect(writer, critic, rounds=3), mail.using(to="ada@example.org"))
    result = await flow.run("BettaBurgers", approve=terminal, limits=Limits(cost_usd=1), engine=engine("sqlite:///runs.db"))
    print(result.pending[0].card)
    from sayso import Approve
    print((await result.resume({result.pending[0].digest: Approve()})).output)

asyncio.run(main())
"""


def test_a_workflow_is_built_as_typed(tmp_path: Path) -> None:
    told = ran(WORKFLOW, tmp_path)
    assert told == "E-mail to ada@example.org: BettaBurgers opens in Columbus.\nsent to ada@example.org\n"
    assert (tmp_path / "runs.db").exists()
