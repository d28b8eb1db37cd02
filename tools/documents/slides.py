"""Read the text of a PowerPoint file (ECMA-376) as HTML: each slide is a section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from lxml.etree import _Element

from .errors import FileUnreadable
from .packages import Package, attribute, child, descendants, local_name


def read_slides(package: Package) -> tuple[str, str]:
    """Return title and HTML of the slides. Raises FileUnreadable."""
    root = package.find_relations("")
    part = next((name for kind, name in root.values() if kind == "officeDocument"), "ppt/presentation.xml")
    tree = package.parse(part)
    if tree is None or local_name(tree) != "presentation":
        raise FileUnreadable("it holds no slides: it is another kind of file under this name")
    related = package.find_relations(part)
    slides = list[str]()
    for number, slide in enumerate(descendants(child(tree, "sldIdLst"), "sldId"), 1):
        relation = next((str(value) for key, value in slide.attrib.items() if str(key).endswith("}id")), "")
        shown = package.parse(related.get(relation, ("", ""))[1])
        if shown is not None and shown.get("show") != "0":
            slides.append(_read_slide(number, shown))
    core = child(package.parse(next((name for kind, name in root.values() if kind == "core-properties"), "")), "title")
    return (core.text or "") if core is not None else "", "".join(slides)


def _read_slide(number: int, slide: _Element) -> str:
    title, html = "", list[str]()
    for shape in _find_shapes(slide):
        if local_name(shape) == "tbl":
            rows = (
                "".join(f"<td>{'<br>'.join(_read_paragraphs(cell))}</td>" for cell in descendants(row, "tc"))
                for row in descendants(shape, "tr")
            )
            html.append(f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")
            continue
        texts = list(_read_paragraphs(child(shape, "txBody")))
        placeholder = next(descendants(shape, "ph"), None)
        if not title and placeholder is not None and attribute(placeholder, "type") in ("title", "ctrTitle"):
            title = re.sub(r"<br>|\s+", " ", " ".join(texts)).strip()
        else:
            html += (f"<p>{text}</p>" for text in texts)
    return f"<h1>Slide {number}{f': {title}' if title else ''}</h1>{''.join(html)}"


def _find_shapes(slide: _Element) -> Iterator[_Element]:
    return (each for each in slide.iter() if local_name(each) in ("sp", "tbl"))


def _read_paragraphs(parent: _Element | None) -> Iterator[str]:
    for paragraph in descendants(parent, "p"):
        runs = (each for each in paragraph.iter() if local_name(each) in ("t", "br"))
        text = "".join(escape(run.text or "") if local_name(run) == "t" else "<br>" for run in runs).strip()
        if text:
            yield text
