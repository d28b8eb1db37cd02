"""What can be done: tools, the calls that ask for them, how calls are read, and who has to say yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy_names import lazily

if TYPE_CHECKING:
    from .approval.grant import Grant as Grant
    from .approval.policy import Rules as Rules
    from .approval.requests import ApprovalRequest as ApprovalRequest
    from .approval.requests import Approve as Approve
    from .approval.requests import Approver as Approver
    from .approval.requests import Decision as Decision
    from .approval.requests import Edit as Edit
    from .approval.requests import Reject as Reject
    from .approval.requests import approve_all as approve_all
    from .approval.signatures import sign as sign
    from .approval.signatures import sign_with as sign_with
    from .asking import ask_user as ask_user
    from .calculation import CalculationError as CalculationError
    from .calculation import Result as Result
    from .calculation import calculate as calculate
    from .calculation import calculate_async as calculate_async
    from .calculation import calculator as calculator
    from .calls import Content as Content
    from .calls import Outcome as Outcome
    from .calls import ToolCall as ToolCall
    from .calls import ToolResult as ToolResult
    from .definition.decorators import tool as tool
    from .definition.secret import Secret as Secret
    from .definition.tool import Tool as Tool
    from .definition.tool import ToolContext as ToolContext
    from .dialects import ArgumentDelta as ArgumentDelta
    from .dialects import CallDropped as CallDropped
    from .dialects import CallRead as CallRead
    from .dialects import CallStarted as CallStarted
    from .dialects import CallTextDelta as CallTextDelta
    from .dialects import ProblemRead as ProblemRead
    from .dialects import Reading as Reading
    from .effects import Effect as Effect
    from .effects import Labels as Labels
    from .effects import Secrecy as Secrecy
    from .effects import Trust as Trust
    from .errors import Cancelled as Cancelled
    from .errors import IncompleteReply as IncompleteReply
    from .errors import InputTooLong as InputTooLong
    from .errors import InvalidArguments as InvalidArguments
    from .errors import LimitReached as LimitReached
    from .errors import ModelError as ModelError
    from .errors import NotFinished as NotFinished
    from .errors import OutputError as OutputError
    from .errors import ReplayError as ReplayError
    from .errors import RunError as RunError
    from .errors import SaysoError as SaysoError
    from .errors import SecretLocked as SecretLocked
    from .errors import StepTimeout as StepTimeout
    from .errors import ToolError as ToolError
    from .errors import UnknownTool as UnknownTool
    from .errors import UsageError as UsageError
    from .errors import WorkflowError as WorkflowError
    from .inline_calls import fill as fill
    from .media import Audio as Audio
    from .media import File as File
    from .media import Image as Image
    from .provider_replies import Reader as Reader
    from .provider_replies import read as read
    from .python_code import PythonResult as PythonResult
    from .python_code import python_tool as python_tool
    from .python_code import run_python as run_python
    from .sandbox import Sandbox as Sandbox
    from .sandbox import SandboxError as SandboxError

_PLACES = {
    "CalculationError": "calculation",
    "Result": "calculation",
    "calculate": "calculation",
    "calculate_async": "calculation",
    "calculator": "calculation",
    "fill": "inline_calls",
    "read": "provider_replies",
    "ArgumentDelta": "dialects",
    "CallTextDelta": "dialects",
    "CallDropped": "dialects",
    "CallRead": "dialects",
    "CallStarted": "dialects",
    "ProblemRead": "dialects",
    "Reader": "provider_replies",
    "Reading": "dialects",
    "Sandbox": "sandbox",
    "SandboxError": "sandbox",
    "ask_user": "asking",
    "Approve": "approval.requests",
    "ApprovalRequest": "approval.requests",
    "Approver": "approval.requests",
    "Decision": "approval.requests",
    "Edit": "approval.requests",
    "Reject": "approval.requests",
    "approve_all": "approval.requests",
    "sign": "approval.signatures",
    "sign_with": "approval.signatures",
    "Audio": "media",
    "Content": "calls",
    "File": "media",
    "Grant": "approval.grant",
    "Image": "media",
    "Rules": "approval.policy",
    "PythonResult": "python_code",
    "python_tool": "python_code",
    "run_python": "python_code",
    "SaysoError": "errors",
    "UsageError": "errors",
    "RunError": "errors",
    "NotFinished": "errors",
    "LimitReached": "errors",
    "ModelError": "errors",
    "IncompleteReply": "errors",
    "InputTooLong": "errors",
    "OutputError": "errors",
    "WorkflowError": "errors",
    "ReplayError": "errors",
    "Cancelled": "errors",
    "StepTimeout": "errors",
    "Effect": "effects",
    "InvalidArguments": "errors",
    "Labels": "effects",
    "Outcome": "calls",
    "Secrecy": "effects",
    "Secret": "definition.secret",
    "SecretLocked": "errors",
    "Tool": "definition.tool",
    "ToolCall": "calls",
    "ToolContext": "definition.tool",
    "ToolError": "errors",
    "ToolResult": "calls",
    "Trust": "effects",
    "UnknownTool": "errors",
    "tool": "definition.decorators",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
