"""A tool for a model: search documents. Its results were written by others and are labelled untrusted."""

from __future__ import annotations

from typing import Any

from ..calls import Content
from ..definition.decorators import tool
from ..definition.tool import Tool
from ..effects import Secrecy, Trust
from ..errors import UsageError
from .library import LEAST, Documents
from .passages import NOT_IN_THE_DOCUMENTS, show_passages


def search_documents(documents: Documents, *, results: int = 4, private: bool = True, least: float = LEAST) -> Tool[..., Any]:
    """Return a tool that searches these documents, for an agent.

    With `private` (the default) a run that has read them asks before it tells an outsider anything; use False for published documents.
    `least` is the coverage that a passage must have, as in `Documents.search`.
    """

    if not isinstance(private, bool):
        raise UsageError(f"search_documents(private={private!r}): write True or False.")

    @tool.read(name="search_documents", trust=Trust.UNTRUSTED, secrecy=Secrecy.PRIVATE if private else Secrecy.PUBLIC)
    def search_documents(question: str) -> Content:
        """Search the documents. Gives passages, each under a number such as [DOC 7]; cite that number after what you say from it.

        Args:
            question: What to look for, in a few words that the documents would use.
        """
        found = documents.search(question, results, least=least)
        if not found:
            files = f"{len(documents.files)} file{'s' if len(documents.files) != 1 else ''}"
            return Content(f"{NOT_IN_THE_DOCUMENTS} No passage of the {files} has enough to do with {question!r}.", origin="the documents")
        return Content(show_passages(found), origin=", ".join(dict.fromkeys(passage.file for passage in found)))

    return search_documents
