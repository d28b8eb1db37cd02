"""The calculator in a model loop of your own, with your own openai client: no agent, no run.

OPENAI_API_KEY=... python examples/calculator_loop.py "What is 17 % of 340?"
OPENAI_BASE_URL=http://localhost:11434/v1 OPENAI_API_KEY=none MODEL=qwen3 python examples/calculator_loop.py "What is 17 % of 340?"
"""

from __future__ import annotations

import os
import sys
from typing import Any

from openai import OpenAI

from sayso.tools import calculator, fill


def answer(client: OpenAI, model: str, question: str) -> str:
    """Ask, let the calculator answer the model's calls, ask again; then fill in what was written in the text."""
    messages: list[Any] = [{"role": "user", "content": question}]
    for _ in range(5):
        tools: Any = [calculator.openai_schema()]
        reply = client.chat.completions.create(model=model, messages=messages, tools=tools).choices[0].message
        if not reply.tool_calls:
            return fill(reply.content or "", [calculator])
        messages.append(reply)
        messages += [calculator.answer(tool_call) for tool_call in reply.tool_calls]
    return "The model did not stop calculating."


def main() -> None:
    """Answer the question on the command line."""
    with OpenAI() as client:
        print(answer(client, os.environ.get("MODEL", "gpt-5-mini"), " ".join(sys.argv[1:]) or "What is 17 % of 340?"))


if __name__ == "__main__":
    main()
