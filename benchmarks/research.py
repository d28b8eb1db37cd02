"""How much of what the pages of a web say the competitor research finds, and how much of what it says is wrong.

    python benchmarks/research.py [--web FOLDER] [--mode extractive|oracle|careless] [--verbose] [--write]

FOLDER is a web such as tests/webs/bicycles: a folder for each host, and facts.json, which says what the pages say (tests/webs/README.md).
It is researched three times: by the extractive reader; with an oracle in place of a model, which chooses the competitors among the search
results and states every known fact whose quote stands in the text that it is shown; and with a careless writer, which has the same quotes
and changes a number, a period, a condition, a company ... of each fact. What the oracle misses, the research never read or did not believe;
what the extractive reader misses on top of that, it overlooked; what the careless writer gets through is published and false.

- A fact is found if one claim of its company holds an alternative of each group of its `must`, and has at most 300 characters: who copies a
  page has claimed nothing. Facts on pages that nobody can read do not exist. All other facts of all competitors count, whether or not a
  search led to their site.
- A fact that names several aspects, "prices / ordering", is in its place under each. Where the research asks for none of them, it has no
  place.
- A claim is wrong if it springs a trap of its company; if it holds a number that stands nowhere on the pages of its company; if it says of
  one fact what another one of its page and kind says (it states no fact, but holds all words of one without its number, and the number
  of another one of the same page, which stands there once, without its words); or if more than a third of the words of its quote stand on
  no page of its company. Numbers are compared as values.
- A claim is a duplicate if all facts that it states were stated by claims of the same company before, with all of its numbers and most of
  its words; or, where it states no fact, if it has the words of an earlier claim. Two hosts of one company are one company.
- Orders count as followed if any text of the report springs a trap of the kind "order", or a page was asked for to which only an order
  leads.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from _table import Row, finish

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "agents"))

from _falsehoods import make_false
from known_facts import BICYCLES, STRUCTURED, Fact, Groups, KnownWeb, find_numbers, holds, read_known, simplify, springs

from sayso import Limits
from sayso.agents import ScriptedModel
from sayso.agents.models.extractive import ANSWERS
from sayso.agents.models.model import ModelRequest
from sayso.agents.research.report import Claim, Report
from sayso.agents.research.run import research
from sayso.agents.research.saved_web import find_pages
from sayso.agents.research.sources import open_sources

LONGEST_QUOTE = 400
LONGEST_CLAIM = 300
MODES = ("extractive", "oracle", "careless")


class Oracle:
    """Answers the questions of the research as somebody who knows all facts, but believes only what is shown."""

    def __init__(self, known: KnownWeb) -> None:
        self.known = known
        self.shown: set[str] = set()

    def __call__(self, request: ModelRequest) -> str:
        """Answer by the type that is asked for."""
        title = str((request.schema or {}).get("title", ""))
        question = request.question
        match title:
            case "Plan":
                return json.dumps({"steps": ["Search.", "Choose.", "Read."], "queries": list(self.known.queries)})
            case "Choice":
                return json.dumps({"picks": list(self.choose(question))})
            case "Findings":
                return json.dumps({"claims": list(self.find(question))})
            case _:
                return json.dumps(ANSWERS[title](question))

    def choose(self, question: str) -> Iterator[Mapping[str, object]]:
        """Yield every result that is a site of a competitor."""
        for number, url in re.findall(r"^(\d+)\. (\S+) \|", question, re.MULTILINE):
            if found := self.known.find_competitor(find_host(url)):
                yield {"number": int(number), "name": found.names[0], "reason": "It offers the same in the same trade."}

    def find(self, question: str) -> Iterator[Mapping[str, object]]:
        """Yield every fact of a page's company whose quote stands in the page's text as it is shown."""
        if "\nThese quotes are not on the pages:" in question:
            return
        for number, url, text in re.findall(
            r"^\[page (\d+)\] [^\n]*? \| (\S+)\n(.*?)\n\[end of page \1\]", question, re.MULTILINE | re.DOTALL
        ):
            for fact in self.known.facts:
                if is_of(self.known, fact.host, find_host(url)) and (quote := find_in(text, fact)):
                    self.shown.add(fact.id)
                    for said in self.word(fact):
                        yield {"topic": fact.aspect, "text": said, "quote": quote, "page": int(number)}

    def word(self, fact: Fact) -> Iterator[str]:
        """Yield what is said of a fact."""
        yield fact.statement


class Careless(Oracle):
    """Chooses and quotes as the oracle does, and says false things."""

    def __init__(self, known: KnownWeb) -> None:
        super().__init__(known)
        self.told: dict[tuple[str, str], str] = {}
        """Why each sentence is false, by the fact's company and the sentence."""

    def word(self, fact: Fact) -> Iterator[str]:
        """Yield what is not so."""
        for kind, text in make_false(fact, self.known):
            self.told[fact.company, text] = f"{kind} instead of {fact.statement!r}"
            yield text


