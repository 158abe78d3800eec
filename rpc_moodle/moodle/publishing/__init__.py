"""Publishing feedback and grades so that nothing else changes, and saying of each what was seen to happen."""

from rpc_moodle.moodle.publishing.entries import (
    WORKFLOW_STATES,
    Criterion,
    Entry,
    Filling,
    InvalidEntries,
    Options,
    TextFormat,
    is_empty,
)
from rpc_moodle.moodle.publishing.feedback_files import FeedbackFile
from rpc_moodle.moodle.publishing.publication import Progress, Publication
from rpc_moodle.moodle.publishing.report import (
    Change,
    Code,
    FileResult,
    FileState,
    Notice,
    Outcome,
    Report,
    Result,
    Seen,
    WriterName,
    bare,
    invalid,
)

__all__ = [
    "WORKFLOW_STATES",
    "Change",
    "Code",
    "Criterion",
    "Entry",
    "FeedbackFile",
    "FileResult",
    "FileState",
    "Filling",
    "InvalidEntries",
    "Notice",
    "Options",
    "Outcome",
    "Progress",
    "Publication",
    "Report",
    "Result",
    "Seen",
    "TextFormat",
    "WriterName",
    "bare",
    "invalid",
    "is_empty",
]
