"""Describe the page's own API: what `/api/openapi.json` says."""

from __future__ import annotations

from collections.abc import Mapping

from sayso import __version__

CARD = {"type": "object", "description": "The request with its sentence, each value with where it is from, warnings, cost, and its state."}
READS: Mapping[str, tuple[str, str]] = {
    "/api/me": ("Who is signed in, and the token that changes carry.", "Person"),
    "/api/inbox": (
        "The open requests that you may see (`left` says how many more there are), and those that were decided last. Of all open ones, "
        "`find` chooses by words, `whose` by `mine`, `claimed`, `handed` or `free`.",
        "Inbox",
    ),
    "/api/cards/{digest}": ("The whole card of a request.", "Card"),
    "/api/live": ("What changes, as server-sent events: `change`, with `lines` (requests), `runs` and `trouble`; `reload`.", "Events"),
    "/api/agents": ("What can be talked with.", "Agents"),
    "/api/chats": ("A page of your conversations (`offset`), or of those with some words (`find`) in what was asked first.", "Chats"),
    "/api/chats/{name}": ("The turns of a conversation, or those `after` a number.", "Turns"),
    "/api/runs": ("A page of runs (`state`, `offset`), and those that need somebody.", "Runs"),
    "/api/runs/{run}": ("A run: how it stands, what it used, its branches and requests.", "Run"),
    "/api/runs/{run}/story": ("A piece of what happened in a run (`first`).", "Story"),
    "/api/runs/{run}/drawing": ("The workflow of a run as boxes, each with its counts; null for one without parts.", "Drawing"),
    "/api/runs/{run}/live": ("What a run says and does from now on, as server-sent events: `items`, `delta`, `end`.", "Events"),
    "/api/runs/{run}/verify": ("What the log of a run proves.", "Verdict"),
}
TEXT = {"type": "string"}
STATEMENT = {"type": "string", "description": "Your signed statement, where only signed decisions count."}
CHANGES: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "/api/cards/{digest}/approve": ("Say yes to exactly this card, once.", {"statement": STATEMENT}),
    "/api/cards/{digest}/reject": ("Say no; the model is told the reason.", {"reason": TEXT, "statement": STATEMENT}),
    "/api/cards/{digest}/edit": (
        "Change arguments: the changed call is a new card.",
        {
            "changes": {"type": "object", "description": "Arguments with their new values."},
            "written": {"type": "object", "description": "The same, each value as JSON text: every digit of a number counts."},
            "statement": STATEMENT,
        },
    ),
    "/api/cards/{digest}/edit-hash": (
        "The hash of the arguments that an edit comes to, for a signed statement. Changes nothing.",
        {"changes": {"type": "object"}, "written": {"type": "object"}},
    ),
    "/api/cards/{digest}/claim": ("Take a request to work on.", {}),
    "/api/cards/{digest}/release": ("Give a claimed request back.", {}),
    "/api/cards/{digest}/hand-on": ("Hand a request to another person; empty for everybody.", {"to": TEXT}),
    "/api/chats/{name}/turns": (
        "Say something in a conversation (`chat-` and 8 to 32 hexadecimal digits). The same turn again is the same run.",
        {"text": TEXT, "agent": TEXT, "turn": {"type": "integer"}},
    ),
    "/api/runs/{run}/replay": ("Execute the current code over the journal, without acting; the first difference.", {}),
    "/api/runs/{run}/stop": ("Stop a run before its next step.", {}),
    "/agui/{agent}": ("A turn by AG-UI 1.0: takes a RunAgentInput, answers with events of that protocol.", {}),
}
REFUSALS = {
    "401": {"description": "Nobody is signed in."},
    "403": {"description": "This person may not, or the change does not come from the page."},
    "404": {"description": "It is not there, or not yours to see."},
    "409": {"description": "It is decided, expired or closed already; nothing was changed."},
}


def describe_api() -> dict[str, object]:
    """Return the API as an OpenAPI document."""
    paths: dict[str, dict[str, object]] = {}
    for path, (text, title) in READS.items():
        kind = "text/event-stream" if title == "Events" else "application/json"
        answer = {"description": title, "content": {kind: {"schema": CARD if title == "Card" else {"type": "object"}}}}
        paths.setdefault(path, {})["get"] = _describe(path, text, answer)
    for path, (text, fields) in CHANGES.items():
        done = {"description": "Done.", "content": {"application/json": {"schema": {"type": "object"}}}}
        body = {"required": True, "content": {"application/json": {"schema": {"type": "object", "properties": fields}}}}
        paths.setdefault(path, {})["post"] = {**_describe(path, text, done), "requestBody": body}
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "The token of a person's link."},
        "page": {"type": "apiKey", "in": "header", "name": "X-Sayso-Token", "description": "From /api/me, beside the session cookie."},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sayso", "version": __version__, "description": "The inbox of approvals, conversations and runs of an app."},
        "paths": paths,
        "components": {"securitySchemes": schemes},
        "security": [{"bearer": []}, {"page": []}],
    }


def _describe(path: str, text: str, answer: Mapping[str, object]) -> dict[str, object]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    return {"summary": text, "parameters": parameters, "responses": {"200": answer, **REFUSALS}}
