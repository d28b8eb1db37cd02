"""What CONTRIBUTING says of adding a family of models and a form of calls, done in a copy of tools/: rows in tables, and one file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .tree import ROOT

FAMILY = {
    "dialect.py": {"_FORMS = {": '"zeta": "zeta json",', "_MODELS = (": '(r"zeta", "zeta"),'},
    "markers.py": {"SECTIONS = {": '"<|zeta_call|>": _section("zeta", "<|zeta_end|>"),'},
    "renderers.py": {"RENDERERS: Mapping[str, Renderer] = {": '"zeta": render_each("<|zeta_call|>", json_call_writer(), "<|zeta_end|>"),'},
}
FORM = {
    "dialect.py": {"_FORMS = {": '"arrow": "arrow json",'},
    "markers.py": {"SECTIONS = {": '"<arrows>": _section("arrow", "</arrows>"),'},
    "section_parser.py": {
        "from .text_buffer import": "from .arrows import parse_arrows",
        "BODY_PARSERS: dict[str, BodyParser] = {": '"<arrows>": parse_arrows,',
    },
    "renderers.py": {
        "from .coerce import": "from .arrows import write_arrow",
        "RENDERERS: Mapping[str, Renderer] = {": '"arrow": render_together("<arrows>", write_arrow, "</arrows>", "\\n"),',
    },
}
ARROWS = '''"""Calls as arrows: weather <- city=Oslo, days=2"""

from __future__ import annotations

from .json_calls import parse_json_arguments
from .parsed_calls import Item
from .read_events import ReadCall
from .signatures import ToolSignatures


def parse_arrows(body: str, span: tuple[int, int], tools: ToolSignatures) -> list[Item]:
    """Parse one call from each line."""
    items: list[Item] = []
    for line in body.strip().splitlines():
        name, _, pairs = line.partition(" <- ")
        tool = tools.find_marked(name)
        arguments = dict(pair.strip().split("=", 1) for pair in pairs.split(","))
        items.append(parse_json_arguments(tool, arguments, span) if tool else tools.report_unknown(name, span))
    return items


def write_arrow(call: ReadCall, tools: ToolSignatures) -> str:
    """Write one line."""
    return f"{call.tool} <- {', '.join(f'{key}={value}' for key, value in call.arguments.items())}"
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


def copy_with(folder: Path, rows: Mapping[str, Mapping[str, str]]) -> Path:
    """Copy tools/ and add each row below the line that opens its table (or above the first import of its kind)."""
    package = folder / "sayso"
    shutil.copytree(ROOT / "tools", package / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").touch()
    for name, added in rows.items():
        path = package / "tools" / "dialects" / name
        lines = path.read_text(encoding="utf-8").split("\n")
        for opening, row in added.items():
            at = next(number for number, line in enumerate(lines) if line.startswith(opening))
            if opening.startswith("from "):
                lines.insert(at, row)
            elif lines[at].endswith(opening[-1]):
                lines.insert(at + 1, f"    {row}")
            else:  # the table is on one line
                lines[at] = lines[at].replace(opening, f"{opening}{row} ", 1)
        path.write_text("\n".join(lines), encoding="utf-8")
    return folder


def run_check(folder: Path, name: str, marker: str) -> None:
    """Run the check against the copy, in a program of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", f"name, marker = {name!r}, {marker!r}\n{CHECK}"],
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_family_of_a_known_form_is_four_rows(tmp_path: Path) -> None:
    run_check(copy_with(tmp_path, FAMILY), "zeta", "<|zeta_call|>")


def test_a_new_form_is_one_file_and_a_row_in_each_table(tmp_path: Path) -> None:
    folder = copy_with(tmp_path, FORM)
    (folder / "sayso" / "tools" / "dialects" / "arrows.py").write_text(ARROWS, encoding="utf-8")
    run_check(folder, "arrow", "<arrows>")
