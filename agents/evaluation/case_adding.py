"""Add a case to the text of a case file so that all that stands in it stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from textwrap import indent
from typing import Any

from .file_tree import TOKEN
from .yaml_tree import load_yaml, write_yaml


def insert_yaml_case(text: str, fields: Mapping[str, Any]) -> str:
    """Return a YAML text with one more case at the end of its list of cases; "" where that list is not one with a `-` for each."""
    yaml = load_yaml()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    cases = root if root.id == "sequence" else next((value for key, value in root.value if key.value == "cases"), None)
    if cases is None or cases.id != "sequence" or cases.flow_style or not cases.value:
        return ""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    at = min(cases.end_mark.line, len(lines))
    if cases.end_mark.column and at < len(lines):
        at += 1
    # The list ends where the next thing begins: blank lines and comments before that belong to what follows.
    while at > 0 and (not lines[at - 1].strip() or re.match(rf"[ ]{{0,{cases.start_mark.column}}}#", lines[at - 1])):
        at -= 1
    if at and not lines[at - 1].endswith(("\n", "\r")):
        lines[at - 1] += newline
    item = write_yaml([fields]).replace("\n", newline)
    return "".join([*lines[:at], indent(item, " " * cases.start_mark.column), *lines[at:]])


def insert_json_case(text: str, fields: Mapping[str, Any]) -> str:
    """Return a JSON text with one more case at the end of its list of cases; "" where there is no such list, or it is empty."""
    end = _find_end(text)
    if end < 0:
        return ""
    before = text[:end].rstrip()
    if before.endswith("["):
        return ""
    line = before[before.rfind("\n") + 1 :]
    spaces = line[: len(line) - len(line.lstrip())] if "\n" in before else ""
    item = json.dumps(fields, ensure_ascii=False, indent=2 if "\n" in before else None, allow_nan=False)
    return f"{before},{chr(10) if chr(10) in before else ' '}{indent(item, spaces)}{text[len(before) : end]}{text[end:]}"


def _find_end(text: str) -> int:
    """Return where the bracket stands that closes the list of cases, or -1."""
    opened, key, is_cases = list[str](), "", False
    for found in TOKEN.finditer(text):
        token = found[0]
        if token in "[{":
            is_cases = is_cases or (token == "[" and (not opened or (opened == ["{"] and key == "cases")))
            opened.append("cases" if is_cases and "cases" not in opened else token)
        elif token in "]}":
            if opened.pop() == "cases":
                return found.start()
        elif token.startswith('"') and opened == ["{"] and re.match(r"\s*:", text[found.end() :]):
            key = json.loads(token)
    return -1
