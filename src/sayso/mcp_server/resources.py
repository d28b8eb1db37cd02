"""What a client may read: the documents of an index, the reports of a folder, and prompts that hand a task to an agent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

import mcp_types as types
from mcp.shared.exceptions import MCPError

if TYPE_CHECKING:
    from sayso.tools.documents import Documents  # late, for load time: few servers have any

MOST_PASSAGES = 5
REPORTS = {".md": "text/markdown", ".json": "application/json", ".html": "text/html", ".csv": "text/csv"}
SEARCH = "sayso://documents/search/"


class Readable(NamedTuple):
    """A resource: where it is in the listing, and how it is read."""

    resource: types.Resource
    read: Callable[[], str]


class Resources:
    """The documents and reports that a server shows. Only what is listed can be read: a URI is looked up, never made a path."""

    def __init__(self, documents: Documents | None = None, reports: Path | None = None) -> None:
        self._documents, self._reports = documents, reports

    def __bool__(self) -> bool:
        return self._documents is not None or self._reports is not None

    async def list_all(self) -> types.ListResourcesResult:
        """Return what there is now."""
        return types.ListResourcesResult(resources=[each.resource for each in await asyncio.to_thread(self._collect)])

    async def list_templates(self) -> types.ListResourceTemplatesResult:
        """Return the search of the documents, where there are any."""
        if self._documents is None:
            return types.ListResourceTemplatesResult(resource_templates=[])
        template = types.ResourceTemplate(
            uri_template=f"{SEARCH}{{question}}",
            name="search",
            description="The passages of the documents that answer a question, each with where it stands.",
            mime_type="text/plain",
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read(self, uri: str) -> types.ReadResourceResult:
        """Return a resource, or the passages that answer a question. Raises MCPError for what is not there."""
        if self._documents is not None and uri.startswith(SEARCH):
            question = unquote(uri.removeprefix(SEARCH))
            from sayso.tools.documents import show_passages  # late, as above

            passages = await asyncio.to_thread(self._documents.search, question, MOST_PASSAGES)
            return _as_text(uri, "text/plain", show_passages(passages) if passages else "No passage of the documents answers that.")
        for each in await asyncio.to_thread(self._collect):
            if each.resource.uri == uri:
                return _as_text(uri, each.resource.mime_type or "text/plain", await asyncio.to_thread(each.read))
        raise MCPError(code=types.INVALID_PARAMS, message=f"There is no resource {uri[:200]!r}. Use one of resources/list.")

    def _collect(self) -> list[Readable]:
        return [*self._iter_documents(), *self._iter_reports()]

    def _iter_documents(self) -> Iterator[Readable]:
        if self._documents is not None:
            documents = self._documents
            for file in documents.files:
                resource = types.Resource(uri=f"sayso://documents/{quote(file)}", name=file, mime_type="text/plain")
                yield Readable(resource, partial(_show_document, documents, file))

    def _iter_reports(self) -> Iterator[Readable]:
        if self._reports is None:
            return
        root = self._reports.resolve()
        for path in sorted(self._reports.iterdir()):
            is_inside = path.resolve().parent == root  # a link may lead elsewhere
            if path.suffix in REPORTS and is_inside and path.is_file() and not path.name.startswith("."):
                resource = types.Resource(uri=f"sayso://reports/{quote(path.name)}", name=path.name, mime_type=REPORTS[path.suffix])
                yield Readable(resource, partial(path.read_text, encoding="utf-8"))


def _show_document(documents: Documents, file: str) -> str:
    from sayso.tools.documents import show_passages  # late, as above

    return show_passages(documents.passages_of(file))


def _as_text(uri: str, mime_type: str, text: str) -> types.ReadResourceResult:
    return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=mime_type, text=text)])


def make_prompt(name: str) -> types.Prompt:
    """Return the prompt that hands a task to an agent."""
    task = types.PromptArgument(name="task", description="What is to be done.", required=True)
    return types.Prompt(name=name, description=f"Hand a task to {name}.", arguments=[task])


def fill_prompt(name: str, arguments: dict[str, str]) -> types.GetPromptResult:
    """Return the prompt with its task. Raises MCPError without one."""
    if not arguments.get("task", "").strip():
        raise MCPError(code=types.INVALID_PARAMS, message=f"The prompt {name} needs the argument 'task'.")
    text = (
        f"Call the tool {name} with the task below, word for word. If it asks for an approval, show me the question and answer as I say. "
        f"Then tell me what came of it.\n\nTask: {arguments['task']}"
    )
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=types.TextContent(text=text))])
