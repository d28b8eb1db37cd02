"""Data for fine-tuning out of runs and files: examples, pairs, splits without a leak, and checks of the formats that are uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .checking import FileCheck as FileCheck
    from .checking import check_files as check_files
    from .credential_values import NetworkAddresses as NetworkAddresses
    from .duplicates import find_near as find_near
    from .example import Example as Example
    from .example import ExampleOrigin as ExampleOrigin
    from .example import LeftOut as LeftOut
    from .example import Messages as Messages
    from .making import Dataset as Dataset
    from .making import make_dataset as make_dataset
    from .preferences import find_pairs as find_pairs
    from .preferences import pair_liked as pair_liked
    from .problems import RowProblem as RowProblem
    from .row_reading import read_examples as read_examples
    from .run_examples import make_example as make_example
    from .separated import read_separated as read_separated
    from .separated import write_separated as write_separated
    from .sources import Thumbs as Thumbs
    from .sources import find_records as find_records
    from .sources import find_thumbs as find_thumbs
    from .sources import keep_good as keep_good
    from .sources import make_examples as make_examples
    from .sources import read_file as read_file
    from .splitting import read_shares as read_shares
    from .splitting import split_examples as split_examples
    from .templates import TEMPLATES as TEMPLATES
    from .templates import Template as Template
    from .templates import fill_template as fill_template
    from .templates import read_table as read_table
    from .templates import read_template as read_template

_PLACES = {
    "Dataset": "making",
    "Example": "example",
    "FileCheck": "checking",
    "LeftOut": "example",
    "Messages": "example",
    "ExampleOrigin": "example",
    "NetworkAddresses": "credential_values",
    "RowProblem": "problems",
    "TEMPLATES": "templates",
    "Template": "templates",
    "Thumbs": "sources",
    "check_files": "checking",
    "fill_template": "templates",
    "find_near": "duplicates",
    "find_pairs": "preferences",
    "find_records": "sources",
    "find_thumbs": "sources",
    "keep_good": "sources",
    "make_dataset": "making",
    "make_example": "run_examples",
    "make_examples": "sources",
    "pair_liked": "preferences",
    "read_examples": "row_reading",
    "read_file": "sources",
    "read_separated": "separated",
    "read_shares": "splitting",
    "read_table": "templates",
    "read_template": "templates",
    "split_examples": "splitting",
    "write_separated": "separated",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
