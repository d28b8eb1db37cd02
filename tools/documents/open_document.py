"""Read the text of an OpenDocument file (ISO 26300: ODT, ODP) as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from lxml.etree import _Element

from .errors import FileUnreadable
from .packages import Package, attribute, child, children, descendants, local_name

_LEFT_OUT = frozenset(
    (
        "tracked-changes",
        "annotation",
        "annotation-end",
        "note-citation",
        "ruby-text",
        "forms",
        "hidden-text",
        "hidden-paragraph",
        "notes",
        "title",
        "desc",
    )
)
_MOST_SPACES = 100


def read_open_document(package: Package) -> tuple[str, str]:
    """Return title and HTML of the document. Raises FileUnreadable."""
    if any(True for _ in descendants(package.parse("META-INF/manifest.xml"), "encryption-data")):
        raise FileUnreadable("it is encrypted: save it without a password")
    tree = package.parse("content.xml")
    body = child(tree, "body")
    content = next((each for name in ("text", "presentation") for each in children(body, name)), None)
    if tree is None or content is None:
        raise FileUnreadable("it holds no OpenDocument text: it is another kind of file under this name")
    hidden = {
        attribute(style, "name") for style in descendants(tree, "style") if attribute(child(style, "text-properties"), "display") == "none"
    }
    titles = [text for each in descendants(package.parse("meta.xml"), "title") if (text := each.text)]
    return titles[0] if titles else "", "".join(_read_blocks(content, hidden))


def _read_blocks(parent: _Element, hidden: set[str], tag: str = "p") -> Iterator[str]:
    slide = 0
    for element in parent:
        name = local_name(element)
        if name in _LEFT_OUT or attribute(element, "style-name") in hidden or attribute(element, "display") == "none":
            continue
        match name:
            case "h" | "p":
                depth = attribute(element, "outline-level") or "1"
                kind = f"h{min(int(depth), 6)}" if name == "h" and depth.isdigit() else tag
                yield f"<{kind}>{''.join(_read_text(element, hidden))}</{kind}>"
                for inner in _find_inner_blocks(element):
                    yield from _read_blocks(inner, hidden)
            case "list-item" | "list-header":
                yield from _read_blocks(element, hidden, "li")
            case "table-row":
                cells = [f"<td>{''.join(_read_blocks(cell, hidden))}</td>" for cell in element if local_name(cell).endswith("table-cell")]
                yield f"<tr>{''.join(cells)}</tr>"
            case "table":
                yield f"<table>{''.join(_read_blocks(element, hidden))}</table>"
            case "page":
                slide += 1
                title = next((each for each in children(element, "frame") if attribute(each, "class") == "title"), None)
                text = " ".join("".join(title.itertext()).split()) if title is not None else ""
                yield f"<h1>Slide {slide}{f': {escape(text)}' if text else ''}</h1>"
                if title is not None:
                    element.remove(title)
                yield from _read_blocks(element, hidden)
            case _:
                yield from _read_blocks(element, hidden)


def _find_inner_blocks(parent: _Element) -> Iterator[_Element]:
    """Yield the notes and text boxes of a paragraph, which stand after it."""
    for element in parent:
        name = local_name(element)
        if name in ("note-body", "text-box"):
            yield element
        elif name not in _LEFT_OUT:
            yield from _find_inner_blocks(element)


def _read_text(element: _Element, hidden: set[str]) -> Iterator[str]:
    yield escape(element.text or "")
    for inner in element:
        name = local_name(inner)
        if name == "s":
            count = attribute(inner, "c")
            yield " " * min(int(count) if count.isdigit() else 1, _MOST_SPACES)
        elif name == "tab":
            yield "\t"
        elif name == "line-break":
            yield "<br>"
        elif name not in _LEFT_OUT | {"note-body", "text-box"} and attribute(inner, "style-name") not in hidden:
            yield from _read_text(inner, hidden)
        yield escape(inner.tail or "")
