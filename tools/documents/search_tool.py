"""Searching documents as a tool for a model. What it brings back was written by others and is labelled so."""

from __future__ import annotations

from typing import Any

from ..calls import Content
from ..definition.decorators import tool
from ..definition.tool import Tool
from ..effects import Secrecy, Trust
from .library import LEAST, Documents
from .passages import NOT_IN_THE_DOCUMENTS, shown


def search_documents(documents: Documents, *, results: int = 4, private: bool = True, least: float = LEAST) -> Tool[..., Any]:
    """A tool that searches these documents; give it to an agent.

    With `private` (the default) a run that has read them asks before it tells an outsider anything; say False for what is published anyway.
    """

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
        return Content(shown(found), origin=", ".join(dict.fromkeys(passage.file for passage in found)))

    return search_documents
