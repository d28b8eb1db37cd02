"""Where a call's arguments are from, as far as it is known: the user's words, the application, a tool's computing, a text that was read.

Two things are known for sure: what the program fixed before the run began, and what the user wrote. All else is a hint for the person who
reads the card, and the policy counts it as what somebody else may have wished.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from enum import IntEnum
from functools import cached_property, partial
from itertools import islice
from typing import cast

from ..calls import ToolCall, find_guards
from ..canonical import to_jsonable
from ..definition.exact_json import is_same
from ..definition.secret import mask_json, mask_part, show_plain
from ..definition.tool import AnyTool
from ..effects import Effect, Labels
from .background import Background, Made
from .cards import show_value
from .read_index import SHORTEST_PIECE, get_read_index
from .requests import APPLICATION, MODEL, WORKFLOW, YOU, Origin
from .said import LONGEST_SENTENCE, Place, SaidIndex, quote_sentence
from .words import Words, split_words

DEEPEST = 6
LONGEST_CALL = 120
MOST_ORIGINS = 3
MOST_MADE = 200
"""How many of the last values that were computed are looked at."""
UNKNOWN_READING = Labels(untrusted=True)
NO_FIELDS = frozenset[str]()
_AROUND = 2000
"""How many characters around a value are looked at for its sentence: a page may be one line of megabytes."""
_NAME = re.compile(r"[\w .:/@?&=%#~+*$!-]{1,200}")
_EXPRESSION = re.compile(r"[\d\s.,+*/%^-]{1,120}")
_FUNCTION = re.compile(r"\w+(?=\()")


class Standing(IntEnum):
    """Whether a value is the user's or the application's own."""

    OWN = 0
    """The user's own words since the last write, as a whole, or what the application gave."""
    KNOWN = 1
    """The user or the application did say it: earlier, in words of others, or as one of many things."""
    OPEN = 2
    """Nobody who may decide is known to have said it."""


@dataclasses.dataclass(frozen=True, slots=True)
class ArgumentSource:
    """Where a value is from: as a card says it, how far it is the user's own, and a warning where a person should look twice.

    `quote` is the sentence in which the user said it in this turn, or in which it was read, in quotation marks. Of other words of theirs
    the text says when and how; `longer` is the value that it is only a part of.
    """

    text: str
    standing: Standing = Standing.OPEN
    warning: str = ""
    quote: str = ""
    longer: str = ""


GIVEN = ArgumentSource(APPLICATION, Standing.OWN)
EDITED = ArgumentSource(YOU, Standing.OWN)


@dataclasses.dataclass(frozen=True, slots=True)
class ArgumentSources:
    """The sources of all arguments of a call: what its card says, and what the policy and the grants have to know of them.

    `tainted` are the arguments that are not the user's or the application's own. `is_doubted` says that one of `from_user` in a write is
    not, so a person must be asked whatever was granted. `labels` are those of what the tool holds: what was bound to it, and what another
    run may have read in which it was made.
    """

    texts: Mapping[str, str]
    quotes: Mapping[str, str]
    warnings: tuple[str, ...]
    tainted: frozenset[str]
    is_doubted: bool
    labels: Labels

    def mask(self, mask: Callable[[str], str]) -> ArgumentSources:
        """Return the same with each secret as stars."""
        texts, quotes = ({name: mask(text) for name, text in each.items()} for each in (self.texts, self.quotes))
        return dataclasses.replace(self, texts=texts, quotes=quotes, warnings=tuple(map(mask, self.warnings)))


