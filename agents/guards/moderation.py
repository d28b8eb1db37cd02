"""Ask a moderation endpoint, OpenAI's or one that speaks like it, whether a text may pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from sayso.tools.errors import ModelError, UsageError

from ..models import provider_errors as errors
from ..models.endpoint import Endpoint, describe_missing_key, find_endpoint, get_tls_context
from ..models.plain_requests import explain_failures, require_success
from ..models.request_urls import join_path
from ..models.requesting import choose_wait, is_worth_retrying, share_in_loop
from .verdicts import ALLOWED, EVERYWHERE, RefusedText, TextPlace, Verdict, check_action, read_places

if TYPE_CHECKING:
    from httpx2 import AsyncClient

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "omni-moderation-latest"
LONGEST_PIECE = 20_000
"""Characters of a text that are sent as one: longer ones are sent in pieces, which overlap."""
_OVERLAP = 500


class Moderation:
    """Refuses what a moderation endpoint flags. It needs the whole text, so a reply that it looks at is shown when it is complete.

    Without a `base_url` it is OpenAI's. Keys are those of models: OPENAI_API_KEY goes to OpenAI, and to the host that OPENAI_BASE_URL
    names; any other host needs `api_key`. `categories` are those that count (all, if none is given); `scores` are the highest scores that
    pass, in place of the endpoint's own verdict, by category. When the endpoint is down, or answers nonsense, nothing passes; with
    `on_error="allow"` everything does. Either way an event says so.
    """

    has_chance = True

    def __init__(
        self,
        model: str = OPENAI_MODEL,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        categories: Sequence[str] = (),
        scores: Mapping[str, float] | None = None,
        timeout_seconds: float = 10.0,
        tries: int = 2,
        at: str | tuple[str, ...] | list[str] | frozenset[TextPlace] = EVERYWHERE,
        name: str = "Moderation",
        answer: str = "",
        on_error: str = "refuse",
    ) -> None:
        if isinstance(categories, str):
            raise UsageError(f"categories={categories!r} is not a list. Write categories=[{categories!r}].")
        self.model: str = model
        self.name: str = name
        self.answer: str = answer
        self.places: frozenset[TextPlace] = read_places(at)
        self.on_error: str = check_action(on_error)
        self._base_url, self._api_key, self._timeout, self._tries = base_url or OPENAI_URL, api_key, timeout_seconds, tries
        self._categories, self._scores = frozenset(categories), dict(scores or {})
        self._found: Endpoint | None = None

    def __repr__(self) -> str:
        return f"<Moderation {self.model}>"

    async def check(self, text: str, place: TextPlace) -> Verdict:
        """Ask the endpoint. Raises ModelError where it cannot be reached, refuses, or answers with something else than verdicts."""
        pieces = [text[at : at + LONGEST_PIECE] for at in range(0, max(1, len(text) - _OVERLAP), LONGEST_PIECE - _OVERLAP)]
        flagged = [category for result in await self._ask(pieces) for category in self._find_flagged(result)]
        if not flagged:
            return ALLOWED
        return RefusedText(f"{self.model} flags it: {', '.join(dict.fromkeys(flagged))}", self.answer)

    @property
    def endpoint(self) -> Endpoint:
        """Return where it asks. Raises UsageError where there is no key for it."""
        if self._found is None:
            found = find_endpoint(self.model, self._base_url, self._api_key, self._timeout)
            if not found.key:
                raise UsageError(describe_missing_key(self.model, found))
            self._found = found
        return self._found

    async def _ask(self, pieces: Sequence[str]) -> list[Mapping[str, Any]]:
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt  # late, for load time

        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._tries), wait=choose_wait, retry=retry_if_exception(is_worth_retrying), reraise=True
        )
        return await retrying(self._ask_once, self.endpoint, pieces)

    async def _ask_once(self, at: Endpoint, pieces: Sequence[str]) -> list[Mapping[str, Any]]:
        client = await share_in_loop(_open_local if at.is_local else _open_remote)
        body = {"model": self.model, "input": list(pieces)}
        with explain_failures(at):
            answer = await client.post(join_path(at.url, "/moderations"), json=body, headers=at.headers, timeout=at.timeout_seconds)
        require_success(at, answer)
        try:
            results = answer.json()["results"]
        except (ValueError, KeyError, TypeError, RecursionError):
            results = None
        if not isinstance(results, list) or len(results) != len(pieces) or not all(map(_is_result, results)):
            raise errors.explain_wrong_answer(at, answer.text, "a moderation", "an OpenAI-compatible API")
        return results

    def _find_flagged(self, result: Mapping[str, Any]) -> list[str]:
        """Return the categories for which a text is flagged."""
        scores: Mapping[str, float] = result.get("category_scores") or {}
        if missing := self._scores.keys() - scores.keys():
            raise ModelError(f"{self.model} gives no score for {', '.join(sorted(missing))}, which scores= names.")
        flagged = [name for name, is_flagged in result["categories"].items() if is_flagged and name not in self._scores]
        flagged += [name for name, most in self._scores.items() if not float(scores[name]) <= most]
        if result.get("flagged") and not any(result["categories"].values()):
            flagged.append("something that it does not name")
        return [name for name in flagged if not self._categories or name in self._categories or name in self._scores]


def _is_result(result: object) -> bool:
    """Return whether an endpoint's verdict can be read: what it does not say is not taken for a yes."""
    if not isinstance(result, dict) or not isinstance(result.get("categories"), dict):
        return False
    flags = [*result["categories"].values(), *([result["flagged"]] if "flagged" in result else [])]
    return bool(flags) and all(isinstance(flag, bool) for flag in flags)


def _open_local() -> AbstractAsyncContextManager[AsyncClient]:
    """Return a client for this machine: a proxy for the web is no way to it."""
    import httpx2

    return httpx2.AsyncClient(trust_env=False, follow_redirects=False)


def _open_remote() -> AbstractAsyncContextManager[AsyncClient]:
    import httpx2

    return httpx2.AsyncClient(verify=get_tls_context(), follow_redirects=False)
