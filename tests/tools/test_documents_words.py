"""Questions in everyday words find the passages of a small handbook, whatever words it uses; what is not there is told apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sayso.tools import UsageError
from sayso.tools.documents import Documents, IndexEntry, PassageIndex
from sayso.tools.documents.expected import find_expected
from sayso.tools.documents.judgement import judge
from sayso.tools.documents.neighbours import find_neighbours
from sayso.tools.documents.picking import pick_answer
from sayso.tools.documents.stuffing import count_for
from sayso.tools.documents.synonyms import read_everyday

HANDBOOK = {
    "lot.md": "employees can park on levels 1 and 2 of the office lot; a sticker at the windscreen shows that you may.",
    "leave.md": "Everybody has 28 days of annual leave. Ask your manager two weeks before.",
    "clothes.md": "In the laboratory, closed shoes and a coat are worn. Elsewhere your attire is up to you.",
    "illness.md": "Whoever is ill tells the team before nine, and sends a doctor's note from the third day.",
    "travel.md": "Book trains before flights. Hotels may cost 140 euros a night. Receipts are handed in within a month.",
    "laptops.md": "A broken laptop is repaired by the help desk in room 12. Backups are made every night.",
    "canteen.md": "Lunch is served from 11:30 to 14:00. There is always a dish without meat.",
}


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    folder = tmp_path_factory.mktemp("handbook")
    for name, text in HANDBOOK.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Documents.of_folder(folder) as opened:
        yield opened


ASKED = {
    "Is there parking for staff?": "lot.md",
    "Is there parking for employees?": "lot.md",
    "Where can personnel put their vehicle?": "lot.md",
    "How much vacation do I get?": "leave.md",
    "How many days off are there?": "leave.md",
    "Is there a dress code?": "clothes.md",
    "What footwear do I need in the lab?": "clothes.md",
    "What must I do when I am sick?": "illness.md",
    "Who can fix my computer?": "laptops.md",
    "What may a room cost on a business trip?": "travel.md",
    "Is there food for vegetarians at lunchtime?": "canteen.md",
    "Who repairs a lpatop?": "laptops.md",
}


@pytest.mark.parametrize(("question", "file"), ASKED.items(), ids=ASKED)
def test_a_question_in_other_words_finds_its_passage(handbook: Documents, question: str, file: str) -> None:
    assert handbook.search(question)[0].file == file, handbook.judge(question)


ELSEWHERE = (
    "Who won the chess championship?",
    "What is the capital of Mongolia?",
    "When was the cathedral of Reims built?",
    "How do plants turn sunlight into sugar?",
    "Which orchestra plays Mahler?",
)


@pytest.mark.parametrize("question", ELSEWHERE)
def test_another_subject_is_turned_away_with_the_missing_words_and_the_nearest_passages(handbook: Documents, question: str) -> None:
    judgement = handbook.judge(question)
    assert not judgement.fits
    assert "No passage has “" in judgement.reason
    assert handbook.search(question) == []
    assert handbook.search(question, least=0) == handbook.nearest(question)


def test_one_unknown_word_never_hides_what_the_others_find(handbook: Documents) -> None:
    for unknown in ("zorblatt", "Xanthippe", "4711"):
        assert handbook.nearest(f"Which train do I book with {unknown}?")[0].file == "travel.md"


def test_a_name_that_is_missing_speaks_against_an_answer_and_an_ordinary_word_hardly(handbook: Documents) -> None:
    assert handbook.judge("Where may lorries park on the lot?").fits
    assert not handbook.judge("Where does Wolfgang Ilyich park?").fits


def test_synonyms_of_ones_own_count_like_the_word_itself(tmp_path: Path) -> None:
    (tmp_path / "desk.md").write_text("The kestrel desk is open at noon.\n\nThe front door closes at six.", encoding="utf-8")
    with Documents.of_folder(tmp_path, synonyms=[("bird service", "kestrel desk"), ("Zentrale", "front door")]) as documents:
        assert documents.judge("When is the bird service open?").fits
        assert documents.judge("When does the Zentrale close?").fits
    with Documents.of_folder(tmp_path) as documents:
        assert not documents.judge("When does the Zentrale close?").fits


@pytest.mark.parametrize("synonyms", ["car, vehicle", [("car",)], ["car"], [("car", "?!")], [("car", 7)], {"car": "vehicle"}])
def test_what_is_no_group_of_synonyms_is_refused_with_an_example(synonyms: object) -> None:
    with pytest.raises(UsageError, match=r'synonyms=.*\("car", "vehicle"\)'):
        PassageIndex(synonyms=synonyms)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


FOREIGN = {
    "Wie viele Urlaubstage gibt es im Jahr?": "Jeder hat 28 Urlaubstage im Jahr.",
    "Où puis-je garer ma voiture?": "Les employés peuvent garer leur voiture au sous-sol.",
    "¿Cuánto cuesta el almuerzo?": "El almuerzo cuesta 6 euros.",
    "Quanti giorni di ferie ho?": "Ogni dipendente ha 28 giorni di ferie.",
}


@pytest.mark.parametrize("question", FOREIGN)
def test_other_languages_are_found_by_their_own_words(question: str) -> None:
    with PassageIndex() as index:
        for text in FOREIGN.values():
            index.add(text)
        assert index.search(question)[0].text == FOREIGN[question]
        assert judge(index.weigh_evidence(question)).fits


STUFFED = f"{'parking employees staff park car lot garage free parking for employees is there parking ' * 12}\n"
KEPT = {
    "keywords in one line": STUFFED,
    "keywords as sentences": "Parking for staff. Free parking! Employees park cars. Is there parking for employees? Yes, parking. " * 6,
    "a text that was pasted many times": "Is there parking? Ask the staff about parking, the lot, the garage and the car park. " * 9,
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_a_text_that_only_repeats_the_words_of_the_question_comes_after_one_that_answers(tmp_path: Path, text: str) -> None:
    (tmp_path / "ad.md").write_text(f"# Parking for staff\n\n{text}\n", encoding="utf-8")
    (tmp_path / "policy.md").write_text("# Policy\n\nEmployees can park on levels 1 and 2 of the office lot.\n", encoding="utf-8")
    with Documents.of_folder(tmp_path, embedder=None) as documents:
        found = documents.search("Is there parking for staff?")
        assert [each.file for each in found][:1] == ["policy.md"]
        assert [each.passage.file for each in pick_answer("Is there parking for staff?", found)][:1] == ["policy.md"]


def test_a_table_repeats_words_rightly() -> None:
    assert count_for("| staff | parking | lot A |\n" * 20) == 1
    assert count_for(STUFFED) < 1


def test_the_tables_are_of_the_size_that_they_say() -> None:
    table = Path(__file__).parents[2] / "tools" / "documents" / "tables"
    groups = [line for line in (table / "synonyms.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert len(groups) <= 300
    assert (table / "neighbours.bin").stat().st_size < 1_000_000
    assert ("vehicle",) in read_everyday().find(("cars",))
    assert {"gasoline", "fuel"} <= {neighbour.word for neighbour in find_neighbours("petrol")}
    assert find_neighbours("zorblatt") == ()


def test_an_index_that_another_program_is_writing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    with PassageIndex(file) as index:
        index.add("The lot is open.")
        index.db.execute("PRAGMA busy_timeout = 10")
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UsageError, match=r"index\.db is being written by another program"):
            index.search("lot")
        with pytest.raises(UsageError, match=r"index\.db is being written by another program"):
            index.add("The gate is closed.")
        other.execute("ROLLBACK")
        assert len(index.search("lot")) == 1
        other.execute("DROP TABLE passages")
        other.close()
        with pytest.raises(UsageError, match=r"index\.db cannot be used as an index: no such table: passages"):
            index.search("lot")


def test_two_programs_read_one_folder_into_one_index(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number}.md").write_text(f"Rule {number} is about lot {number}.", encoding="utf-8")
    with Documents.of_folder(folder, index=tmp_path / "i.db") as one, Documents.of_folder(folder, index=tmp_path / "i.db") as other:
        (folder / "new.md").write_text("The gate closes at eight.", encoding="utf-8")
        other.refresh()
        one.refresh()
        assert len(one) == len(other) == 31
        assert [passage.file for passage in one.search("When does the gate close?", 1)] == ["new.md"]
        (folder / "new.md").unlink()
        other.refresh()
        assert len(one) == 30


def test_another_programs_database_is_not_made_an_index(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE customers (name TEXT)")
    before = file.read_bytes()
    with pytest.raises(UsageError, match=r"shop\.db is another program's database: it has 1 table, and none of an index"):
        PassageIndex(file)
    assert file.read_bytes() == before


def test_without_words_to_look_for_nothing_is_near(handbook: Documents) -> None:
    for question in ("???", "", "🦔"):
        assert handbook.nearest(question) == handbook.search(question) == handbook.search(question, least=0) == []
    assert handbook.search("zorblatt") == []
    assert len(handbook.nearest("zorblatt", 3)) == 3


EXPECTED = {
    "How much is the locker?": ("A locker costs 5 euros.", "Lockers stand in the cellar."),
    "What does lunch cost guests?": ("Guests pay €9.", "Guests pay at the desk."),
    "How long can I keep the locker?": ("A locker is yours for two full weeks.", "A locker is yours."),
    "How many lockers may I have?": ("Everybody gets two lockers.", "Everybody gets lockers."),
    "When does the cellar open?": ("The cellar opens at 7:30.", "The cellar has a door that opens."),
    "By when do I have to empty it?": ("Empty it by noon on Friday.", "Empty it and leave the key."),
}


@pytest.mark.parametrize("question", EXPECTED)
def test_a_text_has_the_kind_of_thing_that_is_asked_for_or_not(question: str) -> None:
    has_expected = find_expected(question)
    assert has_expected is not None
    assert [has_expected(text) for text in EXPECTED[question]] == [True, False]


@pytest.mark.parametrize("question", ["Where is the cellar?", "Is the locker mine?", "Who has the key?", "Wo ist der Keller?", ""])
def test_most_questions_ask_for_no_kind_of_thing_that_is_known(question: str) -> None:
    assert find_expected(question) is None


def test_of_passages_with_the_same_words_the_one_with_an_amount_answers_how_much() -> None:
    with PassageIndex() as index:
        index.add_all(
            [
                IndexEntry("The locker in the cellar is for staff, and so is its price list."),
                IndexEntry("A locker in the cellar is 5 euros for staff."),
            ]
        )
        index.add_all(IndexEntry(f"Rule {number} is about the garden.") for number in range(9))
        assert "5 euros" in index.search("How much is a locker in the cellar for staff?", 1)[0].text
        assert "price list" in index.search("locker price list", 1)[0].text
