"""Files as feedback on a site: what is there stays, what was sent is there, and no report says more than that."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from hashlib import sha1
from pathlib import Path

import pytest

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import (
    Code,
    Entry,
    FeedbackFile,
    FileState,
    Options,
    Outcome,
    Publication,
    Report,
    Result,
)
from rpc_moodle.moodle.publishing.file_reader import FileReader
from rpc_moodle.moodle.publishing.keys import Key
from rpc_moodle.sandbox import Fault, Sandbox, Seen, Stage, feedback_files, grading, standings, uploads
from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.people import User
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import Assignment, Grade
from rpc_moodle.transport import retry
from tests.moodle.publishing.conftest import Client
from tests.moodle.publishing.lookout import FIVE, FULL, Lookout
from tests.moodle.publishing.runs import publish

KEYS = {
    "form": (*FULL, "mod_assign_submit_grading_form"),
    "many": FULL,
    "one": tuple(name for name in FULL if name != "mod_assign_save_grades"),
}
ONE, TWO = FeedbackFile("essay.pdf", b"one"), FeedbackFile("essay.pdf", b"two")

Publish = Callable[..., Awaitable[Report]]


@pytest.fixture
def essay(sandbox: Sandbox) -> Assignment:
    """An assignment with feedback files, in which three students have handed in."""
    stage = Stage(sandbox.site)
    one = stage.assignment("Files", feedback_files=True)
    stage.hand_in(one, 5, 6, 7)
    return one


@pytest.fixture
def key(client: Client, lookout: Lookout) -> Callable[..., MoodleClient]:
    """Make a key that may upload and download."""

    def key(functions: tuple[str, ...] = KEYS["form"], *, uploads: bool = True, downloads: bool = True) -> MoodleClient:
        made = client(functions=functions)
        service = lookout.site.services[next(reversed(lookout.site.services))]
        service.uploadfiles, service.downloadfiles = uploads, downloads
        return made

    return key


@pytest.fixture
def run(key: Callable[..., MoodleClient], essay: Assignment) -> Publish:
    """Publish to the assignment."""

    async def run(
        *entries: Entry, moodle: MoodleClient | None = None, seconds: float = 60, **options: object
    ) -> Report:
        moodle = moodle or key()
        known = await assignment_of(moodle, 2, essay.cmid)
        return await publish(moodle, known, entries, Options(**options), seconds=seconds)  # type: ignore[arg-type]

    return run


def given(essay: Assignment, user: int = 5, attempt: int = 0) -> dict[str, bytes]:
    """The feedback files of a user, by path."""
    row = essay.grades.get((user, attempt))
    return {file.filepath + file.filename: bytes(file.content[:]) for file in (row.files if row else ())}


Put = Callable[..., None]


@pytest.fixture
def put(sandbox: Sandbox, essay: Assignment) -> Put:
    """Store feedback files beside a grade, as a marker would have."""

    def put(user: int, **files: bytes) -> None:
        if (user, 0) not in essay.grades:
            Stage(sandbox.site).mark(essay, user, 50, "")
        stored = [StoredFile(name.replace("_", "."), content) for name, content in files.items()]
        essay.grades[user, 0].files = stored

    return put


def only(report: Report) -> Result:
    (result,) = report.results
    return result


def states(result: Result) -> dict[str, FileState]:
    return {file.name: file.state for file in result.files}


@pytest.mark.parametrize("functions", KEYS.values(), ids=KEYS)
async def test_a_file_is_stored_beside_text_and_grade_and_proven(
    run: Publish, key: Callable[..., MoodleClient], essay: Assignment, functions: tuple[str, ...]
) -> None:
    rows = [
        Entry(user, f"For {user}", grade=Decimal(70), files=(FeedbackFile(f"{user}.txt", b"%d" % user),))
        for user in (5, 6, 7)
    ]
    report = await run(*rows, moodle=key(functions))
    for result in report.results:
        assert (result.outcome, result.code) == (Outcome.PUBLISHED, Code.NONE)
        assert given(essay, result.user_id) == {f"/{result.user_id}.txt": b"%d" % result.user_id}
        (file,) = result.files
        digest = sha1(b"%d" % result.user_id, usedforsecurity=False).hexdigest()
        assert (file.given, file.size, file.sha1, file.state) == (f"{result.user_id}.txt", 1, digest, FileState.STORED)
        assert essay.grades[result.user_id, 0].grade == 70
        comment = essay.grades[result.user_id, 0].comment
        assert comment is not None
        assert comment.text == f"For {result.user_id}"


@pytest.mark.parametrize("functions", KEYS.values(), ids=KEYS)
async def test_files_that_are_there_stay_and_the_same_again_is_unchanged(
    run: Publish, key: Callable[..., MoodleClient], put: Put, essay: Assignment, functions: tuple[str, ...]
) -> None:
    put(5, old_txt=b"old", essay_pdf=b"two")
    moodle = key(functions)
    both = {"/old.txt": b"old", "/essay.pdf": b"two", "/essay (2).pdf": b"one"}
    report = await run(Entry(5, files=(ONE,)), moodle=moodle)
    assert (only(report).outcome, states(only(report))) == (Outcome.PUBLISHED, {"essay (2).pdf": FileState.STORED})
    assert given(essay) == both
    again = await run(Entry(5, files=(ONE,)), moodle=moodle)
    assert (only(again).outcome, states(only(again))) == (Outcome.UNCHANGED, {"essay (2).pdf": FileState.UNCHANGED})
    assert given(essay) == both
    assert essay.grades[5, 0].grade == 50


@pytest.mark.parametrize("functions", KEYS.values(), ids=KEYS)
async def test_a_text_or_a_grade_alone_leaves_files_as_they_are(
    run: Publish, key: Callable[..., MoodleClient], put: Put, essay: Assignment, functions: tuple[str, ...]
) -> None:
    for user in (5, 6):
        put(user, old_txt=b"old")
    moodle, files = key(functions), dict(essay.grades)
    stored = {user: list(essay.grades[user, 0].files) for user in (5, 6)}
    report = await run(Entry(5, "text"), Entry(6, grade=Decimal(60)), moodle=moodle)
    assert report.published == 2
    assert files.keys() == essay.grades.keys()
    assert {user: essay.grades[user, 0].files for user in (5, 6)} == stored


async def test_a_new_text_beside_files_that_are_there_uploads_nothing(
    run: Publish, sandbox: Sandbox, put: Put, essay: Assignment
) -> None:
    put(5, essay_pdf=b"one")
    report = await run(Entry(5, "new", files=(ONE,)))
    assert (only(report).outcome, states(only(report))) == (Outcome.PUBLISHED, {"essay.pdf": FileState.UNCHANGED})
    assert not any(seen.path == uploads.SCRIPT for seen in sandbox.site.requests)


async def test_replaced_files_are_gone_and_the_others_there(run: Publish, put: Put, essay: Assignment) -> None:
    put(5, old_txt=b"old", essay_pdf=b"two")
    put(6, old_txt=b"old")
    report = await run(Entry(5, files=(ONE,)), replace_files=True)
    assert states(only(report)) == {"essay.pdf": FileState.STORED}
    assert (given(essay), given(essay, 6)) == ({"/essay.pdf": b"one"}, {"/old.txt": b"old"})
    again = await run(Entry(5, files=(ONE,)), replace_files=True)
    assert only(again).outcome is Outcome.UNCHANGED


async def test_folders_that_are_there_are_kept(run: Publish, put: Put, essay: Assignment) -> None:
    put(5)
    essay.grades[5, 0].files = [StoredFile("räw ü.txt", b"deep", "/sub/dir ä/")]
    await run(Entry(5, files=(FeedbackFile("räw ü.txt", b"top"),)))
    assert given(essay) == {"/sub/dir ä/räw ü.txt": b"deep", "/räw ü.txt": b"top"}


async def test_a_file_that_could_not_keep_its_name_is_not_put_back_under_another(
    run: Publish, put: Put, essay: Assignment
) -> None:
    put(5)
    essay.grades[5, 0].files = [StoredFile("it's.txt", b"old")]
    result = only(await run(Entry(5, files=(ONE,))))
    assert (result.outcome, result.code) == (Outcome.FAILED, Code.FILE_REFUSED)
    assert "it's.txt" in result.message
    assert given(essay) == {"/it's.txt": b"old"}


async def test_a_dry_run_shows_the_files_and_uploads_nothing(
    run: Publish, sandbox: Sandbox, put: Put, essay: Assignment
) -> None:
    put(5, essay_pdf=b"two")
    before = standings(essay)
    result = only(await run(Entry(5, files=(ONE,)), dry_run=True))
    assert (result.code, states(result)) == (Code.DRY_RUN, {"essay (2).pdf": FileState.PLANNED})
    assert result.change is not None
    assert result.change.before.files == ("/essay.pdf",)
    assert result.change.after.files == ("/essay (2).pdf", "/essay.pdf")
    assert standings(essay) == before
    assert not any(seen.path == uploads.SCRIPT for seen in sandbox.site.requests)


async def test_names_are_stored_as_moodle_cleans_them(run: Publish, essay: Assignment) -> None:
    result = only(await run(Entry(5, files=(FeedbackFile("we:ird <n>.txt", b"x"), FeedbackFile("e\u0301.txt", b"y")))))
    assert states(result) == {"weird n.txt": FileState.STORED, "\u00e9.txt": FileState.STORED}
    assert [file.given for file in result.files] == ["we:ird <n>.txt", "e\u0301.txt"]
    assert given(essay) == {"/weird n.txt": b"x", "/\u00e9.txt": b"y"}


async def test_paths_and_pieces_are_sent_as_they_are_read(run: Publish, essay: Assignment, tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(b"0123456789" * 300_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"piece "

    report = await run(Entry(5, files=(FeedbackFile("big.bin", path), FeedbackFile("pieces.txt", pieces()))))
    assert report.published == 1
    assert given(essay) == {"/big.bin": path.read_bytes(), "/pieces.txt": b"piece piece piece "}


async def test_a_file_that_cannot_be_read_costs_its_user_alone(run: Publish, essay: Assignment, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError("the source is gone")

    (tmp_path / "empty").touch()
    rows = [
        Entry(5, files=(FeedbackFile("a.txt", tmp_path / "nowhere"),)),
        Entry(6, files=(FeedbackFile("a.txt", broken()),)),
        Entry(7, files=(FeedbackFile("a.txt", tmp_path / "empty"),)),
        Entry(9, files=(ONE,)),
    ]
    report = await run(*rows)
    said = {result.user_id: (result.code, result.message) for result in report.results}
    assert said[5] == (Code.INVALID_ENTRY, "files.0.content (a.txt) cannot be read: No such file or directory.")
    assert said[6] == (Code.INVALID_ENTRY, "files.0.content (a.txt) cannot be read: the source is gone.")
    assert said[7] == (Code.INVALID_ENTRY, "files.0.content (a.txt) cannot be read: there is nothing in it.")
    assert said[9] == (Code.NONE, "")
    assert given(essay, 9) == {"/essay.pdf": b"one"}


async def test_where_feedback_files_are_switched_off_nothing_is_written(run: Publish, essay: Assignment) -> None:
    essay.feedback_files = False
    before = standings(essay)
    report = await run(Entry(5, "text", files=(ONE,)), Entry(6, "text"))
    assert [result.code for result in report.results] == [Code.FILES_DISABLED, Code.NONE]
    assert "Feedback types" in report.results[0].message
    assert standings(essay)[5] == before[5]


@pytest.mark.parametrize("told", [True, False])
async def test_a_key_that_may_not_upload_fails_the_rows_with_files_alone(
    run: Publish, key: Callable[..., MoodleClient], sandbox: Sandbox, essay: Assignment, told: bool
) -> None:
    functions = tuple(name for name in FULL if told or name != "core_webservice_get_site_info")
    report = await run(Entry(5, "text", files=(ONE,)), Entry(6, "text"), moodle=key(functions, uploads=False))
    assert [result.code for result in report.results] == [Code.MAY_NOT_UPLOAD, Code.NONE]
    assert "Can upload files" in report.results[0].message
    assert (5, 0) not in essay.grades
    assert any(seen.path == uploads.SCRIPT for seen in sandbox.site.requests) is not told


@pytest.mark.parametrize(
    ("sizes", "code"), [((10, 3), Code.NONE), ((11, 3), Code.FILE_TOO_LARGE), ((3, 11), Code.FILE_TOO_LARGE)]
)
async def test_what_moodle_would_leave_out_is_refused_the_callers_files_and_those_that_are_there(
    run: Publish,
    key: Callable[..., MoodleClient],
    sandbox: Sandbox,
    put: Put,
    essay: Assignment,
    sizes: tuple[int, int],
    code: Code,
) -> None:
    sandbox.site.courses[2].maxbytes = 10
    put(5, old_txt=b"o" * sizes[1])
    moodle = key((*FULL, "core_course_get_courses_by_field"))
    result = only(await run(Entry(5, files=(FeedbackFile("new.txt", b"n" * sizes[0]),)), moodle=moodle))
    assert result.code is code
    assert given(essay)["/old.txt"] == b"o" * sizes[1]
    assert ("/new.txt" in given(essay)) is (code is Code.NONE)


async def test_what_moodle_left_out_is_not_reported_as_stored(
    run: Publish, sandbox: Sandbox, essay: Assignment
) -> None:
    sandbox.site.courses[2].maxbytes = 10
    result = only(await run(Entry(5, "text", files=(FeedbackFile("big.txt", b"n" * 11), ONE))))
    assert (result.outcome, result.code) == (Outcome.FAILED, Code.NOT_STORED)
    assert "big.txt" in result.message
    assert states(result) == {"big.txt": FileState.NOT_STORED, "essay.pdf": FileState.STORED}


async def test_a_site_that_stores_other_bytes_is_found_out(
    run: Publish, essay: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(site: Site, assignment: Assignment, row: Grade, user: User, draft: int) -> bool:
        changed = feedback_files.give(site, assignment, row, user, draft)
        row.files = [StoredFile(file.filename, file.content[:-1] + b"!", file.filepath) for file in row.files]
        return changed

    monkeypatch.setattr(grading, "give", other)
    result = only(await run(Entry(5, files=(ONE,))))
    assert (result.outcome, result.code) == (Outcome.FAILED, Code.NOT_STORED)
    assert states(result) == {"essay.pdf": FileState.NOT_STORED}


async def test_a_site_that_loses_what_was_to_stay_is_found_out(
    run: Publish, put: Put, essay: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(site: Site, assignment: Assignment, row: Grade, user: User, draft: int) -> bool:
        changed = feedback_files.give(site, assignment, row, user, draft)
        row.files = [file for file in row.files if file.filename != "old.txt"]
        return changed

    put(5, old_txt=b"old")
    monkeypatch.setattr(grading, "give", forgetful)
    result = only(await run(Entry(5, files=(ONE,))))
    assert (result.outcome, result.code) == (Outcome.FAILED, Code.CHANGED_MEANWHILE)
    assert "old.txt" in result.message


async def test_a_file_that_moodle_refuses_is_named_and_nothing_is_written(
    run: Publish, essay: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_stored", lambda user, item, file: {"filename": file.filename, "error": "too evil"})
    result = only(await run(Entry(5, "text", files=(ONE,))))
    assert (result.outcome, result.code) == (Outcome.FAILED, Code.FILE_REFUSED)
    assert "too evil" in result.message
    assert (5, 0) not in essay.grades


async def test_without_downloads_files_that_are_there_are_not_put_at_risk(
    run: Publish, key: Callable[..., MoodleClient], put: Put, essay: Assignment
) -> None:
    put(5, old_txt=b"old")
    report = await run(Entry(5, files=(ONE,)), Entry(6, files=(ONE,)), moodle=key(downloads=False))
    assert [result.code for result in report.results] == [Code.FILES_UNKNOWN, Code.NOT_VERIFIED]
    assert "Can download files" in report.results[0].message
    assert (given(essay), given(essay, 6)) == ({"/old.txt": b"old"}, {"/essay.pdf": b"one"})


async def test_a_key_that_reads_nothing_gives_files_only_where_they_may_replace_others(
    run: Publish, key: Callable[..., MoodleClient], put: Put, essay: Assignment
) -> None:
    put(5, old_txt=b"old")
    essay.grades[5, 0].grade = -1
    moodle = key((*FIVE, "mod_assign_submit_grading_form"))
    assert only(await run(Entry(5, files=(ONE,)), moodle=moodle)).code is Code.FILES_UNKNOWN
    result = only(await run(Entry(5, files=(ONE,)), moodle=moodle, replace_files=True))
    assert (result.outcome, result.code) == (Outcome.PUBLISHED, Code.NOT_VERIFIED)
    assert given(essay) == {"/essay.pdf": b"one"}


async def test_what_a_workflow_holds_back_is_proven_by_its_address(run: Publish, essay: Assignment) -> None:
    essay.markingworkflow = True
    first = only(await run(Entry(5, files=(ONE,))))
    assert (first.outcome, states(first)) == (Outcome.PUBLISHED, {"essay.pdf": FileState.STORED})
    again = only(await run(Entry(5, files=(ONE,))))
    assert (again.outcome, states(again)) == (Outcome.UNCHANGED, {"essay.pdf": FileState.UNCHANGED})
    for file in (TWO, FeedbackFile("other.pdf", b"one")):
        assert only(await run(Entry(5, files=(file,)))).code is Code.FILES_UNKNOWN
    assert given(essay) == {"/essay.pdf": b"one"}


async def test_files_of_an_earlier_attempt_stay_when_others_join_them(
    run: Publish, sandbox: Sandbox, essay: Assignment
) -> None:
    essay.attemptreopenmethod, essay.maxattempts = "manual", -1
    stage = Stage(sandbox.site)
    stage.mark(essay, 5, 60, add_attempt=True)
    essay.grades[5, 0].files = [StoredFile("old.txt", b"old")]
    await run(Entry(5, "text", files=(ONE,)))
    assert given(essay) == {"/old.txt": b"old", "/essay.pdf": b"one"}
    assert given(essay, attempt=1) == {}


async def test_a_team_gets_the_same_files_each_member_its_own(
    run: Publish, key: Callable[..., MoodleClient], sandbox: Sandbox
) -> None:
    team = sandbox.site.by_cmid(11)
    assert team is not None
    team.feedback_files = True

    async def pieces() -> AsyncIterator[bytes]:
        yield b"for all of you"

    moodle = key((*KEYS["form"], "core_group_get_course_groups", "core_group_get_group_members"))
    known = await assignment_of(moodle, 2, 11)
    report = await publish(
        moodle, known, [Entry(5, files=(FeedbackFile("t.txt", pieces()),))], Options(apply_to_team=True)
    )
    assert report.published > 1
    assert all(given(team, result.user_id) == {"/t.txt": b"for all of you"} for result in report.results)


async def test_a_member_of_a_team_whom_no_list_names_keeps_files(
    key: Callable[..., MoodleClient], sandbox: Sandbox
) -> None:
    team = sandbox.site.by_cmid(11)
    assert team is not None
    team.feedback_files = True
    member = 7
    team.attempts.pop((member, 0), None)
    team.grades[member, 0] = Grade(900, member, 0, 1, 1, files=[StoredFile("old.txt", b"old")])
    moodle = key()
    known = await assignment_of(moodle, 2, 11)
    report = await publish(moodle, known, [Entry(member, files=(ONE,))])
    assert report.published == 1
    assert given(team, member) == {"/old.txt": b"old", "/essay.pdf": b"one"}


async def test_files_for_many_are_written_a_few_users_at_a_time(
    run: Publish, sandbox: Sandbox, essay: Assignment
) -> None:
    users = (5, 6, 7, 9, 10, 11, 12, 13)
    assert (await run(*(Entry(user, files=(ONE,)) for user in users))).published == len(users)
    done = [seen.path if seen.path == uploads.SCRIPT else seen.function for seen in sandbox.site.requests]
    last = len(done) - 1 - done[::-1].index(uploads.SCRIPT)
    assert "mod_assign_submit_grading_form" in done[:last], "a call that is cut short has given nobody anything"


async def test_who_cannot_be_written_to_uploads_nothing(
    run: Publish, key: Callable[..., MoodleClient], sandbox: Sandbox
) -> None:
    result = only(await run(Entry(5, files=(ONE,)), moodle=key(KEYS["many"]), notify=False))
    assert result.code is Code.WOULD_NOTIFY
    assert not any(seen.path == uploads.SCRIPT for seen in sandbox.site.requests)


@pytest.mark.parametrize(("course", "account", "limit"), [(0, 0, 0), (9, 0, 9), (0, 7, 7), (9, 7, 7), (5, 7, 5)])
async def test_the_least_limit_counts_and_is_asked_for_once(
    key: Callable[..., MoodleClient], sandbox: Sandbox, essay: Assignment, course: int, account: int, limit: int
) -> None:
    sandbox.site.courses[2].maxbytes = course
    moodle = key(("core_course_get_courses_by_field", *FULL))
    asked = Key(moodle, _at_once, max_upload=account)
    files = FileReader(moodle, await assignment_of(moodle, 2, essay.cmid), asked)
    assert await files.limit() == limit
    assert await files.limit() == limit
    assert [seen.function for seen in sandbox.site.requests].count("core_course_get_courses_by_field") == 1


async def _at_once(call: Callable[[], Awaitable[object]]) -> object:
    return await call()


async def test_a_locked_submission_gets_no_file(
    run: Publish, lookout: Lookout, sandbox: Sandbox, essay: Assignment
) -> None:
    lookout.mark(essay.id, 5, 50, "old", locked=1)
    assert only(await run(Entry(5, files=(ONE,)))).code is Code.LOCKED
    assert given(essay) == {}
    assert not any(seen.path == uploads.SCRIPT for seen in sandbox.site.requests)


async def test_files_that_came_while_others_were_uploaded_are_not_written_over(
    run: Publish, sandbox: Sandbox, put: Put, essay: Assignment
) -> None:
    put(5, old_txt=b"old")

    def marker(seen: Seen) -> Fault:
        if seen.path == uploads.SCRIPT:
            put(5, old_txt=b"old", marked_txt=b"by a marker")
        return Fault.NONE

    sandbox.site.fault = marker
    result = only(await run(Entry(5, files=(ONE,))))
    assert (result.outcome, result.code) == (Outcome.FAILED, Code.CHANGED_MEANWHILE)
    assert given(essay) == {"/old.txt": b"old", "/marked.txt": b"by a marker"}


@pytest.mark.parametrize(
    "fault", [Fault.ERROR_BEFORE, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.HTML, Fault.RATE_LIMITED]
)
async def test_an_upload_that_fails_costs_its_user_alone_and_the_same_again_ends_it(
    run: Publish, sandbox: Sandbox, put: Put, essay: Assignment, fault: Fault
) -> None:
    put(5, old_txt=b"old")
    put(6, old_txt=b"old")
    failed = 0

    def choose(seen: Seen) -> Fault:
        nonlocal failed
        failed += seen.path == uploads.SCRIPT
        return fault if seen.path == uploads.SCRIPT and failed == 1 else Fault.NONE

    sandbox.site.fault = choose
    rows = [Entry(5, files=(ONE,)), Entry(6, files=(ONE,))]
    first = await run(*rows)
    assert (first.published, first.failed) == (1, 1)
    assert all("/old.txt" in given(essay, user) for user in (5, 6))
    second = await run(*rows)
    assert (second.published, second.unchanged) == (1, 1)
    both = {"/old.txt": b"old", "/essay.pdf": b"one"}
    assert (given(essay), given(essay, 6)) == (both, both)


async def test_an_upload_that_fails_for_a_moment_is_done_again_into_an_area_of_its_own(
    run: Publish, put: Put, sandbox: Sandbox, essay: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "ATTEMPTS", 3)
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    put(5, old_txt=b"old")
    at = 0

    def choose(seen: Seen) -> Fault:
        nonlocal at
        at += seen.path == uploads.SCRIPT
        return Fault.CUT_AFTER if seen.path == uploads.SCRIPT and at == 2 else Fault.NONE

    sandbox.site.fault = choose
    result = only(await run(Entry(5, files=(ONE,))))
    assert (result.outcome, states(result)) == (Outcome.PUBLISHED, {"essay.pdf": FileState.STORED})
    assert given(essay) == {"/old.txt": b"old", "/essay.pdf": b"one"}
    assert len(sandbox.site.drafts) == 2


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.ERROR_BEFORE, Fault.CUT_BEFORE])
async def test_a_file_that_is_to_stay_and_does_not_come_whole_is_never_written_back(
    run: Publish, sandbox: Sandbox, put: Put, essay: Assignment, fault: Fault
) -> None:
    put(5, old_bin=b"o" * 100_000)
    sandbox.site.fault = lambda seen: fault if "pluginfile" in seen.path else Fault.NONE
    result = only(await run(Entry(5, files=(ONE,))))
    assert (result.outcome, result.code) == (Outcome.FAILED, Code.CALL_FAILED)
    assert given(essay) == {"/old.bin": b"o" * 100_000}


async def test_an_upload_that_takes_longer_than_the_call_writes_nothing(
    run: Publish, sandbox: Sandbox, essay: Assignment
) -> None:
    sandbox.site.fault = lambda seen: Fault.HANG_BEFORE if seen.path == uploads.SCRIPT else Fault.NONE
    result = only(await run(Entry(5, "text", files=(ONE,)), seconds=1))
    assert (result.outcome, result.code) == (Outcome.FAILED, Code.NOT_STARTED)
    assert (5, 0) not in essay.grades


async def test_the_report_so_far_never_calls_a_file_unsent_that_is_being_read_back(
    key: Callable[..., MoodleClient], sandbox: Sandbox, essay: Assignment
) -> None:
    moodle, hold = key(), asyncio.Event()
    known = await assignment_of(moodle, 2, essay.cmid)
    publication = Publication(moodle, known, [Entry(5, "text", files=(ONE,))])
    seen: list[Code] = []

    def look(request: Seen) -> Fault:
        if "pluginfile" in request.path:
            seen.append(publication.closing_report().results[0].code)
            hold.set()
        return Fault.NONE

    sandbox.site.fault = look
    report = await publication.run()
    assert hold.is_set()
    assert seen == [Code.OUTCOME_UNKNOWN]
    assert report.published == 1
