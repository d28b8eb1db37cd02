"""An index finds texts by the stems of words, best first, keeps numbers for good, and says plainly what it cannot be."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sayso.tools import UsageError
from sayso.tools.documents import IndexEntry, PassageIndex
from sayso.tools.documents.judgement import judge
from sayso.tools.documents.query_words import MOST_WORDS, query_words

ANSWERS = {
    "Where can visitors park?": "Lot B.",
    "How many holidays do I have?": "25 days.",
    "Who repairs my laptop?": "The help desk.",
}


def test_past_answers_are_found_by_what_was_asked() -> None:
    with PassageIndex() as index:
        for question, answer in ANSWERS.items():
            index.add(question, [question, answer])
        assert index.nearest("parking for a visitor", 1) == [["Where can visitors park?", "Lot B."]]
        assert index.nearest("laptops and holidays", 2) == [
            ["Who repairs my laptop?", "The help desk."],
            ["How many holidays do I have?", "25 days."],
        ]
        assert index.nearest("quantum chromodynamics") == []
        assert len(index) == 3


def test_what_is_asked_is_never_read_as_a_query_language() -> None:
    with PassageIndex() as index:
        index.add("either NEAR or far")
        for question in (
            'NEAR("a" b)',
            "far*",
            "text:far",
            '"',
            "a AND",
            "-far",
            "far OR NOT",
            "x' --",
            "^far",
            "{text}: far",
            "far\x00near",
        ):
            index.search(question)
        assert [match.number for match in index.search("text:FAR*")] == [1]


QUESTIONS = {
    "small words go": ("What is the price of the burger?", ["price", "burger"]),
    "short forms go": ("What's John’s plan, and didn't we like it?", ["john", "plan", "like"]),
    "names with an apostrophe stay": ("Is O'Brien there?", ["o", "brien"]),
    "only small words": ("Who are we?", ["who", "are", "we"]),
    "each once": ("park Park PARK", ["park"]),
    "nothing": ("?!", []),
    "other letters": ("Où est l'hôtel? Die Straße №5", ["où", "est", "l", "hôtel", "die", "strasse", "5"]),
}


@pytest.mark.parametrize(("question", "words"), QUESTIONS.values(), ids=QUESTIONS)
def test_the_words_of_a_question(question: str, words: list[str]) -> None:
    assert query_words(question) == words


WRITINGS = {
    "Chinese": ("访客停车场在哪里？", "访客可以在B停车场免费停车，最多十小时。"),
    "Chinese, one character": ("鱼", "请不要喂鱼"),
    "Japanese": ("駐車場はどこですか？", "駐車場は建物の裏にあります。"),
    "Japanese, hiragana": ("おすし", "おすしは二階です。"),
    "Japanese, half width": ("ｴﾚﾍﾞｰﾀｰ", "エレベーターは右です。"),
    "Korean, with another particle": ("주차장은 어디에 있습니까?", "방문객은 주차장을 무료로 이용합니다."),
    "full width letters": ("ＷＩＦＩ", "The wifi password is on the badge."),
    "German": ("Wo ist die STRASSENBAHN?", "Die Straßenbahn hält vor dem Haus."),
    "Russian": ("Где парковка?", "Парковка находится за зданием."),
    "Arabic": ("أين موقف السيارات؟", "يوجد موقف للزوار خلف المبنى."),
}


@pytest.mark.parametrize(("question", "text"), WRITINGS.values(), ids=WRITINGS)
def test_a_text_is_found_in_any_writing_and_forgotten_again(question: str, text: str) -> None:
    with PassageIndex() as index:
        index.add_all([*(IndexEntry(other) for _, other in WRITINGS.values() if other != text), IndexEntry(text)])
        assert judge(index.weigh_evidence(question)).fits
        best = index.search(question)[0]
        assert best.text == text
        index.remove([best.number])
        assert text not in [match.text for match in index.search(question)]
        index.db.execute("INSERT INTO stems (stems) VALUES ('integrity-check')")


def test_what_is_asked_about_in_chinese_and_is_not_there_is_not_found() -> None:
    with PassageIndex() as index:
        index.add("访客可以在停车场免费停车。")
        assert not judge(index.weigh_evidence("谁赢得了国际象棋冠军？")).fits


@pytest.mark.parametrize("version", [0, 1, 3])
def test_an_index_file_of_another_version_is_refused_and_left_as_it_is(tmp_path: Path, version: int) -> None:
    file = tmp_path / "old.db"
    PassageIndex(file).close()
    with closing(sqlite3.connect(file)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    before = file.read_bytes()
    with pytest.raises(UsageError, match=rf"old\.db was made by another version of Sayso \(its tables are version {version}"):
        PassageIndex(file)
    assert file.read_bytes() == before


def test_a_huge_question_costs_no_more_than_a_long_one() -> None:
    assert len(query_words(" ".join(f"word{n}" for n in range(100_000)))) == MOST_WORDS
    assert query_words("x" * 1_000_000) == ["x" * 64]


def test_accents_and_stems_do_not_matter() -> None:
    with PassageIndex() as index:
        index.add("Les hôtels acceptent les réservations")
        assert [match.number for match in index.search("hotel reservation")] == [1]


def test_coverage_is_the_share_of_what_is_asked_that_a_text_holds() -> None:
    with PassageIndex() as index:
        index.add_all(IndexEntry(text) for text in ("visitors park in lot B", "staff park in lot A", "the canteen is closed"))
        (visitors, staff) = index.search("Where do visitors park?")
        assert (visitors.number, visitors.coverage) == (1, 1.0)
        assert 0 < staff.coverage < 0.5  # "park" is the more common of the two words
        assert index.search("visitors park", least=0.9) == [visitors]
        assert index.search("Do the penguins of Antarctica visit a park?", least=0.5) == []


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    with PassageIndex(tmp_path / "index.db") as index:
        assert index.add_all([IndexEntry("one"), IndexEntry("two")]) == [1, 2]
        index.remove([2, 77])
    with PassageIndex(tmp_path / "index.db") as index:
        assert index.add("three", {"a": 1}, context="title") == 3
        assert index.get(2) is None
        assert index.get(3) == IndexEntry("three", {"a": 1}, "title")
        assert [match.payload for match in index.search("title")] == [{"a": 1}]
        assert index.search("two") == []
        assert (index.get(0), index.get(-1), index.get(10**30)) == (None, None, None)


def test_many_are_put_in_together_or_not_at_all() -> None:
    with PassageIndex() as index:
        with pytest.raises(TypeError, match="not JSON serializable"):
            index.add_all([IndexEntry("one"), IndexEntry("two", object())])
        assert len(index) == 0


def test_a_file_that_is_no_index_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are my notes. " * 100, encoding="utf-8")
    with pytest.raises(UsageError, match=r"notes\.txt cannot be used as an index: file is not a database\. Name a new file"):
        PassageIndex(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8").startswith("These are my notes.")
    with pytest.raises(UsageError, match="cannot be opened: unable to open database file"):
        PassageIndex(tmp_path / "no" / "folder" / "index.db")


def test_an_sqlite_without_full_text_search_is_said_plainly() -> None:
    from sayso.tools.documents.passage_index import explain_sqlite_error

    told = str(explain_sqlite_error("docs.db", sqlite3.OperationalError("no such module: fts5")))
    assert told.startswith(f"The SQLite {sqlite3.sqlite_version} that this Python was built with has no full-text search (FTS5).")
