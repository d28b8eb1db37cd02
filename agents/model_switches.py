"""Going on with another model, with calls as text, or with less of the conversation, where a model cannot be asked as it was to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.errors import InputTooLong, ModelError, ToolsRefused, UsageError
from sayso.workflows import Run

from .agent_events import ModelSwitched, TextWithdrawn
from .models.model import Downgraded
from .spec import READ_AGAIN

if TYPE_CHECKING:
    from .model_conversation import ModelConversation


async def fit_window(run: Run, turn: int, conversation: ModelConversation) -> None:
    """See to it that what is sent fits the model's context. Raises InputTooLong where it cannot, before anything is sent."""
    from .long_results import cut_long_results  # late, for load time: a short conversation needs none of it

    await cut_long_results(run, turn, conversation)
    if conversation.spec.window is False and not run.replays(f"window:{turn}"):  # a run may have begun with one
        return
    from .windows import sending  # late, for load time: a short conversation needs none of it

    while True:
        try:
            await sending.fit_window(run, turn, conversation)
            return
        except InputTooLong as error:
            if not await switch_model(run, turn, conversation, str(error), error):
                raise


def switch_to_text(conversation: ModelConversation, error: ModelError) -> bool:
    """Go on with calls as text where the model refuses tools. Return False where that is no way."""
    if not isinstance(error, ToolsRefused) or conversation.spec.dialect != "auto" or not conversation.request.tools:
        return False
    conversation.switch_to_text()
    if conversation.request.notify is not None:
        conversation.request.notify(Downgraded("tools", str(error)))
    return True


async def switch_model(run: Run, turn: int, conversation: ModelConversation, why: str, error: ModelError | None = None) -> bool:
    """Go on with the agent's next model that can be asked, and publish it. Return False where there is none."""
    failed, fallbacks = conversation.spec.model.name, conversation.formats.fallbacks
    for index in range(conversation.model_index + 1, len(fallbacks) + 1):
        try:
            await ask_other_model(conversation, index, may_ask=True)
        except UsageError as unusable:  # it has no key, say: the error that the run began with tells more
            if error is not None:
                error.add_note(f"The fallback model {fallbacks[index - 1].spec.model_or_name!r} cannot be asked: {unusable}")
            continue
        if run.listeners:
            run.publish(TextWithdrawn(run.id, turn))
        run.publish(ModelSwitched(run.id, failed, conversation.spec.model.name, why))
        return True
    return False


async def ask_other_model(conversation: ModelConversation, index: int, *, may_ask: bool) -> None:
    """Go on with one of the agent's fallback models; 0 is its own. A tool that reads again stays. Raises UsageError."""
    reads_again = READ_AGAIN in conversation.spec.tools and READ_AGAIN not in conversation.current_formats.spec.tools
    await conversation.switch_model(index, may_ask=may_ask)
    if reads_again:
        from .windows.sending import offer_reading  # late, for load time

        offer_reading(conversation)
