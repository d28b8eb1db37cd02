"""What chat templates of models without a form of their own put around replies, and what all kinds of models fall into."""

from __future__ import annotations

from ..family import ChatTemplate

# <think>, <Think>, <THINK>: a model that got its scratchpad from a prompt varies the capitals.
_CASES = (str.lower, str.title, str.upper)
_THOUGHTS = ("think", "scratchpad", "thinking", "thought", "reasoning")
_RESULTS = tuple(f"{what}_{word}{s}" for what in ("tool", "function") for word in ("response", "result", "output") for s in ("", "s"))

TEMPLATES = (
    ChatTemplate(
        thinks={
            **{case(f"<{word}>"): case(f"</{word}>") for word in _THOUGHTS for case in _CASES},
            "<tool_call_reasoning>": "</tool_call_reasoning>",
            "<|begin_of_thought|>": "<|end_of_thought|>",
            "<|thinking_start|>": "<|thinking_end|>",
        },
        # Hermes and Qwen write <tool_response>, Nemotron <TOOL_RESPONSE>, Phi-4 <|tool_response|>; the others are what models fall into
        results=(
            *(f"<{case(word)}>" for word in _RESULTS for case in (str.lower, str.upper)),
            *(f"<|{word}|>" for word in _RESULTS),
            *("<tool_call_result>", "<tool_call_response>", "<observation>"),
            "[TOOL_RESULT]",  # LM Studio, for models without a template for tools
        ),
        turns=(
            *("<|User|>", "<|human|>", "<|System|>"),  # Phi, Zephyr, InternLM
            "<reserved_106>",  # Baichuan 2
        ),
        tokens=("<|endoftext|>", "<|end_of_turn|>", "[END FINAL RESPONSE]"),
    ),
)
