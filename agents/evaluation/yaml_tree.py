"""YAML as values with lines: what is text in it stays text, and what only a program could mean is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from sayso.tools.errors import UsageError
from sayso.tools.installing import build_install_command

from .file_tree import DEEPEST, MOST_VALUES, FileValue, shorten_text

if TYPE_CHECKING:
    import yaml

    from .problems import Problems

_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
SMALL = 20_000
_QUOTE_IT = "Put the text in quotation marks."


def read_scalar(text: str) -> str | int | float | bool | None:
    """Return what a word without quotation marks is: true, false, null, a number as JSON writes it, or else text.

    So `no`, `2026-11-30`, `0123`, `1_000` and `12:30` are text, which YAML 1.1 reads as false, a date, 83, 1000 and 750.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not _NUMBER.fullmatch(text):
        return text
    if text.lstrip("-").isdigit():
        return int(text) if len(text) < 4000 else text
    number = float(text)
    return text if number in (float("inf"), float("-inf")) else number


@cache
def load_yaml() -> Any:
    """Return the module `yaml`. Raises UsageError that says what to install."""
    try:
        import yaml  # late, for load time
    except ImportError:
        raise UsageError(
            f"YAML files need pyyaml, which is not installed: {build_install_command('eval')}. JSON case files need nothing."
        ) from None
    return yaml


def _find_tag(text: str) -> str:
    """Return what PyYAML takes a word without quotation marks for."""
    yaml = load_yaml()
    return str(yaml.resolver.Resolver().resolve(yaml.ScalarNode, text, (True, False)))


def read_yaml(text: str, problems: Problems) -> FileValue | None:
    """Return the values of a YAML text, or None where it has none; what is wrong is added to `problems`."""
    yaml = load_yaml()
    try:
        root, *others = _compose(text)
        if others:
            problems.add(others[0].start_mark.line + 1, "a second document begins here (---). One file is one document.")
            return None
    except yaml.YAMLError as error:
        problems.add(*_explain_yaml(text, error))
        return None
    except RecursionError:
        problems.add(1, f"lists and mappings are nested deeper than {DEEPEST}.")
        return None
    if root is None:
        problems.add(1, "the file is empty.")
        return None
    return _YamlReader(problems, text.splitlines()).read(root)


def _compose(text: str) -> list[Any]:
    """Return the documents of a text, at least one (None where there is nothing), by libyaml where it is there: it is much faster."""
    yaml = load_yaml()
    if hasattr(yaml, "CSafeLoader") and len(text) > SMALL:
        try:
            return list(yaml.compose_all(text, Loader=yaml.CSafeLoader)) or [None]
        except yaml.YAMLError:
            pass  # PyYAML's own reader says more of what is wrong
    return list(yaml.compose_all(text, Loader=yaml.SafeLoader)) or [None]


class _YamlReader:
    """Makes nodes of what PyYAML composed. Nothing is constructed, so no tag of a file has any effect."""

    def __init__(self, problems: Problems, lines: list[str]) -> None:
        self.problems, self.lines = problems, lines
        self.made: dict[int, tuple[FileValue, int]] = {}
        self.open: set[int] = set()
        self.count = 0

    def read(self, root: yaml.Node) -> FileValue | None:
        try:
            return self._read(root, 0)[0]
        except _Refused as refused:
            self.problems.add(refused.line, str(refused))
            return None

    def _read(self, node: yaml.Node, depth: int) -> tuple[FileValue, int]:
        """Return the value of a node and how many values it holds, each alias counted with all that it stands for."""
        line = node.start_mark.line + 1
        if id(node) in self.open:
            raise _Refused(line, "an alias stands inside what it is an alias of.")
        if depth > DEEPEST:
            raise _Refused(line, f"lists and mappings are nested deeper than {DEEPEST}.")
        if id(node) not in self.made:
            self.open.add(id(node))
            self.made[id(node)] = self._make(node, line, depth)
            self.open.discard(id(node))
        if self.made[id(node)][1] > MOST_VALUES:
            raise _Refused(line, f"aliases make more than {MOST_VALUES:,} values of this.")
        return self.made[id(node)]

    def _make(self, node: Any, line: int, depth: int) -> tuple[FileValue, int]:
        if node.id == "scalar":
            return self._make_scalar(node, line), 1
        plain = f"tag:yaml.org,2002:{'map' if node.id == 'mapping' else 'seq'}"
        if node.tag != plain:
            raise _Refused(line, f"{_name_tag(node.tag)} is a tag, and tags have no meaning here. {_QUOTE_IT}")
        if node.id == "sequence":
            found = [self._read(item, depth + 1) for item in node.value]
            return FileValue([item for item, _ in found], line), 1 + sum(size for _, size in found)
        return self._make_mapping(node, line, depth)

    def _make_mapping(self, node: yaml.MappingNode, line: int, depth: int) -> tuple[FileValue, int]:
        items, keys, merged, size = dict[str, FileValue](), dict[str, int](), dict[str, FileValue](), 1
        for key_node, value_node in node.value:
            at = key_node.start_mark.line + 1
            if key_node.tag == "tag:yaml.org,2002:merge":
                size += self._merge(value_node, merged, depth)
                continue
            if key_node.id != "scalar":
                raise _Refused(at, f"a name is expected before the colon, not a list or mapping. {_QUOTE_IT}")
            key = key_node.value
            if key in items:
                self.problems.add(at, f"{key} stands twice here; the first is in line {keys[key]}.")
            items[key], more = self._read(value_node, depth + 1)
            keys[key], size = at, size + more
        for key, item in merged.items():
            if key not in items:
                items[key], keys[key] = item, line
        return FileValue(items, line, keys=keys), size

    def _merge(self, node: Any, merged: dict[str, FileValue], depth: int) -> int:
        """Add what `<<: *name` brings; the first of several wins, as YAML has it. Return how many values that are."""
        size = 0
        for each in node.value if node.id == "sequence" else [node]:
            item, more = self._read(each, depth + 1)
            if not isinstance(item.value, dict):
                raise _Refused(node.start_mark.line + 1, "`<<` takes the fields of a mapping, and this is none.")
            size += more
            for key, value in item.value.items():
                merged.setdefault(key, value)
        return size

    def _make_scalar(self, node: yaml.ScalarNode, line: int) -> FileValue:
        if node.style:  # none for a plain one, or "" from libyaml
            if not node.tag.startswith("tag:yaml.org,2002:str"):
                raise _Refused(line, f"{_name_tag(node.tag)} is a tag, and tags have no meaning here.")
            return FileValue(node.value, line, node.value, True)
        resolved = _find_tag(node.value)
        if node.tag not in (resolved, "tag:yaml.org,2002:str"):
            raise _Refused(line, f"{_name_tag(node.tag)} is a tag, and tags have no meaning here. {_QUOTE_IT}")
        self._doubt_comment(node)
        is_text = node.tag != resolved  # !!str stands before it
        return FileValue(node.value if is_text else read_scalar(node.value), line, node.value, is_text)

    def _doubt_comment(self, node: yaml.ScalarNode) -> None:
        """Note a text that is cut off by a `#` which looks like a part of it: `input: What is ticket #42 about?`."""
        end = node.end_mark
        if node.value and end.line < len(self.lines) and (cut := re.match(r"\s+(#\w\S*)", self.lines[end.line][end.column :])):
            self.problems.doubt(
                end.line + 1,
                f"{cut[1]} and what follows is a comment in YAML, and no part of the text. {_QUOTE_IT} (A comment has a space after #.)",
            )


