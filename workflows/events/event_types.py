"""Define what a run tells, as public values: each says which run, when, at which position, and what happened there.

They are read from a run under way or, afterwards, from what is stored of it: both tell the same. Pieces of text, thoughts and arguments are
told while they stream and are not stored, so they have no number.
"""

from __future__ import annotations

from .call_events import ApprovalExpired as ApprovalExpired
from .call_events import ApprovalRequested as ApprovalRequested
from .call_events import ApprovalTaken as ApprovalTaken
from .call_events import ApproverRaised as ApproverRaised
from .call_events import CallDenied as CallDenied
from .call_events import GrantApplied as GrantApplied
from .call_events import GrantsOpened as GrantsOpened
from .call_events import ToolBegan as ToolBegan
from .call_events import ToolFinished as ToolFinished
from .model_events import ArgumentsPiece as ArgumentsPiece
from .model_events import AskedCall as AskedCall
from .model_events import CallOpened as CallOpened
from .model_events import HistoryTrimmed as HistoryTrimmed
from .model_events import ModelChanged as ModelChanged
from .model_events import ModelFailed as ModelFailed
from .model_events import ModelReplied as ModelReplied
from .model_events import ModelRequested as ModelRequested
from .model_events import RequestDowngraded as RequestDowngraded
from .model_events import RequestRetried as RequestRetried
from .model_events import SentMessage as SentMessage
from .model_events import TextGuarded as TextGuarded
from .model_events import TextPiece as TextPiece
from .model_events import TextRetracted as TextRetracted
from .model_events import ThoughtPiece as ThoughtPiece
from .run_events import ChildBegan as ChildBegan
from .run_events import ChildFinished as ChildFinished
from .run_events import LabelsGained as LabelsGained
from .run_events import LimitHit as LimitHit
from .run_events import OwnEvent as OwnEvent
from .run_events import RoundFinished as RoundFinished
from .run_events import RunBegan as RunBegan
from .run_events import RunEvent as RunEvent
from .run_events import RunFinished as RunFinished
from .run_events import RunPaused as RunPaused
from .run_events import SignalTaken as SignalTaken
from .run_events import StageReached as StageReached
from .run_events import StepBegan as StepBegan
from .run_events import StepFinished as StepFinished
from .run_events import StepRepeated as StepRepeated

VERSION = 1
"""The version of the events as JSON. A newer one is refused by name; a version gains fields and loses none."""

AnyEvent = (
    RunBegan
    | RunPaused
    | RunFinished
    | ChildBegan
    | ChildFinished
    | StepBegan
    | StepFinished
    | StepRepeated
    | SignalTaken
    | LabelsGained
    | RoundFinished
    | ModelRequested
    | TextPiece
    | TextRetracted
    | ThoughtPiece
    | CallOpened
    | ArgumentsPiece
    | ModelReplied
    | ModelFailed
    | RequestRetried
    | RequestDowngraded
    | ModelChanged
    | HistoryTrimmed
    | TextGuarded
    | ToolBegan
    | ToolFinished
    | ApprovalRequested
    | ApprovalTaken
    | ApprovalExpired
    | CallDenied
    | ApproverRaised
    | GrantsOpened
    | GrantApplied
    | LimitHit
    | StageReached
    | OwnEvent
)
