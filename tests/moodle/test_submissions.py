"""Which rows of a listing are submissions."""

import pytest

from rpc_moodle.moodle.models import EditorField, File, FileArea, Plugin, Submission
from rpc_moodle.moodle.submissions import untouched

FILE = Plugin("file", (FileArea("submission_files", (File("a.txt"),)),))
NO_FILE = Plugin("file", (FileArea("submission_files"),))
TEXT = Plugin("onlinetext", editorfields=(EditorField("onlinetext", "<p>x</p>"),))
NO_TEXT = Plugin("onlinetext", editorfields=(EditorField("onlinetext", " "),))


@pytest.mark.parametrize(
    ("status", "plugins", "nothing"),
    [
        ("new", [NO_FILE, Plugin("comments")], True),
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
    assert untouched(Submission(userid=5, status=status, plugins=tuple(plugins))) is nothing