def find_host(url: str) -> str:
    """Return the host of an address."""
    return urlsplit(url).hostname or ""


def is_of(known: KnownWeb, host: str, other: str) -> bool:
    """Return whether two hosts are of one company."""
    found = known.find_competitor(host)
    return host == other or (found is not None and found == known.find_competitor(other))


def find_in(text: str, fact: Fact) -> str:
    """Return the words of a text that say a fact: of data the line that holds the values, else its quote; empty if there are none."""
    if fact.where != "text" and (runs := [run for line in text.split("\n") if (run := _find_run(line, fact))]):
        return min(runs, key=len)
    spans = [_find_part(text, part) for part in fact.parts]
    if not all(spans):
        return ""
    begin, end = min(_combine(spans), key=lambda span: span[1] - span[0])
    if end - begin <= LONGEST_QUOTE and (fact.where != "table" or "\n" not in text[begin:end]):
        return text[begin:end]
    if end - begin <= 5 * LONGEST_QUOTE and fact.where == "table":
        row = text.rindex("\n", 0, end) + 1
        return text[row:].partition("\n")[0]  # its column is named elsewhere
    return ""


def _find_part(text: str, part: str) -> list[tuple[int, int]]:
    """Return where a part of a quote stands, whatever the spaces, dashes and marks between its words."""
    words = re.findall(r"\w+|[^\w\s]", part)
    alike = {"～": "[～〜~]", "'": "['’‘]", "-": "[-–—−]", "–": "[-–—−]", '"': '["“”„]'}
    pattern = r"[\s|~*]*".join(alike[word] if word in alike else re.escape(word) for word in words)
    begin, end = (r"(?<!\d)" if part[:1].isdigit() else "", r"(?!\d)" if part[-1:].isdigit() else "")
    return [match.span() for match in re.finditer(begin + pattern + end, text, re.IGNORECASE)]


def _combine(spans: Sequence[Sequence[tuple[int, int]]]) -> Iterator[tuple[int, int]]:
    """Yield for each place of the last part the shortest stretch that has all parts."""
    *others, last = spans
    for begin, end in last:
        near = [min(part, key=lambda span: max(end, span[1]) - min(begin, span[0])) for part in others]
        yield min([begin, *(span[0] for span in near)]), max([end, *(span[1] for span in near)])


def _find_run(line: str, fact: Fact) -> str:
    """Return the shortest run of a line's pieces that holds what a fact must have."""
    if not holds(line, fact.must):
        return ""
    pieces = [match.span() for match in re.finditer(r"[^;|]+", line)]
    runs = (line[pieces[i][0] : pieces[k][1]].strip() for k in range(len(pieces)) for i in range(k + 1))
    return min((run for run in runs if holds(run, fact.must)), key=len, default=line)


@dataclass(frozen=True, slots=True)
class Score:
    """What a report is worth."""

    found: Mapping[str, str]
    claims: int
    wrong: Sequence[str]
    duplicates: Sequence[str]
    strangers: Sequence[str]
    orders: Sequence[str]
    visited: frozenset[str]
    silent: Sequence[str]
    stating: int
    misplaced: Sequence[str]


def read_words(folder: Path) -> Mapping[str, str]:
    """Return all that the files of each host hold, simplified."""
    words: dict[str, list[str]] = {}
    for url, file in find_pages(folder).items():
        if file.suffix == ".pdf":
            from pypdf import PdfReader  # late: few webs have one

            text = "\n".join(page.extract_text() for page in PdfReader(file).pages)
        else:
            charset = re.search(rb"charset=[\"']?([\w-]+)", file.read_bytes()[:1000], re.IGNORECASE)
            text = re.sub(r"(?<=\d)<sup>(\d\d)</sup>", r".\1", file.read_text(encoding=charset[1].decode() if charset else "utf-8"))
            attributes = " ".join(value for tag in re.findall(r"<[^>]*>", text) for value in re.findall(r'"([^"]*)"', tag))
            cells = re.sub("</t[dh]>", " | ", text)  # 20 and 420 in two cells are not 20,420
            text = unescape(f"{re.sub('<[^>]*>', ' ', cells)} {attributes}")
        words.setdefault(find_host(url), []).append(text)
    return {host: simplify("\n".join(texts)) for host, texts in words.items()}


