"""Put texts and values past an agent's guards, in their order. What a guard cannot look at does not pass."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeGuard

from sayso.tools.errors import SaysoError, UsageError

from ..messages.values import GuardActed
from .verdicts import EVERYWHERE, AllowedText, Guard, RefusedText, ReplacedText, TextPlace, Verdict


class Held(Protocol):
    """A text on its way through a guard."""

    found: dict[str, int]
    refusal: RefusedText | None

    def feed(self, piece: str) -> str:
        """Take in a piece, and return what is certain now."""
        ...

    def finish(self) -> str:
        """Return the rest."""
        ...


class StreamingGuard(Guard, Protocol):
    """A guard that lets a text stream: local, quick, and always of the same opinion."""

    def hold(self) -> Held:
        """Return a text that streams through this guard."""
        ...

    def look(self, text: str) -> Verdict:
        """Do what `check` does, at once."""
        ...


@dataclass(slots=True)
class Passed:
    """What guards have made of some texts. `refused` says that they go no further, and by whom; `acted` is all that the guards did."""

    texts: list[str]
    refused: GuardActed | None = None
    acted: list[GuardActed] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Return whether anything was replaced."""
        return any(each.did == "replaced" for each in self.acted)


class Guarding:
    """An agent's guards."""

    def __init__(self, guards: Sequence[Guard]) -> None:
        self.guards: tuple[Guard, ...] = tuple(guards)

    def find(self, place: TextPlace, *, local: bool = False, reasoning: bool = False) -> list[Guard]:
        """Return the guards that look at a place, in order; only those that are local and stream, or that read reasoning, if asked for."""
        found = [guard for guard in self.guards if place in getattr(guard, "places", EVERYWHERE)]
        found = [guard for guard in found if getattr(guard, "reads_reasoning", True)] if reasoning else found
        return [guard for guard in found if streams(guard)] if local else found

    @cached_property
    def holds_output(self) -> bool:
        """Tell whether a reply is shown only when it is complete: a guard needs all of it."""
        return not all(map(streams, self.find(TextPlace.OUTPUT)))

    def has_chance(self, place: TextPlace) -> bool:
        """Return whether a guard of that place may say something else another time, so that its verdict has to be stored."""
        return any(getattr(guard, "has_chance", True) for guard in self.find(place))

    def look(self, texts: Sequence[str], place: TextPlace, tool: str = "", *, reasoning: bool = False) -> Passed:
        """Put texts past the local guards, at once."""
        passed = Passed(list(texts))
        self._look_at_all(passed, place, tool, reasoning)
        if passed.changed and passed.refused is None:
            self._look_at_all(passed, place, tool, reasoning)  # what stood beside something that is replaced may be found only now
        return passed

    def _look_at_all(self, passed: Passed, place: TextPlace, tool: str, reasoning: bool) -> None:
        for guard in self.find(place, local=True, reasoning=reasoning):
            assert streams(guard)
            if not _look_at_each(passed, guard, place, tool):
                return

    async def check(
        self,
        texts: Sequence[str],
        place: TextPlace,
        tool: str = "",
        *,
        reasoning: bool = False,
        private: frozenset[str] = frozenset(),
        by_chance: bool = True,
    ) -> Passed:
        """Put texts that belong together past all guards. One that does not stream is asked about all of them at once.

        `private` are texts that no guard is shown which may hand them on. Without `by_chance` only those guards are asked whose verdict on
        a text is always the same.
        """
        passed = Passed(list(texts))
        for guard in self.find(place, reasoning=reasoning):
            if not by_chance and getattr(guard, "has_chance", True):
                continue
            if streams(guard):
                goes_on = _look_at_each(passed, guard, place, tool)
            else:
                goes_on = await _check_together(passed, guard, place, tool, private)
            if not goes_on:
                return passed
        if passed.changed:
            self._look_at_all(passed, place, tool, reasoning)
        return passed


def streams(guard: Guard) -> TypeGuard[StreamingGuard]:
    """Return whether a guard lets a text stream."""
    return hasattr(guard, "hold") and hasattr(guard, "look")


