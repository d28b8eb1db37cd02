"""What programs do to a history before they hand it over again: they cut, drop, double, swap, edit, and leave empty messages in it."""

from __future__ import annotations

from hypothesis import strategies as st

from sayso.agents.messages import AssistantMessage, Message, UserMessage

CHANGES = st.lists(st.sampled_from(["cut", "drop", "double", "swap", "edit", "empty"]), max_size=3)


def change_history(draw: st.DrawFn, messages: list[Message]) -> tuple[list[Message], bool]:
    """Return the history after some changes, and whether it is as it was."""
    is_whole = True
    for change in draw(CHANGES):
        at = draw(st.integers(0, max(0, len(messages) - 1)))
        match change:
            case "cut":
                messages = messages[at:]
            case "drop":
                messages = messages[:at] + messages[at + 1 :]
            case "double":
                messages = messages + messages[at:]
            case "swap" if at:
                messages = [*messages[: at - 1], messages[at], messages[at - 1], *messages[at + 1 :]]
            case "edit" if messages and isinstance(message := messages[at], AssistantMessage):
                messages = [*messages[:at], message._replace(text="edited", calls=message.calls[:1]), *messages[at + 1 :]]
            case "empty":
                messages = [*messages[:at], UserMessage(" "), AssistantMessage(""), *messages[at:]]
            case _:
                continue
        is_whole = False
    return messages, is_whole
