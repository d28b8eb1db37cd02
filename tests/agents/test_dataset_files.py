"""Files of fine-tuning data: "prompt ||| completion" lines, templates, and what is wrong with the files of other people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents.evaluation.datasets import (
    TEMPLATES,
    Example,
    ExampleOrigin,
    FileCheck,
    Template,
    check_files,
    fill_template,
    make_dataset,
    read_examples,
    read_file,
    read_separated,
    read_table,
    read_template,
    write_separated,
)
from sayso.agents.evaluation.datasets.separated import split_line, write_line
from sayso.tools import UsageError

TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("ab |\\nr \n\r\t\u2028\x0b\ufeff"), st.characters(exclude_categories=["Cs"])), min_size=1
)


def is_said(text: str) -> bool:
    """Whether there is anything but blanks in a text: an empty side is refused."""
    return bool(text.strip())


@given(st.lists(st.tuples(TEXTS.filter(is_said), TEXTS.filter(is_said)), min_size=1, max_size=4))
def test_any_texts_are_read_back_as_they_were_written_with_escape(pairs: list[tuple[str, str]]) -> None:
    written = "".join(f"{write_line(prompt, completion, 'x', escape=True)}\n" for prompt, completion in pairs)
    assert written.count("\n") == len(pairs)
    assert [split_line(line, "x", escape=True) for line in written.split("\n")[:-1]] == pairs


@given(TEXTS.filter(is_said), TEXTS.filter(is_said))
def test_without_escape_texts_are_read_back_or_refused(prompt: str, completion: str) -> None:
    try:
        line = write_line(prompt, completion, "x")
    except UsageError:
        assert any(sign in text for sign in ("\n", "\r", "|||") for text in (prompt, completion))
        return
    assert split_line(line, "x") == (prompt, completion)


@pytest.mark.parametrize("escape", [False, True])
def test_a_file_of_lines_is_read_back_from_the_disk(tmp_path: Path, escape: bool) -> None:
    path = tmp_path / "course.txt"
    path.write_text("\ufeffWhat is 2 | 3? ||| 5\r\n\n¿Qué? |||  con espacio\u2028dentro\n", encoding="utf-8")
    examples = read_separated(path, escape=escape)
    assert [(each.prompt[0]["content"], each.answer[0]["content"], each.origin.source) for each in examples] == [
        ("What is 2 | 3?", "5", f"{path}:1"),
        ("¿Qué?", " con espacio\u2028dentro", f"{path}:3"),
    ]
    again = tmp_path / "again.txt"
    again.write_text(write_separated(examples, escape=escape), encoding="utf-8")
    assert [each.prompt + each.answer for each in read_separated(again, escape=escape)] == [each.prompt + each.answer for each in examples]


WRONG_LINES = {
    "no bars": ("Classify this: good", ":1 has no ||| between a prompt and its completion"),
    "bars twice": ("a ||| b ||| c", ":1 has ||| more than once"),
    "five bars": ("a ||||| b", ":1 has ||| more than once"),
    "no completion": ("a ||| ", ":1: the completion is empty"),
    "no prompt": ("||| b", ":1: the prompt is empty"),
    "nothing": ("\n\n", "has no line with ||| in it"),
}


@pytest.mark.parametrize(("text", "message"), WRONG_LINES.values(), ids=WRONG_LINES)
def test_a_line_that_is_no_example_is_refused_by_its_number(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "course.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message.replace("|", r"\|")):
        read_separated(path)


def test_text_that_is_no_utf_8_is_refused_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"a ||| b\ncaf\xe9 ||| c\n")
    with pytest.raises(UsageError, match=r"latin.txt:2 is not text in UTF-8"):
        read_separated(tmp_path / "latin.txt")


def test_a_template_is_filled_from_rows_and_braces_in_the_texts_stay(tmp_path: Path) -> None:
    table = tmp_path / "reviews.csv"
    table.write_text('text,label\n"My {pasta} was\ncold",food\nToo slow,service\n', encoding="utf-8-sig")
    template = Template("mine", 'Answer as {{"label": ...}}: {text}', "{label}")
    examples = fill_template(template, read_table(table), str(table))
    assert [(each.prompt[0]["content"], each.answer[0]["content"]) for each in examples] == [
        ('Answer as {"label": ...}: My {pasta} was\ncold', "food"),
        ('Answer as {"label": ...}: Too slow', "service"),
    ]
    assert examples[1].origin.source == f"{table}:4"
    assert template.slots == ("text", "label")


def test_the_named_templates_have_their_slots() -> None:
    assert {name: template.slots for name, template in TEMPLATES.items()} == {
        "classification": ("labels", "text", "label"),
        "generation": ("instruction", "text", "output"),
        "summarisation": ("length", "text", "summary"),
    }


def test_a_template_stands_in_a_file_over_several_lines(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("Classify:\n\n{text}\n\nClass: ||| {label}\n", encoding="utf-8")
    template = read_template(tmp_path / "t.txt")
    assert template.fill({"text": "cold soup", "label": "food"}) == ("Classify:\n\ncold soup\n\nClass:", "food")


WRONG_TEMPLATES = {
    "no slot in the prompt": ("Classify the text", "{label}", "The prompt of the template 'mine' has no slot"),
    "no slot in the completion": ("Classify {text}", "food", "The completion of the template 'mine' has no slot"),
    "an empty slot": ("Classify {}", "{label}", "'{}', which is not a slot"),
    "an open brace": ("Classify {text", "{label}", "'{', which is not a slot"),
    "only braces": ("Classify {{text}}", "{label}", "has no slot"),
    "JSON": ('Answer {"label": 1} to {text}', "{label}", "which is not a slot"),
}


@pytest.mark.parametrize(("prompt", "completion", "message"), WRONG_TEMPLATES.values(), ids=WRONG_TEMPLATES)
def test_a_template_without_its_slot_is_refused_by_name(prompt: str, completion: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("{", r"\{").replace("}", r"\}")):
        Template("mine", prompt, completion)


def test_a_row_without_a_slots_text_is_refused_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"text": "a", "label": "x"}\n\n{"text": "b"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"r\.jsonl:3 has nothing for the slot \{label\} of the template 'mine'. It has: text"):
        read_file(tmp_path / "r.jsonl", template=Template("mine", "{text}", "{label}"))
    with pytest.raises(UsageError, match="There is no template 'none'"):
        read_template("none")


def openai(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A row of a conversation."""
    return {"messages": list(messages), **more}