def _look_at_each(passed: Passed, guard: StreamingGuard, place: TextPlace, tool: str) -> bool:
    """Put each text past a local guard. Return False where it refuses one."""
    return all(_take(passed, guard, index, _look(guard, text), place, tool) for index, text in enumerate(passed.texts) if text)


async def _check_together(passed: Passed, guard: Guard, place: TextPlace, tool: str, private: frozenset[str]) -> bool:
    """Ask a guard about all texts at once, and about each by itself where it replaces something. Return False where it refuses."""
    shown = [index for index, text in enumerate(passed.texts) if text.strip() and text not in private]
    if not shown:
        return True
    verdict = await _ask(guard, "\n".join(passed.texts[index] for index in shown), place)
    if not isinstance(verdict, ReplacedText):
        return _take(passed, guard, shown[0], verdict, place, tool)
    for index in shown:
        each = verdict if len(shown) == 1 else await _ask(guard, passed.texts[index], place)
        if not _take(passed, guard, index, each, place, tool):
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Failure:
    """A guard has failed."""

    why: str


def _look(guard: StreamingGuard, text: str) -> Verdict | _Failure:
    try:
        return _read_verdict(guard.look(text))
    except Exception as error:  # noqa: BLE001  whatever it was, nobody has looked at the text
        return _Failure(describe_failure(error))


async def _ask(guard: Guard, text: str, place: TextPlace) -> Verdict | _Failure:
    try:
        return _read_verdict(await guard.check(text, place))
    except Exception as error:  # noqa: BLE001  whatever it was, nobody has looked at the text
        return _Failure(describe_failure(error))


def _read_verdict(verdict: object) -> Verdict | _Failure:
    if isinstance(verdict, ReplacedText) and not isinstance(verdict.text, str):
        return _Failure("it replaced a text with something that is none")
    if isinstance(verdict, AllowedText | ReplacedText | RefusedText):
        return verdict
    return _Failure(f"it returned a {type(verdict).__name__}, which is not a verdict")


def describe_failure(error: Exception) -> str:
    """Return what went wrong in a guard. An error of its own may repeat the text, so only Sayso's are quoted."""
    return str(error) if isinstance(error, SaysoError) else f"it raised {type(error).__name__}"


def _take(passed: Passed, guard: Guard, index: int, verdict: Verdict | _Failure, place: TextPlace, tool: str) -> bool:
    """Take in what a guard said of a text. Return False where nothing goes further."""
    name = guard.name
    if isinstance(verdict, _Failure):
        allows = getattr(guard, "on_error", "refuse") == "allow"
        acted = GuardActed("", name, place.value, "allowed" if allows else "refused", f"it failed: {verdict.why}", tool, failed=True)
        passed.acted.append(acted)
        passed.refused = None if allows else acted
        return allows
    if isinstance(verdict, RefusedText):
        passed.refused = GuardActed("", name, place.value, "refused", verdict.why, tool, answer=verdict.answer)
        passed.acted.append(passed.refused)
        return False
    if isinstance(verdict, ReplacedText) and verdict.text != passed.texts[index]:
        passed.texts[index] = verdict.text
        passed.acted.append(GuardActed("", name, place.value, "replaced", verdict.why, tool))
    return True


# values


class Leaves:
    """The texts in a value of JSON: all keys, texts and numbers, however deep; of a text that is JSON itself, those in it."""

    texts: list[str]

    def __init__(self, value: object) -> None:
        self._value, self._depth = value, _DEEPEST_TEXT
        try:
            self.texts = list(_iter_leaves(value, self._depth))
        except RecursionError:
            if not isinstance(value, str):
                raise
            self.texts, self._depth = [value], 0  # JSON that nobody can read is a text like any other

    def rebuild(self, texts: Iterable[str]) -> object:
        """Return the value with other texts in their places. A number that was replaced becomes the text in its place.

        Of an iterator it takes as many as the value has, so that the texts of several values may follow one another.
        """
        return _rebuild(self._value, iter(texts).__next__, self._depth)


