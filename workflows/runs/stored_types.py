"""The types of Sayso that may stand in a stored run, each with the tag it is stored under: what is stored does not know where code is.

To move or rename a class, change its path here and leave its tag. A new type gets a row of its own, with no former path. Nothing else has
to follow: a run that waits is read by the tag. Types of an application have no tag; they are stored as `module:QualName`.
"""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache

TYPES: dict[str, tuple[str, ...]] = {
    # tag: where the class is, and where it was when its path was stored instead of a tag (commit 6f7a18e and before)
    "ToolCall": ("sayso.tools.calls:ToolCall", "sayso.tools.calls:ToolCall"),
    "ToolResult": ("sayso.tools.calls:ToolResult", "sayso.tools.calls:ToolResult"),
    "Content": ("sayso.tools.calls:Content", "sayso.tools.calls:Content"),
    "Outcome": ("sayso.tools.calls:Outcome", "sayso.tools.calls:Outcome"),
    "Effect": ("sayso.tools.effects:Effect", "sayso.tools.effects:Effect"),
    "Trust": ("sayso.tools.effects:Trust", "sayso.tools.effects:Trust"),
    "Secrecy": ("sayso.tools.effects:Secrecy", "sayso.tools.effects:Secrecy"),
    "Labels": ("sayso.tools.effects:Labels", "sayso.tools.effects:Labels"),
    "Approve": ("sayso.tools.approval.requests:Approve", "sayso.tools.approvals:Approve"),
    "Edit": ("sayso.tools.approval.requests:Edit", "sayso.tools.approvals:Edit"),
    "Reject": ("sayso.tools.approval.requests:Reject", "sayso.tools.approvals:Reject"),
    "ShownArgument": ("sayso.tools.approval.requests:ShownArgument", "sayso.tools.approvals:ShownArgument"),
    "ApprovalRequest": ("sayso.tools.approval.requests:ApprovalRequest", "sayso.tools.approvals:ApprovalRequest"),
    "Allow": ("sayso.tools.approval.policy:Allow", "sayso.tools.policy:Allow"),
    "Ask": ("sayso.tools.approval.policy:Ask", "sayso.tools.policy:Ask"),
    "Deny": ("sayso.tools.approval.policy:Deny", "sayso.tools.policy:Deny"),
    "Grant": ("sayso.tools.approval.grant:Grant", "sayso.tools.policy:Grant"),
    "Rules": ("sayso.tools.approval.policy:Rules", "sayso.tools.policy:Rules"),
    "CallsOut": ("sayso.tools.definition.code_tool:CallsOut", "sayso.tools.programs:CallsOut"),
    "Ended": ("sayso.tools.definition.code_tool:Ended", "sayso.tools.programs:Ended"),
    "Answered": ("sayso.tools.definition.code_tool:Answered", "sayso.tools.programs:Answered"),
    "SaysoError": ("sayso.tools.errors:SaysoError", "sayso.tools.errors:SaysoError"),
    "ToolError": ("sayso.tools.errors:ToolError", "sayso.tools.errors:ToolError"),
    "UnknownTool": ("sayso.tools.errors:UnknownTool", "sayso.tools.errors:UnknownTool"),
    "InvalidArguments": ("sayso.tools.errors:InvalidArguments", "sayso.tools.errors:InvalidArguments"),
    "UsageError": ("sayso.tools.errors:UsageError", "sayso.tools.errors:UsageError"),
    "WorkflowError": ("sayso.tools.errors:WorkflowError", "sayso.tools.errors:WorkflowError"),
    "RunIdTaken": ("sayso.tools.errors:RunIdTaken",),
    "RunError": ("sayso.tools.errors:RunError", "sayso.tools.errors:RunError"),
    "NotFinished": ("sayso.tools.errors:NotFinished", "sayso.tools.errors:NotFinished"),
    "LimitReached": ("sayso.tools.errors:LimitReached", "sayso.tools.errors:LimitReached"),
    "ModelError": ("sayso.tools.errors:ModelError", "sayso.tools.errors:ModelError"),
    "ToolsRefused": ("sayso.tools.errors:ToolsRefused", "sayso.tools.errors:ToolsRefused"),
    "EndpointSilent": ("sayso.agents.models.provider_errors:EndpointSilent",),
    "OtherProtocol": ("sayso.agents.models.provider_errors:OtherProtocol",),
    "IncompleteReply": ("sayso.tools.errors:IncompleteReply",),
    "OutputError": ("sayso.tools.errors:OutputError", "sayso.tools.errors:OutputError"),
    "StepTimeout": ("sayso.tools.errors:StepTimeout", "sayso.tools.errors:StepTimeout"),
    "SecretLocked": ("sayso.tools.errors:SecretLocked",),
    "Unreadable": ("sayso.workflows.durable.durable_execution:Unreadable",),
    "ReplayError": ("sayso.tools.errors:ReplayError", "sayso.tools.errors:ReplayError"),
    "Cancelled": ("sayso.tools.errors:Cancelled", "sayso.tools.errors:Cancelled"),
    "Why": ("sayso.tools.calculation.refusal:ErrorCode", "sayso.tools.calculation.refusal:Why"),
    "CalculationError": ("sayso.tools.calculation.refusal:CalculationError", "sayso.tools.calculation.refusal:CalculationError"),
    "Dish": ("sayso.tools.ordering.menu:Dish", "sayso.tools.menu:Dish"),
    "Wish": ("sayso.tools.ordering.menu:Wish", "sayso.tools.menu:Wish"),
    "NotOnTheMenu": ("sayso.tools.ordering.menu:NotOnTheMenu", "sayso.tools.menu:NotOnTheMenu"),
    "Customer": ("sayso.tools.ordering.order_desk:Customer", "sayso.tools.order_desk:Customer"),
    "Order": ("sayso.tools.ordering.order_desk:Order", "sayso.tools.order_desk:Order"),
    "CodeError": ("sayso.tools.python_code.outcome:CodeError", "sayso.tools.python_code.outcome:CodeError"),
    "FailedTest": ("sayso.tools.python_code.outcome:FailedTest", "sayso.tools.python_code.outcome:FailedTest"),
    "PythonResult": ("sayso.tools.python_code.outcome:PythonResult", "sayso.tools.python_code.outcome:PythonResult"),
    "SandboxError": ("sayso.tools.sandbox.errors:SandboxError", "sayso.tools.sandbox.errors:SandboxError"),
    "SandboxTimeout": ("sayso.tools.sandbox.errors:SandboxTimeout", "sayso.tools.sandbox.errors:SandboxTimeout"),
    "SandboxMemory": ("sayso.tools.sandbox.errors:SandboxMemory", "sayso.tools.sandbox.errors:SandboxMemory"),
    "SandboxDied": ("sayso.tools.sandbox.errors:SandboxDied", "sayso.tools.sandbox.errors:SandboxDied"),
    "SandboxRaised": ("sayso.tools.sandbox.errors:SandboxRaised", "sayso.tools.sandbox.errors:SandboxRaised"),
    "SandboxMissing": ("sayso.tools.sandbox.errors:SandboxMissing", "sayso.tools.sandbox.errors:SandboxMissing"),
    "FileUnreadable": ("sayso.tools.documents.errors:FileUnreadable", "sayso.tools.documents.errors:FileUnreadable"),
    "Quote": ("sayso.tools.documents.citations:Quote", "sayso.tools.documents.citations:Quote"),
    "Citation": ("sayso.tools.documents.citations:Citation", "sayso.tools.documents.citations:Citation"),
    "CitedAnswer": ("sayso.tools.documents.citations:CitedAnswer", "sayso.tools.documents.citations:CitedAnswer"),
    "Passage": ("sayso.tools.documents.passages:Passage", "sayso.tools.documents.passages:Passage"),
    "Match": ("sayso.tools.documents.passage_index:Match", "sayso.tools.documents.passage_index:Match"),
    "Skipped": ("sayso.tools.documents.folder:Skipped", "sayso.tools.documents.folder:Skipped"),
    "ReadCall": ("sayso.tools.dialects.read_events:ReadCall", "sayso.tools.dialects.values:ReadCall"),
    "Problem": ("sayso.tools.dialects.read_events:Problem", "sayso.tools.dialects.values:Problem"),
    "Reading": ("sayso.tools.dialects.read_events:Reading", "sayso.tools.dialects.values:Reading"),
    "PageError": ("sayso.tools.web.page_errors:PageError", "sayso.tools.web.page_errors:PageError"),
    "UrlRefused": ("sayso.tools.web.page_errors:UrlRefused", "sayso.tools.web.page_errors:UrlRefused"),
    "RobotsForbid": ("sayso.tools.web.page_errors:RobotsForbid", "sayso.tools.web.page_errors:RobotsForbid"),
    "PageStatus": ("sayso.tools.web.page_errors:PageStatus", "sayso.tools.web.page_errors:PageStatus"),
    "PageTooLarge": ("sayso.tools.web.page_errors:PageTooLarge", "sayso.tools.web.page_errors:PageTooLarge"),
    "NotAPage": ("sayso.tools.web.page_errors:NotAPage", "sayso.tools.web.page_errors:NotAPage"),
    "PageEmpty": ("sayso.tools.web.page_errors:PageEmpty", "sayso.tools.web.page_errors:PageEmpty"),
    "PageUnreadable": ("sayso.tools.web.page_errors:PageUnreadable", "sayso.tools.web.page_errors:PageUnreadable"),
    "PageTimeout": ("sayso.tools.web.page_errors:PageTimeout", "sayso.tools.web.page_errors:PageTimeout"),
    "TooManyRedirects": ("sayso.tools.web.page_errors:TooManyRedirects", "sayso.tools.web.page_errors:TooManyRedirects"),
    "ConnectionFailed": ("sayso.tools.web.page_errors:ConnectionFailed", "sayso.tools.web.page_errors:ConnectionFailed"),
    "PageWall": ("sayso.tools.web.page_errors:PageWall",),
    "PageScripted": ("sayso.tools.web.page_errors:PageScripted",),
    "Field": ("sayso.tools.web.fields:Field",),
    "Link": ("sayso.tools.web.pages:Link", "sayso.tools.web.pages:Link"),
    "Page": ("sayso.tools.web.pages:Page", "sayso.tools.web.pages:Page"),
    "SearchResult": ("sayso.tools.web.search:SearchResult", "sayso.tools.web.search:SearchResult"),
    "SearchError": ("sayso.tools.web.search:SearchError", "sayso.tools.web.search:SearchError"),
    "Snapshot": ("sayso.tools.web.snapshots:Snapshot", "sayso.tools.web.snapshots:Snapshot"),
    "Usage": ("sayso.workflows.runs.limits:Usage", "sayso.workflows.limits:Usage"),
    "Limits": ("sayso.workflows.runs.limits:Limits", "sayso.workflows.limits:Limits"),
    "Intent": ("sayso.workflows.runs.limits:Intent", "sayso.workflows.limits:Intent"),
    "Spent": ("sayso.workflows.runs.limits:Spent", "sayso.workflows.limits:Spent"),
    "Failure": ("sayso.workflows.runs.journal:Failure", "sayso.workflows.line:Failure"),
    "StepStarted": ("sayso.workflows.runs.events:StepStarted", "sayso.workflows.events:StepStarted"),
    "StepEnded": ("sayso.workflows.runs.events:StepEnded", "sayso.workflows.events:StepEnded"),
    "StepFailed": ("sayso.workflows.runs.events:StepFailed", "sayso.workflows.events:StepFailed"),
    "StepRetried": ("sayso.workflows.runs.events:StepRetried", "sayso.workflows.events:StepRetried"),
    "BranchStarted": ("sayso.workflows.runs.events:BranchStarted", "sayso.workflows.events:BranchStarted"),
    "BranchEnded": ("sayso.workflows.runs.events:BranchEnded", "sayso.workflows.events:BranchEnded"),
    "BranchFailed": ("sayso.workflows.runs.events:BranchFailed", "sayso.workflows.events:BranchFailed"),
    "RoundEnded": ("sayso.workflows.runs.events:RoundEnded", "sayso.workflows.events:RoundEnded"),
    "GivenGrant": ("sayso.tools.approval.grant:GivenGrant",),
    "GrantsGiven": ("sayso.workflows.runs.events:GrantsGiven",),
    "GrantUsed": ("sayso.workflows.runs.events:GrantUsed",),
    "ApprovalAsked": ("sayso.workflows.runs.events:ApprovalAsked", "sayso.workflows.events:ApprovalAsked"),
    "ApprovalDecided": ("sayso.workflows.runs.events:ApprovalDecided", "sayso.workflows.events:ApprovalDecided"),
    "ApproverFailed": ("sayso.workflows.runs.events:ApproverFailed", "sayso.workflows.events:ApproverFailed"),
    "WriteStarted": ("sayso.workflows.runs.events:WriteStarted", "sayso.workflows.events:WriteStarted"),
    "WriteSettled": ("sayso.workflows.runs.events:WriteSettled", "sayso.workflows.events:WriteSettled"),
    "Progress": ("sayso.workflows.runs.events:Progress", "sayso.workflows.events:Progress"),
    "CallFailed": ("sayso.workflows.calls.execute:CallFailed", "sayso.workflows.approval:CallFailed"),
    "Failed": ("sayso.workflows.runs.concurrency:Failed", "sayso.workflows.branches:Failed"),
    "RoundsUsedUp": ("sayso.workflows.shapes.in_order:RoundsUsedUp", "sayso.workflows.in_order:RoundsUsedUp"),
    "Draft": ("sayso.workflows.shapes.in_order:Draft", "sayso.workflows.in_order:Draft"),
    "NotJson": ("sayso.workflows.runs.codec:NotJson", "sayso.workflows.codec:NotJson"),
    "Lost": ("sayso.workflows.runs.codec:Lost", "sayso.workflows.codec:Lost"),
    "DatabaseLost": ("sayso.workflows.durable.database:DatabaseLost", "sayso.workflows.durable.database:DatabaseLost"),
    "Superseded": ("sayso.workflows.durable.records:Superseded", "sayso.workflows.durable.records:Superseded"),
    "HeadAway": ("sayso.workflows.durable.heads:HeadAway",),
    "LogChanged": ("sayso.workflows.durable.records:LogChanged",),
    "WorkerLost": ("sayso.workflows.durable.run_worker:WorkerLost", "sayso.workflows.durable.worker:WorkerLost"),
    "SystemMessage": ("sayso.agents.messages.values:SystemMessage", "sayso.agents.messages:SystemMessage"),
    "UserMessage": ("sayso.agents.messages.values:UserMessage", "sayso.agents.messages:UserMessage"),
    "AssistantMessage": ("sayso.agents.messages.values:AssistantMessage", "sayso.agents.messages:AssistantMessage"),
    "ToolMessage": ("sayso.agents.messages.values:ToolMessage", "sayso.agents.messages:ToolMessage"),
    "Conversation": ("sayso.agents.messages.values:Conversation", "sayso.agents.messages:Conversation"),
    "Sampling": ("sayso.agents.messages.values:Sampling", "sayso.agents.messages:Sampling"),
    "Media": ("sayso.tools.media:Media",),
    "Image": ("sayso.tools.media:Image",),
    "Audio": ("sayso.tools.media:Audio",),
    "File": ("sayso.tools.media:File",),
    "ProviderData": ("sayso.agents.messages.values:ProviderData",),
    "NativeCall": ("sayso.agents.messages.values:NativeCall", "sayso.agents.messages:NativeCall"),
    "Reply": ("sayso.agents.messages.values:Reply", "sayso.agents.messages:Reply"),
    "Claim": ("sayso.agents.research.report:Claim", "sayso.agents.report:Claim"),
    "Competitor": ("sayso.agents.research.report:Competitor", "sayso.agents.report:Competitor"),
    "Source": ("sayso.agents.research.report:Source", "sayso.agents.report:Source"),
    "FailedPage": ("sayso.agents.research.report:FailedPage", "sayso.agents.report:FailedPage"),
    "Point": ("sayso.agents.research.report:Point", "sayso.agents.report:Point"),
    "Report": ("sayso.agents.research.report:Report", "sayso.agents.report:Report"),
    "NothingFound": ("sayso.agents.research.pipeline:NothingFound", "sayso.agents.research:NothingFound"),
    "Plan": ("sayso.agents.research.stage_prompts:Plan", "sayso.agents.research_stages:Plan"),
    "Pick": ("sayso.agents.research.stage_prompts:Pick", "sayso.agents.research_stages:Pick"),
    "Choice": ("sayso.agents.research.stage_prompts:Choice", "sayso.agents.research_stages:Choice"),
    "Found": ("sayso.agents.research.stage_prompts:Found", "sayso.agents.research_stages:Found"),
    "Findings": ("sayso.agents.research.stage_prompts:Findings", "sayso.agents.research_stages:Findings"),
    "ComparedPoint": ("sayso.agents.research.stage_prompts:ComparedPoint", "sayso.agents.research_stages:ComparedPoint"),
    "Comparison": ("sayso.agents.research.stage_prompts:Comparison", "sayso.agents.research_stages:Comparison"),
    "Critique": ("sayso.agents.research.stage_prompts:Critique", "sayso.agents.research_stages:Critique"),
    "Hit": ("sayso.agents.research.state:SearchHit", "sayso.agents.research_work:Hit"),
    "VisitedPage": ("sayso.agents.research.state:VisitedPage", "sayso.agents.research_work:VisitedPage"),
    "Candidate": ("sayso.agents.research.state:Candidate", "sayso.agents.research_work:Candidate"),
    "Visit": ("sayso.agents.research.state:Visit", "sayso.agents.research_work:Visit"),
    "Work": ("sayso.agents.research.state:ResearchState", "sayso.agents.research_work:Work"),
    "ChatTurn": ("sayso.cli.builtin_app:ChatTurn", "sayso.builtin_app:ChatTurn"),
    "ResearchTask": ("sayso.cli.builtin_app:ResearchTask", "sayso.builtin_app:ResearchTask"),
}

TAGS = {path: tag for tag, (path, *_) in TYPES.items()}
FORMER = {former: tag for tag, (_, *formers) in TYPES.items() for former in formers}


@lru_cache(maxsize=1024)
def tag_of(kind: type) -> str | None:
    """Return the tag that values of the class are stored under. None for a class of an application."""
    return TAGS.get(f"{kind.__module__}:{kind.__qualname__}")


@lru_cache(maxsize=1024)
def find_type(name: str) -> type | None:
    """Return the class of Sayso that is stored under the name: a tag, or a former path. None where the table has neither."""
    tag = FORMER.get(name, name)
    if tag not in TYPES:
        return None
    # Importing is safe here: the path is from the table above, never from what is read. It is late, as agents/ imports workflows/.
    path = TYPES[tag][0]
    module, _, qualname = path.partition(":")
    found = getattr(sys.modules.get(module) or importlib.import_module(module), qualname)
    assert isinstance(found, type), f"{path} is not a class"
    return found
