"""Agentic RAG as a flowchart: route, retrieve, judge, rewrite and try again, write with citations, take out what no passage states."""

from __future__ import annotations

from pathlib import Path

import stand_ins
from sayso import command
from sayso.agents import Model, agentic_rag
from sayso.tools.documents import Documents
from sayso.workflows import mermaid

COMPANY = Path(__file__).with_name("data") / "company"


async def main(
    question: str = "Where do guests leave their car?", *, documents: Path = COMPANY, tries: int = 3, draw: bool = False, model: Model
) -> str:
    """Answer a question from documents (a folder, or one file); --draw prints the flowchart instead."""
    with Documents.of_folder(documents) as opened:
        flow = agentic_rag(opened, model, tries=tries)  # models={"writer": "gpt-5", "judge": "ollama:qwen3"} for models by step
        return mermaid(flow) if draw else str(await flow(question))


if __name__ == "__main__":
    command(main, offline=stand_ins.librarian)
