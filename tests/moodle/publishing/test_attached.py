"""What is reported of a user's files, told from what is listed and proven afterwards: a table."""

from collections.abc import Mapping

import pytest

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.publishing import Code, Entry, FeedbackFile, FileState, Outcome, Result, WriterName
from rpc_moodle.moodle.publishing.attached import Attached, refused
from rpc_moodle.moodle.publishing.feedback_files import Arrangement, Held, Placed, There

OLD = There("/old.txt", 3, "u")
SAME = Placed("/same.txt", Held("same.txt", "same.txt", b"same", 4, "aa"))
NEW = Placed("/essay (2).pdf", Held("essay.pdf", "essay.pdf", b"new", 3, "bb"))
ALL = {"/old.txt": 3, "/same.txt": 4, "/essay (2).pdf": 3}
PROVEN = dict.fromkeys(ALL, True)
WRITTEN = Result(5, Outcome.PUBLISHED, writer=WriterName.ONE)
FAILED = Result(5, Outcome.FAILED, Code.NOT_STORED, "the text is not there", writer=WriterName.ONE)
S, U, V, N = FileState.STORED, FileState.UNCHANGED, FileState.NOT_VERIFIED, FileState.NOT_STORED


def attached() -> Attached:
    own = Attached(
        Entry(5, files=(FeedbackFile("essay.pdf", b"new"),)), Arrangement((OLD,), (), (SAME,), (NEW,)), (OLD,)
    )
    for path, sha1 in (("/old.txt", "cc"), ("/same.txt", "aa"), ("/essay (2).pdf", "bb")):
        own.is_to_be(path, ALL[path], sha1, instead_of=path)
    return own


@pytest.mark.parametrize(
    ("sizes", "proofs", "result", "outcome", "code", "states"),
    [
        pytest.param(ALL, PROVEN, WRITTEN, Outcome.PUBLISHED, Code.NONE, (U, S), id="all is there and proven"),
        pytest.param(
            ALL, {}, WRITTEN, Outcome.PUBLISHED, Code.NOT_VERIFIED, (V, V), id="there, and nobody can prove it"
        ),
        pytest.param(None, {}, WRITTEN, Outcome.PUBLISHED, Code.NOT_VERIFIED, (V, V), id="nobody can list it"),
        pytest.param(None, PROVEN, WRITTEN, Outcome.PUBLISHED, Code.NONE, (U, S), id="not listed, and proven"),
        pytest.param(
            None,
            PROVEN | {"/essay (2).pdf": False},
            WRITTEN,
            Outcome.FAILED,
            Code.NOT_STORED,
            (U, N),
            id="not listed, and not there",
        ),
        pytest.param(
            ALL,
            PROVEN | {"/essay (2).pdf": False},
            WRITTEN,
            Outcome.FAILED,
            Code.NOT_STORED,
            (U, N),
            id="other bytes of the same size",
        ),
        pytest.param(
            ALL | {"/essay (2).pdf": 4}, PROVEN, WRITTEN, Outcome.FAILED, Code.NOT_STORED, (U, N), id="another size"
        ),
        pytest.param(
            {"/old.txt": 3, "/same.txt": 4},
            PROVEN,
            WRITTEN,
            Outcome.FAILED,
            Code.NOT_STORED,
            (U, N),
            id="it is missing",
        ),
        pytest.param(
            {"/same.txt": 4, "/essay (2).pdf": 3},
            PROVEN,
            WRITTEN,
            Outcome.FAILED,
            Code.CHANGED_MEANWHILE,
            (U, S),
            id="what was to stay is gone",
        ),
        pytest.param(
            ALL,
            PROVEN | {"/old.txt": False},
            WRITTEN,
            Outcome.FAILED,
            Code.CHANGED_MEANWHILE,
            (U, S),
            id="what was to stay is another",
        ),
        pytest.param(
            {**ALL, "/marked.txt": 1},
            PROVEN,
            WRITTEN,
            Outcome.PUBLISHED,
            Code.NONE,
            (U, S),
            id="somebody has added one",
        ),
        pytest.param(
            ALL, PROVEN, FAILED, Outcome.FAILED, Code.NOT_STORED, (U, S), id="the text failed, the files are there"
        ),
        pytest.param(
            {"/same.txt": 4},
            PROVEN,
            FAILED,
            Outcome.FAILED,
            Code.NOT_STORED,
            (U, N),
            id="the text failed, and it keeps its reason",
        ),
    ],
)
def test_what_became_of_files_is_what_was_seen(
    sizes: Mapping[str, int] | None,
    proofs: Mapping[str, bool | None],
    result: Result,
    outcome: Outcome,
    code: Code,
    states: tuple[FileState, FileState],
) -> None:
    there = None if sizes is None else [There(path, size, "u") for path, size in sizes.items()]
    told = attached().settled(result, there, proofs)
    assert (told.outcome, told.code) == (outcome, code)
    assert tuple(file.state for file in told.files) == states
    assert [(file.given, file.name) for file in told.files] == [
        ("same.txt", "same.txt"),
        ("essay.pdf", "essay (2).pdf"),
    ]
    if result is FAILED:
        assert told.message == FAILED.message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.AccessDenied("no", function="webservice/upload.php"), Code.MAY_NOT_UPLOAD),
        (errors.FunctionDenied("no", function="webservice/pluginfile.php"), Code.FILES_UNKNOWN),
        (errors.AccessDenied("no", function="mod_assign_get_submission_status"), None),
        (errors.InvalidToken("no", function="webservice/upload.php"), None),
        (errors.Unreachable("no"), None),
    ],
)
def test_only_a_refusal_of_files_is_told_as_such(error: errors.MoodleError, code: Code | None) -> None:
    found = refused(Entry(5), error)
    assert (found.code if found else None) == code
