"""The calculator in a model loop of your own, with your own openai client: no agent, no run."""

from __future__ import annotations

import os
from typing import Any

from openai import OpenAI, OpenAIError

from sayso import command
from sayso.tools import ToolError, calculator, fill


def answer(client: OpenAI, model: str, question: str) -> str:
    """Ask, let the calculator answer the model's calls, ask again; then fill in the calls that were written in the text."""
    messages: list[Any] = [{"role": "user", "content": question}]
    for _ in range(5):
        tools: Any = [calculator.openai_schema()]
        reply = client.chat.completions.create(model=model, messages=messages, tools=tools).choices[0].message
        messages.append(reply)
        messages += [calculator.answer(tool_call) for tool_call in reply.tool_calls or ()]
        if reply.tool_calls:
            continue
        try:
            return fill(reply.content or "", [calculator], dialect="auto")
        except ToolError as error:
            messages.append({"role": "user", "content": f"{error} Answer again."})
    return "The model found no answer."


async def main(question: str = "What is 17 % of 340?", *, model: str = "", base_url: str | None = None) -> str:
    """Answer a question with a number in it; the key is in OPENAI_API_KEY, its address in OPENAI_BASE_URL if it is not OpenAI's."""
    key = "none" if base_url else os.environ.get("OPENAI_API_KEY")  # the key in the environment is not for any server
    try:
        with OpenAI(base_url=base_url, api_key=key) as client:
            return answer(client, model or (client.models.list().data[0].id if base_url else "gpt-5-mini"), question)
    except OpenAIError as error:
        raise SystemExit(f"The model at {base_url or 'OpenAI'} did not answer: {error}") from None
    except (AttributeError, IndexError):  # the client takes a web page, or a list of no choices, for an answer
        raise SystemExit(
            f"{base_url} did not answer with a chat completion. Is it the base URL of an OpenAI-compatible API, like .../v1?"
        ) from None


if __name__ == "__main__":
    command(main)
