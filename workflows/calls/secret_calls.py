"""Calls with secrets: taken note of before anything of them is stored, hidden when they are proposed, revealed when they are performed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sayso.tools.approval.requests import ApprovalRequest, Edit
from sayso.tools.calls import ToolResult
from sayso.tools.canonical import Json, canonical_json
from sayso.tools.definition.secret import HIDDEN, MASK, has_reserved_key, is_hidden, iter_leaves, map_hidden, show_mask
from sayso.tools.definition.tool import AnyTool
from sayso.tools.errors import InvalidArguments

from ..runs.protocols import Run


def note_secrets(run: Run, tool: AnyTool, arguments: Mapping[str, object]) -> None:
    """Take note of the secrets in a call's arguments. Raises InvalidArguments for stars that a model or person has copied."""
    if texts := tool.find_secret_texts({**tool.bound, **arguments}):
        if MASK in texts:
            raise InvalidArguments(tool.name, [f"'{MASK}' stands for a secret and is not one; only who knows it can give it"])
        run.secrets.add(texts, f"{tool.name} takes a secret")


def reveal_arguments(run: Run, request: ApprovalRequest) -> str:
    """Return the arguments of a request with its secrets, which `_propose` has hidden, in the open. Raises SecretLocked."""
    place = json.dumps([request.run_id, request.position, request.tool])

    def reveal(hidden: Json) -> Json:
        value = map_hidden(run.secrets.reveal(hidden, place), reveal)  # a secret may stand in a part that is secret as a whole
        run.secrets.add(map(str, iter_leaves(value)), f"{request.tool} takes a secret")  # after a restart the run has not met it yet
        return value

    return canonical_json(map_hidden(json.loads(request.arguments), reveal))


def mask_result(run: Run, result: ToolResult) -> ToolResult:
    """Return a result for the model and the journal: a secret that it repeats as stars."""
    return replace(result, content=run.secrets.mask_json(result.content), origin=run.secrets.mask(result.origin))


def mask_edit(run: Run, tool: AnyTool, edit: Edit) -> Edit:
    """Return an edit as an event tells it."""
    note_secrets(run, tool, {name: value for name, value in edit.arguments.items() if not _is_kept(value)})
    return replace(edit, arguments=run.secrets.mask_json(map_hidden(dict(edit.arguments), show_mask)))


def _is_kept(value: Any) -> bool:
    """Return whether an edit leaves a secret as it is: hidden as in the request, or as the stars that were shown."""
    return value == MASK or has_reserved_key(value)


def apply_edit(run: Run, tool: AnyTool, request: ApprovalRequest, edit: Edit) -> dict[str, object]:
    """Return the arguments that a person wants instead, with the secrets that they left as they were.

    What the program has bound may be repeated, and not changed. Raises InvalidArguments for hidden values from elsewhere.
    """
    before = json.loads(request.arguments)
    plain = json.loads(reveal_arguments(run, request))
    wanted: dict[str, object] = {}
    for name, value in edit.arguments.items():
        if name in tool.bound and (value in (before.get(name), plain.get(name)) or value == map_hidden(before.get(name), show_mask)):
            continue
        wanted[name] = _restore(value, before.get(name), plain.get(name))
    if has_reserved_key(wanted):
        raise InvalidArguments(tool.name, [f"{HIDDEN!r} stands for a secret of another request"])
    return wanted


def _restore(value: Any, before: Json, plain: Json) -> Any:
    """Return a value of an edit with what it leaves hidden as it was."""
    if is_hidden(before) and value in (before, MASK):
        return plain
    if isinstance(value, Mapping) and isinstance(before, dict) and not is_hidden(before):
        return {key: _restore(item, before.get(key), plain.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(before, list):
        return [_restore(item, *pair) for item, pair in zip(value, _pad(before, plain, len(value)), strict=True)]
    return value


def _pad(before: list[Json], plain: list[Json], size: int) -> list[tuple[Json, Json]]:
    return [*zip(before, plain, strict=True), *[(None, None)] * size][:size]
