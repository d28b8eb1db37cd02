"""Write `tools/approval/unicode.json` anew, from the data that ICU carries: `pip install pyicu-wheels`, then run this file.

ICU's tables are made of the files that Unicode publishes: DerivedCoreProperties, Scripts, confusables, IdentifierStatus, IdentifierType and
the emoji sequences. Only what cards need is kept. `tests/tools/test_lookalikes.py` holds the file to its version and its hash, and compares
it with what other packages know.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "tools/approval/unicode.json"
SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")


def collect() -> dict[str, Any]:
    """Return what cards need to know of Unicode."""
    import icu  # type: ignore[import-not-found]  # not a dependency: whoever writes the file anew installs it

    checker, cases = icu.SpoofChecker(), icu.UnicodeSet
    skeletons: dict[str, str] = {}
    scripts: dict[str, list[int]] = {}
    for letter in (chr(number) for number in range(0x80, sys.maxunicode + 1) if not 0xD800 <= number < 0xE000):
        skeleton = checker.getSkeleton(0, letter)
        if skeleton and skeleton.isascii() and skeleton.strip():
            skeletons[skeleton] = skeletons.get(skeleton, "") + letter
        script = icu.Script.getScript(ord(letter)).getName()
        if script not in ("Common", "Inherited", "Unknown"):
            scripts.setdefault(script, []).append(ord(letter))
    allowed = _texts(cases("[:Identifier_Status=Allowed:]"))
    latin_and_odd = "[[:Script=Latin:]&[[:Identifier_Type=Technical:][:Identifier_Type=Obsolete:]]-[:Identifier_Type=Uncommon_Use:]]"
    sequences = [*_texts(cases("[:RGI_Emoji_ZWJ_Sequence:]")), *_texts(cases("[:RGI_Emoji_Tag_Sequence:]"))]
    return {
        "unicode": icu.UNICODE_VERSION,
        "source": f"ICU {icu.ICU_VERSION}; Unicode License v3",
        "default_ignorable": write_ranges([ord(text) for text in _texts(cases("[:Default_Ignorable_Code_Point:]"))]),
        "scripts": {name: write_ranges(numbers) for name, numbers in sorted(scripts.items())},
        "common_scripts": sorted(name for name, numbers in scripts.items() if any(chr(number) in allowed for number in numbers)),
        "confusables": dict(sorted(skeletons.items())),
        "allowed_confusables": "".join(sorted(letter for letters in skeletons.values() for letter in letters if letter in allowed)),
        "odd_latin": write_ranges([ord(text) for text in _texts(cases(latin_and_odd))]),
        "styled_emoji": write_ranges([ord(text) for text in _texts(cases("[[:Emoji:]-[:Emoji_Presentation:]-[:ASCII:]]"))]),
        # A skin stands for each of the five.
        "emoji_sequences": sorted({SKIN.sub("\U0001f3fb", sequence) for sequence in sequences}),
    }


def _texts(found: Any) -> set[str]:
    return {str(text) for text in found}


def write_ranges(numbers: list[int]) -> str:
    """Write numbers as hexadecimal ranges: "ad 34f 200b-200f"."""
    made: list[list[int]] = []
    for number in sorted(numbers):
        if made and number == made[-1][1] + 1:
            made[-1][1] = number
        else:
            made.append([number, number])
    return " ".join(f"{first:x}" if first == last else f"{first:x}-{last:x}" for first, last in made)


def compute_hash(data: dict[str, Any]) -> str:
    """Return the hash of the data, which stands beside it: an edit by hand is noticed."""
    return hashlib.sha256(json.dumps({**data, "sha256": ""}, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    collected = collect()
    TARGET.write_text(json.dumps({**collected, "sha256": compute_hash(collected)}, indent=1) + "\n")
    print(f"{TARGET.name}: Unicode {collected['unicode']}, {TARGET.stat().st_size:,} bytes")
