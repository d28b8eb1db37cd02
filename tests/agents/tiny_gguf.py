"""A GGUF file of some 60 kB that llama.cpp loads: a llama with one layer and weights by chance. It babbles, and so tries every grammar."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEADS, INNER = 32, 4, 48
CHATML = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
UINT32, FLOAT32, BOOL, TEXT, LIST = 4, 6, 7, 8, 9
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def vocabulary() -> list[tuple[str, int]]:
    """Three marks, every byte, and the letters and signs of ASCII."""
    marks = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    letters = [(chr(code), NORMAL) for code in range(33, 127)]
    return [*marks, *((f"<0x{byte:02X}>", BYTE) for byte in range(256)), ("\u2581", NORMAL), *letters]


def text(value: str) -> bytes:
    """A text with its length before it."""
    return struct.pack("<Q", len(value.encode())) + value.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    """A key and its value."""
    return text(key) + struct.pack("<I", kind) + value


def listed(kind: int, items: Sequence[bytes]) -> bytes:
    """A list of values of one kind."""
    return struct.pack("<IQ", kind, len(items)) + b"".join(items)


def metadata(architecture: str, trained_tokens: int, template: str, pooling: int) -> list[bytes]:
    """What the file says of the model."""
    words = vocabulary()
    numbers = {
        "context_length": trained_tokens,
        "embedding_length": WIDTH,
        "block_count": 1,
        "feed_forward_length": INNER,
        "attention.head_count": HEADS,
        "attention.head_count_kv": HEADS,
        "rope.dimension_count": WIDTH // HEADS,
    } | ({"pooling_type": pooling} if pooling else {})
    return [
        entry("general.architecture", TEXT, text(architecture)),
        *(entry(f"{architecture}.{key}", UINT32, struct.pack("<I", number)) for key, number in numbers.items()),
        entry(f"{architecture}.attention.layer_norm_rms_epsilon", FLOAT32, struct.pack("<f", 1e-5)),
        entry("tokenizer.ggml.model", TEXT, text("llama")),
        entry("tokenizer.ggml.tokens", LIST, listed(TEXT, [text(word) for word, _ in words])),
        entry("tokenizer.ggml.scores", LIST, listed(FLOAT32, [struct.pack("<f", 0.0)] * len(words))),
        entry("tokenizer.ggml.token_type", LIST, listed(5, [struct.pack("<i", kind) for _, kind in words])),
        entry("tokenizer.ggml.add_space_prefix", BOOL, struct.pack("<?", False)),
        entry("tokenizer.ggml.bos_token_id", UINT32, struct.pack("<I", 1)),
        entry("tokenizer.ggml.eos_token_id", UINT32, struct.pack("<I", 2)),
        entry("tokenizer.chat_template", TEXT, text(template)),
    ]


def write_tiny_gguf(
    path: Path, *, architecture: str = "llama", trained_tokens: int = 4096, template: str = CHATML, pooling: int = 0
) -> Path:
    """Write the file; the same bytes every time."""
    chance = random.Random(7)
    size = len(vocabulary())
    shapes = {"token_embd.weight": (WIDTH, size), "output.weight": (WIDTH, size), "output_norm.weight": (WIDTH,)}
    square, up = (WIDTH, WIDTH), (WIDTH, INNER)
    layer = {"attn_q": square, "attn_k": square, "attn_v": square, "attn_output": square, "ffn_gate": up, "ffn_up": up}
    shapes |= {f"blk.0.{name}.weight": shape for name, shape in layer.items()}
    shapes |= {"blk.0.ffn_down.weight": (INNER, WIDTH), "blk.0.attn_norm.weight": (WIDTH,), "blk.0.ffn_norm.weight": (WIDTH,)}
    keys = metadata(architecture, trained_tokens, template, pooling)
    table, data = b"", b""
    for name, shape in shapes.items():
        table += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        weights = [1.0] * count if "norm" in name else [chance.gauss(0, 0.3) for _ in range(count)]
        data += struct.pack(f"<{count}f", *weights)
        data += bytes(-len(data) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(keys)) + b"".join(keys) + table
    path.write_bytes(head + bytes(-len(head) % 32) + data)
    return path
