"""docs/serve.md and the description of the API: every block runs, every address that is described is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sayso.cli.serve import serve
from sayso.web.openapi import CHANGES, READS
from sayso.web.site import FILES

from .conftest import Served

GUIDE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")


def test_the_python_blocks_run_as_they_stand(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        names: dict[str, Any] = {}
        exec(compile(block, "docs/serve.md", "exec"), names)
        if "page" in names:
            assert [route.path for route in names["page"].routes][:2] == ["/", "/files/{name}"]


def test_the_options_in_the_guide_are_there() -> None:
    options = set(re.findall(r"sayso serve [^\n]*", GUIDE))
    named = {each for line in options for each in re.findall(r"--([a-z-]+)", line)} | {"trust-header", "trust-from", "notify-allow"}
    taken = {name.replace("_", "-") for name in serve.__kwdefaults__ or {}}
    assert named <= taken
    assert re.findall(r"!\[.*?\]\((pictures/.*?)\)", GUIDE) == ["pictures/inbox.png", "pictures/chat.png", "pictures/run.png"]
    for picture in re.findall(r"\((pictures/.*?)\)", GUIDE):
        assert (Path(__file__).parents[2] / "docs" / picture).stat().st_size < 150_000


def test_every_address_of_the_api_is_described_and_answers(served: Served) -> None:
    ada = served.sign_in("ada")
    document = ada.get("openapi.json")
    assert set(document["paths"]) == {*READS, *CHANGES}
    for path in READS:
        if "{" not in path and path != "/api/live":
            assert ada.client.get(path).status_code == 200, path
    for path in CHANGES:
        given = re.sub(r"\{.*?\}", "x", path)
        assert ada.client.post(given, json={}).status_code in (400, 404, 422), path


def test_the_files_of_the_page_are_small_and_name_no_other_host() -> None:
    files = {path.name: path.read_bytes() for path in FILES.iterdir()}
    assert sum(len(data) for data in files.values()) < 200_000
    for name, data in files.items():
        elsewhere = set(re.findall(rb"https?://[\w.]+", data)) - {b"http://www.w3.org"}
        assert elsewhere == set(), name
        assert b"innerHTML" not in data, name
