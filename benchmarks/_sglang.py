"""SGLang's detector of Hermes calls, taken out of its wheel, so that it runs without a GPU or torch.

The first use downloads the wheel (39 MB, without what it depends on) and two small parsers that the detector imports.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

CACHE = Path.home() / ".cache" / "sayso-benchmarks"
VERSION = "0.5.23"


def load_detector() -> tuple[Any, list[Any]] | None:
    """Return the class of the detector and its tools named ORDER and MENU; None, with a sentence, where it cannot be downloaded."""
    source = CACHE / f"sglang-{VERSION}"
    if not (source / "sglang").exists():
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        try:
            subprocess.run([*pip, "install", "--target", source, "orjson", "partial_json_parser"], check=True, capture_output=True)
            subprocess.run([*pip, "download", "--no-deps", "--dest", source, f"sglang=={VERSION}"], check=True, capture_output=True)
            (wheel,) = source.glob("sglang-*.whl")
            with zipfile.ZipFile(wheel) as packed:
                packed.extractall(
                    source, [name for name in packed.namelist() if name.startswith(("sglang/srt/function_call/", "sglang/srt/environ.py"))]
                )
            wheel.unlink()
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            print(f"SGLang's detector is left out: it could not be downloaded ({error}).", file=sys.stderr)
            return None
    sys.path.append(str(source))
    # Its packages import torch when they are imported. The detector needs nothing of that, so each package is an empty one here.
    for name in ("sglang", "sglang.srt", "sglang.srt.function_call", "sglang.srt.entrypoints", "sglang.srt.entrypoints.openai"):
        package = sys.modules[name] = ModuleType(name)
        package.__path__ = [str(source / name.replace(".", "/"))]
    protocol = ModuleType("sglang.srt.entrypoints.openai.protocol")
    for name in ("Tool", "ToolChoice", "StructuralTagResponseFormat", "LegacyStructuralTagResponseFormat"):
        setattr(protocol, name, object)  # only for annotations
    sys.modules[protocol.__name__] = protocol
    tools = [SimpleNamespace(function=SimpleNamespace(name=name)) for name in ("CALCULATOR", "ORDER", "MENU")]
    return import_module("sglang.srt.function_call.qwen25_detector").Qwen25Detector, tools
