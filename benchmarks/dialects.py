"""How many calls are read as they were meant, how fast, and whether a cut stream reads the same.

python benchmarks/dialects.py [--write] [--accuracy | --speed]

The texts are in corpora beside the repository (../shared/corpora, or where SAYSO_CORPORA says); without them only speed is measured.
"""

from __future__ import annotations

import json
import os
import random
import re
import statistics
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from _sglang import load_detector
from _table import Row, finish_several

from sayso.tools import Reader, calculator, read
from sayso.tools.dialects import Reading
from sayso.tools.dialects.dialect import resolve_dialect
from sayso.tools.errors import UsageError
from sayso.tools.ordering.order_desk import MENU, ORDER

CORPORA = Path(os.environ.get("SAYSO_CORPORA") or Path(__file__).resolve().parents[2] / "shared" / "corpora")
TRAPS = (
    "marker_in_value",
    "raw_newline",
    "fence_in_value",
    "parens_in_string",
    "quotes_in_string",
    "call_in_string",
    "observation",
    "final",
)
ON_PURPOSE = {
    "prefilled": "the text begins in the prompt; what was not written by the model is not in its reading",
    "Kimi-K3:4889": "a reply that is cut while it thinks, without any mark of thinking, reads as prose: nothing in the text says otherwise",
    "DeepSeek-V4:4353": "the same: what comes before the call is prose, and only its server knows that it was thinking",
    "Nemotron-3-Nano-30B-A3B-BF16:2704": "text before </think> is thinking, also where a server was told to leave thinking in the text",
    "Qwen3.5-4B:2377": "an empty thought is empty; the server's test has the opening mark itself as its text",
    "granite-3.3-2B-Instruct:3377": "<response> tags are left in the text",
}


def load_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a corpus; none where it is absent."""
    path = CORPORA / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def name_dialect(row: Mapping[str, Any]) -> str:
    """Return the dialect that a row's format names, or `auto`."""
    try:
        return resolve_dialect(row["format"].split("~")[0])
    except UsageError:
        return "auto"


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal as JSON: 20 and 20.0 are one number, 1 and true are not one value."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return type(one) is type(other) and bool(one == other)


def has_right_calls(row: Mapping[str, Any], reading: Reading) -> bool:
    """Tell whether names and arguments are exactly those expected, as far as the row says."""
    if row["grade"] == "smoke":
        return True
    if row["grade"] != "full":
        return len(reading.calls) == row["n_calls"]
    wanted = row["calls"]
    return len(wanted) == len(reading.calls) and all(
        call.tool == want["name"] and is_same(dict(call.arguments), want["arguments"])
        for call, want in zip(reading.calls, wanted, strict=True)
    )


def has_right_prose(row: Mapping[str, Any], reading: Reading) -> bool:
    """Tell whether the text outside of calls is the expected one, white space aside."""
    return row.get("content") is None or row["content"].split() == reading.text.split()


def read_output(row: Mapping[str, Any]) -> Any:
    """Return what the model wrote: text, or a provider's message."""
    return row.get("message") or row["output"]


def classify(row: Mapping[str, Any]) -> str:
    """Return what a row is: well-formed, a trap (any slip that has one reading), or no call at all."""
    if row["format"] == "negative":
        return "negatives"
    return "traps" if row["format"].partition("~")[2] in TRAPS else "well-formed"


def measure_accuracy() -> Iterator[Row]:
    """Yield the accuracy on rendered and literal outputs, with the format named and not."""
    limits = {"well-formed": 100, "traps": 98, "negatives": 99}
    for name, dialect in (("told", name_dialect), ("not told", lambda row: "auto")):
        right: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for row in load_rows("bfcl_wire_formats"):
            reading = read(read_output(row), row["tools"], dialect(row))
            total[classify(row)] += 1
            right[classify(row)] += has_right_calls(row, reading) and has_right_prose(row, reading)
        for what, limit in limits.items():
            yield Row(f"rendered, {what}, format {name} ({total[what]})", 100 * right[what] / total[what], "%", limit, at_least=True)
        literal = [row for row in load_rows("toolcalls_llamacpp") if row["grade"] == "full"]
        good = sum(has_right_calls(row, read(row["output"], row.get("tools", []), dialect(row))) for row in literal)
        limit = 95 if name == "told" else 90
        yield Row(f"literal, full arguments, format {name} ({len(literal)})", 100 * good / len(literal), "%", limit, at_least=True)
    yield from compare_prose()
    sums = load_rows("gsm8k_calls_train")
    good = sum(has_right_calls(row, read(row["output"], row["tools"])) for row in sums)
    yield Row(f"sums in prose, CALCULATOR(48/2), format not told ({len(sums)})", 100 * good / len(sums), "%", 100, at_least=True)


