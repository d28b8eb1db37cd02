"""Examples that read for people: reviews, mails, names in a text, calls."""

from __future__ import annotations

from pathlib import Path

from sayso import ScriptedModel
from sayso.agents import ModelRequest

from ..agents.fake_openai import FakeOpenAI
from .running import example, ran_here, run

MISO = "My miso ramen tasted like tonkotsu ramen."


def test_the_reviews_become_a_chart_of_months(tmp_path: Path) -> None:
    assert run("reviews.py", cwd=tmp_path).splitlines() == [
        "2026-05  ████░  4 good, 1 bad",
        "2026-06  ████  4 good, 0 bad",
        "2026-07  █░░░░  1 good, 4 bad",
        "2026-08  █░░░░  1 good, 4 bad",
        "2026-09  ███░  3 good, 1 bad",
        "Complaints: 8 about food, 1 about price, 1 about service",
    ]


def test_a_real_endpoint_is_asked_for_a_typed_opinion_of_each_review(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(f"\ufeffdate,text\n2026-11-02,{MISO}\n2026-11-03,\n2026-11-04,Très bon\n", encoding="utf-8")

    def judge(body: dict[str, object]) -> str:
        return f'```json\n{{"about": "food", "happy": {str(MISO not in str(body["messages"])).lower()}}}\n```'

    with FakeOpenAI([judge], repeat=True) as endpoint:
        told = run("reviews.py", table, "--base-url", endpoint.base_url, "--model", "m", cwd=tmp_path)
    assert told.splitlines() == ["2026-11  █░  1 good, 1 bad", "Complaints: 1 about food"]
    assert len(endpoint.requests) == 2
    assert [message["role"] for message in endpoint.requests[0]["messages"]] == ["system", "user"]


async def test_a_review_that_the_model_does_not_understand_is_counted_as_such(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("date,text\n2026-11-02,Fine.\n2026-11-03,???\n", encoding="utf-8")

    def judge(request: ModelRequest) -> str:
        return "I cannot say." if "???" in str(request.messages) else '{"about": "food", "happy": true}'

    told = await example("reviews").main(table, model=ScriptedModel(judge, repeat=True))
    why = "judge gave no valid answer in 3 tries: Invalid JSON: expected ident at line 1 column 2."
    assert told.splitlines() == ["2026-11  █  1 good, 0 bad", "Complaints: none", f"Not read: 1 of 2, the first because: {why}"]


def test_reviews_that_nobody_reads_are_no_good_reviews(tmp_path: Path) -> None:
    done = ran_here("reviews.py", "--base-url", "http://127.0.0.1:9/v1", "--model", "m", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "http://127.0.0.1:9/v1 cannot be reached" in done.stderr


def test_a_table_without_the_columns_is_refused_in_a_sentence(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("when,what\n2026-11-02,Fine.\n", encoding="utf-8")
    done = ran_here("reviews.py", table, cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[1:]) == (
        2,
        [f"sayso: {table} has no columns named date and text in its first line."],
    )


async def test_a_complaint_is_routed_and_answered_and_another_mail_only_routed() -> None:
    small = ScriptedModel('{"department": "orders", "complaint": true}', '{"department": "jobs", "complaint": false}')
    large = ScriptedModel("We are sorry.")
    router = example("email_router")
    routed = await router.router(small, large).run(["Subject: Cold\nIt was cold.", "Subject: Cook\nI cook."])
    assert [str(each) for each in routed.output] == [
        "orders   complaint  Subject: Cold\n    draft: We are sorry.",
        "jobs                Subject: Cook",
    ]
    assert routed.usage.model_calls == 3


async def test_a_department_that_does_not_exist_is_asked_for_again() -> None:
    model = ScriptedModel('{"department": "kitchen", "complaint": false}', '{"department": "other", "complaint": false}')
    (routed,) = await example("email_router").router(model, model)(["Subject: Hello"])
    assert (routed.route.department, model.requests) == ("other", 2)


async def test_only_names_that_stand_in_the_text_are_kept() -> None:
    names = '{"people": ["Ada", "Bob", "Ada"], "organisations": [""], "places": ["New\\nYork"], "dates": [], "amounts": ["$5"]}'
    told = await example("entities").main("Ada flew to New York for $50.", model=ScriptedModel(names))
    assert told.splitlines() == [
        "people         Ada",
        "organisations  -",
        "places         New York",
        "dates          -",
        "amounts        -",
        "left out       3 that do not stand in the text",
    ]


def test_a_call_becomes_a_note(tmp_path: Path) -> None:
    assert run("call_summary.py", cwd=tmp_path).splitlines() == [
        "Jo Alvarez called: half of office order 4471 was missing: six veggie burgers and all the fries.",
        "Outcome: the missing part, $61.50, is refunded to the card.",
        "Mood at the end: content",
        "[ ] Priya: refund $61.50 (today)",
        "[ ] Sam: call Jo Alvarez about Thursday's order (Wednesday before ten)",
    ]


def test_a_file_that_is_not_there_is_a_mistake_on_the_command_line(tmp_path: Path) -> None:
    for name in ("reviews.py", "email_router.py", "call_summary.py", "coder.py"):
        done = ran_here(name, "missing.txt", cwd=tmp_path)
        assert (done.returncode, '"missing.txt" does not exist' in done.stderr, done.stdout) == (2, True, "")
