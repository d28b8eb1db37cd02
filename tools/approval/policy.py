"""The policy: one pure function that decides whether a call may happen, needs approval, or is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from ..calls import ToolCall
from ..definition.tool import AnyTool
from ..effects import CLEAN, Effect, Labels
from ..errors import UsageError
from .grant import Grant, answer_of, is_same_tool


@dataclass(frozen=True, slots=True)
class Allow:
    """The call may happen; one that a standing approval allows, `grant` by its id, not after `until`."""

    until: float | None = None
    grant: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """A person decides; `warning` goes on the card."""

    warning: str = ""


@dataclass(frozen=True, slots=True)
class Deny:
    """The call is refused, and nobody is asked."""

    reason: str


Ruling = Allow | Ask | Deny


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The rules of a run: its standing approvals, and whether writes after untrusted and private text are refused outright.

    Pass them where grants are passed: `agent.run(..., grants=Rules(strict=True))`.
    """

    grants: tuple[Grant, ...] = ()
    strict: bool = False

    def without(self, withdrawn: Collection[str]) -> Rules:
        """Return the rules without the grants of these ids, and without those that have no tool yet, only a name."""
        return replace(self, grants=tuple(each for each in self.grants if not isinstance(each.tool, str) and each.id not in withdrawn))

    def bind(self, tool: AnyTool, bindings: dict[str, AnyTool]) -> Rules:
        """Return the rules for workflow code that calls a tool: a grant by name is for the first tool of that name that the code calls."""
        if all(each.tool != tool.name for each in self.grants) or not is_same_tool(bindings.setdefault(tool.name, tool), tool):
            return self
        return replace(self, grants=tuple(replace(each, tool=tool.unbound) if each.tool == tool.name else each for each in self.grants))


Grants = Sequence[Grant] | Rules
"""The standing approvals of a run, or all of its rules."""
NO_RULES = Rules()


def to_rules(grants: Grants) -> Rules:
    """Return the rules of a run that was started with these grants or rules. Raises UsageError for what is neither."""
    if isinstance(grants, Rules):
        return grants
    if isinstance(grants, (Grant, str)) or not isinstance(grants, Iterable):
        raise UsageError(f"grants={grants!r} is not a list of grants. Write grants=[Grant(tool=mail)].")
    return Rules(grants=tuple(grants)) if grants else NO_RULES


def decide(
    call: ToolCall,
    tool: AnyTool,
    labels: Labels,
    rules: Rules,
    *,
    now: float = 0.0,
    tainted: frozenset[str] = frozenset(),
    unsourced: Sequence[str] = (),
    unvouched: str = "",
) -> Ruling:
    """Rule on one call.

    | effect     | clean run | has read untrusted | has read private                  | untrusted and private          |
    |------------|-----------|--------------------|-----------------------------------|--------------------------------|
    | pure, read | allow     | allow              | allow                             | allow                          |
    | egress     | allow     | allow              | ask, but for the user's own words | ask                            |
    | write      | ask       | ask                | ask                               | ask with a warning, or refused |

    A grant allows what would be asked about in a run that is clean; text that nobody vouches for, first read from `unvouched`, ends
    that and changes nothing else. `tainted` names the arguments that are neither the user's own words nor given by the application;
    `unsourced` those that should come from the user and do not: such a call needs approval whatever it does. `requires_approval` can only
    add an approval; where a function says so of these arguments, no grant covers them.
    """
    if unsourced:
        return _ask_about_unsourced(decide(call, tool, labels, rules, now=now, tainted=tainted, unvouched=unvouched), unsourced)
    both = labels.untrusted and labels.private
    asks = tool.requires_approval
    if callable(asks):
        asks = answer_of(asks, dict(call.arguments)) is not False  # whatever else it says or raises means that a person is asked
    grants = [grant for grant in rules.grants if grant.covers(call, now, tool)]
    if asks and callable(tool.requires_approval):
        grants = []
    match tool.effect:
        case Effect.WRITE:
            if both and rules.strict:
                return Deny(f"{tool.name} is refused: this run has read both untrusted and private text, and its rules are strict.")
            warning = "This run has read text from strangers and private text; check that nothing private leaves." if both else ""
        case Effect.EGRESS if labels.private and (labels.untrusted or tainted):
            return Ask("This would tell an outsider something after private text was read.")
        case _ if asks:
            warning = ""
        case _:
            return Allow()
    if grants and labels == CLEAN:
        return _allow(grants)
    if grants and not warning:
        warning = _explain_uncovered(tool, labels, unvouched)
    return Ask(warning)


def _explain_uncovered(tool: AnyTool, labels: Labels, unvouched: str) -> str:
    """Return why a standing approval does not count in a run that has read others' words, what may be such, or private text."""
    where = f" (what {unvouched} gave; say trust= there)" if unvouched else ""
    unsure = f"something that nobody vouches for{where}" if labels.unvouched else "private text"
    read = "text from strangers" if labels.untrusted else unsure
    return f"The standing approval for {tool.name} does not count here: this run has read {read}."


def _allow(grants: Sequence[Grant]) -> Allow:
    """Allow by the grant that lasts longest."""
    longest = max(grants, key=lambda grant: inf if grant.until is None else grant.until)
    return Allow(longest.until, longest.id)


def _ask_about_unsourced(ruling: Ruling, unsourced: Sequence[str]) -> Ruling:
    if isinstance(ruling, Deny):
        return ruling
    names = " and ".join(unsourced)
    warning = f"{names} {'is' if len(unsourced) == 1 else 'are'} in neither your words nor what the application gave."
    return Ask(f"{ruling.warning} {warning}".strip() if isinstance(ruling, Ask) else warning)