def user(text: Any = "Hi") -> dict[str, Any]:
    """What a user says."""
    return {"role": "user", "content": text}


def said(text: Any = "Hello", **more: Any) -> dict[str, Any]:
    """What the model says."""
    return {"role": "assistant", "content": text, **more}


def called(arguments: Any = '{"city": "Rome"}', name: str = "weather", **more: Any) -> dict[str, Any]:
    """A call of the model."""
    return {
        "role": "assistant",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}, **more}],
    }


WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "sunny"}
REFUSED: dict[str, tuple[Any, str]] = {
    "no messages": ({"messages": []}, "messages is [], and not a list of messages"),
    "no answer": (openai(user()), "has no message of the assistant"),
    "another name of a role": (openai({"role": "human", "content": "Hi"}, said()), 'role is "human", which is not a role. Write "user".'),
    "a role of ShareGPT": (openai(user(), {"role": "gpt", "content": "Hi"}), 'Write "assistant".'),
    "an object as content": (openai(user({"a": 1}), said()), "messages[0].content is an object, and not a text"),
    "a number as content": (openai(user(5), said()), "content is a number"),
    "a list as a result": (
        openai(user(), called(), {**RESULT, "content": [{"type": "text", "text": "x"}]}, said(), tools=[WEATHER]),
        "messages[2].content is a list",
    ),
    "arguments as an object": (openai(user(), called({"city": "Rome"}), tools=[WEATHER]), "arguments is"),
    "arguments encoded twice": (openai(user(), called(json.dumps(json.dumps({"city": "Rome"}))), tools=[WEATHER]), "it was encoded twice"),
    "arguments that are not JSON": (openai(user(), called("{city: Rome}"), tools=[WEATHER]), "is a text that is not JSON"),
    "arguments that are a list": (openai(user(), called("[1]"), tools=[WEATHER]), "is JSON of a list, not of an object"),
    "no tools": (openai(user(), called()), 'is "weather", and the row has no tools'.replace('"', "'")),
    "an unknown tool": (openai(user(), called(name="mail"), tools=[WEATHER]), "none of the row's tools"),
    "no result": (openai(user(), called(), said(), tools=[WEATHER]), "comes before the result of the call 'c1'"),
    "a result of nothing": (openai(user(), RESULT, said()), "no call before it waits for that"),
    "a weight of a half": (openai(user(), said(weight=0.5)), "weight is 0.5"),
    "nothing to learn": (openai(user(), said(weight=0)), "every message of the assistant has weight 0"),
    "tools of nothing": (openai(user(), said(), tools=[]), "tools is [], and not a list of schemas"),
    "a name with a dot": (
        openai(user(), said(), tools=[{"type": "function", "function": {"name": "a.b", "parameters": {}}}]),
        'name is "a.b"',
    ),
    "a schema of nothing": (
        openai(user(), said(), tools=[{"type": "function", "function": {"name": "a", "parameters": {"type": "string"}}}]),
        "is no JSON Schema of an object",
    ),
    "tools without function": (openai(user(), said(), tools=[{"name": "a"}]), "is no schema of a function"),
    "no content": (openai(user(), {"role": "assistant"}), "messages[1].content is missing"),
    "an image of the model": (openai(user(), said([{"type": "image_url", "image_url": {"url": "x"}}])), "is an image in a message of"),
    "a list as input": ({"input": [user()], "preferred_output": [said()], "non_preferred_output": [said("No")]}, "and not an object with"),
    "the same twice": (
        {"input": {"messages": [user()]}, "preferred_output": [said()], "non_preferred_output": [said()]},
        "is the same as preferred_output",
    ),
    "an answer of the user": (
        {"input": {"messages": [user()]}, "preferred_output": [user()], "non_preferred_output": [said()]},
        "has a message that is not of the assistant",
    ),
    "no other answer": ({"input": {"messages": [user()]}, "preferred_output": [said()]}, "non_preferred_output is missing"),
    "an input that is answered": (
        {"input": {"messages": [user(), said()]}, "preferred_output": [said("a")], "non_preferred_output": [said("b")]},
        "ends with a message of the assistant",
    ),
    "an empty completion": ({"prompt": "a", "completion": ""}, "completion is empty"),
    "other names": ({"prompt": "a", "response": "b"}, 'Call them "prompt" and "completion"'),
    "a label": ({"text": "a", "label": "b"}, "--template classification"),
    "two answers by other names": ({"prompt": "a", "pos": "b", "neg": "c"}, 'Call two answers "chosen" and "rejected"'),
    "a batch": ({"custom_id": "1", "method": "POST", "url": "/v1", "body": {}}, "Batch API"),
    "a table": ({"qid": 1, "sql": "x"}, "is of no kind that is documented"),
    "one text, one list": ({"prompt": "a", "chosen": [said()], "rejected": [said("b")]}, "Write all as texts, or all as messages"),
    "chosen as rejected": ({"prompt": "a", "chosen": "b", "rejected": "b"}, "is the same as chosen"),
    "a label in words": ({"prompt": [user()], "completion": [said()], "label": "good"}, "label is a text"),
    "an empty instruction": ({"instruction": "", "input": "", "output": "x"}, "instruction is empty"),
    "no output": ({"instruction": "a", "dialogue": []}, "output is missing"),
    "an empty turn": (
        {"conversations": [{"from": "human", "value": ""}, {"from": "gpt", "value": "x"}]},
        "conversations[0].value is empty",
    ),
    "an unknown speaker": ({"conversations": [{"from": "bob", "value": "a"}, {"from": "gpt", "value": "x"}]}, 'from is "bob"'),
}


