"""The events of a run: what is told while it goes on, and read again from what is stored of it. See docs/events.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from sayso.workflows.events.event_json import from_dict as from_dict
    from sayso.workflows.events.event_json import to_dict as to_dict
    from sayso.workflows.events.event_types import VERSION as VERSION
    from sayso.workflows.events.event_types import AnyEvent as AnyEvent
    from sayso.workflows.events.event_types import ApprovalExpired as ApprovalExpired
    from sayso.workflows.events.event_types import ApprovalRequested as ApprovalRequested
    from sayso.workflows.events.event_types import ApprovalTaken as ApprovalTaken
    from sayso.workflows.events.event_types import ApproverRaised as ApproverRaised
    from sayso.workflows.events.event_types import ArgumentsPiece as ArgumentsPiece
    from sayso.workflows.events.event_types import AskedCall as AskedCall
    from sayso.workflows.events.event_types import CallDenied as CallDenied
    from sayso.workflows.events.event_types import CallOpened as CallOpened
    from sayso.workflows.events.event_types import ChildBegan as ChildBegan
    from sayso.workflows.events.event_types import ChildFinished as ChildFinished
    from sayso.workflows.events.event_types import GrantApplied as GrantApplied
    from sayso.workflows.events.event_types import GrantsOpened as GrantsOpened
    from sayso.workflows.events.event_types import HistoryTrimmed as HistoryTrimmed
    from sayso.workflows.events.event_types import LabelsGained as LabelsGained
    from sayso.workflows.events.event_types import LimitHit as LimitHit
    from sayso.workflows.events.event_types import ModelChanged as ModelChanged
    from sayso.workflows.events.event_types import ModelFailed as ModelFailed
    from sayso.workflows.events.event_types import ModelReplied as ModelReplied
    from sayso.workflows.events.event_types import ModelRequested as ModelRequested
    from sayso.workflows.events.event_types import OwnEvent as OwnEvent
    from sayso.workflows.events.event_types import RequestDowngraded as RequestDowngraded
    from sayso.workflows.events.event_types import RequestRetried as RequestRetried
    from sayso.workflows.events.event_types import RoundFinished as RoundFinished
    from sayso.workflows.events.event_types import RunBegan as RunBegan
    from sayso.workflows.events.event_types import RunEvent as RunEvent
    from sayso.workflows.events.event_types import RunFinished as RunFinished
    from sayso.workflows.events.event_types import RunPaused as RunPaused
    from sayso.workflows.events.event_types import SentMessage as SentMessage
    from sayso.workflows.events.event_types import SignalTaken as SignalTaken
    from sayso.workflows.events.event_types import StageReached as StageReached
    from sayso.workflows.events.event_types import StepBegan as StepBegan
    from sayso.workflows.events.event_types import StepFinished as StepFinished
    from sayso.workflows.events.event_types import StepRepeated as StepRepeated
    from sayso.workflows.events.event_types import TextGuarded as TextGuarded
    from sayso.workflows.events.event_types import TextPiece as TextPiece
    from sayso.workflows.events.event_types import TextRetracted as TextRetracted
    from sayso.workflows.events.event_types import ThoughtPiece as ThoughtPiece
    from sayso.workflows.events.event_types import ToolBegan as ToolBegan
    from sayso.workflows.events.event_types import ToolFinished as ToolFinished

_PLACES = {
    "AnyEvent": "workflows.events.event_types",
    "ApprovalExpired": "workflows.events.event_types",
    "ApprovalRequested": "workflows.events.event_types",
    "ApprovalTaken": "workflows.events.event_types",
    "ApproverRaised": "workflows.events.event_types",
    "ArgumentsPiece": "workflows.events.event_types",
    "AskedCall": "workflows.events.event_types",
    "CallDenied": "workflows.events.event_types",
    "CallOpened": "workflows.events.event_types",
    "ChildBegan": "workflows.events.event_types",
    "ChildFinished": "workflows.events.event_types",
    "GrantApplied": "workflows.events.event_types",
    "GrantsOpened": "workflows.events.event_types",
    "HistoryTrimmed": "workflows.events.event_types",
    "LabelsGained": "workflows.events.event_types",
    "LimitHit": "workflows.events.event_types",
    "ModelChanged": "workflows.events.event_types",
    "ModelFailed": "workflows.events.event_types",
    "ModelReplied": "workflows.events.event_types",
    "ModelRequested": "workflows.events.event_types",
    "OwnEvent": "workflows.events.event_types",
    "RequestDowngraded": "workflows.events.event_types",
    "RequestRetried": "workflows.events.event_types",
    "RoundFinished": "workflows.events.event_types",
    "RunBegan": "workflows.events.event_types",
    "RunEvent": "workflows.events.event_types",
    "RunFinished": "workflows.events.event_types",
    "RunPaused": "workflows.events.event_types",
    "SentMessage": "workflows.events.event_types",
    "SignalTaken": "workflows.events.event_types",
    "StageReached": "workflows.events.event_types",
    "StepBegan": "workflows.events.event_types",
    "StepFinished": "workflows.events.event_types",
    "StepRepeated": "workflows.events.event_types",
    "TextGuarded": "workflows.events.event_types",
    "TextPiece": "workflows.events.event_types",
    "TextRetracted": "workflows.events.event_types",
    "ThoughtPiece": "workflows.events.event_types",
    "ToolBegan": "workflows.events.event_types",
    "ToolFinished": "workflows.events.event_types",
    "VERSION": "workflows.events.event_types",
    "from_dict": "workflows.events.event_json",
    "to_dict": "workflows.events.event_json",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, {name: f".{place}" for name, place in _PLACES.items()})
