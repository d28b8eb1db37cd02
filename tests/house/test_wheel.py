"""The wheel holds the tree and nothing else; pages are read wherever pip puts it. make matrix runs its demo in new environments."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .tree import ROOT, files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as a publisher would build it."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, ROOT], check=True)
    (built,) = out.glob("sayso-*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_tree_and_nothing_else(wheel: Path) -> None:
    expected = {f"sayso/{name.removeprefix('src/sayso/')}" for name in files("agents", "tools", "workflows", "src/sayso")}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == expected


READ_A_PAGE = """
import asyncio, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from sayso.tools.web import Web

PAGE = b"<html><head><title>Menu</title></head><body><p>Onion rings cost 3 dollars since 3 March 2024.</p></body></html>"

class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)
    def log_message(self, *_): ...

with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
    threading.Thread(target=site.serve_forever, daemon=True).start()
    port = site.server_address[1]
    print(asyncio.run(Web(allow={("127.0.0.1", port)}).page(f"http://127.0.0.1:{port}/menu")).text)
    site.shutdown()
"""


@pytest.mark.slow
@pytest.mark.parametrize("found_by", ["PYTHONPATH", "the current folder"])
@pytest.mark.parametrize("beside", ["nothing", "other files"])
def test_pages_are_read_where_pip_put_everything_into_a_folder(target: Path, found_by: str, beside: str, tmp_path: Path) -> None:
    folder = target
    if beside == "other files":
        folder = tmp_path / "home"
        folder.mkdir()
        (folder / "notes.txt").write_text("mine")
        for part in target.iterdir():
            (folder / part.name).symlink_to(part)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "SAYSO_", "PYTHON"))}
    if found_by == "PYTHONPATH":
        environment["PYTHONPATH"] = str(folder)
    command = [getattr(sys, "_base_executable", sys.executable), "-s", "-c", READ_A_PAGE]
    where = tmp_path if found_by == "PYTHONPATH" else folder
    ran = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "Onion rings cost 3 dollars" in ran.stdout, ran.stderr


@pytest.fixture(scope="module")
def target(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel and all that it needs, in one folder."""
    folder = tmp_path_factory.mktemp("target") / "packages"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--target", folder, wheel]
    subprocess.run(install, check=True)
    return folder


@pytest.mark.slow
def test_the_core_stays_small(target: Path) -> None:
    packages = [folder.name for folder in target.glob("*.dist-info") if not folder.name.startswith("sayso-")]
    assert len(packages) <= 40, sorted(packages)
    files = [file for file in target.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    assert sum(file.stat().st_size for file in files) < 110_000_000


DURABLE = """
import asyncio
from sayso import engine, sequential

async def shout(text: str) -> str:
    return text.upper()

async def main():
    print((await sequential(shout, name="flow").run("hi", engine=engine("sqlite:///runs.db"), run_id="r1")).output)

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_durable_run_in_a_file_needs_no_extra(target: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(target)}
    command = [getattr(sys, "_base_executable", sys.executable), "-s", "-c", DURABLE]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout == "HI\n", ran.stderr
