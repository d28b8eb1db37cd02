"""Programs that ask models for a form of their own: Cline, Roo and Kilo, Cherry Studio, Continue, LangChain. No dialect writes these."""

from __future__ import annotations

from dataclasses import replace

from ..elements import Element
from ..family import Family
from ..growing import growing
from ..tagged import Tags

_SERVER = r"(?:<server_name>[^<]{0,80}</server_name>\s*)?"  # Cline names the server (MCP) before the tool
_NO_END = Tags(growing(r"(?!)"), ("<>",), ("</>",), ())


def _name_element(tag: str) -> Element:
    """Return the element that holds a tool's name; the arguments follow it."""
    return Element(growing(rf"{_SERVER}<{tag}>\s*([\w.\-:/]{{1,128}})\s*</{tag}>"), _NO_END)


def _before_json(head: str, behind: str, end: str = "</>") -> Element:
    """Return the form of a name between two marks, with JSON behind the second one."""
    return Element(growing(rf"{head}([\w.\-:/]{{1,128}}){behind}(?=\{{)()"), replace(_NO_END, ends=(end,)))


FAMILIES = (
    # Each tool is an element of its own name, too (see elements.tool_element): <weather><city>Oslo</city></weather>. A tool of a server
    # (MCP) stands in one that all of them share.
    Family(
        name="cline",
        also="",
        sections={"<use_mcp_tool>": "</use_mcp_tool>"},
        elements={
            **{f"<{tag}>": _name_element(tag) for tag in ("tool_name", "function_name", "function")},
            # DSPy's ReAct, whose `finish` ends it; what Ornith writes
            "[[ ## next_tool_name": _before_json(r"\[\[ ## next_tool_name ## \]\]\s*(?!finish\b)", r"\s*\[\[ ## next_tool_args ## \]\]\s*"),
            "<assistant to=": _before_json("<assistant to=", r"\s*>\s*", "</assistant>"),
            "[Tool Call] name=": _before_json(r"\[Tool Call\] name=", r"(?: id=[\w\-]{1,80})? args="),
        },
        inner_elements={
            **{f"<{tag}>": _name_element(tag) for tag in ("name", "tool")},
            "<server_name>": _name_element("tool_name"),
        },
        fences={
            "tool": Element(
                growing(r"(?:\s*TOOL_NAME:)?[ \t]*([\w.\-:/]+)[ \t]*\r?\n"),
                Tags(growing(r"BEGIN_ARG:[ \t]*([\w.\-]+)[ \t]*()(?=\r?\n)"), ("BEGIN_ARG:",), ("END_ARG",), ()),
            )
        },
    ),
)