class SourceFinder:
    """Finds where values are from: in what the user said, in `deps`, and in what the run has computed and read.

    `settled` is the last write that was settled in this turn ("ORDER was done"), `made` what was computed and written in the run. What
    `hidden` finds is a secret: stars stand for it in whatever is quoted.
    """

    def __init__(
        self,
        background: Background,
        *,
        settled: str = "",
        made: Sequence[Made] = (),
        deps: object = None,
        hidden: re.Pattern[str] | None = None,
    ) -> None:
        self._background, self._settled, self._made, self._deps, self._hidden = background, settled, made, deps, hidden
        if not background.said_index:
            background.said_index.append(SaidIndex(background.user_texts))
        self._said = cast(SaidIndex, background.said_index[0])
        self._computed: dict[int, ArgumentSource] = {}

    def find(
        self, value: object, others: Iterable[object] = (), *, chooser: str = MODEL, field_names: Set[str] = frozenset()
    ) -> ArgumentSource:
        """Return the source of a value that `chooser` put into a call; `others` are the call's other arguments.

        `field_names` are the keys that the tool's schema names: nobody has to say them.
        """
        leaves = [value] if type(value) is str and value.strip() else list(_iter_leaves(value, field_names))
        if not leaves:
            return self._name_chooser(chooser) if chooser == WORKFLOW else ArgumentSource(chooser)
        said = self._find_said(leaves, others)
        computed = self._find_computed(leaves, len(self._made)) if self._made and (said is None or said.standing) else None
        if said is not None and (computed is None or said.standing <= computed.standing) and said.standing is not Standing.OPEN:
            return said
        if computed is None and self._deps is not None and all(_spell(leaf) in self._given for leaf in leaves):
            return ArgumentSource(chooser, Standing.KNOWN)  # it is the application's, but the application did not choose it
        found = computed or (self._find_read(leaves) if self._background.read_texts else None) or said
        return found or (self._find_written(leaves) if chooser == WORKFLOW else ArgumentSource(chooser))

    def is_own(self, made: Made) -> bool:
        """Return whether all that went into a computation is the user's own."""
        return self._describe_computed(made, len(self._made)).standing is Standing.OWN

    def count_said(self, text: str) -> int:
        """Return how often the user said a text."""
        return self._said.count(text)

    def _find_said(self, leaves: Sequence[str], others: Iterable[object] = ()) -> ArgumentSource | None:
        worst: Place | None = None
        for leaf in leaves:
            place = self._said.find(leaf, settled=self._settled, others=others)
            if place is None:
                return None
            if worst is None or place.rank > worst.rank:
                worst = place
        assert worst is not None
        return _describe_place(worst, self._hidden)

    def _find_computed(self, leaves: Sequence[str], before: int) -> ArgumentSource | None:
        """Return the last call of a PURE tool before number `before` whose result has all the leaves."""
        for number in range(before - 1, max(before - MOST_MADE, 0) - 1, -1):
            made = self._made[number]
            if made.arguments is None:
                continue
            results = {_spell(leaf) for leaf in flatten(made.value)}
            if all(_spell(leaf) in results for leaf in leaves):
                if number not in self._computed:
                    self._computed[number] = self._describe_computed(made, number)
                return self._computed[number]
        return None

    def _describe_computed(self, made: Made, number: int) -> ArgumentSource:
        """Return the source of a result: it is as much the user's own as the words and numbers that went in."""
        assert made.arguments is not None
        arguments: list[tuple[str, object]] = list(made.arguments.items())
        if self._hidden is not None:
            arguments = [(name, mask_json(to_jsonable(value), self._hidden)) for name, value in arguments]
        parts = [_show_input(value) if len(arguments) == 1 else f"{name}={_show_input(value)}" for name, value in arguments]
        shown = ", ".join(parts) if sum(map(len, parts)) <= LONGEST_CALL else f"{parts[0][:LONGEST_CALL]} ... {len(arguments)} in all"
        inputs = [
            self._find_input(part, number) for value in made.arguments.values() for leaf in flatten(value) for part in _split_input(leaf)
        ]
        worst = max(inputs, key=lambda source: source.standing, default=None)
        text = f"computed: {made.by}({shown})"
        if worst is None:
            return ArgumentSource(text, Standing.KNOWN)
        if worst.standing is Standing.OWN:
            return ArgumentSource(f"{text} of what you wrote", Standing.OWN)
        return ArgumentSource(f"{text} of what is not all yours: {worst.text}", worst.standing, worst.warning)

    def _find_input(self, leaf: str, number: int) -> ArgumentSource:
        said = self._find_said([leaf])
        if said is not None and said.standing is Standing.OWN:
            return said
        return self._find_computed([leaf], number) or said or self._find_read([leaf]) or ArgumentSource(MODEL)

    @cached_property
    def _given(self) -> Set[object]:
        return {_spell(leaf) for leaf in flatten(self._deps)}

    def _find_read(self, leaves: Sequence[str]) -> ArgumentSource | None:
        """Return the text that was read in which a leaf stands, or a piece of which stands in a leaf."""
        index = get_read_index(self._background)
        held = [(number, leaf) for leaf in leaves if (number := index.find_holder(leaf)) is not None]
        if held:
            number, leaf = min(held, key=lambda each: each[0])
            origin, text = self._background.read_texts[number]
            return ArgumentSource(f"from {_show_name(origin)}", quote=_quote_passage(text, leaf, self._hidden))
        spelled = (" ".join(leaf.casefold().split()) for leaf in leaves if len(leaf) >= SHORTEST_PIECE)
        found = [number for leaf in spelled if (number := index.find_quoted(leaf)) is not None]
        return ArgumentSource(f"from {_show_name(self._background.read_texts[min(found)][0])}") if found else None

    def _find_written(self, leaves: Sequence[str]) -> ArgumentSource:
        """Return who wrote a value that workflow code hands over: an agent, or the code itself."""
        for made in reversed(self._made):
            if made.arguments is None:
                written = " ".join(" ".join(flatten(made.value)).casefold().split())
                if written and any(_is_within(" ".join(leaf.casefold().split()), written) for leaf in leaves):
                    return self._name_chooser(f"{_show_name(made.by)} wrote it")
        return self._name_chooser(WORKFLOW)

    def _name_chooser(self, chooser: str) -> ArgumentSource:
        """Return a source that says what had been read before."""
        if not self._background.read_texts:
            return ArgumentSource(chooser)
        origins = get_read_index(self._background).list_origins()
        more = f" and {len(origins) - MOST_ORIGINS} more" if len(origins) > MOST_ORIGINS else ""
        last = (_show_name(origin) for origin in islice(reversed(origins), MOST_ORIGINS))
        return ArgumentSource(f"{chooser}, after reading {', '.join(last)}{more}")


