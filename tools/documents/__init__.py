"""Your own documents as a tool: passages that answer a question, and citations that can be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from .citations import Citation as Citation
    from .citations import CitedAnswer as CitedAnswer
    from .citations import Quote as Quote
    from .embedding import Embedder as Embedder
    from .embedding import MiniLM as MiniLM
    from .folder import Skipped as Skipped
    from .judgement import Judgement as Judgement
    from .library import Documents as Documents
    from .mpnet import MPNet as MPNet
    from .passage_index import IndexEntry as IndexEntry
    from .passage_index import Match as Match
    from .passage_index import PassageIndex as PassageIndex
    from .passages import NOT_IN_THE_DOCUMENTS as NOT_IN_THE_DOCUMENTS
    from .passages import Passage as Passage
    from .passages import name_passages as name_passages
    from .passages import show_passages as show_passages
    from .search_tool import search_documents as search_documents
    from .settling import Settled as Settled
    from .settling import settle_answer as settle_answer

_PLACES = {
    "Citation": "citations",
    "CitedAnswer": "citations",
    "Documents": "library",
    "Embedder": "embedding",
    "IndexEntry": "passage_index",
    "Judgement": "judgement",
    "Match": "passage_index",
    "MPNet": "mpnet",
    "MiniLM": "embedding",
    "NOT_IN_THE_DOCUMENTS": "passages",
    "Passage": "passages",
    "PassageIndex": "passage_index",
    "Quote": "citations",
    "Settled": "settling",
    "Skipped": "folder",
    "name_passages": "passages",
    "search_documents": "search_tool",
    "settle_answer": "settling",
    "show_passages": "passages",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