_DEEPEST_TEXT = 3
"""How many texts of JSON may stand in one another."""


def _iter_leaves(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        inside = _read_json(value, depth)
        if inside is None:
            yield value
        else:
            yield from _iter_leaves(inside, depth - 1)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _iter_leaves(item, depth)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _iter_leaves(item, depth)
    elif _is_number(value):
        yield str(value)


def _rebuild(value: object, following: Callable[[], str], depth: int) -> object:
    if isinstance(value, str):
        inside = _read_json(value, depth)
        if inside is None:
            return following()
        looked = _rebuild(inside, following, depth - 1)
        before, after = value[: len(value) - len(value.lstrip())], value[len(value.rstrip()) :]
        return value if looked == inside else f"{before}{json.dumps(looked, ensure_ascii=False)}{after}"
    if isinstance(value, Mapping):
        pairs: list[tuple[Any, object]] = []
        for key, item in value.items():
            name = following()
            pairs.append((key if name == str(key) else name, _rebuild(item, following, depth)))
        return dict(pairs)
    if isinstance(value, (list, tuple)):
        return [_rebuild(item, following, depth) for item in value]
    if _is_number(value):
        text = following()
        return value if text == str(value) else text
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _read_json(text: str, depth: int) -> object:
    """Return the object or list that a text is in JSON, None for any other text: in JSON, a line may begin in the middle of a word."""
    if not depth or begins_json(text) is not True or text.rstrip()[-1:] not in ("}", "]"):
        return None
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


class _RepeatedKey(str):
    """A key that stands in an object once more: who reads the object may take either value, so both are looked at and written again."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def _keep_all(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    read: dict[str, object] = {}
    for key, item in pairs:
        read[_RepeatedKey(key) if key in read else key] = item
    return read


DECODER = json.JSONDecoder(object_pairs_hook=_keep_all)
"""Reads JSON for the guards: all of an object, whatever is there twice."""


def begins_json(text: str) -> bool | None:
    """Return whether a text may be an object or a list with texts in JSON; None while it is too short to tell."""
    begin = text.lstrip()[:1] + text.lstrip()[1:].lstrip()[:1]
    if begin[:1] == "{":
        return True
    return (None if len(begin) < 2 else begin[1] in '"{[') if begin[:1] in ("", "[") else False


@dataclass(frozen=True, slots=True)
class OnOutput:
    """A guard that looks at the output alone, whatever else it looks at elsewhere."""

    guard: Guard
    places: frozenset[TextPlace] = frozenset({TextPlace.OUTPUT})

    @property
    def name(self) -> str:
        """Return the guard's name."""
        return self.guard.name

    @property
    def on_error(self) -> str:
        """Return what is done where it fails."""
        return str(getattr(self.guard, "on_error", "refuse"))

    async def check(self, text: str, place: TextPlace) -> Verdict:
        """Ask the guard."""
        return await self.guard.check(text, place)


def choose_for_summaries(guards: Sequence[Guard]) -> list[Guard]:
    """Return the guards for what a model writes beside the conversation. Its length is its own, and it is about any topic."""
    return [OnOutput(guard) for guard in Guarding(guards).find(TextPlace.OUTPUT, reasoning=True)]


def check_guards(guards: object) -> tuple[Guard, ...]:
    """Return an agent's guards. Raises UsageError for what is none."""
    if isinstance(guards, (str, bytes)) or not isinstance(guards, Iterable):
        raise UsageError(f"guards={guards!r} is not a list of guards. Write guards=[{guards!r}].")
    found = tuple(guards)
    for guard in found:
        if isinstance(guard, type) or not callable(getattr(guard, "check", None)) or not isinstance(getattr(guard, "name", None), str):
            raise UsageError(f"{guard!r} is not a guard: it needs a name and `async def check(text, place)`. See docs/guards.md.")
    return found


def name_all(acted: Sequence[GuardActed]) -> str:
    """Return the names of the guards that have replaced something."""
    return " and ".join(dict.fromkeys(each.guard for each in acted if each.did == "replaced"))
