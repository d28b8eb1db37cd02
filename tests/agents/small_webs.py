"""Small webs that a test writes, and a model that reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sayso.agents.models.extractive import ANSWERS
from sayso.agents.models.model import ModelRequest
from sayso.agents.research.report import Report


class Web:
    """A folder of sites for a research to search and read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, address: str, title: str, *paragraphs: str, links: tuple[tuple[str, str], ...] = ()) -> None:
        """Add a page: host/path, its title, paragraphs and links (address, text)."""
        host, _, path = address.partition("/")
        file = self.folder / host / (f"{path}.html" if path else "index.html")
        file.parent.mkdir(parents=True, exist_ok=True)
        anchors = "".join(f'<p><a href="{url}">{text}</a></p>' for url, text in links)
        body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        file.write_text(
            f"<html><head><title>{title}</title></head><body><main><h1>{title}</h1>{body}{anchors}</main></body></html>", "utf-8"
        )

    def add_bakery(self, host: str, name: str, *paragraphs: str, links: tuple[tuple[str, str], ...] = ()) -> None:
        """Add the home page of a bakery that competes with the others."""
        self.add(host, f"{name} - bakery in Ulm", f"{name} is a bakery in Ulm that sells bread, rolls and cakes.", *paragraphs, links=links)


def read_prices(request: ModelRequest) -> str:
    """A model that states each sentence with a price, and each with hours, and answers the rest like the extractive reader."""
    title, question = str((request.schema or {})["title"]), request.question
    if title != "Findings":
        return json.dumps(ANSWERS[title](question))
    claims = []
    for number, text in re.findall(r"^\[page (\d+)\] .*?\n(.*?)\n\[end of page \1\]", question, re.MULTILINE | re.DOTALL):
        for topic, pattern in (("prices", r"[^.\n]*\$\d+\.\d\d[^.\n]*\."), ("opening hours", r"Open from[^.\n]*\.")):
            claims += [{"topic": topic, "text": found, "quote": found, "page": int(number)} for found in re.findall(pattern, text)]
    return json.dumps({"claims": [{**claim, "text": claim["text"].strip(), "quote": claim["quote"].strip()} for claim in claims]})


def show_texts(report: Report, name: str) -> list[str]:
    """What the report says of a company."""
    return [claim.text for column in report.columns if column.name == name for claim in column.claims]