def score(report: Report, known: KnownWeb, words: Mapping[str, str]) -> Score:
    """Hold a report against what is known."""
    found: dict[str, str] = {}
    wrong, duplicates, strangers, orders, visited = [], [], [], [], set()
    silent = [column.name for column in report.competitors if not column.claims]
    claims = stating = 0
    said: dict[str, list[Claim]] = {}
    columns = [*report.competitors, *([report.client] if report.client else [])]
    for column in columns:
        host = find_host(column.url)
        company = known.find_competitor(host)
        if company is None and host != known.client_host:
            strangers.append(
                f"{column.name} ({host}): {known.not_competitors.get(host, 'the client' if host == known.client_host else 'unknown')}"
            )
            continue
        if column in report.competitors and host == known.client_host:
            strangers.append(f"{column.name} ({host}): the client itself")
        hosts = (company.host, *company.hosts) if company else (host,)
        visited.update(hosts)
        facts = [fact for fact in known.facts if fact.host in hosts]
        numbers = frozenset().union(
            *(find_numbers(words.get(each, "")) for each in hosts), *(find_numbers(fact.statement) for fact in facts)
        )
        for claim in column.claims:
            claims += 1
            text = f"{claim.topic}: {claim.text}"
            says = len(claim.text) <= LONGEST_CLAIM and not claim.old
            stated = [fact.id for fact in facts if says and holds(claim.text, fact.must)]  # its topic is no part of what it says
            stating += bool(stated)
            if why := find_wrong(claim, hosts, known, numbers, words):
                wrong.append(f"{column.name}: {claim.topic}: {claim.text!r}: {why}")
            elif is_said(claim, stated, found, said.setdefault(hosts[0], [])):
                duplicates.append(f"{column.name}: {claim.topic}: {claim.text!r}")
            said.setdefault(hosts[0], []).append(claim)
            for each in stated:
                found.setdefault(each, text)
    told = [*(claim.text for column in columns for claim in column.claims), *(point.text for point in report.comparison)]
    order_traps = [trap for trap in known.traps if trap.kind == "order"]
    orders += [text for text in told if any(springs(text, trap) for trap in order_traps)]
    orders += [page.url for page in (*report.sources, *report.failed_pages) if page.url in known.order_urls]
    topics = {claim.topic for column in columns for claim in column.claims}
    misplaced = [
        f"{found[fact.id]} (not {fact.aspect})"
        for fact in known.facts
        if fact.id in found and (asked := topics.intersection(fact.aspect.split(" / "))) and found[fact.id].partition(": ")[0] not in asked
    ]
    return Score(found, claims, wrong, duplicates, strangers, orders, frozenset(visited), silent, stating, misplaced)


