"""The messages of a conversation with a model, its replies, and the forms in which a program keeps them: JSON, and OpenAI's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .json_form import from_json as from_json
    from .json_form import to_json as to_json
    from .openai_form import from_openai as from_openai
    from .openai_form import to_openai as to_openai
    from .values import AssistantMessage as AssistantMessage
    from .values import Conversation as Conversation
    from .values import Message as Message
    from .values import NativeCall as NativeCall
    from .values import ProviderData as ProviderData
    from .values import Reply as Reply
    from .values import Sampling as Sampling
    from .values import SystemMessage as SystemMessage
    from .values import ToolMessage as ToolMessage
    from .values import UserMessage as UserMessage

_PLACES = {
    "AssistantMessage": "values",
    "Conversation": "values",
    "Message": "values",
    "NativeCall": "values",
    "ProviderData": "values",
    "Reply": "values",
    "Sampling": "values",
    "SystemMessage": "values",
    "ToolMessage": "values",
    "UserMessage": "values",
    "from_json": "json_form",
    "from_openai": "openai_form",
    "to_json": "json_form",
    "to_openai": "openai_form",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
