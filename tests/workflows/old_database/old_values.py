"""A value of every type of ours that a step may give, made by the old code for the databases and by today's code to compare with.

`kind` finds a class by the path that it had at commit 6f7a18e.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def values(kind: Callable[[str], Any]) -> list[Any]:
    """The values, in the order in which they were stored."""
    tools, flows, agents = "sayso.tools", "sayso.workflows", "sayso.agents"
    outcome = kind(f"{tools}.calls:Outcome")
    effect, trust, secrecy = (kind(f"{tools}.effects:{name}") for name in ("Effect", "Trust", "Secrecy"))
    tool_call, tool_result = kind(f"{tools}.calls:ToolCall"), kind(f"{tools}.calls:ToolResult")
    usage = kind(f"{flows}.limits:Usage")
    shown = kind(f"{tools}.approvals:ShownArgument")("to", "'ada'", "you")
    request = kind(f"{tools}.approvals:ApprovalRequest")(
        "d" * 64,
        "k" * 64, "r1/child", "mail:0.0", "mail", "2.abc", "s" * 64, "Mail?", '{"to":"ada"}', (shown,), ("Look twice.",), "n", 1.5, 2.5
    )  # fmt: skip
    call = tool_call("3.0", "mail", {"to": "ada", "$": 1}, (4, 9))
    result = tool_result("3.0", {"a": [1, None]}, outcome.UNKNOWN, "mail", trust.UNTRUSTED, secrecy.PRIVATE)
    approve = kind(f"{tools}.approvals:Approve")(by="ada", at=1.5)
    native = kind(f"{agents}.messages:NativeCall")("id", "mail", "{}")
    reply = kind(f"{agents}.messages:Reply")(
        "Hi", (native,), "Hm.", usage(model_calls=1, input_tokens=3, output_tokens=2, cost_usd=0.5), "length"
    )
    user = kind(f"{agents}.messages:UserMessage")("Hi", True)
    messages = (
        kind(f"{agents}.messages:SystemMessage")("Be kind."),
        user,
        kind(f"{agents}.messages:AssistantMessage")("Hello", (call,), True, "Hm."),
        kind(f"{agents}.messages:ToolMessage")((result,), False, "mail: done"),
    )
    make_claim = kind(f"{agents}.report:Claim")
    claim, failed_page = (
        make_claim("prices", "A burger costs $5.", "costs $5", 1),
        kind(f"{agents}.report:FailedPage")("http://a.example/", "gone"),
    )
    point, source = (
        kind(f"{agents}.report:Point")("Dear.", (1, 2)),
        kind(f"{agents}.report:Source")(1, "http://a.example/", "A", "now", "0", "s"),
    )
    competitor = kind(f"{agents}.report:Competitor")("A", "http://a.example/", "near", (claim,))
    report = kind(f"{agents}.report:Report")(
        company="B", made_at="now", written_by="nobody", plan=("look",), queries=("B",), competitors=(competitor,), comparison=(point,),
        sources=(source,), failed_pages=(failed_page,), dropped_claims=1, stopped="",
    )  # fmt: skip
    work = f"{agents}.research_work"
    page = kind(f"{work}:VisitedPage")("http://a.example/", "A", "text", (("http://a.example/b", "B"),), "now", "0", "s")
    candidate = kind(f"{work}:Candidate")("A", "http://a.example/", "near")
    visit = kind(f"{work}:Visit")(candidate, (page,), (failed_page,), (claim,), 1)
    hit = kind(f"{work}:Hit")("A", "http://a.example/", "snippet")
    stages = f"{agents}.research_stages"
    events = f"{flows}.events"
    return [
        *outcome, *effect, *trust, *secrecy, call, result, kind(f"{tools}.calls:Content")({"a": 1}, origin="http://a.example/"),
        kind(f"{tools}.effects:Labels")(True, False), approve, kind(f"{tools}.approvals:Edit")({"to": "bob"}, by="ada"),
        kind(f"{tools}.approvals:Reject")("too dear", by="ada", at=2.5), request,
        kind(f"{tools}.policy:Allow")(3.5), kind(f"{tools}.policy:Ask")("private"), kind(f"{tools}.policy:Deny")("no"),
        kind(f"{tools}.policy:Grant")(tool="mail", arguments={"to": "ada"}),
        kind(f"{tools}.programs:CallsOut")("state", "mail", {"to": "ada"}), kind(f"{tools}.programs:Ended")([1]),
        kind(f"{tools}.programs:Answered")("no", outcome.REJECTED),
        kind(f"{tools}.python_code.outcome:CodeError")("TypeError", "no"),
        kind(f"{tools}.order_desk:Customer")("9876", "1234 My Street"),
        kind(f"{tools}.web.search:SearchResult")("A", "http://a.example/", "snippet"),
        usage(tool_calls=2, spend_usd=1.5), kind(f"{flows}.limits:Limits")(model_calls=3, cost_usd=0.5),
        kind(f"{flows}.limits:Intent")("r1#1.1", 2.5), kind(f"{flows}.limits:Spent")([result], 0.25),
        kind(f"{flows}.in_order:Draft")("task", "text", ["Be polite."]),
        kind(f"{events}:StepStarted")("r1", "a.0"), kind(f"{events}:StepEnded")("r1", "a.0"),
        kind(f"{events}:StepFailed")("r1", "a.0", "no"),
        kind(f"{events}:BranchStarted")("r1/a", "a"), kind(f"{events}:BranchEnded")("r1/a", "a"),
        kind(f"{events}:BranchFailed")("r1/a", "a", "no"),
        kind(f"{events}:RoundEnded")("r1", 0), kind(f"{events}:ApprovalAsked")("r1", request),
        kind(f"{events}:ApprovalDecided")("r1", "d" * 64, approve), kind(f"{events}:ApproverFailed")("r1", "d" * 64, "no"),
        kind(f"{events}:WriteStarted")("r1", "mail", "k" * 64), kind(f"{events}:WriteSettled")("r1", "mail", "k" * 64, outcome.DONE),
        kind(f"{events}:Progress")("r1", "plan", "look"),
        reply, native, *messages, kind(f"{agents}.messages:Conversation")("More?", messages),
        kind(f"{agents}.messages:Sampling")(temperature=0.5, stop=("end",)),
        report, hit, visit,
        kind(f"{work}:Work")("B", ("look",), ("B",), (hit,), (candidate,), (visit,), (point,), (failed_page,)),
        kind(f"{stages}:Plan")(steps=["look"], queries=["B"]),
        kind(f"{stages}:Choice").model_validate({"picks": [{"number": 1, "name": "A", "reason": "near"}]}),
        kind(f"{stages}:Findings").model_validate({"claims": [{"topic": "prices", "text": "x", "quote": "y", "page": 1}]}),
        kind(f"{stages}:Comparison").model_validate({"points": [{"text": "Dear.", "facts": [1]}]}),
        kind(f"{stages}:Critique").model_validate({"problems": ["none"]}),
        kind("sayso.builtin_app:ChatTurn")("Hi", "m", "http://127.0.0.1:9/v1", "orders.db", "9876", "1234 My Street", messages),
        kind("sayso.builtin_app:ResearchTask")("B", None, None, "sample", 2, "report.md"),
    ]  # fmt: skip


def errors(kind: Callable[[str], Any]) -> list[Exception]:
    """Errors as steps raise them; where their sentence is made of parts, the parts come back too."""
    tools, flows = "sayso.tools", "sayso.workflows"
    error = {
        name: kind(f"{tools}.errors:{name}") for name in ("ToolError", "InvalidArguments", "UnknownTool", "LimitReached", "StepTimeout")
    }
    return [
        error["ToolError"]("there is none"),
        error["InvalidArguments"]("mail", ["to: missing"]),
        error["UnknownTool"]("male", ["mail"]),
        error["LimitReached"]("tool_calls", 3, 4),
        kind(f"{flows}.in_order:RoundsUsedUp")("evening", 3, "best"),
        kind(f"{tools}.web.search:SearchError")("duckduckgo", "no answer"),
        kind("sayso.agents.research:NothingFound")("Nothing was found."),
    ]
