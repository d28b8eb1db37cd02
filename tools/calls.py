"""Calls of tools and their results, and values with labels: a Content may stand anywhere in a value."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .effects import CLEAN, LABELS, AnySecrecy, AnyTrust, Labels, Secrecy, Trust, to_member
from .errors import UsageError
from .quick_init import fill_quickly

if TYPE_CHECKING:
    from .media import Media


@fill_quickly
@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request from the model. Not yet allowed, not yet run.

    `id` is its position in the transcript ("3.0" is reply 3, call 0): text formats have no ids, and providers repeat theirs.
    `span` is its place in the reply's text, (0, 0) for a native call. `notes` names the repairs made while reading it.
    """

    id: str
    tool: str
    arguments: Mapping[str, object]
    span: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


_GUARD_NOTE = "changed by the guard "


def note_guard(guard: str, argument: str) -> str:
    """Return the note on a call that a guard has changed an argument."""
    return f"{_GUARD_NOTE}{guard}: {argument}"


def find_guards(call: ToolCall) -> dict[str, str]:
    """Return the arguments of a call that a guard has changed, each with the name of the guard."""
    changed = (note.removeprefix(_GUARD_NOTE).rpartition(": ") for note in call.notes if note.startswith(_GUARD_NOTE))
    return {argument: guard for guard, _, argument in changed}


class Outcome(StrEnum):
    """How a call ended."""

    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Content:
    """A value with its origin: returned by a tool whose own labels do not say everything (a web page names its URL), or handed on.

    `trust` and `secrecy` may be given as text ("untrusted", "private"); None leaves them to the tool that returns it. Where there is no
    tool to ask, None is unvouched and private.
    """

    value: object
    origin: str = ""
    trust: Trust | None = None
    secrecy: Secrecy | None = None

    if TYPE_CHECKING:  # the texts of labels are taken as well as the labels

        def __init__(self, value: object, origin: str = "", trust: AnyTrust | None = None, secrecy: AnySecrecy | None = None) -> None: ...

    def __post_init__(self) -> None:
        if self.trust is not None:
            object.__setattr__(self, "trust", to_member(Trust, self.trust, "Content(trust=)"))
        if self.secrecy is not None:
            object.__setattr__(self, "secrecy", to_member(Secrecy, self.secrecy, "Content(secrecy=)"))

    @property
    def labels(self) -> Labels:
        """Return what is known of the value, with the worst for what nobody has said."""
        return LABELS[self.trust, self.secrecy or Secrecy.PRIVATE]


@fill_quickly
@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a call. `content` is JSON (text for most tools), media, or a list with media in it; `origin` names its source
    (a tool, a URL).

    A `trust` of None says that nobody vouches for it: the tool did not say whose words it returns.
    """

    call_id: str
    content: object
    outcome: Outcome = Outcome.DONE
    origin: str = ""
    trust: Trust | None = Trust.TOOL
    secrecy: Secrecy = Secrecy.PUBLIC

    if TYPE_CHECKING:

        def __init__(
            self,
            call_id: str,
            content: object,
            outcome: Outcome = Outcome.DONE,
            origin: str = "",
            trust: AnyTrust | None = Trust.TOOL,
            secrecy: AnySecrecy = Secrecy.PUBLIC,
        ) -> None: ...

    def __post_init__(self) -> None:
        if type(self.trust) is Trust and type(self.secrecy) is Secrecy and type(self.outcome) is Outcome:
            return
        if self.trust is not None:
            object.__setattr__(self, "trust", to_member(Trust, self.trust, "ToolResult(trust=)"))
        object.__setattr__(self, "secrecy", to_member(Secrecy, self.secrecy, "ToolResult(secrecy=)"))
        object.__setattr__(self, "outcome", to_member(Outcome, self.outcome, "ToolResult(outcome=)"))

    @property
    def labels(self) -> Labels:
        """Return what is known of the content."""
        return LABELS[self.trust, self.secrecy]

    @property
    def text(self) -> str:
        """Return the content as the model reads it: text as it is, media by its name, anything else as JSON."""
        if isinstance(self.content, str):
            return self.content
        from .canonical import prompt_text  # late, to load fast: most results are text
        from .media import Media, split_parts

        parts = split_parts(self.content) or (self.content,)
        return "\n".join(str(part) if isinstance(part, Media) else prompt_text(part) for part in parts)

    @property
    def media(self) -> tuple[Media, ...]:
        """Return the images, audio and files in the content."""
        if isinstance(self.content, str):
            return ()
        from .media import Media, split_parts  # late, to load fast

        return tuple(part for part in split_parts(self.content) if isinstance(part, Media))


TOO_DEEP = "The input is nested some hundreds deep, or holds itself. Hand on a flatter value, or its text (json.dumps)."
PLAIN: frozenset[type] = frozenset({str, bytes, int, float, bool, type(None)})
"""Types whose values hold nothing that is labelled."""


def find_labels(value: object, plain: Container[type] = PLAIN) -> Labels:
    """Return the labels of all that is labelled in a value: Content, results, messages, in lists, mappings, dataclasses and models.

    Whoever takes a value in takes its labels in. Values of the types `plain` are not looked at.
    """
    found, left, seen = CLEAN, [value], set[int]()
    while left:
        each = left.pop()
        if type(each) in plain or id(each) in seen:
            continue
        seen.add(id(each))
        labels = getattr(each, "labels", None)
        if isinstance(labels, Labels) and labels != CLEAN:
            found = found.union(labels)
            if isinstance(each, Content):
                left.append(each.value)
        elif isinstance(each, Mapping):
            left += each.values()
        elif isinstance(each, (list, tuple, set, frozenset)):
            left += [item for item in each if type(item) not in plain]
        elif is_dataclass(each):
            left += [getattr(each, field.name, None) for field in fields(each)]
        else:
            left += [getattr(each, name, None) for name in getattr(type(each), "model_fields", ())]  # a pydantic model's
    return found


def replace_labelled(value: object, replace: Callable[[Content], object]) -> object:
    """Return a value with each Content, and each result as one, replaced in lists and mappings; the value itself where there is none."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Content):
        return replace(value)
    if isinstance(value, ToolResult):
        return replace(Content(value.content, value.origin, value.trust, value.secrecy))
    if isinstance(content := getattr(value, "content", None), Content):  # a run's result
        return replace(content)
    if isinstance(value, Mapping):
        items = {key: replace_labelled(item, replace) for key, item in value.items()}
        return items if any(items[key] is not item for key, item in value.items()) else value
    if type(value) in (list, tuple):
        several = [replace_labelled(item, replace) for item in value]  # type: ignore[attr-defined]
        changed = any(one is not other for one, other in zip(several, value, strict=True))  # type: ignore[call-overload]
        return type(value)(several) if changed else value  # type: ignore[call-arg]
    return value


def take_contents(value: object) -> object:
    """Return an input with each result in it replaced by its content. Raises UsageError for one that is nested too deep."""
    try:
        return replace_labelled(value, lambda content: content)
    except RecursionError:
        raise UsageError(TOO_DEEP) from None


def strip_labels(value: object) -> object:
    """Return the bare value: each Content in it replaced by what it holds."""
    return replace_labelled(value, lambda content: strip_labels(content.value))
