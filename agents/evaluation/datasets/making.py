"""A data set for fine-tuning: examples without personal data and duplicates, in splits without a leak, written with where each is from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import NothingFound, UsageError

from ...guards.spans import SpanGuard
from .duplicates import NEAR, find_near, measure_similarity, normalise
from .example import Example, LeftOut, iter_texts
from .openai_rules import FEWEST_ROWS
from .placeholders import Placeholders
from .row_formats import Unwritable, check_format, write_row, write_text_line
from .splitting import NAMES, SplitExamples, split_examples
from .text_files import write_jsonl, write_text

CARD = "dataset.json"
PROVENANCE = "provenance.jsonl"
_OURS = (CARD, PROVENANCE, *(f"{name}{more}" for name in NAMES for more in (".jsonl", ".txt", ".unpaired.jsonl")))


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """Examples of one format, by the split that they are in, and what was done to get them.

    `unpaired` are examples with a verdict and no second answer, by split: rows for trainers that take those (KTO). `replaced` counts the
    personal data that was taken out. `notes` are sentences for a person.
    """

    format: str
    reader: str
    parts: Mapping[str, tuple[Example, ...]]
    unpaired: Mapping[str, tuple[Example, ...]]
    left_out: tuple[LeftOut, ...] = ()
    replaced: Mapping[str, int]
    notes: tuple[str, ...] = ()
    escape: bool = False

    def files(self) -> dict[str, str]:
        """Return the texts of the files by their names: the rows, where each of them is from, and a card that says what was done."""
        texts: dict[str, str] = {}
        provenance: list[JsonObject] = []
        for part, reader, more in ((self.parts, self.reader, ""), (self.unpaired, "trl", ".unpaired")):
            for split, found in part.items():
                name = f"{split}{more}.{'txt' if reader == 'text' else 'jsonl'}"
                texts[name] = self._write_rows(found, reader)
                provenance += [_describe_origin(name, line, each) for line, each in enumerate(found, 1)]
        texts[PROVENANCE] = write_jsonl(provenance)
        texts[CARD] = json.dumps(self.describe(), indent=2, ensure_ascii=False) + "\n"
        return texts

    def write(self, folder: str | Path) -> tuple[Path, ...]:
        """Write the files into a folder, and return them. What an earlier data set left there goes away with it.

        Raises UsageError for a folder with files of the same names that no data set of Sayso has written.
        """
        folder, texts = Path(folder), self.files()
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file. Name a folder for the data set.")
        there = [name for name in _OURS if (folder / name).exists()]
        if there and CARD not in there:
            raise UsageError(
                f"{folder / there[0]} is there already, and {folder} holds no data set of Sayso ({CARD}). Name another folder."
            )
        folder.mkdir(parents=True, exist_ok=True)
        for name in there:
            (folder / name).unlink()
        for name, text in texts.items():
            write_text(folder / name, text)
        return tuple(folder / name for name in texts)

    def _write_rows(self, examples: Sequence[Example], reader: str) -> str:
        if reader == "text":
            return "".join(f"{write_text_line(each, escape=self.escape)}\n" for each in examples)
        return write_jsonl(write_row(each, self.format, reader) for each in examples)

    def describe(self) -> JsonObject:
        """Return what the data set holds and what was done to get it, as JSON."""
        return {
            "format": self.format,
            "for": self.reader,
            "rows": {name: len(found) for name, found in self.parts.items()},
            "unpaired": {name: len(found) for name, found in self.unpaired.items()},
            "replaced": dict(self.replaced),
            "notes": list(self.notes),
            "left_out": [each._asdict() for each in self.left_out],
        }


def make_dataset(
    examples: Iterable[Example | LeftOut],
    *,
    format: str = "chat",
    reader: str = "openai",
    shares: Sequence[float] = (1.0,),
    near: float = NEAR,
    finders: Sequence[SpanGuard] | None = None,
    escape: bool = False,
    seed: str = "",
) -> Dataset:
    """Return a data set of these examples: those that have a row in the format, without personal data, each once, in splits.

    `shares` are those of train, validation and test. `near` is from which similarity on two examples are near duplicates; above 1 only
    equal ones are. `finders` find what is replaced: `PersonalData()` where none are given. `seed` makes another split of the examples.
    Raises NothingFound where nothing is left, with the reasons, and UsageError for a split that would leak.
    """
    check_format(format, reader)
    left_out: list[LeftOut] = []
    kept: list[Example] = []
    placeholders = Placeholders(finders)
    for each in examples:
        if isinstance(each, Example) and (why := _find_unwritable(each, format, reader, escape)):
            left_out.append(LeftOut(each.origin.source, why))
        elif isinstance(each, Example):
            kept.append(placeholders.replace(each))
        else:
            left_out.append(each._replace(why=placeholders.clean(each.why, each.source)))
    unique = _drop_duplicates(kept, near, left_out)
    if not unique:
        raise NothingFound(f"No example is left for the data set. {_count_reasons(left_out)}")
    split = split_examples(unique, shares, near=near, seed=seed) if len(shares) > 1 else SplitExamples({NAMES[0]: tuple(unique)})
    paired = {name: tuple(each for each in found if not _is_unpaired(each, format)) for name, found in split.parts.items()}
    unpaired = {name: tuple(each for each in found if _is_unpaired(each, format)) for name, found in split.parts.items()}
    return Dataset(
        format=format,
        reader=reader,
        parts={name: found for name, found in paired.items() if found},
        unpaired={name: found for name, found in unpaired.items() if found},
        left_out=tuple(left_out),
        replaced=dict(placeholders.found),
        notes=(*split.notes, *_find_notes(paired, format, reader)),
        escape=escape,
    )


def _find_notes(parts: Mapping[str, Sequence[Example]], format: str, reader: str) -> list[str]:
    """Return what a person should know of the rows of each split, in sentences."""
    notes: list[str] = []
    for name, found in parts.items():
        if reader == "openai" and 0 < len(found) < FEWEST_ROWS and name == NAMES[0]:
            notes.append(f"{name} has {len(found)} row{'s' * (len(found) != 1)}, and OpenAI takes no fewer than {FEWEST_ROWS}.")
    if format == "preference" and not any(parts.values()):
        notes.append("There is no pair: nobody has put anything in the place of a call. The unpaired rows are for trainers of KTO.")
    return notes


def _is_unpaired(example: Example, format: str) -> bool:
    return example.liked is not None and format == "preference"


def _find_unwritable(example: Example, format: str, reader: str, escape: bool) -> str:
    """Return why an example has no row in the format; "" if it has one."""
    try:
        if reader == "text":
            write_text_line(example, escape=escape)
        else:
            write_row(example, format, "trl" if _is_unpaired(example, format) else reader)
    except Unwritable as error:
        return str(error)
    return ""


def _drop_duplicates(examples: Sequence[Example], near: float, left_out: list[LeftOut]) -> list[Example]:
    """Return the examples without those that say what an earlier one says. What was left out is added to `left_out`."""
    first: dict[str, Example] = {}
    for example in examples:
        key = normalise("\n".join([*iter_texts(example.prompt), "", *iter_texts(example.answer), "", *iter_texts(example.rejected)]))
        earlier = first.setdefault(f"{example.liked}\n{key}", example)
        if earlier is not example:
            left_out.append(LeftOut(example.origin.source, f"it is the same as {earlier.origin.source}"))
    unique = list(first.values())
    dropped: set[int] = set()
    for pair in find_near([each.text for each in unique], near):
        one, other = unique[pair.first], unique[pair.second]
        taught = min(measure_similarity(*sides) for sides in zip(_find_own(one), _find_own(other), strict=True))
        if not dropped & set(pair[:2]) and one.liked == other.liked and taught >= near:
            dropped.add(pair.second)
            why = f"it is a near duplicate of {one.origin.source} (similarity {pair.similarity:.2f})"
            left_out.append(LeftOut(other.origin.source, why))
    return [example for place, example in enumerate(unique) if place not in dropped]


def _find_own(example: Example) -> tuple[str, str]:
    """Return the last question, and what it was answered. What came before is the same in all later turns of a conversation.

    A question that is nearly the same and has another answer teaches something: a board with another move, a sum of other numbers.
    """
    return "\n".join(iter_texts(example.prompt[-1:])), "\n".join(iter_texts([*example.answer, *example.rejected]))


def _count_reasons(left_out: Sequence[LeftOut]) -> str:
    counts = Counter(each.why for each in left_out)
    told = [f"{count} left out: {why.removesuffix('.')}." for why, count in counts.most_common(3)]
    return " ".join(told) or "The selection is empty."


def _describe_origin(name: str, line: int, example: Example) -> JsonObject:
    origin = example.origin
    return {
        "file": name,
        "line": line,
        "source": origin.source,
        "conversation": origin.conversation,
        "messages": [origin.first, origin.last],
        "why": origin.why,
        "labels": list(origin.labels),
        "sha256": example.hash,
    }