class _Refused(Exception):
    """A value of a YAML file that cannot be read, with its line."""

    def __init__(self, line: int, sentence: str) -> None:
        self.line = line
        super().__init__(sentence)


def _name_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _explain_yaml(text: str, error: Any) -> tuple[int, str]:
    """Return the line of a mistake in YAML, and what is wrong with it and what to write."""
    if (position := getattr(error, "position", None)) is not None:
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return text.count("\n", 0, position) + 1, f"a control character (U+{code:04X}) stands here. Delete it."
    mark = error.problem_mark or error.context_mark
    problem, context = str(error.problem or ""), str(error.context or "")
    line = mark.line + 1 if mark else 1
    begun = error.context_mark.line + 1 if error.context_mark else line
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    column = mark.column if mark else 0
    if "\\t" in problem or "\t" in written[: len(written) - len(written.lstrip())]:
        return line, "a tab stands at the begin of this line. YAML is indented with spaces."
    if "mapping values are not allowed" in problem:
        if re.search(r":\s", written[:column]):
            return line, f"a second colon in this line is read as the end of a name. {_QUOTE_IT}"
        return line, "this line is indented deeper than the one before, which has a value already. Check the indentation."
    if "sequence entries are not allowed" in problem:
        return line, "a list begins on a line of its own, with - and a space."
    if "cannot start any token" in problem:
        return line, f"a text cannot begin with {written[column : column + 1]}. {_QUOTE_IT}"
    if "alias" in context or "undefined alias" in problem or "anchor" in context:
        return line, f"* and & at the begin of a text make it an alias or anchor of YAML. {_QUOTE_IT}"
    if "quoted scalar" in context and "escape" not in problem:
        return begun, "quotation marks are opened in this line and never closed."
    if "escape" in problem:
        return line, "\\ means something inside double quotation marks. Use single ones: '\\d+'."
    if "flow" in context:
        bracket = "[" if "sequence" in context else "{"
        return line, f"what {bracket} opens in line {begun} is not closed here. If {bracket} belongs to a text, put it in quotation marks."
    if "simple key" in context:
        return begun, "this line is neither a name with a colon nor a part of the list above. Check the indentation and the colon."
    if "block mapping" in context or "block collection" in context:
        began = "" if begun == line else f" what begins in line {begun}"
        shown = shorten_text(written[column:] if begun == line else written.strip())
        return line, f"{shown} does not continue{began or ' this line'}. Check the indentation and the quotation marks."
    return line, f"this is not YAML: {problem or error}."


def write_yaml(fields: Mapping[str, Any] | list[Any]) -> str:
    """Return a mapping or list as YAML that every reader takes the same way: words that some read as no text are in quotation marks."""
    yaml = load_yaml()

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]
        """Writes texts of several lines as they are, and never an alias."""

        def ignore_aliases(self, data: object) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

    def write_text(dumper: Any, text: str) -> Any:
        style: str | None = None
        is_plain = all(letter == "\n" or letter.isprintable() for letter in text)
        if is_plain and "\n" in text and not re.search(r"[ \t]\n|^\s|[ \t]$", text):
            style = "|"
        elif not is_plain or "\n" in text:
            style = '"'
        elif not isinstance(read_scalar(text), str):
            style = "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, write_text)
    return str(yaml.dump(fields, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120))


def read_scalar_1_1(text: str) -> Any:
    """Return what PyYAML makes of a word without quotation marks, which is YAML 1.1; dates stay text."""
    yaml = load_yaml()
    tag = _find_tag(text)
    if tag not in (f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "null")):
        return text
    try:
        value = yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, text))
    except ValueError:
        return text
    return text if value != value or value in (float("inf"), float("-inf")) else value
