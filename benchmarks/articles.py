"""How much of the text of articles the page reader finds, and how much else it takes along.

    python benchmarks/articles.py

The pages are in corpora beside the repository (../shared/corpora, or where SAYSO_CORPORA says), in article_pages: html/*.html.gz and
ground-truth.json with each one's URL and article body. Without them there is nothing to measure.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import time
from base64 import b64encode
from collections import Counter
from pathlib import Path

from _table import Row, finish

from sayso.tools.web.parse import parse_page

CORPORA = Path(os.environ.get("SAYSO_CORPORA") or Path(__file__).resolve().parents[2] / "shared" / "corpora")
PAGES = CORPORA / "article_pages"


def overlap(text: str, truth: str) -> float:
    """F1 of the words of two texts."""
    found, wanted = Counter(re.findall(r"\w+", text)), Counter(re.findall(r"\w+", truth))
    return 2 * sum((found & wanted).values()) / max(1, sum(found.values()) + sum(wanted.values()))


def main() -> list[Row]:
    """All rows."""
    truth = json.loads((PAGES / "ground-truth.json").read_text(encoding="utf-8"))
    scores, seconds = [], []
    for name, entry in truth.items():
        html = gzip.decompress((PAGES / "html" / f"{name}.html.gz").read_bytes())
        began = time.perf_counter()
        text = parse_page(entry["url"], "text/html", b64encode(html).decode())["text"]
        seconds.append(time.perf_counter() - began)
        scores.append(overlap(text, entry["articleBody"]))
    return [
        Row(f"words of {len(scores)} articles, F1", sum(scores) / len(scores), "", limit=0.96, at_least=True),
        Row("one page", sum(seconds) / len(seconds) * 1e3, "ms"),
    ]


if __name__ == "__main__":
    if not PAGES.exists():
        sys.exit(print(f"No pages in {PAGES}: nothing is measured."))
    finish("Articles", main())
