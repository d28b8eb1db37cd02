"""What CONTRIBUTING says of adding a family of models and a form of calls, done in a copy of tools/: one file each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .tree import ROOT

FAMILY = '''"""Zeta of nobody: JSON between markers of its own."""

from __future__ import annotations

from ..family import Family, ChatTemplate
from ..writers import json_call_writer, render_each

FAMILIES = (
    Family(
        name="zeta",
        models="zeta",
        sections={"<|zeta_call|>": "<|zeta_end|>"},
        write=render_each("<|zeta_call|>", json_call_writer(), "<|zeta_end|>"),
        ends_thought=("<|zeta_call|>",),
        template=ChatTemplate(
            thinks={"<zeta:mull>": "</zeta:mull>"}, results=("<zeta:result>",), turns=("<zeta:user>",), tokens=("<zeta:end>",)
        ),
    ),
)
'''
ARROWS = '''"""Calls as arrows: weather <- city=Oslo, days=2"""

from __future__ import annotations

from ..family import Family
from ..json_calls import parse_json_arguments
from ..parsed_calls import Item
from ..read_events import ReadCall
from ..signatures import ToolSignatures
from ..writers import render_together


def _parse(body: str, span: tuple[int, int], tools: ToolSignatures) -> list[Item]:
    items: list[Item] = []
    for line in body.strip().splitlines():
        name, _, pairs = line.partition(" <- ")
        tool = tools.find_marked(name)
        arguments = dict(pair.strip().split("=", 1) for pair in pairs.split(","))
        items.append(parse_json_arguments(tool, arguments, span) if tool else tools.report_unknown(name, span))
    return items


def _write(call: ReadCall, tools: ToolSignatures) -> str:
    return f"{call.tool} <- {', '.join(f'{key}={value}' for key, value in call.arguments.items())}"


FAMILIES = (
    Family(
        name="arrow",
        sections={"<arrows>": "</arrows>"},
        bodies={"<arrows>": _parse},
        write=render_together("<arrows>", _write, "</arrows>", "\\n"),
    ),
)
'''
CHECK = """
from sayso.tools import Reader, read
from sayso.tools.dialects import DIALECTS, ReadCall, dialect_for_model

parameters = {"properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}
tools = [{"name": "weather", "description": "The weather.", "parameters": parameters}]
calls = [ReadCall("weather", {"city": "Oslo", "days": 2}), ReadCall("weather", {"city": "Bergen"})]
text = DIALECTS[name].render(*calls, tools=tools)
assert marker in text and marker in DIALECTS[name].ask(tools), text
for dialect in ("auto", name):
    whole = read(f"Let me see. {text}", tools, dialect)
    assert [(call.tool, call.arguments) for call in whole.calls] == [(call.tool, call.arguments) for call in calls], whole
    assert whole.text == "Let me see. " or not whole.text.replace("Let me see. ", "").strip(), whole
    reader = Reader(tools, dialect)
    for character in f"Let me see. {text}":
        reader.feed(character)
    assert reader.close() == whole
assert dialect_for_model("zeta-7b") == (name if name == "zeta" else None)
"""
ZETA = """
call = '<|zeta_call|>{"name": "weather", "arguments": {"city": "Oslo"}}<|zeta_end|>'
for text, expected in {
    f"<zeta:mull>So.</zeta:mull>Yes.<zeta:end>": ("Yes.", 0),
    f"<zeta:mull>So. {call}": ("", 1),
    f"{call}<zeta:result>Sunny.{call}": ("<zeta:result>Sunny." + call, 1),
    f"Yes.<zeta:user>{call}": ("Yes.", 0),
}.items():
    whole, reader = read(text, tools), Reader(tools)
    for character in text:
        reader.feed(character)
    assert ((whole.text, len(whole.calls)), reader.close()) == (expected, whole), (text, whole)
"""


def copy_with(folder: Path, name: str, source: str) -> Path:
    """Copy tools/ and add one file to the families."""
    package = folder / "sayso"
    shutil.copytree(ROOT / "tools", package / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").touch()
    (package / "tools" / "dialects" / "families" / name).write_text(source, encoding="utf-8")
    return folder


def run_check(folder: Path, name: str, marker: str, more: str = "") -> None:
    """Run the check against the copy, in a program of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", f"name, marker = {name!r}, {marker!r}\n{CHECK}{more}"],
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_family_of_a_known_form_is_one_file(tmp_path: Path) -> None:
    folder = copy_with(tmp_path, "zeta.py", FAMILY)
    run_check(folder, "zeta", "<|zeta_call|>", ZETA)


def test_a_new_form_is_one_file(tmp_path: Path) -> None:
    run_check(copy_with(tmp_path, "arrows.py", ARROWS), "arrow", "<arrows>")
