"""The policy, row by row: what happens at once, what is asked about, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from sayso.tools import Grant, Labels, Rules, ToolCall, tool
from sayso.tools.approval.policy import Allow, Ask, Deny, Ruling, decide


@tool.pure
def add(n: int) -> int:
    """Adds."""
    return n


@tool.read
def look(n: int) -> int:
    """Looks."""
    return n


@tool.egress
def tell(n: int) -> int:
    """Tells."""
    return n


@tool.write
def act(n: int) -> int:
    """Acts."""
    return n


@tool
def unsaid(n: int) -> int:
    """Does something."""
    return n


CLEAN, UNTRUSTED, PRIVATE, BOTH = Labels(), Labels(untrusted=True), Labels(private=True), Labels(untrusted=True, private=True)
MINE, CHOSEN = frozenset[str](), frozenset({"n"})
STRICT = Rules(strict=True)
YES, NO, ASK = Allow(), Deny("act is refused: this run has read both untrusted and private text, and its rules are strict."), Ask()
LEAVES = Ask("This would tell an outsider something after private text was read.")
STRANGERS = Ask("The standing approval for act does not count here: this run has read text from strangers.")
NOBODY = Ask("The standing approval for act does not count here: this run has read something that nobody vouches for.")
SECRETS = Ask("The standing approval for act does not count here: this run has read private text.")
LEAK = Ask("This run has read text from strangers and private text; check that nothing private leaves.")

TABLE: dict[str, tuple[Any, frozenset[str], Rules, tuple[Ruling, Ruling, Ruling, Ruling]]] = {
    #                                        clean untrusted private both
    "pure": (add, CHOSEN, STRICT, (YES, YES, YES, YES)),
    "read": (look, CHOSEN, STRICT, (YES, YES, YES, YES)),
    "egress, what a model chose": (tell, CHOSEN, Rules(), (YES, YES, LEAVES, LEAVES)),
    "egress, the user's own words": (tell, MINE, Rules(), (YES, YES, YES, LEAVES)),
    "egress, granted": (tell, CHOSEN, Rules(grants=(Grant(tool="tell"),)), (YES, YES, LEAVES, LEAVES)),
    "write": (act, MINE, Rules(), (ASK, ASK, ASK, LEAK)),
    "write, what a model chose": (act, CHOSEN, Rules(), (ASK, ASK, ASK, LEAK)),
    "write, strict": (act, MINE, STRICT, (ASK, ASK, ASK, NO)),
    "write, granted": (act, MINE, Rules(grants=(Grant(tool="act"),)), (YES, STRANGERS, SECRETS, LEAK)),
    "write, granted, what a model chose": (act, CHOSEN, Rules(grants=(Grant(tool="act"),)), (YES, STRANGERS, SECRETS, LEAK)),
    "write, granted and strict": (act, MINE, Rules(grants=(Grant(tool="act"),), strict=True), (YES, STRANGERS, SECRETS, NO)),
    "nothing said of the effect": (unsaid, MINE, Rules(), (ASK, ASK, ASK, LEAK)),
}


@pytest.mark.parametrize(("what", "tainted", "rules", "rulings"), TABLE.values(), ids=TABLE)
def test_the_table(what: Any, tainted: frozenset[str], rules: Rules, rulings: tuple[Ruling, ...]) -> None:
    call = ToolCall("0.0", what.name, {"n": 1})
    assert tuple(decide(call, what, labels, rules, tainted=tainted) for labels in (CLEAN, UNTRUSTED, PRIVATE, BOTH)) == rulings


UNVOUCHED: dict[str, tuple[Any, Rules, bool, Ruling]] = {
    "pure": (add, Rules(), False, YES),
    "read": (look, Rules(), False, YES),
    "egress": (tell, Rules(), False, YES),
    "egress, after private text": (tell, Rules(), True, LEAVES),
    "write": (act, Rules(), False, ASK),
    "write, granted": (act, Rules(grants=(Grant(tool="act"),)), False, NOBODY),
    "write, granted, after private text": (act, Rules(grants=(Grant(tool="act"),)), True, NOBODY),
    "write, strict, after private text": (act, STRICT, True, ASK),
}


@pytest.mark.parametrize(("what", "rules", "private", "ruling"), UNVOUCHED.values(), ids=UNVOUCHED)
def test_what_nobody_vouches_for_ends_standing_approvals_and_changes_nothing_else(
    what: Any, rules: Rules, private: bool, ruling: Ruling
) -> None:
    call = ToolCall("0.0", what.name, {"n": 1})
    assert decide(call, what, Labels(private=private, unvouched=True), rules, tainted=CHOSEN) == ruling


@pytest.mark.parametrize("labels", [CLEAN, UNTRUSTED, PRIVATE, BOTH], ids=str)
@pytest.mark.parametrize("effect", [tool.pure, tool.read, tool.egress, tool.write])
def test_a_tool_may_only_add_asking_and_an_invented_value_always_asks(effect: Any, labels: Labels) -> None:
    @effect(requires_approval=True)
    def careful(n: int) -> int:
        """Careful."""
        return n

    @effect
    def plain(n: int) -> int:
        """Plain."""
        return n

    def ruled(tool: Any, **options: Any) -> Ruling:
        return decide(ToolCall("0.0", tool.name, {"n": 1}), tool, labels, Rules(grants=(Grant(tool="plain"),)), **options)

    assert isinstance(ruled(careful), Ask)
    invented = ruled(plain, unsourced=("n",))
    assert isinstance(invented, Ask)
    assert "n is in neither your words nor what the application gave." in invented.warning


ENDS: dict[str, tuple[tuple[float | None, ...], float, Ruling]] = {
    "before its end": ((100.0,), 99.9, Allow(100.0)),
    "at its end": ((100.0,), 100.0, ASK),
    "after its end": ((100.0,), 1e9, ASK),
    "with the run": ((None,), 1e9, Allow()),
    "one of two has ended": ((100.0, 200.0), 150.0, Allow(200.0)),
    "the longer one counts": ((100.0, 200.0), 50.0, Allow(200.0)),
    "one has no end but the run's": ((100.0, None), 50.0, Allow()),
    "both have ended": ((100.0, 200.0), 200.0, ASK),
}


@pytest.mark.parametrize(("ends", "now", "ruling"), ENDS.values(), ids=ENDS)
def test_a_standing_approval_ends(ends: tuple[float | None, ...], now: float, ruling: Ruling) -> None:
    rules = Rules(grants=tuple(Grant(tool="act", until=until) for until in ends))
    assert decide(ToolCall("0.0", "act", {"n": 1}), act, CLEAN, rules, now=now) == ruling


MEANT: dict[str, tuple[Grant, dict[str, object], bool]] = {
    "any argument": (Grant(tool="act"), {"n": 5}, True),
    "this value": (Grant(tool="act", arguments={"n": 5}), {"n": 5}, True),
    "another value": (Grant(tool="act", arguments={"n": 5}), {"n": 6}, False),
    "a value that a function allows": (Grant(tool="act", arguments={"n": lambda n: n < 10}), {"n": 9}, True),
    "a value that it does not": (Grant(tool="act", arguments={"n": lambda n: n < 10}), {"n": 10}, False),
    "an argument that is not there": (Grant(tool="act", arguments={"m": 5}), {"n": 5}, False),
    "another tool": (Grant(tool="acts"), {"n": 5}, False),
    "two rules, one of them broken": (Grant(tool="act", arguments={"n": 5, "to": "ada"}), {"n": 5, "to": "eve"}, False),
    "true is not a number": (Grant(tool="act", arguments={"n": 1}), {"n": True}, False),
    "a number is not text": (Grant(tool="act", arguments={"n": "1"}), {"n": 1}, False),
}


@pytest.mark.parametrize(("grant", "arguments", "covered"), MEANT.values(), ids=MEANT)
def test_a_standing_approval_is_a_rule_on_a_tool_and_its_arguments(grant: Grant, arguments: dict[str, object], covered: bool) -> None:
    assert grant.covers(ToolCall("0.0", "act", arguments), now=0.0) is covered