def measure_mentions() -> Iterator[Row]:
    """Yield how many calls that are only spoken of, and neighbours that are calls, are read as what they are."""
    rows = load_rows("mentions")
    wrong = [row["id"] for row in rows if not has_right_calls(row, read(row["output"], row["tools"], native=row.get("native", False)))]
    for name in wrong:
        print(f"read differently: {name}", file=sys.stderr)
    yield Row(
        f"calls that are only mentioned, and their neighbours ({len(rows)})", len(rows) - len(wrong), "right", len(rows), at_least=True
    )


def compare_prose() -> Iterator[Row]:
    """Yield how many texts and reasonings of literal outputs differ. Those that differ on purpose are listed."""
    other = []
    for row in load_rows("toolcalls_llamacpp"):
        reading = read(row["output"], row.get("tools") or [], name_dialect(row))
        thought = row.get("reasoning")
        if not has_right_prose(row, reading) or (thought is not None and thought.split() != reading.reasoning.split()):
            other.append(row)
    unexplained = 0
    for row in other:
        why = ON_PURPOSE["prefilled"] if row["prefilled"] else next((why for test, why in ON_PURPOSE.items() if test in row["test"]), "")
        unexplained += not why
        print(f"read differently: {row['test']}: {why or 'NOT EXPLAINED'}")
    yield Row("literal, text or thinking read differently on purpose", len(other) - unexplained, "rows")
    yield Row("literal, text or thinking read differently by mistake", unexplained, "rows", 0)


