"""A tool for a model: search documents. Its results were written by others and are labelled untrusted."""

from __future__ import annotations

from typing import Any

from ..calls import Content
from ..definition.decorators import tool
from ..definition.tool import Tool
from ..effects import Secrecy, Trust
from ..errors import UsageError
from .judgement import LEAST
from .library import Documents
from .passages import name_passages, show_passages

NAMED = 3
"""How many of the nearest passages are named when none answers."""


def search_documents(documents: Documents, *, results: int = 4, private: bool = True, least: float = LEAST) -> Tool[..., Any]:
    """Return a tool that searches these documents, for an agent.

    With `private` (the default) a run that has read them asks before it tells an outsider anything; use False for published documents.
    `least` is the share of what is asked about that a passage must hold, as in `Documents.search`. When none does, the model reads "Not in
    the documents." and where the nearest passages are.
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
            return Content(name_passages(documents.nearest(question, NAMED)), origin="the documents")
        return Content(show_passages(found), origin=", ".join(dict.fromkeys(passage.file for passage in found)))

    return search_documents
