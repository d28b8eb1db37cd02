"""Search services with a key, one adapter for all: what differs between them is a row of data."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ...canonical import Json, JsonObject
from ...errors import UsageError
from ..ddgs import read_rows
from ..fetch import Web
from ..search import Search, SearchBlocked, SearchError, SearchResult
from .asking import Answer, Asker, explain_page, explain_status, prepare_query

_TAG = re.compile(r"</?[a-z][^<>]{0,200}>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A search service. `asked` are the parameters of a search, with {query} and {limit}; `results` is the way to its list of results.

    The first of `snippets` that a result has is its snippet. `used_up` are the statuses that say that the plan's searches are used up.
    """

    name: str
    url: str
    key_variable: str
    key_header: str
    key_form: str = "{key}"
    method: str = "POST"
    asked: Mapping[str, Json]
    most: int = 20
    results: tuple[str, ...] = ("results",)
    link: str = "url"
    snippets: tuple[str, ...]
    refused_key: tuple[int, ...] = (401, 403)
    used_up: tuple[int, ...] = (402,)


SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in (
        Service(
            name="brave",
            url="https://api.search.brave.com/res/v1/web/search",
            key_variable="BRAVE_API_KEY",
            key_header="X-Subscription-Token",
            method="GET",
            asked={"q": "{query}", "count": "{limit}"},
            results=("web", "results"),
            snippets=("description", "extra_snippets"),
            refused_key=(401, 403, 422),
        ),
        Service(
            name="tavily",
            url="https://api.tavily.com/search",
            key_variable="TAVILY_API_KEY",
            key_header="Authorization",
            key_form="Bearer {key}",
            asked={"query": "{query}", "max_results": "{limit}"},
            snippets=("content", "raw_content"),
            used_up=(402, 432, 433),
        ),
        Service(
            name="exa",
            url="https://api.exa.ai/search",
            key_variable="EXA_API_KEY",
            key_header="x-api-key",
            asked={"query": "{query}", "numResults": "{limit}", "contents": {"highlights": True}},
            snippets=("highlights", "summary", "text"),
        ),
        Service(
            name="serper",
            url="https://google.serper.dev/search",
            key_variable="SERPER_API_KEY",
            key_header="X-API-KEY",
            asked={"q": "{query}", "num": "{limit}"},
            results=("organic",),
            link="link",
            snippets=("snippet",),
        ),
    )
}


def service_search(name: str, web: Web, *, key: str | None = None, url: str | None = None) -> Search:
    """Return a search provider for one of SERVICES; the key is that of the environment where none is given.

    Raises UsageError for an unknown name, or where there is no key. Searching raises SearchBlocked where the service refuses the key, its
    plan is used up or it is asked too often, and SearchError for any other failure.
    """
    service = SERVICES.get(name)
    if service is None:
        raise UsageError(f"There is no search service {name!r}. Services: {', '.join(SERVICES)}.")
    secret = key or os.environ.get(service.key_variable, "")
    if not secret:
        raise UsageError(f"Searching with {name} needs a key: set {service.key_variable}, or name another --search.")
    asker = Asker(name=name, web=web, judge=lambda answer: _judge(service, answer))
    headers = ((service.key_header, service.key_form.format(key=secret)), ("Accept", "application/json"))

    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        words = prepare_query(query)
        if not words or limit < 1:
            return []
        asked: JsonObject = {name: _fill(value, words, min(limit, service.most)) for name, value in service.asked.items()}
        where = url or service.url
        if service.method == "GET":
            answer = await asker.ask(f"{where}?{urlencode(asked)}", headers=headers)
        else:
            body = json.dumps(asked).encode()
            answer = await asker.ask(where, method="POST", headers=(*headers, ("Content-Type", "application/json")), body=body)
        return read_rows([_read_row(service, row) for row in _find_rows(service, answer)])[:limit]

    return search


def _fill(value: Json, words: str, limit: int) -> Json:
    return {"{query}": words, "{limit}": limit}.get(value, value) if isinstance(value, str) else value


def _find_rows(service: Service, answer: Answer) -> Sequence[JsonObject]:
    found = answer.read_json()
    for name in service.results:
        found = found.get(name) if isinstance(found, dict) else None
    return [row for row in found or () if isinstance(row, dict)]


def _read_row(service: Service, row: JsonObject) -> JsonObject:
    said = next((value for name in service.snippets if (value := row.get(name))), "")
    texts = [str(text) for text in said] if isinstance(said, list) else [str(said)]
    return {"title": _strip(str(row.get("title") or "")), "url": row.get(service.link), "body": _strip(" … ".join(texts))}


def _strip(text: str) -> str:
    return html.unescape(_TAG.sub("", text))


def _judge(service: Service, answer: Answer) -> SearchError | None:
    said = answer.text[:2000].upper()
    if answer.status in service.used_up or (answer.status == 429 and "QUOTA" in said):
        return SearchBlocked(service.name, f"the searches of its plan are used up (status {answer.status})", retryable=False)
    if answer.status in service.refused_key:
        return SearchBlocked(service.name, f"it refuses the key in {service.key_variable} (status {answer.status})", retryable=False)
    if (failed := explain_status(service.name, answer.status)) is not None:
        return failed
    return None if isinstance(answer.read_json(), dict) else explain_page(service.name, answer)