def _show_name(name: str) -> str:
    """Return the name of a tool, an agent or a page for a card, in quotation marks where it could be taken for the card's own words."""
    return show_value(name) if _NAME.fullmatch(name) else show_value(name[:LONGEST_CALL], in_quotes=True)


def _quote_passage(text: str, leaf: str, hidden: re.Pattern[str] | None) -> str:
    """Return the sentence of a text that was read in which a value stands; nothing for a value that is a passage itself."""
    if len(leaf) > LONGEST_SENTENCE:
        return ""
    spaced = r"\s+".join(map(re.escape, leaf.split()))
    found = re.search(rf"(?<!\w){spaced}(?!\w)", text, re.IGNORECASE)
    if found is None:
        return ""
    around = _AROUND if hidden is None else len(text)  # a secret may begin before what is looked at
    first, last = max(0, found.start() - around), found.end() + around
    return quote_sentence(text[first:last], found.start() - first, found.end() - first, hidden)


def _show_input(value: object) -> str:
    """Return what went into a computation: an expression or a number as it is, anything else in quotation marks."""
    return show_value(value, in_quotes=isinstance(value, str) and _EXPRESSION.fullmatch(value) is None)


def _describe_place(place: Place, hidden: re.Pattern[str] | None) -> ArgumentSource:
    """Return what a card says of words that the user said."""
    since = f" and before {place.said.settled_since}" if place.said.settled_since else ""
    where = f"{place.age}{since}: {place.quote(hidden)}"
    if place.longer:
        text, length = place.said.text, min(len(place.longer), LONGEST_CALL)
        begin = max(text.find(place.longer, max(0, place.start - len(place.longer))), 0)
        longer = show_value(mask_part(text, begin, begin + length, hidden), in_quotes=True)
        warning = f"this is only a part of what you wrote: {longer}."
        return ArgumentSource(f"only a part of {longer}, which you wrote {where}", Standing.OPEN, warning, longer=longer)
    if place.is_quoted:
        return ArgumentSource(
            f"you quoted this {where}", Standing.KNOWN, "you quoted these words, so they may be the wish of somebody else."
        )
    if since:
        warning = f"you wrote these words before {place.said.settled_since}, so you may not mean them for this."
        return ArgumentSource(f"{YOU} {where}", Standing.KNOWN, warning)
    standing = Standing.KNOWN if place.by_article else Standing.OWN
    return ArgumentSource(f"{YOU} {where}", standing) if place.said.turns_ago else ArgumentSource(YOU, standing, quote=place.quote(hidden))


