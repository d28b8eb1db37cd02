"""How each dialect is asked for, written, and answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .values import ReadCall


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way to write calls as text: `ask` tells a model how, `render` writes one, `render_results` shows what came of them."""

    name: str
    ask: Callable[[Sequence[Any]], str]
    render: Callable[[ReadCall], str]
    render_results: Callable[[Sequence[tuple[str, str]], str], str]


def _ask_call(tools: Sequence[Any]) -> str:
    rows = []
    for tool in tools:
        properties = tool.parameters.get("properties", {})
        needed = tool.parameters.get("required", ())
        signature = ", ".join(name if name in needed else f"{name}?" for name in properties)
        rows.append(f"- {tool.name}({signature}): {tool.description.splitlines()[0]}")
    listed = "\n".join(rows)
    return (
        f"To use a tool, write its name and its arguments in parentheses, like NAME(first, second). One call at a time.\nTools:\n{listed}"
    )


def _render_call(call: ReadCall) -> str:
    return f"{call.tool}({', '.join(f'{name}={json.dumps(value, ensure_ascii=False)}' for name, value in call.arguments.items())})"


def _framed(results: Sequence[tuple[str, str]], boundary: str) -> str:
    frames = "\n".join(f"[result {boundary} of {tool}]\n{text}\n[end of result {boundary}]" for tool, text in results)
    return f"{frames}\nNow answer me in a sentence with what the result says."


DIALECTS: Mapping[str, Dialect] = {"call": Dialect("call", _ask_call, _render_call, _framed)}
