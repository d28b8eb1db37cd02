"""The cache on disk: what is fresh asks nobody, and nothing that happens to its files is ever taken for a page."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sayso.tools.errors import UsageError
from sayso.tools.web import PageStatus, UrlRefused
from sayso.tools.web.cache_folder import CacheFolder, find_cache_folder
from sayso.tools.web.page_store import PageStore, StoredResponse

from .web_hosts import Host, serving

NEEDS_MODES = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder to its user in another way")
BURGER = "A burger costs $9.50."


def list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_what_is_fresh_asks_nobody_robots_redirects_and_missing_pages_included(tmp_path: Path) -> None:
    with serving(Host()) as host:
        for _ in range(3):
            web = host.web(cache=tmp_path / "c", cache_seconds=3600)
            assert [(await web.page(host.url(path))).text for path in ("/p", "/old")] == [BURGER, BURGER]
            with pytest.raises(PageStatus, match="status 404"):
                await web.page(host.url("/gone"))
            host.now += timedelta(minutes=20)
        assert sorted(host.asked) == ["/gone", "/new", "/old", "/p", "/robots.txt"]
        host.now += timedelta(minutes=1)
        await host.web(cache=tmp_path / "c", cache_seconds=3600).page(host.url("/p"))
        assert host.asked[-2:] == ["/robots.txt", "/p"]


async def test_robots_txt_is_asked_for_again_after_a_day_however_old_a_page_may_be(tmp_path: Path) -> None:
    with serving(Host(robots="User-agent: *\nDisallow: /secret")) as host:
        week: dict[str, Any] = {"cache": tmp_path / "c", "cache_seconds": 7 * 86_400}
        web = host.web(**week)
        await web.page(host.url("/p"))
        host.now += timedelta(hours=25)
        await web.page(host.url("/p"))
        await host.web(**week).page(host.url("/p"))
    assert host.asked == ["/robots.txt", "/p", "/robots.txt"]


async def test_a_page_that_asks_not_to_be_stored_is_not(tmp_path: Path) -> None:
    with serving(Host(headers={"Cache-Control": "private, No-Store"})) as host:
        for _ in range(2):
            await host.web(cache=tmp_path / "c").page(host.url("/p"))
    assert host.asked == ["/robots.txt", "/p", "/p"]


async def test_readers_of_one_page_at_once_are_one_request(tmp_path: Path) -> None:
    with serving(Host()) as host:
        web = host.web(cache=tmp_path / "c")
        await asyncio.gather(*(web.fetch(host.url("/p")) for _ in range(20)))
    assert host.asked == ["/robots.txt", "/p"]


async def test_a_clock_that_was_set_back_makes_nothing_fresh_for_ever(tmp_path: Path) -> None:
    with serving(Host()) as host:
        await host.web(cache=tmp_path / "c").page(host.url("/p"))
        host.now -= timedelta(days=400)
        await host.web(cache=tmp_path / "c").page(host.url("/p"))
    assert host.asked.count("/p") == 2


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda kept: b"",
    "cut in its mark": lambda kept: kept[:30],
    "cut in its description": lambda kept: kept[:100],
    "cut at its end": lambda kept: kept[:-1],
    "longer": lambda kept: kept + b"<p>more",
    "another body": lambda kept: kept.replace(b"9.50", b"0.00"),
    "zeros, as after a power cut": lambda kept: b"\0" * len(kept),
    "noise": lambda kept: os.urandom(len(kept)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_file_that_was_damaged_counts_as_missing(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    with serving(Host()) as host:
        for _ in range(2):
            assert (await host.web(cache=tmp_path / "c").page(host.url("/p"))).text == BURGER
            for file in list_files(tmp_path):
                file.write_bytes(damage(file.read_bytes()))
    assert host.asked.count("/p") == 2


POISON: dict[str, dict[str, Any]] = {
    "a status that is none": {"status": "200"},
    "a status of an error": {"status": 500},
    "a time that is none": {"fetched_at": "soon"},
    "a time without a zone": {"fetched_at": "2026-11-29T00:00:00"},
    "a place that is not text": {"location": 5},
    "another page": {"url": "http://other.example/"},
    "a field too many": {"trust": "user"},
    "a field too few": {"etag": None},
}


@pytest.mark.parametrize("changed", POISON.values(), ids=POISON)
async def test_an_entry_that_no_one_of_ours_wrote_counts_as_missing(tmp_path: Path, changed: dict[str, Any]) -> None:
    with serving(Host()) as host:
        url = host.url("/p")
        whole = {"url": url, "status": 200, "content_type": "text/html", "fetched_at": host.now.isoformat(), "etag": ""}
        poisoned = {name: value for name, value in {**whole, **changed}.items() if value is not None}
        CacheFolder(tmp_path / "c").write(f"page {url}", json.dumps(poisoned).encode() + b"\n<p>Free burgers for all.")
        seen = (await host.web(cache=tmp_path / "c").page(url)).text
    assert seen == (BURGER if changed != POISON["a field too few"] else "Free burgers for all.")


async def test_a_redirect_from_the_cache_leads_no_further_than_one_from_the_web(tmp_path: Path) -> None:
    with serving(Host()) as host:
        folder = CacheFolder(tmp_path / "c")
        for target in ("http://169.254.169.254/latest", "http://localhost:1/", "file:///etc/passwd", "http://10.0.0.1/"):
            stored = StoredResponse(host.url("/p"), 301, "", host.now.isoformat(), target)
            folder.write(f"page {stored.url}", json.dumps({name: getattr(stored, name) for name in stored.__slots__}).encode() + b"\n")
            with pytest.raises(UrlRefused, match="redirects there"):
                await host.web(cache=tmp_path / "c").page(host.url("/p"))


async def test_a_page_of_this_machine_in_the_cache_is_not_shown_where_it_could_not_be_fetched(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1/admin", "http://10.0.0.1/"):
        stored = StoredResponse(url, 200, "text/html", Host().now.isoformat())
        CacheFolder(tmp_path / "c").write(
            f"page {url}", json.dumps({name: getattr(stored, name) for name in stored.__slots__}).encode() + b"\n<p>secret"
        )
        assert PageStore(CacheFolder(tmp_path / "c")).find(url) is not None
        with pytest.raises(UrlRefused, match="not an address of the public internet"):
            await Host().web(cache=tmp_path / "c", robots=False).page(url)


@NEEDS_MODES
async def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    with serving(Host()) as host:
        await host.web(cache=tmp_path / "a" / "c").page(host.url("/p"))
    assert {path.stat().st_mode & 0o777 for path in list_files(tmp_path)} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*") if path.is_dir()} == {0o700}


@NEEDS_MODES
@pytest.mark.parametrize("act", [lambda cache: cache.write("k", b"x"), lambda cache: cache.read("k"), CacheFolder.check])
def test_a_folder_in_which_others_can_write_or_that_leads_elsewhere_is_refused(
    tmp_path: Path, act: Callable[[CacheFolder], object]
) -> None:
    own, link, shared, file = (tmp_path / name for name in ("own", "link", "shared", "file"))
    own.mkdir(mode=0o700)
    link.symlink_to(own)
    shared.mkdir()
    shared.chmod(0o777)
    file.touch()
    refused = {link: "is a link to another place", shared: "can be written in by others", file: "is not a folder"}
    if os.geteuid() == 0:
        other = tmp_path / "other"
        other.mkdir()
        os.chown(other, 12_345, 12_345)
        refused[other] = "belongs to another user"
    for folder, words in refused.items():
        with pytest.raises(UsageError, match=f"The cache folder {folder} {words}"):
            act(CacheFolder(folder))
    assert not list_files(own)


def test_a_cache_that_is_full_gives_up_its_oldest_and_nothing_that_is_not_its_own(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "c", max_bytes=16 * 40_000)
    cache.write("first", b"x" * 9_000)
    own = next(path for path in (tmp_path / "c").iterdir())
    (own / "thesis.txt").write_bytes(b"y" * 100_000)
    for n in range(400):
        cache.write(f"page {n}", b"x" * 9_000)
    assert sum(path.stat().st_size for path in list_files(tmp_path) if path.suffix == ".kept") <= 16 * 40_000
    assert (own / "thesis.txt").exists()
    assert cache.read("first") is None
    assert cache.read("page 399") == b"x" * 9_000


def test_a_content_larger_than_its_shelf_is_not_kept(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "c", max_bytes=16 * 40_000)
    cache.write("large", b"x" * 50_000)
    assert (cache.read("large"), list_files(tmp_path)) == (None, [])


async def test_a_disk_that_takes_nothing_more_loses_the_cache_and_not_the_page(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir(mode=0o700)
    for shelf in "0123456789abcdef":
        (tmp_path / "c" / shelf).touch()
    with serving(Host()) as host:
        for _ in range(2):
            assert (await host.web(cache=tmp_path / "c").page(host.url("/p"))).text == BURGER
    assert host.asked.count("/p") == 2


WRITER = """
import sys
from pathlib import Path
from sayso.tools.web.cache_folder import CacheFolder
cache, mark = CacheFolder(Path(sys.argv[1]), max_bytes=16 * 200_000), sys.argv[2].encode()
for n in range(300):
    cache.write(f"page {n % 30}", mark * (1 + n % 7 * 10_000))
    kept = cache.read(f"page {n * 7 % 30}")
    assert kept is None or len(set(kept)) == 1, kept[:20]
"""


def test_two_processes_that_write_the_same_pages_never_mix_them(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "c"), mark]) for mark in "ab"]
    assert [writer.wait(120) for writer in writers] == [0, 0]


def test_the_folder_is_where_caches_are_on_this_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert find_cache_folder() == tmp_path / "x" / "sayso" / "web"
    for unusable in ("", "relative/folder"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        assert find_cache_folder() == tmp_path / ".cache" / "sayso" / "web"
