"""The real llama.cpp makes vectors with a model of weights by chance: for documents, of texts of any length, and for no other file."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sayso.agents.models.embeddings import Embeddings
from sayso.agents.models.local.local_vectors import LocalVectors
from sayso.tools.documents import Documents
from sayso.tools.errors import UsageError

from .tiny_gguf import WIDTH, write_tiny_gguf


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's file."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf", trained_tokens=512)


@pytest.fixture(scope="module")
def embedder(tiny: Path) -> Iterator[Embeddings]:
    """The model, named as a user names it."""
    with Embeddings(f"local:{tiny}", at_once=3) as opened:
        yield opened


def nearness(first: list[float], second: list[float]) -> float:
    """The cosine of two vectors of length 1."""
    return sum(one * other for one, other in zip(first, second, strict=True))


def test_equal_texts_have_equal_vectors_of_one_length_in_the_order_of_the_texts(embedder: Embeddings) -> None:
    texts = ["Dogs are welcome.", "Pay day is the 25th.", "", "Dogs are welcome.", "naïve \ud800 \0 犬", "Dogs are welcome!", " "]
    rows = embedder.embed(texts, "passage")
    assert [len(row) for row in rows] == [WIDTH] * len(texts)
    assert [math.hypot(*row) for row in rows] == pytest.approx([1.0] * len(texts), abs=1e-4)
    assert rows[0] == pytest.approx(rows[3], abs=1e-5)
    assert nearness(rows[0], rows[5]) > nearness(rows[0], rows[1])
    assert embedder.embed([], "query") == []


def test_a_text_longer_than_the_model_reads_is_cut_which_is_told_once(tiny: Path) -> None:
    told: list[str] = []
    model = LocalVectors(tiny, on_progress=told.append)
    start = "a long story " * 60
    fits, barely, first, second = model.embed(["x" * 511, "é" * 255, f"{start}one end", f"{start}another end"])
    assert len(fits) == len(barely) == WIDTH
    assert first == pytest.approx(second, abs=1e-5), "what differs is behind the cut, but for the last token, which is the same"
    (line,) = told
    assert line.startswith("A text of 788 tokens is cut to the 512 that tiny.gguf reads")
    model.close()


def test_documents_are_searched_with_it_and_its_vectors_are_kept_for_it_alone(tmp_path: Path, embedder: Embeddings) -> None:
    pytest.importorskip("numpy", reason="the extra `embed` is not installed: numpy compares vectors")
    folder, index, told = tmp_path / "policies", tmp_path / "index.db", []
    folder.mkdir()
    for name, text in {"pets": "Dogs are welcome in the garden.", "pay": "Salaries are transferred on the 25th."}.items():
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n", encoding="utf-8")
    with Documents.of_folder(folder, index=index, embedder=embedder) as documents:
        assert documents.nearest("Are dogs welcome?")[0].file == "pets.md"
    other = write_tiny_gguf(tmp_path / "tiny.gguf", trained_tokens=1024)
    with (
        Embeddings(f"local:{other}") as newer,
        Documents.of_folder(folder, index=index, embedder=newer, on_progress=told.append) as documents,
    ):
        assert documents.nearest("Are dogs welcome?")[0].file == "pets.md"
    assert any(f"made by {embedder.name}. They are made anew by {newer.name}" in line for line in told)


def test_a_name_says_which_file_and_which_content(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tiny.gguf"
    copy.write_bytes(tiny.read_bytes())
    name = Embeddings(f"local:{tiny}").name
    assert name.startswith("tiny.gguf/")
    assert Embeddings(str(copy)).name == name, "the same file, wherever it lies"
    assert Embeddings(f"LOCAL: {copy}", passage_prefix="passage: ").name == f"{name}/passage:"
    changed = bytearray(tiny.read_bytes())
    changed[-100] ^= 1
    copy.write_bytes(changed)
    assert Embeddings(f"local:{copy}").name != name


def test_a_closed_model_is_loaded_again_when_it_is_asked(tiny: Path) -> None:
    opened = Embeddings(f"local:{tiny}")
    before = opened.embed(["a"], "query")
    opened.close()
    opened.close()
    assert opened.embed(["a"], "query")[0] == pytest.approx(before[0], abs=1e-5)
    opened.close()


def test_a_program_that_does_not_close_it_ends(tiny: Path) -> None:
    asked = f"embedder = Embeddings({f'local:{tiny}'!r})\nprint(len(embedder.embed(['a'], 'query')[0]))"
    program = f"from sayso.agents.models.embeddings import Embeddings\n{asked}"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, f"{WIDTH}\n"), ran.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "There is no file"),
        (b"<html>", "is not a GGUF file"),
        (b"GGUF", "is a damaged GGUF file"),
        ("half of it", "is incomplete"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_before_a_search(content: bytes | str | None, told: str, tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        whole = tiny.read_bytes()
        path.write_bytes(content if isinstance(content, bytes) else whole[: len(whole) // 2])
    with pytest.raises(UsageError, match=told):
        Embeddings(f"local:{path}")


def test_what_does_not_go_with_a_file_is_refused(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_MODELS", str(tmp_path))
    for options in ({"dimensions": 8}, {"api_key": "sk-1"}, {"base_url": "http://127.0.0.1/v1"}):
        with pytest.raises(UsageError, match="is a file on this machine"):
            Embeddings(f"local:{tiny}", **options)  # type: ignore[arg-type]
    for name in ("local:", "local:owner/repository:Q8_0", "local:nothing.gguf"):
        with pytest.raises(UsageError):
            Embeddings(name)
    ranker = write_tiny_gguf(tmp_path / "ranker.gguf", pooling=4)
    with pytest.raises(UsageError, match="ranks passages and makes no vectors"):
        Embeddings(f"local:{ranker}")


def test_the_files_own_way_to_make_one_vector_of_a_text_is_used(tiny: Path, tmp_path: Path) -> None:
    vectors = {}
    for pooling in (0, 1, 3):
        path = write_tiny_gguf(tmp_path / f"{pooling}.gguf", trained_tokens=512, pooling=pooling)
        with Embeddings(f"local:{path}") as opened:
            vectors[pooling] = opened.embed(["some text"], "query")[0]
    assert vectors[0] == pytest.approx(vectors[1], abs=1e-5), "the mean, where it does not say"
    assert nearness(vectors[1], vectors[3]) < 0.99, "the last token"
