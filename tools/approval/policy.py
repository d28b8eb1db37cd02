"""The policy: one pure function that decides whether a call may happen, needs approval, or is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..calls import ToolCall
from ..definition.tool import AnyTool
from ..effects import Effect, Labels


@dataclass(frozen=True, slots=True)
class Allow:
    """The call may happen; a write that a standing approval allows, not after `until`."""

    until: float | None = None


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
class Grant:
    """A standing approval: a rule on a tool and its arguments, with an end: `until` (seconds since 1970), and that of the run in any case.

    `arguments` maps names to the allowed value, or to a function that returns whether a value is allowed; an argument that is not
    named may be anything.
    It never covers a run that has read something private, nor, once the run has read untrusted text, a write with arguments that are
    neither the user's own words nor given by the application: they may come from that text, in whatever words.
    """

    tool: str
    arguments: Mapping[str, object | Callable[[Any], bool]] = field(default_factory=dict)
    until: float | None = None

    def covers(self, call: ToolCall, now: float) -> bool:
        """Return whether the grant allows this call at this time (seconds since 1970)."""
        if call.tool != self.tool or (self.until is not None and now >= self.until):
            return False
        return all(name in call.arguments and _fits(rule, call.arguments[name]) for name, rule in self.arguments.items())


def _fits(rule: object, value: object) -> bool:
    if callable(rule):
        return bool(rule(value))
    return rule == value and isinstance(rule, bool) is isinstance(value, bool)  # True == 1 in Python


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The rules of a run: its standing approvals, and whether writes after untrusted and private text are refused outright.

    Pass them where grants are passed: `agent.run(..., grants=Rules(strict=True))`.
    """

    grants: tuple[Grant, ...] = ()
    strict: bool = False


Grants = Sequence[Grant] | Rules
"""The standing approvals of a run, or all of its rules."""
NO_RULES = Rules()


def to_rules(grants: Grants) -> Rules:
    """Return the rules of a run that was started with these grants or rules."""
    if isinstance(grants, Rules):
        return grants
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
) -> Ruling:
    """Rule on one call.

    | effect     | clean run | has read untrusted | has read private                  | untrusted and private          |
    |------------|-----------|--------------------|-----------------------------------|--------------------------------|
    | pure, read | allow     | allow              | allow                             | allow                          |
    | egress     | allow     | allow              | ask, but for the user's own words | ask                            |
    | write      | ask       | ask                | ask                               | ask with a warning, or refused |

    `tainted` names the arguments that are neither the user's own words nor given by the application; `unsourced` those that should
    come from the user and do not: such a call needs approval whatever it does. `requires_approval` can only add an approval.
    """
    if unsourced:
        return _ask_about_unsourced(decide(call, tool, labels, rules, now=now, tainted=tainted), unsourced)
    both = labels.untrusted and labels.private
    grants = [] if labels.private else [grant for grant in rules.grants if grant.covers(call, now)]
    match tool.effect:
        case Effect.WRITE:
            if both and rules.strict:
                return Deny(f"{tool.name} is refused: this run has read both untrusted and private text, and its rules are strict.")
            if grants and not (labels.untrusted and tainted):
                return Allow(_find_last_end(grants))
            return Ask("This run has read text from strangers and private text; check that nothing private leaves." if both else "")
        case Effect.EGRESS if labels.private and (labels.untrusted or tainted):
            return Ask("This would tell an outsider something after private text was read.")
        case _:
            return Ask() if tool.requires_approval and not grants else Allow()


def _find_last_end(grants: Sequence[Grant]) -> float | None:
    ends = [grant.until for grant in grants if grant.until is not None]
    return max(ends) if len(ends) == len(grants) else None


def _ask_about_unsourced(ruling: Ruling, unsourced: Sequence[str]) -> Ruling:
    if isinstance(ruling, Deny):
        return ruling
    names = " and ".join(unsourced)
    warning = f"{names} {'is' if len(unsourced) == 1 else 'are'} in neither your words nor what the application gave."
    return Ask(f"{ruling.warning} {warning}".strip() if isinstance(ruling, Ask) else warning)