def check_rows(folder: Path, *rows: Any, reader: str = "", name: str = "train.jsonl") -> FileCheck:
    """What is found in a file of these rows; a text stands in it as it is."""
    path = folder / name
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (found,) = check_files([path], reader=reader)
    return found


def describe(check: FileCheck) -> list[str]:
    """The findings as one reads them."""
    return [f"{each.line}: {each.place} {each.what}. {each.do}" for each in check.problems if each.refused]


@pytest.mark.parametrize(("row", "message"), REFUSED.values(), ids=REFUSED)
def test_what_a_reader_refuses_is_told_with_its_line_and_what_to_do(row: Any, message: str, tmp_path: Path) -> None:
    good = [{"messages": [user(f"Question {number}"), said(f"Answer {number}")]} for number in range(10)] if "messages" in row else []
    found = describe(check_rows(tmp_path, *good, row))
    assert any(message in each and each.startswith(f"{len(good) + 1}: ") for each in found), found


FINE: dict[str, Any] = {
    "a conversation": openai({"role": "system", "content": "Be brief."}, user(), said()),
    "several turns with weights": openai(user(), said(weight=0), user("And?"), said(weight=1)),
    "a call at the end": openai(user(), called(), tools=[WEATHER], parallel_tool_calls=False),
    "a call and its result": openai(user(), called(), RESULT, said("Sunny."), tools=[WEATHER]),
    "no arguments": openai(user(), called("{}"), tools=[{"type": "function", "function": {"name": "weather"}}]),
    "an image": openai(
        user([{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]), said()
    ),
    "a name": openai({**user(), "name": "ada"}, said()),
    "a refusal": openai(user(), {"role": "assistant", "refusal": "I cannot."}),
    "a pair": {"input": {"messages": [user()]}, "preferred_output": [said()], "non_preferred_output": [said("No")]},
    "a pair of calls": {
        "input": {"messages": [user()], "tools": [WEATHER], "parallel_tool_calls": True},
        "preferred_output": [called()],
        "non_preferred_output": [called('{"city": "Roma"}')],
    },
    "no tools in a pair": {
        "input": {"messages": [user()], "tools": [], "parallel_tool_calls": True},
        "preferred_output": [said()],
        "non_preferred_output": [said("No")],
    },
    "a completion": {"prompt": "Which team won? ->", "completion": " Giants.\n"},
    "TRL's call": openai(user(), called({"city": "Rome"}), {"role": "tool", "name": "weather", "content": "x"}, said(), tools=[WEATHER]),
    "TRL's tools as text": openai(user(), called({"city": "Rome"}), tools=json.dumps([WEATHER])),
    "TRL's pair": {"prompt": [user()], "chosen": [said()], "rejected": [said("No")]},
    "TRL's texts": {"prompt": "The sky is", "chosen": " blue.", "rejected": " green."},
    "an unpaired one": {"prompt": [user()], "completion": [said()], "label": False},
    "a text": {"text": "The sky is blue."},
    "Alpaca": {"instruction": "Add", "input": "1 2", "output": "3"},
    "Alpaca's pair": {"instruction": "Add", "input": "", "chosen": "3", "rejected": "4"},
    "ShareGPT": {
        "conversations": [
            {"from": "human", "value": "a"},
            {"from": "function_call", "value": "{}"},
            {"from": "observation", "value": "b"},
            {"from": "gpt", "value": "c"},
        ]
    },
}


@pytest.mark.parametrize("row", FINE.values(), ids=FINE)
def test_what_is_documented_is_not_refused(row: Any, tmp_path: Path) -> None:
    rows = [json.loads(json.dumps(row).replace("Hi", f"Hi {number}")) for number in range(10)]
    found = check_rows(tmp_path, *rows)
    assert describe(found) == []
    assert found.rows == 10


def test_a_file_is_checked_as_a_whole(tmp_path: Path) -> None:
    row = openai(user(), said())
    assert describe(check_rows(tmp_path, *[openai(user(str(each)), said()) for each in range(7)])) == [
        "0:  has 7 rows, and OpenAI takes no fewer than 10. Add examples."
    ]
    assert check_rows(tmp_path).problems[0].what == "the file has no rows"
    assert "is not JSON" in describe(check_rows(tmp_path, row, "{'messages': []}"))[0]
    assert "is JSON, and no object" in describe(check_rows(tmp_path, row, "5"))[0]
    assert "an empty line between rows" in describe(check_rows(tmp_path, row, "", row))[0]
    assert "is the same as an earlier line" in [each.what for each in check_rows(tmp_path, row, row).problems][-1]
    mixed = describe(check_rows(tmp_path, row, row, {"prompt": "a", "completion": "b"}))
    assert "3:  is a row of prompts with completions for OpenAI's older models, and most rows are conversations for OpenAI" in mixed[0]


def test_objects_over_several_lines_and_lists_are_one_finding_each_and_are_read(tmp_path: Path) -> None:
    rows = [openai(user(f"Question {number}?"), said(f"Answer {number}.")) for number in range(12)]
    spread = check_rows(tmp_path, *[json.dumps(row, indent=2) for row in rows])
    assert describe(spread)[0].startswith("1:  an object stands on more than one line (12 objects in the file). Write each object on one")
    assert len(spread.problems) == 1
    assert len(read_examples(tmp_path / "train.jsonl")) == 12
    listed = check_rows(tmp_path, json.dumps(rows))
    assert "the file is one JSON list of 12 objects" in describe(listed)[0]
    assert [each.refused for each in check_rows(tmp_path, json.dumps(rows), reader="trl").problems] == [False]


def test_a_byte_order_mark_is_told_and_read(tmp_path: Path) -> None:
    (tmp_path / "bom.jsonl").write_text("\ufeff" + json.dumps(openai(user(), said())) + "\r\n", encoding="utf-8")
    (check,) = check_files([tmp_path / "bom.jsonl"])
    assert "byte order mark" in check.problems[0].what
    assert len(read_examples(tmp_path / "bom.jsonl")) == 1


def test_a_column_of_two_types_is_refused_for_open_trainers(tmp_path: Path) -> None:
    tools = json.dumps([WEATHER])
    rows = [openai(user(), called({"level": 50}), tools=tools), openai(user(), called({"level": "+10"}), tools=tools)]
    assert describe(check_rows(tmp_path, *rows)) == [
        "2: messages[].tool_calls[].function.arguments.level is text here and number in line 1, which `datasets` cannot load. "
        "Write it in one type in all rows; arguments of calls and tools may be JSON text."
    ]


def test_tools_that_a_table_would_fill_with_nulls_are_told(tmp_path: Path) -> None:
    other = {"type": "function", "function": {"name": "mail", "parameters": {"type": "object", "properties": {"to": {"type": "string"}}}}}
    row = openai(user(), called({"city": "Rome"}), tools=[WEATHER, other])
    (told,) = [each for each in check_rows(tmp_path, row).problems if not each.refused]
    assert (told.place, told.do) == ("tools", "Write the list as JSON text: json.dumps(tools).")
    assert check_rows(tmp_path, {**row, "tools": json.dumps(row["tools"])}).problems == ()


def test_personal_data_and_credentials_are_told_by_kind_and_line(tmp_path: Path) -> None:
    rows = [openai(user(f"Question {number}"), said("Yes.")) for number in range(10)]
    rows[2] = openai(user("I am ada@example.org and 192.168.17.44"), said("Hi Ada."))
    rows[5] = openai(user("Write to bob@example.org, password: hunter2secret"), said("Done."))
    check = check_rows(tmp_path, *rows)
    assert not check.is_refused
    assert [(each.line, each.what) for each in check.problems] == [
        (3, "holds an e-mail address"),
        (3, "holds an IP address"),
        (6, "holds an e-mail address"),
        (6, "holds a credential"),
    ]


def test_a_row_in_two_files_is_a_leak(tmp_path: Path) -> None:
    train = [openai(user(f"What is the answer to question {number} of {number * 7}?"), said(f"It is {number}.")) for number in range(12)]
    for name, rows in {"train.jsonl": train, "test.jsonl": [*train[3:4], openai(user("Something else?"), said())]}.items():
        (tmp_path / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    first, second = check_files([tmp_path / "train.jsonl", tmp_path / "test.jsonl"])
    assert describe(first) == []
    assert describe(second)[1:] == [
        f"1:  is of one conversation with {tmp_path}/train.jsonl:4, or nearly the same. "
        "Keep it in one of the two files: a test that has seen it measures nothing."
    ]


def test_what_sayso_writes_passes_its_own_check(tmp_path: Path) -> None:
    examples = [
        Example(
            prompt=(user(f"Question {number} about {number * 31}?"),),
            answer=(said(f"Answer {number * 17}"),),
            origin=ExampleOrigin("r", f"c{number}"),
        )
        for number in range(120)
    ]
    for format, reader in (("chat", "openai"), ("chat", "trl"), ("prompt-completion", "openai"), ("prompt-completion", "trl")):
        folder = tmp_path / f"{format}-{reader}"
        make_dataset(examples, format=format, reader=reader, shares=(0.8, 0.1, 0.1)).write(folder)
        checks = check_files([folder / f"{name}.jsonl" for name in ("train", "validation", "test")], reader=reader)
        assert [describe(each) for each in checks if each.rows >= 10] == [[] for each in checks if each.rows >= 10]


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no file .*none\.jsonl"):
        check_files([tmp_path / "none.jsonl"])
    with pytest.raises(UsageError, match="is a folder"):
        check_files([tmp_path])
    (tmp_path / "t.csv").write_text("a,b\n1\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"t\.csv:2 has not as many columns"):
        read_table(tmp_path / "t.csv")
    with pytest.raises(UsageError, match="Say what to make of its rows"):
        read_file(tmp_path / "t.csv")
    with pytest.raises(UsageError, match="is not a table"):
        read_table(Path(__file__))