def flatten(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the texts and numbers in a value of data, as they are written, at most DEEPEST levels down."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, (bool, int, float, Decimal)):
        yield str(value).lower()
    elif depth < DEEPEST:
        for part in _parts(value):
            yield from flatten(part, depth + 1)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if dataclasses.is_dataclass(value):
        return [getattr(value, each.name, None) for each in dataclasses.fields(value)]
    fields = getattr(type(value), "model_fields", {})  # a pydantic model's
    return [getattr(value, name, None) for name in fields]


def _iter_leaves(value: object, field_names: Set[str]) -> Iterator[str]:
    """Yield every text and number in a JSON value, and every key that the schema does not name, however deep."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if str(key) not in field_names:
                yield str(key)
            yield from _iter_leaves(item, field_names)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _iter_leaves(item, field_names)
    else:
        yield from flatten(value)


def find_field_names(schema: object) -> Set[str]:
    """Return the names of all properties in a JSON schema."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        own = set(properties) if isinstance(properties, Mapping) else set[str]()
        return own.union(*(find_field_names(each) for each in schema.values()))
    if isinstance(schema, list):
        return set[str]().union(*(find_field_names(each) for each in schema))
    return set()


def _spell(leaf: str) -> object:
    """Return a value of data in one spelling: case, spaces and the spelling of a number do not matter."""
    words = split_words(leaf)
    if len(words.all) == 1 and words.all[0].number is not None:
        return words.all[0].number
    return " ".join(leaf.casefold().split())


def is_copied(value: object, given: object) -> bool:
    """Return whether a value that the application filled in stands, in whole or in part, among the values that it was given."""
    texts = [" ".join(leaf.casefold().split()) for leaf in flatten(given)]
    leaves = [" ".join(leaf.casefold().split()) for leaf in flatten(value)]
    return any(leaf == text or _is_within(leaf, text) for leaf in leaves for text in texts if len(leaf) >= SHORTEST_PIECE or leaf == text)


def _split_input(leaf: str) -> list[str]:
    """Return what of an input somebody must have said: the whole of it, or the numbers of an expression."""
    words: Words = split_words(_FUNCTION.sub("", leaf))
    if len(words.all) > 1 and any(word.number is not None for word in words.all):
        return [words.text[word.start : word.end] for word in words.all]
    return [leaf]


def _is_within(one: str, other: str) -> bool:
    return one in other or (len(other) >= SHORTEST_PIECE and other in one)


@dataclasses.dataclass(frozen=True, slots=True)
class _Others:
    """The other arguments of a call. Few searches look at them, so they are not listed for each argument."""

    arguments: Mapping[str, object]
    name: str

    def __iter__(self) -> Iterator[object]:
        return (value for name, value in self.arguments.items() if name != self.name)


def find_argument_sources(
    finder: SourceFinder, call: ToolCall, tool: AnyTool, arguments: Mapping[str, object], origin: Origin, begun: int
) -> ArgumentSources:
    """Return where the final arguments of a call are from, in the run that has begun at number `begun`.

    What was bound before the run began, a default, and what `prepare` filled in are the application's. All else is looked for.
    """
    exact = tool.freeze(arguments, show_plain)
    is_nested = any(isinstance(value, (dict, list)) for value in exact.values())
    names = find_field_names(tool.parameters) if is_nested else NO_FIELDS
    was_made_before = not tool.made_at.in_run and tool.made_at.number < begun
    defaults = tool.defaults if was_made_before else {}
    guards = find_guards(call) if call.notes else {}
    texts, quotes = dict[str, str](), dict[str, str]()
    warnings, tainted = list[str](), set[str]()
    for name, value in exact.items():
        find = partial(finder.find, others=_Others(exact, name), chooser=origin.chooser, field_names=names)
        if name in origin.edited:
            source = EDITED
        elif (name in tool.bound_at and tool.is_fixed(name, begun)) or (name in defaults and is_same(arguments[name], defaults[name])):
            source = GIVEN
        elif name in tool.bound:
            source = find(value, chooser=WORKFLOW)
        elif name in guards:
            source = ArgumentSource(f"the guard {_show_name(guards[name])} changed what the model wrote")
        else:
            source = _find_source(find, call, tool, name, value, may_be_filled=was_made_before)
        texts[name] = source.text
        if source.quote:
            quotes[name] = source.quote
        if source.warning:
            warnings.append(f"{name}: {source.warning}")
        if source.standing is not Standing.OWN:
            tainted.add(name)
    if not was_made_before:
        tainted.add(f"the code of {tool.name}")
        warnings.append(f"{tool.name} was made while the run was under way: what its code holds is not shown here.")
    is_doubted = tool.effect is Effect.WRITE and origin.chooser == MODEL and (bool(guards) or not tainted.isdisjoint(tool.from_user))
    labels = tool.bound_labels
    if tainted and any(moment.in_run and moment.number < begun for moment in (tool.made_at, *tool.bound_at.values())):
        labels = labels.union(UNKNOWN_READING)  # it was made, or bound, inside a run before this one
    return ArgumentSources(texts, quotes, tuple(warnings), frozenset(tainted), is_doubted, labels)


def _find_source(
    find: Callable[..., ArgumentSource], call: ToolCall, tool: AnyTool, name: str, value: object, *, may_be_filled: bool
) -> ArgumentSource:
    """Return the source of an argument that somebody filled in; `may_be_filled` if it is `prepare` that did, where nobody gave a value."""
    given = call.arguments.get(name)
    if given in (None, ""):
        if not may_be_filled:
            return find(value, chooser=WORKFLOW)
        return find(value) if is_copied(value, list(call.arguments.values())) else GIVEN
    source = find(value)
    if source.standing is Standing.OWN or tool.prepare is None or value == given:
        return source
    # `prepare` may spell a value as the catalogue does.
    return min(source, find(to_jsonable(given)), key=lambda each: each.standing)