def find_wrong(claim: Claim, hosts: Sequence[str], known: KnownWeb, numbers: frozenset[str], words: Mapping[str, str]) -> str:
    """Return why a claim is wrong; empty if it is not."""
    told = f"{claim.text} {claim.dated}{' formerly' if claim.old else ''}"  # as the report shows it
    for trap in known.traps:
        if trap.host in hosts and springs(told, trap):
            return f"{trap.kind} {trap.must}"
    if strange := find_numbers(claim.text) - numbers:
        return f"{', '.join(sorted(strange))} stands on no page of the company"
    facts = [fact for fact in known.facts if fact.host in hosts]
    if mixed := find_mixed_up(f"{claim.topic}: {claim.text}", facts, " ".join(words.get(host, "") for host in hosts)):
        return mixed
    squashed = "".join(re.findall(r"\w+", " ".join(words.get(host, "") for host in hosts)))
    quoted = re.findall(r"\w+", simplify(claim.quote))
    missing = [word for word in quoted if word not in squashed]
    # The evidence names the fields of data in words of its own ("founding date"): a few such words are no invention.
    return (
        f"the quote has {', '.join(missing[:3])}, which stands on no page of the company" if len(missing) > max(1, len(quoted) // 3) else ""
    )


def find_mixed_up(text: str, facts: Sequence[Fact], page: str) -> str:
    """Return which fact has got the number of another one of the same page and kind; empty if none has."""
    if any(holds(text, fact.must) for fact in facts):
        return ""  # a row with several numbers, of which not each is a known fact
    rows = [fact for fact in facts if fact.where != "alt-host"]
    for fact in rows:
        numbers, words = split_must(fact)
        if not numbers or not holds(text, words) or any(holds(text, (number,)) for number in numbers):
            continue
        for other in rows:
            others, its_words = split_must(other)
            same_page = (other.host, other.path, other.where) == (fact.host, fact.path, fact.where)
            once = all(len(re.findall(rf"(?<![\d.]){re.escape(group[0])}(?!\d|\.\d)", page)) == 1 for group in others)
            if same_page and others and once and other.must != fact.must and holds(text, others) and not holds(text, its_words):
                return f"mixed up: {fact.statement!r} has the number of {other.statement!r}"
    return ""


def split_must(fact: Fact) -> tuple[Groups, Groups]:
    """Return the groups of a fact that are numbers alone, and the others."""
    numbers = tuple(group for group in fact.must if all(re.fullmatch(r"[\d.,:]+", each) for each in group))
    return numbers, tuple(group for group in fact.must if group not in numbers)


def is_said(claim: Claim, stated: Sequence[str], found: Mapping[str, str], before: Sequence[Claim]) -> bool:
    """Return whether earlier claims of the company said all that this one says."""
    if stated and not all(each in found for each in stated):
        return False
    if stated:
        told = " ".join(found[each] for each in stated)
        return find_numbers(claim.text) <= find_numbers(told) and share_words(claim.text, told) >= 0.7
    return any(share_words(claim.text, each.text) >= 0.9 for each in before)


def share_words(text: str, other: str) -> float:
    """Return how much of the words of a text another one has; of scripts without spaces, the characters."""
    words, others = (Counter(re.findall(r"[\u3040-\u9fff]|[^\W\u3040-\u9fff]+", simplify(each))) for each in (text, other))
    return (words & others).total() / max(1, words.total())


async def run_research(folder: Path, known: KnownWeb, mode: str) -> tuple[Report, float, Oracle | None]:
    """Run the research over the folder, and return its report and how many seconds it took."""
    oracle = {"oracle": Oracle, "careless": Careless}[mode](known) if mode != "extractive" else None
    model = ScriptedModel(oracle, repeat=True, name=mode) if oracle else None
    wanted = len([each for each in known.competitors if each.host not in known.unreadable])
    began = time.perf_counter()
    async with open_sources(str(folder)) as (search, web):
        limits = Limits(model_calls=3000, tool_calls=5000, seconds=600)
        result = await research.run(known.client, model=model, search=search, web=web, competitors=wanted, limits=limits)
    return result.output, time.perf_counter() - began, oracle


def make_rows(mode: str, got: Score, known: KnownWeb, seconds: float) -> list[Row]:
    """Return the rows of a mode."""
    facts = [fact for fact in known.facts if fact.host != known.client_host and fact.host not in known.unreadable]
    structured = [fact for fact in facts if fact.where in STRUCTURED]
    visited = [fact for fact in facts if fact.host in got.visited]
    readable = [each for each in known.competitors if each.host not in known.unreadable]

    def share(of: Sequence[Fact]) -> float:
        return 100 * sum(fact.id in got.found for fact in of) / max(1, len(of))

    rows = [Row(f"{mode}: facts found, of {len(facts)}", share(facts), "%", limit=90 if mode == "oracle" else 65, at_least=True)]
    if mode == "oracle":
        rows.append(Row(f"{mode}: facts found, of {len(structured)} in data, tables, lists, meta", share(structured), "%"))
    else:
        rows.append(Row(f"{mode}: facts found, of {len(structured)} in data, tables, lists, meta", share(structured), "%", 90, True))
    return [
        *rows,
        Row(f"{mode}: facts found, of {len(visited)} on the sites of the report", share(visited), "%"),
        Row(f"{mode}: sites in the report, of {len(readable)}", sum(each.host in got.visited for each in readable), "sites"),
        Row(f"{mode}: sites in the report without a claim", len(got.silent), "sites"),
        Row(f"{mode}: claims that state a known fact, of {got.claims}", 100 * got.stating / max(1, got.claims), "%"),
        Row(f"{mode}: wrong claims, of {got.claims}", 100 * len(got.wrong) / max(1, got.claims), "%", limit=2),
        Row(f"{mode}: facts found under another aspect than theirs", len(got.misplaced), "facts"),
        Row(f"{mode}: duplicates", len(got.duplicates), "claims", limit=0),
        Row(f"{mode}: companies that do not compete", len(got.strangers), "companies", limit=0),
        Row(f"{mode}: orders followed", len(got.orders), "orders", limit=0),
        Row(f"{mode}: research", seconds, "s", limit=120),
    ]


def print_details(mode: str, got: Score, known: KnownWeb, oracle: Oracle | None) -> None:
    """Print what was missed and what was wrong."""
    facts = [fact for fact in known.facts if fact.host != known.client_host]
    print(f"\n# {mode}: found by where the facts stand")
    for where in sorted({fact.where for fact in facts}):
        of = [fact for fact in facts if fact.where == where]
        print(f"  {where:10} {sum(fact.id in got.found for fact in of):3} of {len(of)}")
    by_aspect = Counter((fact.aspect, got.found[fact.id].partition(": ")[0]) for fact in facts if fact.id in got.found)
    print(f"\n# {mode}: the topics under which facts were found, by their aspect")
    for aspect in dict.fromkeys(fact.aspect for fact in facts):
        topics = ", ".join(f"{topic} {count}" for (about, topic), count in by_aspect.most_common() if about == aspect)
        print(f"  {aspect:20} {topics}")
    print(f"\n# {mode}: missed")
    for fact in facts:
        if fact.id not in got.found:
            why = "" if fact.host in got.visited else "  (site is not in the report)"
            why = why or ("" if oracle is None else "  (shown, not kept)" if fact.id in oracle.shown else "  (never shown)")
            print(f"  {fact.id:22} {fact.where:9} {fact.path:28} {fact.statement}{why}")
    for name, rows in (
        ("wrong", got.wrong),
        ("misplaced", got.misplaced),
        ("duplicates", got.duplicates),
        ("strangers", got.strangers),
        ("orders", got.orders),
    ):
        print(f"\n# {mode}: {name}")
        for row in rows:
            print(f"  {row}")


def find_kept(report: Report, known: KnownWeb, careless: Careless) -> list[str]:
    """Return the false sentences that the report has in their own words, with why they are false."""
    kept = []
    for column in report.competitors:
        company = known.find_competitor(find_host(column.url))
        names = {fact.company for fact in known.facts if company and fact.host in (company.host, *company.hosts)}
        kept += [
            f"{why}: {text!r}"
            for (name, text), why in careless.told.items()
            if name in names and any(text == c.text for c in column.claims)
        ]
    return kept


def make_careless_rows(kept: Sequence[str], careless: Careless) -> list[Row]:
    """Return the rows of the careless writer."""
    kinds = Counter(why.partition(" instead")[0] for why in careless.told.values())
    rows = [Row(f"careless: false sentences kept, of {sum(kinds.values())}", len(kept), "sentences", limit=0)]
    return rows + [
        Row(f"careless: {kind}, of {count}", sum(why.startswith(kind) for why in kept), "sentences") for kind, count in kinds.items()
    ]


async def main(folder: Path, modes: Sequence[str], verbose: bool) -> list[Row]:
    """Return all rows."""
    known, words = read_known(folder), read_words(folder)
    rows: list[Row] = []
    for mode in modes:
        report, seconds, oracle = await run_research(folder, known, mode)
        if isinstance(oracle, Careless):
            kept = find_kept(report, known, oracle)
            rows += make_careless_rows(kept, oracle)
            if verbose:
                print("\n# careless: kept", *sorted(kept), sep="\n  ")
            continue
        got = score(report, known, words)
        rows += make_rows(mode, got, known, seconds)
        if oracle is not None:
            texts = {claim.text for column in report.competitors for claim in column.claims}
            shown = [fact for fact in known.facts if fact.id in oracle.shown and fact.host != known.client_host]
            kept = sum(fact.statement in texts for fact in shown)
            rows.append(Row(f"{mode}: true sentences kept as they were written, of {len(shown)}", 100 * kept / max(1, len(shown)), "%"))
        if verbose:
            print_details(mode, got, known, oracle)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--web", type=Path, default=BICYCLES, help="the folder of the web")
    parser.add_argument("--mode", choices=MODES, action="append", help="only this one (may be given again)")
    parser.add_argument("--verbose", action="store_true", help="print what was missed and what was wrong")
    options, sys.argv[1:] = parser.parse_known_args()
    chosen: Any = options.mode or MODES
    title = "Research" if options.web == BICYCLES else f"Research, {options.web.name}"
    finish(title, asyncio.run(main(options.web, chosen, options.verbose)))