def cut_everywhere(row: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return cuts, readings that differ from the whole text's, and exceptions: cut at every place, and into single characters."""
    text, tools = row["output"], (list_real_tools(row) if "task" in row else row.get("tools", []))
    different = 0
    try:
        whole = read(text, tools)
        for cut in range(len(text) + 1):
            reader = Reader(tools)
            reader.feed(text[:cut])
            reader.feed(text[cut:])
            different += reader.close() != whole
        reader = Reader(tools)
        for character in text:
            reader.feed(character)
        different += reader.close() != whole
    except Exception as error:  # noqa: BLE001  whatever it is, it is what is counted here
        print(f"{row.get('id') or row['prompt_id']}: {error!r}")
        return len(text), different, 1
    return len(text) + 2, different, 0


def measure_splits() -> Iterator[Row]:
    """Yield the results of every cut of every row."""
    texts = [
        row for name in ("bfcl_wire_formats", "toolcalls_llamacpp", "real_model_outputs") for row in load_rows(name) if "output" in row
    ]
    with ProcessPoolExecutor() as pool:
        counts = list(pool.map(cut_everywhere, texts, chunksize=32))
    cuts, different, exceptions = (sum(column) for column in zip(*counts, strict=True))
    yield Row(f"cut in two at every place, {len(texts)} rows, {cuts} cuts: different readings", different, "readings", 0)
    yield Row("exceptions", exceptions, "exceptions", 0)


def tool(name: str, *parameters: str) -> dict[str, Any]:
    """Return a tool whose parameters are texts."""
    properties = {parameter: {"type": "string"} for parameter in parameters}
    return {"type": "function", "function": {"name": name, "parameters": {"properties": properties, "required": list(parameters)}}}


CALC, BOOK = [tool("CALCULATOR", "expression")], [tool("ORDER", "item", "customer_id", "address")]
INLINE = {"SEARCH": "query", "FETCH": "url", "CALCULATOR": "expression", "TIME": "city", "REPLY": "text"}
NATIVE = {"search": "query", "fetch": "url", "calculator": "expression", "get_time": "city", "reply": "text"}
MENU_OF_TOOLS, NATIVE_TOOLS = ([tool(*each) for each in menu.items()] for menu in (INLINE, NATIVE))


def list_real_tools(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tools that a row's prompt offered."""
    if row["task"] in ("calc", "order"):
        return CALC if row["task"] == "calc" else BOOK
    return MENU_OF_TOOLS if "inline" in row["mode"] or "menu" in row["mode"] else NATIVE_TOOLS


def read_real_output(row: Mapping[str, Any]) -> str:
    """Return what a small model wrote, or the endpoint's message where it was asked through the native field for tools."""
    return str(json.loads(row["output"])["content"]) if row["mode"] in ("native-auto", "native-required") else str(row["output"])


_JSON_CALL = re.compile(r'"name"\s*:\s*"(\w+)[^"]*"\s*,\s*"arguments"\s*:\s*\{([^{}]*)\}')


def count_as_person(row: Mapping[str, Any]) -> list[str]:
    """Return the tools that a person sees called: NAME(something) or a JSON object, of a tool that was offered, with what it needs."""
    offered = {each["function"]["name"].casefold(): each["function"]["parameters"]["required"] for each in list_real_tools(row)}
    text = read_real_output(row)
    if len(re.findall(r"^[A-Z]+\(\w+\) - ", text, re.MULTILINE)) > 1:
        return []
    names = "|".join(offered)
    written = [found[1] for found in re.finditer(rf"(?i:({names}))\([^\n]+?\)", text) if not is_glued_to_a_word(text, found)]
    objects = [(found[1], found[2]) for found in _JSON_CALL.finditer(text)]
    as_json = [name for name, inside in objects if name in offered and all(f'"{key}"' in inside for key in offered[name])]
    return [name.casefold() for name in written or as_json]


def is_glued_to_a_word(text: str, found: re.Match[str]) -> bool:
    """Tell whether the name is the end of another one: REORDER("""
    before = text[: found.start()][-1:]
    return (before in "\"_`'" and bool(before)) or (before.isalpha() and not (before.islower() and found[1].isupper()))


def compare_with_person() -> Iterator[Row]:
    """Yield, by task of small models, the calls that a person sees and that are read, and those that are read and a person does not see."""
    seen, missed, extra = Counter[str](), Counter[str](), Counter[str]()
    for row in load_rows("real_model_outputs"):
        expected, got = (
            Counter(count_as_person(row)),
            Counter(call.tool.casefold() for call in read(read_real_output(row), list_real_tools(row)).calls),
        )
        seen[row["task"]] += expected.total()
        missed[row["task"]] += (expected - got).total()
        extra[row["task"]] += (got - expected).total()
        if expected != got:
            print(f"{row['prompt_id']} ({row['mode']}): a person sees {dict(expected)}, read {dict(got)}: {read_real_output(row)[:200]!r}")
    for task in seen:
        found = seen[task] - missed[task]
        yield Row(f"small models, {task}: calls that a person sees and that are read", found, "calls", seen[task], at_least=True)
        # A list of five tools that is repeated from the prompt, "SEARCH(company) - search for ...", is five calls to a reader.
        yield Row(f"small models, {task}: calls that are read and a person does not see", extra[task], "calls", 5 if task == "tools" else 0)


def measure_seconds(once: Callable[[], object], times: int = 5) -> float:
    """Return the median of several runs, by the processor's clock."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        once()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


TOOLS = [calculator, ORDER, MENU]
SENTENCE = "The quick brown fox (which is called Fred) jumps over the lazy dog, and costs $3.25 at most; see [1] for more.\n"


def measure_speed() -> Iterator[Row]:
    """Yield the speed of prose, of markers in a row, and of long arguments in small pieces."""
    prose = SENTENCE * (1_000_000 // len(SENTENCE))
    per_byte = measure_seconds(lambda: read(prose, TOOLS)) / len(prose)
    yield Row("1 MB of prose without a call", 1e-6 / per_byte, "MB/s", 20, at_least=True)
    for mark in ("(", "<tool_call>", "`"):
        text = mark * 10_000
        taken = measure_seconds(lambda text=text: read(text, TOOLS), 20)
        yield Row(f"10,000 {mark} in a row, a byte beside one of prose", taken / len(text) / per_byte, "times", 1)
    for name, lead in LONG.items():
        for arguments, told in ((False, ""), (True, ", its text told")):
            small, large = (measure_growth(lead, size, arguments=arguments) for size in (25_000, 100_000))
            yield Row(f"a long argument in pieces of 1, {name}{told}: a piece at 100,000 beside one at 25,000", large / small, "times", 1.5)


SHORT = '<tool_call>\n{"name": "ORDER", "arguments": {"item": "Burger", "customer": "9876", "quantity": 2}}\n</tool_call>'
CALLS = {
    "hermes": f"{SHORT}\n",
    "call": "I ask for ORDER(Burger with fries, 9876, 14 Elm Street) now, as you said.\n",
    "qwen3_coder": "<tool_call>\n<function=CALCULATOR>\n<parameter=expression>\n48/2\n</parameter>\n</function>\n</tool_call>\n",
    "json": '{"name": "CALCULATOR", "arguments": {"expression": "48/2"}};',
    "react": 'Action: CALCULATOR\nAction Input: {"expression": "48/2"}\n',
}
ITEM = {"id": 7, "title": "Row 7 of it", "price": 10.5, "tags": ["a", "b"], "nested": {"x": [1, 2, 3], "y": None}}
DATA = {
    "lines of JSON": f"{json.dumps(ITEM)}\n" * 9_000,
    "lines of JSON that begin with a name": f"{json.dumps({'name': 'Ada Row', **ITEM})}\n" * 8_000,
    "one list": json.dumps([ITEM] * 9_000),
    "one list, indented": json.dumps([ITEM] * 6_000, indent=2),
}
HOSTILE = {
    "100,000 calls": "CALCULATOR(1)\n" * 100_000,
    "marks nested 10,000 deep": "<tool_call>" * 10_000 + "</tool_call>" * 10_000,
    "brackets nested 10,000 deep": '{"a":[' * 10_000,
    "10,000 objects that break off": '{"name": "ORDER", "arguments": {"item": "' * 10_000,
    "10,000 thoughts in each other": "<think>" * 10_000,
}


def measure_short_calls() -> Iterator[Row]:
    """Yield what a short call costs, whole and in tokens, beside SGLang's detector, json_repair and partial-json-parser."""
    whole = measure_seconds(lambda: [read(SHORT, TOOLS) for _ in range(300)], 9) / 300
    yield Row("a short call, whole", whole * 1e6, "us")
    pieces = re.findall(r"<[^>]*>|\w+|\W", SHORT)

    def stream() -> None:
        reader = Reader(TOOLS, arguments=True)
        for piece in pieces:
            reader.feed(piece)
        reader.close()

    streamed = measure_seconds(lambda: [stream() for _ in range(100)], 9) / 100
    yield Row(f"a short call in {len(pieces)} tokens, its text told", streamed * 1e6, "us")
    yield from compare_sglang(whole, streamed, pieces)
    inner = SHORT.removeprefix("<tool_call>\n").removesuffix("\n</tool_call>")
    beginnings = [inner[:end] for end in range(20, len(inner))]
    for name in ("json_repair", "partial_json_parser"):
        try:
            parse = import_module(name).loads
        except ImportError:
            continue
        again = measure_seconds(lambda parse=parse: [parse(each) for each in beginnings], 9)
        yield Row(f"the JSON in it with {name}, each longer beginning, for nothing else is a stream to it", again * 1e6, "us")


def compare_sglang(whole: float, streamed: float, pieces: Sequence[str]) -> Iterator[Row]:
    """Yield how much longer a short call takes than with SGLang's detector, whole and in tokens."""
    loaded = load_detector()
    if loaded is None:
        return
    detector, tools = loaded
    assert detector().detect_and_parse(SHORT, tools).calls[0].name == "ORDER"
    once = measure_seconds(lambda: [detector().detect_and_parse(SHORT, tools) for _ in range(300)], 9) / 300

    def stream() -> None:
        reader = detector()
        for piece in pieces:
            reader.parse_streaming_increment(piece, tools)

    yield Row("a short call, whole, beside SGLang's detector", whole / once, "times", 2)
    again = measure_seconds(lambda: [stream() for _ in range(30)], 9) / 30
    yield Row(f"a short call in {len(pieces)} tokens, its text told, beside SGLang's detector", streamed / again, "times", 2)


def measure_texts() -> Iterator[Row]:
    """Yield the speed of text full of calls, of data in JSON, and of hostile texts."""
    for name, call in CALLS.items():
        text = call * (300_000 // len(call))
        assert len(read(text, TOOLS).calls) == len(text) // len(call), name
        speed = len(text) / measure_seconds(lambda text=text: read(text, TOOLS), 3) / 1e6
        yield Row(f"text full of calls, {name}", speed, "MB/s", 3, at_least=True)
    for name, text in DATA.items():
        assert not read(text, TOOLS).calls
        yield Row(f"data, {name}", len(text) / measure_seconds(lambda text=text: read(text, TOOLS), 3) / 1e6, "MB/s", 10, at_least=True)
    for name, text in HOSTILE.items():
        yield Row(f"hostile: {name}", measure_seconds(lambda text=text: read(text, TOOLS), 1), "s", 20)
    reader, piece = Reader(TOOLS, prose=False), SENTENCE * 9
    start = time.process_time()
    for _ in range(100_000_000 // len(piece)):
        reader.feed(piece)
    yield Row("a stream of 100 MB of prose, by 1 kB", time.process_time() - start, "s", 60)
    small, large = (measure_growth(LONG["hermes"], size, arguments=True, piece="a" * 100) for size in (250, 10_000))
    yield Row("a long argument in pieces of 100: a piece at 1 MB beside one at 25,000", large / small, "times", 1.5)


COMMON_NAMES = (
    "read write search open print get run list find send call fetch exec execute test update delete create load save query bash edit"
    " read_file write_file get_weather calculate respond help"
)
_MOST_CODE = 4_000_000  # characters of each kind
# What is installed on this machine: the packages of this environment, headers, documentation, the modules of npm.
_CODE_OF: dict[str, tuple[str, tuple[str, ...]]] = {
    "Python": (".py", (sysconfig.get_path("purelib"),)),
    "C and C++": (".h .c .hpp", ("/usr/include",)),
    "JavaScript": (".js .mjs .ts", ("/usr/lib/node_modules", "/usr/share/nodejs")),
    "reStructuredText": (".rst", ("/usr/share", "/usr/lib")),
    "Markdown": (".md", ("/usr/share", "/usr/lib")),
    "plain text": (".txt", ("/usr/share/doc", "/usr/share")),
    "PHP": (".php", ("/usr/share", "/usr/lib")),
    "Perl": (".pl .pm", ("/usr/share/perl", "/usr/share/perl5")),
    "shell": (".sh", ("/usr/share", "/usr/lib", "/etc")),
    "SQL": (".sql", ("/usr/share",)),
    "Go, Rust and Java": (".go .rs .java", ("/usr/share", "/usr/lib")),
    "YAML, INI and TOML": (".yaml .yml .ini .cfg .conf .toml", ("/usr/share", "/usr/lib", "/etc")),
    "logs": (".log", ("/var/log",)),
    "CMake": (".cmake", ("/usr/share", "/usr/lib")),
    "Vim": (".vim", ("/usr/share",)),
}


def find_code(endings: str, folders: Collection[str]) -> list[Path]:
    """Return the files of one kind, in an order that is the same each time and mixes their folders."""
    found = {
        Path(folder, name)
        for root in folders
        for folder, _, names in os.walk(root)
        for name in names
        if name.endswith(tuple(endings.split()))
    }
    files = sorted(file for file in found if file.is_file() and file.stat().st_size < 2_000_000)
    random.Random(1).shuffle(files)
    return files


def measure_false_calls() -> Iterator[Row]:
    """Yield how many calls are read in code and documents of each kind, given as a reply without fences, with tools of common names."""
    properties = {"path": {"type": "string"}, "text": {"type": "string"}}
    tools = [{"name": name, "parameters": {"properties": properties, "required": ["path"]}} for name in COMMON_NAMES.split()]
    for kind, (endings, folders) in _CODE_OF.items():
        size, calls, problems = 0, 0, 0
        for file in find_code(endings, folders):
            try:
                text = file.read_text("utf-8", errors="replace")
            except OSError:
                continue
            reading = read(text, tools)
            size, calls, problems = size + len(text), calls + len(reading.calls), problems + len(reading.problems)
            if size > _MOST_CODE:
                break
        if size > 100_000:
            yield Row(
                f"unfenced {kind}, {size / 1e6:.1f} MB, {len(tools)} tools of common names: false calls", 1e6 * calls / size, "per MB", 1
            )
            yield Row("the same: problems where nothing was meant", 1e6 * problems / size, "per MB", 1)


LONG = {
    "call": "ORDER(Burger, 9876, ",
    "hermes": '<tool_call>\n{"name": "ORDER", "arguments": {"item": "',
    "qwen3_coder": "<tool_call>\n<function=ORDER>\n<parameter=item>\n",
    "react": "Action: CALCULATOR\nAction Input: ",
    "gemma": '<|tool_call>call:ORDER{item:<|"|>',
    "harmony": '<|channel|>commentary to=functions.ORDER<|message|>{"item": "',
}


def measure_growth(lead: str, size: int, *, arguments: bool, piece: str = "a") -> float:
    """Return the seconds for a piece."""

    def once() -> None:
        reader = Reader(TOOLS, arguments=arguments)
        reader.feed(lead)
        for _ in range(size):
            reader.feed(piece)

    return measure_seconds(once, 3) / size


if __name__ == "__main__":
    corpora_only = "--accuracy" in sys.argv
    speeds_only = "--speed" in sys.argv or not load_rows("bfcl_wire_formats")
    sys.argv = [each for each in sys.argv if each not in ("--accuracy", "--speed")]
    if not load_rows("bfcl_wire_formats"):
        print(f"The corpora are not in {CORPORA} (set SAYSO_CORPORA): only speed is measured.", file=sys.stderr)
    tables: dict[str, list[Row]] = {}
    if not corpora_only:
        tables["Dialects, speed"] = [*measure_speed(), *measure_short_calls(), *measure_texts()]
    if not speeds_only:
        found = [*measure_accuracy(), *measure_mentions(), *compare_with_person(), *measure_false_calls(), *measure_splits()]
        tables["Dialects"] = found
    finish_several(tables)
