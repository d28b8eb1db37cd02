"""Find mistakes, fix them and keep them fixed: cases, scores, comparison and data out of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .case_files import add_case as add_case
    from .case_files import read_suite as read_suite
    from .case_files import write_suite as write_suite
    from .case_replays import ReplayedCase as ReplayedCase
    from .case_replays import replay_case as replay_case
    from .case_replays import replay_recording as replay_recording
    from .comparing import compare as compare
    from .comparison import Comparison as Comparison
    from .comparison import Variant as Variant
    from .comparison import compare_evaluations as compare_evaluations
    from .comparison_document import write_comparison as write_comparison
    from .comparison_page import write_comparison_html as write_comparison_html
    from .comparison_table import format_comparison as format_comparison
    from .comparison_table import print_comparison as print_comparison
    from .comparison_text import list_findings as list_findings
    from .comparison_text import list_notes as list_notes
    from .evaluating import evaluate as evaluate
    from .html_report import write_evaluation_html as write_evaluation_html
    from .problems import CaseFileError as CaseFileError
    from .recordings import Recording as Recording
    from .recordings import RecordingError as RecordingError
    from .recordings import make_case as make_case
    from .recordings import make_recording as make_recording
    from .recordings import read_recording as read_recording
    from .recordings import write_recording as write_recording
    from .run_records import find_record as find_record
    from .run_records import make_record as make_record
    from .score_names import make_score as make_score
    from .share_alarms import ShareAlarm as ShareAlarm
    from .share_alarms import find_share_alarms as find_share_alarms
    from .statistics import Interval as Interval
    from .statistics import PairedDifference as PairedDifference
    from .statistics import bootstrap_interval as bootstrap_interval
    from .statistics import cases_needed as cases_needed
    from .statistics import compare_pairs as compare_pairs
    from .suite_results import CaseResult as CaseResult
    from .suite_results import CaseStatus as CaseStatus
    from .suite_results import Evaluation as Evaluation
    from .suite_results import NotRun as NotRun
    from .suite_results import ScoreSummary as ScoreSummary
    from .suites import Suite as Suite
    from .values import ApprovalRecord as ApprovalRecord
    from .values import CallRecord as CallRecord
    from .values import Case as Case
    from .values import CaseRun as CaseRun
    from .values import RunRecord as RunRecord
    from .values import Score as Score
    from .values import ScoreResult as ScoreResult
    from .values import SourceText as SourceText

_PLACES = {
    "ApprovalRecord": "values",
    "CallRecord": "values",
    "Case": "values",
    "CaseFileError": "problems",
    "CaseResult": "suite_results",
    "CaseRun": "values",
    "CaseStatus": "suite_results",
    "Comparison": "comparison",
    "Evaluation": "suite_results",
    "Interval": "statistics",
    "NotRun": "suite_results",
    "PairedDifference": "statistics",
    "Recording": "recordings",
    "RecordingError": "recordings",
    "ReplayedCase": "case_replays",
    "RunRecord": "values",
    "Score": "values",
    "ScoreResult": "values",
    "ScoreSummary": "suite_results",
    "ShareAlarm": "share_alarms",
    "SourceText": "values",
    "Suite": "suites",
    "Variant": "comparison",
    "add_case": "case_files",
    "bootstrap_interval": "statistics",
    "cases_needed": "statistics",
    "compare": "comparing",
    "compare_evaluations": "comparison",
    "compare_pairs": "statistics",
    "evaluate": "evaluating",
    "find_record": "run_records",
    "find_share_alarms": "share_alarms",
    "format_comparison": "comparison_table",
    "list_findings": "comparison_text",
    "list_notes": "comparison_text",
    "make_case": "recordings",
    "make_record": "run_records",
    "make_recording": "recordings",
    "make_score": "score_names",
    "print_comparison": "comparison_table",
    "read_recording": "recordings",
    "read_suite": "case_files",
    "replay_case": "case_replays",
    "replay_recording": "case_replays",
    "write_comparison": "comparison_document",
    "write_comparison_html": "comparison_page",
    "write_evaluation_html": "html_report",
    "write_recording": "recordings",
    "write_suite": "case_files",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
