"""Which calls change an assignment's introduction, and what of it counts as done."""

import base64
import json

import pytest

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.described import Attachment
from rpc_moodle.moodle.editing import PILOT, PILOT_FILE, UTILS, Kept, NewFile, choose, not_as_asked

TO = Kept(id=29, cmid=38, intro="<p>Old</p>")
NOTES = NewFile("notes.txt", b"notes")
CONTENT = base64.b64encode(b"notes").decode()


def test_a_call_that_does_all_names_only_what_is_given() -> None:
    assert choose([UTILS], TO, introduction="<p>New</p>", files=[]) == [
        (UTILS, {"assignmentid": 29, "intro": "<p>New</p>"})
    ]
    ((function, params),) = choose([UTILS], TO, introduction=None, files=[NOTES])
    assert function == UTILS
    assert params.keys() == {"assignmentid", "introfiles"}
    assert json.loads(str(params["introfiles"])) == [{"filename": "notes.txt", "content": CONTENT}]


def test_a_plugin_with_a_function_for_files_is_called_for_each() -> None:
    files = [NOTES, NewFile("empty.txt", b"")]
    assert choose([PILOT, PILOT_FILE], TO, introduction="x", files=files) == [
        (PILOT, {"cmid": 38, "description": "x"}),
        (PILOT_FILE, {"cmid": 38, "filename": "notes.txt", "content": CONTENT}),
        (PILOT_FILE, {"cmid": 38, "filename": "empty.txt", "content": ""}),
    ]


def test_the_one_that_can_do_all_of_it_is_chosen() -> None:
    assert choose([PILOT, UTILS], TO, introduction="x", files=[NOTES])[0].function == UTILS
    assert choose([PILOT_FILE], TO, introduction=None, files=[NOTES])[0].function == PILOT_FILE
    assert choose([PILOT, UTILS], TO, introduction="", files=[])[0].params == {"assignmentid": 29, "intro": ""}


@pytest.mark.parametrize(
    ("listed", "introduction", "files", "named"),
    [
        ([], "x", [], "may call none of a plugin"),
        (["mod_assign_get_assignments", "local_other_create_assignment"], "x", [], "may call none of a plugin"),
        (["local_agentpoc_update_assignment"], "x", [], "may call local_agentpoc_update_assignment, of which"),
        (["local_b_edit_assign", "local_a_update_assign"], "x", [], "may call local_a_update_assign, local_b_edit"),
        ([PILOT], "", [], f"may call {PILOT}, of which"),
        ([PILOT], "x", [NOTES], f"may call {PILOT}, of which"),
    ],
)
def test_what_no_known_function_does_is_said(
    listed: list[str], introduction: str, files: list[NewFile], named: str
) -> None:
    with pytest.raises(errors.NotFound, match=named) as refused:
        choose(listed, TO, introduction=introduction, files=files)
    assert str(refused.value).startswith("Moodle itself has no web service function")


@pytest.mark.parametrize(
    ("introduction", "files", "wrong"),
    [
        ("<p>Old</p>", [], []),
        ("<p>Old</p>\r\n", [], []),
        ("<p>old</p>", [], ["the introduction"]),
        (None, [], []),
        (None, [NOTES], []),
        (None, [NewFile("notes.txt", b"longer")], ["notes.txt"]),
        (None, [NewFile("other.txt", b"notes")], ["other.txt"]),
        (None, [NewFile("deep.txt", b"deep!")], ["deep.txt"]),
        ("x", [NewFile("other.txt", b"")], ["the introduction", "other.txt"]),
    ],
)
def test_what_is_stored_is_held_against_what_was_asked(
    introduction: str | None, files: list[NewFile], wrong: list[str]
) -> None:
    stored = (
        Attachment(filename="notes.txt", filesize=5),
        Attachment(filename="deep.txt", filepath="/in/", filesize=5),
    )
    after = Kept(id=29, cmid=38, intro="<p>Old</p>\n", introattachments=stored)
    assert not_as_asked(after, introduction=introduction, files=files) == wrong
