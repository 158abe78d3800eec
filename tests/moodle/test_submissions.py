"""Which rows of a listing are submissions."""

import pytest

from rpc_moodle.moodle.models import Plugin, Submission
from rpc_moodle.moodle.submissions import untouched

FILE: Plugin = {"type": "file", "fileareas": [{"area": "submission_files", "files": [{"filename": "a.txt"}]}]}
NO_FILE: Plugin = {"type": "file", "fileareas": [{"area": "submission_files", "files": []}]}
TEXT: Plugin = {"type": "onlinetext", "editorfields": [{"name": "onlinetext", "text": "<p>x</p>"}]}
NO_TEXT: Plugin = {"type": "onlinetext", "editorfields": [{"name": "onlinetext", "text": " "}]}


@pytest.mark.parametrize(
    ("status", "plugins", "nothing"),
    [
        ("new", [NO_FILE, {"type": "comments"}], True),
        ("new", [NO_TEXT], True),
        ("new", [], True),
        ("new", [FILE], False),
        ("new", [NO_FILE, TEXT], False),
        ("reopened", [NO_FILE], False),
        ("draft", [NO_FILE], False),
        ("submitted", [NO_FILE], False),
        ("", [], False),
    ],
)
def test_a_row_that_looking_has_made_is_told_from_work(status: str, plugins: list[Plugin], *, nothing: bool) -> None:
    assert untouched(Submission(userid=5, status=status, plugins=plugins)) is nothing
