"""What comes of a question to a person: their answer is the result of the call."""

from __future__ import annotations

from sayso.tools.approval.policy import Allow
from sayso.tools.approval.requests import ApprovalRequest, Approve, Edit
from sayso.tools.asking import ANSWER
from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import Trust

from ..runs.protocols import Run
from .perform import make_failure


def take_answer(
    run: Run, call: ToolCall, tool: AnyTool, request: ApprovalRequest, given: Allow | Approve | Edit | ToolResult
) -> ToolResult:
    """Return a person's answer as the result: what they wrote as `answer` in an Edit. An Approve is a yes, a Reject no answer.

    In a run of theirs, the answer counts as the user's words from then on.
    """
    if isinstance(given, ToolResult):  # refused, or nobody answered in time
        return given
    if isinstance(given, Allow):
        return make_failure(call, "Nobody was asked: a standing approval cannot answer a question.", Outcome.REJECTED)
    approvers = run.scope.approvers
    if approvers is not None and run.is_live and (problem := approvers.find_problem(given, request)):
        return make_failure(call, f"The answer does not count: {problem}.", Outcome.REJECTED)
    run.scope.meter.count_tool_calls(1)
    text = str(given.arguments.get(ANSWER) or "").strip() if isinstance(given, Edit) else "yes"
    if not text:
        return make_failure(call, "The user gave no answer.", Outcome.REJECTED)
    choices = call.arguments.get("choices")
    listed = [str(choice) for choice in choices] if isinstance(choices, (list, tuple)) else []
    if text not in listed and len(alike := [choice for choice in listed if choice.strip().casefold() == text.casefold()]) == 1:
        (text,) = alike
    if not run.user or given.by == run.user:
        run.scope.provenance.user_texts = (*run.scope.provenance.user_texts, text)
    said = f"{text} (none of the choices)" if listed and text not in listed else text
    return ToolResult(call.id, said, Outcome.DONE, tool.name, Trust.USER)
