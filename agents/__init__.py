"""Agents and the models behind them. The competitor-research agent is in `research/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .agent import Agent as Agent
    from .answering.answer import CheckedAnswer as CheckedAnswer
    from .answering.answer import CitedPassage as CitedPassage
    from .answering.flow import agentic_rag as agentic_rag
    from .answering.sources import DocumentSource as DocumentSource
    from .answering.sources import FoundPassages as FoundPassages
    from .answering.sources import PassageSource as PassageSource
    from .answering.sources import WebSource as WebSource
    from .answering.sources import look_up as look_up
    from .good_runs import PastRun as PastRun
    from .good_runs import examples_from as examples_from
    from .good_runs import past_runs as past_runs
    from .messages import AssistantMessage as AssistantMessage
    from .messages import Conversation as Conversation
    from .messages import Message as Message
    from .messages import ProviderData as ProviderData
    from .messages import Reply as Reply
    from .messages import Sampling as Sampling
    from .messages import SystemMessage as SystemMessage
    from .messages import ToolMessage as ToolMessage
    from .messages import UserMessage as UserMessage
    from .models.anthropic_messages import AnthropicMessages as AnthropicMessages
    from .models.call_grammar import grammar_for as grammar_for
    from .models.local.local_model import LocalModel as LocalModel
    from .models.local.local_model import ServerSettings as ServerSettings
    from .models.model import CallDelta as CallDelta
    from .models.model import Downgraded as Downgraded
    from .models.model import Finished as Finished
    from .models.model import Model as Model
    from .models.model import ModelRequest as ModelRequest
    from .models.model import ReasoningDelta as ReasoningDelta
    from .models.model import Retrying as Retrying
    from .models.model import TextDelta as TextDelta
    from .models.model import WholeReplyModel as WholeReplyModel
    from .models.named import model_from as model_from
    from .models.openai_chat import OpenAIChat as OpenAIChat
    from .models.openai_responses import OpenAIResponses as OpenAIResponses
    from .models.prices import price as price
    from .models.pydantic_ai_bridge import PydanticAI as PydanticAI
    from .models.scripted import ScriptedModel as ScriptedModel
    from .models.scripted import call as call
    from .prompts import GoodAnswers as GoodAnswers
    from .prompts import Prompt as Prompt
    from .research.sources import open_sources as open_sources
    from .sessions import Session as Session

_PLACES = {
    "Agent": "agent",
    "CheckedAnswer": "answering.answer",
    "AnthropicMessages": "models.anthropic_messages",
    "AssistantMessage": "messages",
    "CallDelta": "models.model",
    "CitedPassage": "answering.answer",
    "Conversation": "messages",
    "Downgraded": "models.model",
    "Finished": "models.model",
    "DocumentSource": "answering.sources",
    "FoundPassages": "answering.sources",
    "GoodAnswers": "prompts",
    "Prompt": "prompts",
    "LocalModel": "models.local.local_model",
    "Message": "messages",
    "Model": "models.model",
    "ModelRequest": "models.model",
    "OpenAIChat": "models.openai_chat",
    "OpenAIResponses": "models.openai_responses",
    "PassageSource": "answering.sources",
    "ReasoningDelta": "models.model",
    "PastRun": "good_runs",
    "ProviderData": "messages",
    "PydanticAI": "models.pydantic_ai_bridge",
    "Reply": "messages",
    "Retrying": "models.model",
    "Sampling": "messages",
    "ScriptedModel": "models.scripted",
    "ServerSettings": "models.local.local_model",
    "SystemMessage": "messages",
    "TextDelta": "models.model",
    "ToolMessage": "messages",
    "UserMessage": "messages",
    "WebSource": "answering.sources",
    "WholeReplyModel": "models.model",
    "agentic_rag": "answering.flow",
    "call": "models.scripted",
    "examples_from": "good_runs",
    "grammar_for": "models.call_grammar",
    "look_up": "answering.sources",
    "model_from": "models.named",
    "past_runs": "good_runs",
    "Session": "sessions",
    "open_sources": "research.sources",
    "price": "models.prices",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
