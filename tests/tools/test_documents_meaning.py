"""Documents that are found by what a question means, in words that they do not hold; and how the vectors are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from sayso.tools.documents import Documents, IndexEntry, PassageIndex
from sayso.tools.documents.embedding import Kind, MiniLM
from sayso.tools.documents.fusing import add_likeness
from sayso.tools.documents.installed_embedder import find_installed_embedder
from sayso.tools.documents.judgement import Evidence
from sayso.tools.documents.parts import split_parts
from sayso.tools.errors import UsageError

pytest.importorskip("numpy", reason="the extra `embed` is not installed: numpy compares vectors")
needs_weights = pytest.mark.skipif(find_installed_embedder() is None, reason="the extra `embed` is not installed")
POLICIES = {
    "pets": "Dogs are welcome in the garden, never in the kitchen.",
    "pay": "Salaries are transferred on the 25th of each month.",
    "leave": "Everybody has 28 days of vacation a year; five of them can be taken along into the next.",
    "dress": "Suits are not needed; when clients visit, a shirt with a collar is.",
}


class Subjects:
    """An embedder of our own: one number for each subject of which a text has a word."""

    def __init__(self, *subjects: str, name: str = "subjects") -> None:
        self.subjects, self.name, self.scale = [set(subject.split()) for subject in subjects], name, (0.0, 1.0)
        self.seen: list[str] = []
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        """Return whether each subject is there."""
        (self.seen if kind == "passage" else self.asked).extend(texts)
        return [[float(any(word in text.lower() for word in subject)) for subject in self.subjects] for text in texts]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of policies."""
    (tmp_path / "policies").mkdir()
    for name, text in POLICIES.items():
        (tmp_path / "policies" / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n", encoding="utf-8")
    return tmp_path / "policies"


@needs_weights
@pytest.mark.parametrize(
    ("question", "file"),
    [
        ("May I bring my puppy to the office?", "pets.md"),
        ("When does the money arrive in my account?", "pay.md"),
        ("What should I wear to work?", "dress.md"),
        ("How long a holiday am I allowed?", "leave.md"),
    ],
)
def test_the_extra_finds_what_is_asked_in_other_words_without_a_switch(folder: Path, question: str, file: str) -> None:
    with Documents.of_folder(folder) as documents:
        assert documents.nearest(question)[0].file == file
        assert documents.judge(question).fits


def test_a_question_is_embedded_once_to_be_ranked_and_judged(folder: Path) -> None:
    subjects = Subjects("puppy dogs", "money salaries")
    with Documents.of_folder(folder, embedder=subjects) as documents:
        for question in ("May I bring a puppy?", "When is the money there?"):
            assert documents.search(question) == documents.nearest(question)
            assert documents.judge(question).fits
    assert subjects.asked == ["May I bring a puppy?", "When is the money there?"]


@needs_weights
def test_what_has_nothing_to_do_with_the_documents_is_not_in_them(folder: Path) -> None:
    with Documents.of_folder(folder) as documents:
        assert documents.search("What is the boiling point of tungsten?") == []


@needs_weights
def test_a_language_that_the_model_does_not_know_is_found_by_its_words(folder: Path) -> None:
    text = "Die Küche öffnet früh und schließt spät. Gäste müssen sich am Empfang melden; Schlüssel gibt es gegen Unterschrift."
    (folder / "hinweis.txt").write_text(text, encoding="utf-8")
    with Documents.of_folder(folder) as documents:
        assert documents.search("Wann öffnet die Küche?")[0].file == "hinweis.txt"


@needs_weights
@pytest.mark.parametrize(
    "question", ["Darf ich meinen Hund mit ins Büro bringen?", "Combien de jours de congé ai-je ?", "Posso portare il mio cane?"]
)
def test_a_question_that_the_model_cannot_read_is_ranked_by_its_words_alone(folder: Path, question: str) -> None:
    (folder / "hunde.md").write_text("# Hunde\n\nIhren Hund dürfen Sie mitbringen. Congé : 28 jours. Cane: no.\n", encoding="utf-8")
    with Documents.of_folder(folder) as documents, Documents.of_folder(folder, embedder=None) as by_words:
        assert documents.nearest(question, 1) == by_words.nearest(question, 1)
        assert documents.nearest(question, 1)[0].file == "hunde.md"


def test_vectors_are_made_once_and_again_only_for_files_that_changed(folder: Path, tmp_path: Path) -> None:
    embedder, index = Subjects("puppy dog", "money salar"), tmp_path / "index.db"
    with Documents.of_folder(folder, index=index, embedder=embedder) as documents:
        assert [passage.file for passage in documents.search("May my puppy come along?", 1)] == ["pets.md"]
    assert len(embedder.seen) == len(POLICIES)
    (folder / "pay.md").write_text("# Pay\n\nThere are no dogs here.\n", encoding="utf-8")
    (folder / "dress.md").unlink()
    with Documents.of_folder(folder, index=index, embedder=embedder) as documents:
        assert {passage.file for passage in documents.nearest("puppy")} == {"pets.md", "pay.md"}
    assert embedder.seen[len(POLICIES) :] == ["Pay\n# Pay\n\nThere are no dogs here."]
    with sqlite3.connect(index) as db:
        assert db.execute("SELECT count(*) FROM vectors").fetchone() == (3,)
    db.close()


class Counted(Subjects):
    """How often a text has each of two words: a long one is about what it says most."""

    def __init__(self, *, by_sentence: bool) -> None:
        super().__init__("lynx", "wolves")
        self.by_sentence = by_sentence

    def embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        (self.seen if kind == "passage" else self.asked).extend(texts)
        return [[float(text.lower().count(word)) for word in ("lynx", "wolves")] for text in texts]


def test_a_text_is_found_by_the_sentence_that_is_asked_about_and_judged_by_the_whole_of_it() -> None:
    zoo = (
        "Wolves eat at noon, as all our visitors may see. Wolves sleep at night, whoever wants to come and see. "
        "The lynx lives behind the hill, in the shade of three oaks."
    )
    found, strengths, embedded = [], set[float](), []
    for by_sentence in (False, True):
        embedder = Counted(by_sentence=by_sentence)
        with PassageIndex(embedder=embedder) as index:
            index.add_all([IndexEntry("Wolves meet a lynx.", "forest"), IndexEntry(zoo, "zoo", "Animals")])
            found += index.nearest("Where is the lynx?", 1)
            strengths.add(index.weigh_evidence("Where is the lynx?").strength)
            embedded.append(len(embedder.seen))
    assert (found, len(strengths), embedded) == (["forest", "zoo"], 1, [2, 5])
    assert embedder.seen[-1] == "Animals\nThe lynx lives behind the hill, in the shade of three oaks."


def test_the_parts_of_a_passage_are_sentences_that_say_something() -> None:
    assert split_parts("One sentence alone.") == split_parts("") == []
    long = "This is a sentence of more than forty letters, as most are."
    assert split_parts(f"{long} {long}\n{long} Yes. No.") == [long, long, f"{long} Yes. No."]
    many = split_parts(" ".join([long] * 100))
    assert (len(many), " ".join(many)) == (12, " ".join([long] * 100))


def test_vectors_of_another_embedder_are_made_anew_and_that_is_said(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    one, other = Subjects("dog"), Subjects("salar", "dog", name="newer")
    Documents.of_folder(folder, index=tmp_path / "index.db", embedder=one, on_progress=told.append).close()
    assert told == []
    with Documents.of_folder(folder, index=tmp_path / "index.db", embedder=other, on_progress=told.append) as documents:
        assert told == ["The vectors in the index were made by subjects. They are made anew by newer."]
        assert len(other.seen) == len(POLICIES)
        assert documents.nearest("salary", 1)[0].file == "pay.md"


def test_vectors_of_another_length_under_the_same_name_are_an_error(folder: Path, tmp_path: Path) -> None:
    Documents.of_folder(folder, index=tmp_path / "index.db", embedder=Subjects("dog")).close()
    with (
        Documents.of_folder(folder, index=tmp_path / "index.db", embedder=Subjects("dog", "salar")) as documents,
        pytest.raises(UsageError, match=r"holds vectors of 1 numbers by subjects, and subjects makes vectors of 2\."),
    ):
        documents.search("dog")


def test_what_is_no_array_of_vectors_is_an_error() -> None:
    class Broken(Subjects):
        def embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
            return [[float("nan")] for _ in texts]

    with PassageIndex(embedder=Broken()) as index:
        index.add("Dogs are welcome.")
        with pytest.raises(UsageError, match="subjects made no vectors of 1 texts"):
            index.search("dog")


def test_an_embedder_that_fails_is_named_with_what_it_said_and_what_to_do() -> None:
    class Failing(Subjects):
        fails_at = ""

        def embed(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
            if kind == self.fails_at:
                raise OSError("model.bin is gone")
            return super().embed(texts, kind)

    embedder = Failing("dog")
    with PassageIndex(embedder=embedder) as index:
        index.add("Dogs are welcome.")
        for kind, at in (("passage", "passages"), ("query", "the question")):
            embedder.fails_at = kind
            with pytest.raises(UsageError) as caught:
                index.search("dog")
            assert str(caught.value) == (
                f"The embedder subjects failed at {at}: OSError: model.bin is gone. "
                "Mend it and try again (vectors that were stored are kept), or pass embedder=None to search by words alone."
            )
        embedder.fails_at = "neither"
        assert [match.text for match in index.search("dog")] == ["Dogs are welcome."]


def test_the_same_likeness_says_more_among_few_texts_than_among_many() -> None:
    evidence, like = Evidence(0.5), 0.5
    few, some, many, more = (
        add_likeness(evidence, {0: like, **dict.fromkeys(range(1, size), 0.0)}).strength for size in (5, 38, 323, 5_000)
    )
    assert few > some > many == more
    assert few < 2 * many


def test_words_alone_make_no_vectors(folder: Path, tmp_path: Path) -> None:
    with Documents.of_folder(folder, index=tmp_path / "index.db", embedder=None) as documents:
        assert documents.search("vacation")[0].file == "leave.md"
    with sqlite3.connect(tmp_path / "index.db") as db:
        assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'vectors'").fetchone() == (0,)
    db.close()


@needs_weights
def test_many_passages_get_vectors_only_if_somebody_asks_for_that(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[str]()

    def has_vectors(index: Path | str) -> bool:
        with Documents.of_folder(folder, index=index, on_progress=told.append) as documents:
            return documents.index.vectors is not None

    monkeypatch.delenv("SAYSO_EMBEDDER", raising=False)
    monkeypatch.setattr(MiniLM, "most_unasked", (9, 3))
    assert not has_vectors(":memory:")
    assert told.pop().endswith(" An index in a file (index=, --index) has it done once; embedder=MiniLM() always does.")
    monkeypatch.setattr(MiniLM, "most_unasked", (3, 1))
    assert not has_vectors(tmp_path / "index.db")
    assert told.pop().endswith(
        " SAYSO_EMBEDDER=minilm and an index in a file (index=, --index) has it done once; embedder=MiniLM() always does."
    )
    monkeypatch.setenv("SAYSO_EMBEDDER", "minilm")
    assert not has_vectors(":memory:")
    assert told.pop().startswith("4 passages are searched by words alone")
    assert has_vectors(tmp_path / "index.db")
    assert told == []
