"""What outlives a publication: a line for whoever audits, and a report that a restart does not lose."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import capture_logs

from rpc_moodle.moodle import Http, MoodleClient, assignments
from rpc_moodle.moodle.publishing import Code, Entry, Outcome, Publication, Report, Result
from rpc_moodle.publications import Publications
from rpc_moodle.report_files import ReportFiles
from rpc_moodle.sandbox import Sandbox

TEXT = "Argued as nobody has before."
NAME = bytes(32)
REPORT = Report(
    [
        Result(5, Outcome.PUBLISHED),
        Result(6, Outcome.UNCHANGED, via=5),
        Result(7, Outcome.FAILED, Code.LOCKED, "The submission is locked."),
    ]
)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as site:
        yield site


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as pool:
        yield pool


async def publish(kept: Publications, sandbox: Sandbox, http: Http, name: str | None = "a") -> MoodleClient:
    moodle = MoodleClient(sandbox.url, sandbox.token("teacher_full"), http=http)
    entries = [Entry(5, TEXT), Entry(6, TEXT, grade=Decimal(1)), Entry(4711, TEXT)]
    publication = Publication(moodle, await assignments.assignment(moodle, 2, 8), entries)
    await kept.run(publication, moodle, progress_id=name, time_left=lambda: 60)
    return moodle


@pytest.mark.parametrize("name", ["a", None])
async def test_every_publication_leaves_a_line_for_whoever_audits(
    sandbox: Sandbox, http: Http, name: str | None
) -> None:
    with (
        capture_logs(processors=[merge_contextvars]) as logged,
        bound_contextvars(call_id="c1", by="token-x@192.0.2.1"),
    ):
        async with Publications() as kept:
            await publish(kept, sandbox, http, name)
            await asyncio.sleep(0)
    (line,) = [line for line in logged if line["event"] == "publication"]
    assert line == {
        "event": "publication",
        "log_level": "info",
        "call_id": "c1",
        "by": "token-x@192.0.2.1",
        "site": str(MoodleClient(sandbox.url, "x" * 32).site),
        "assignment": line["assignment"],
        "users": 3,
        "published": 2,
        "unchanged": 0,
        "failed": 1,
        "dry_run": False,
    }
    assert TEXT not in repr(logged)
    assert sandbox.token("teacher_full") not in repr(logged)


async def test_a_report_survives_a_restart_where_a_folder_is_given(
    sandbox: Sandbox, http: Http, tmp_path: Path
) -> None:
    async with Publications(files=ReportFiles(tmp_path)) as kept:
        moodle = await publish(kept, sandbox, http)
        before = kept.find(moodle, "a")
    assert before is not None
    async with Publications(files=ReportFiles(tmp_path)) as anew:
        after = anew.find(moodle, "a")
        assert after is not None
        assert [(row.user_id, row.outcome, row.code) for row in after.report.results] == [
            (row.user_id, row.outcome, row.code) for row in before.report.results
        ]
        stranger = MoodleClient(sandbox.url, sandbox.token("teacher_enrolonly"), http=http)
        assert anew.find(stranger, "a") is None
        assert anew.find(moodle, "b") is None
    async with Publications() as without:
        assert without.find(moodle, "a") is None


async def test_no_text_and_no_key_is_on_disk(sandbox: Sandbox, http: Http, tmp_path: Path) -> None:
    async with Publications(files=ReportFiles(tmp_path)) as kept:
        await publish(kept, sandbox, http)
    [path] = tmp_path.iterdir()
    said = path.name + path.read_text()
    assert TEXT not in said
    assert "nobody" not in said
    assert sandbox.token("teacher_full") not in said
    assert sandbox.url.rstrip("/") not in said
    assert path.stat().st_mode & 0o077 == 0


def test_what_moodle_said_is_not_on_disk(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path)
    files.keep(NAME, Report([Result(5, Outcome.FAILED, Code.CALL_FAILED, f"Moodle refused: {TEXT}")]))
    assert TEXT not in "".join(path.read_text() for path in tmp_path.iterdir())
    found = files.find(NAME)
    assert found is not None
    assert found.results[0].code is Code.CALL_FAILED


def test_a_kept_report_is_found_as_it_was(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path)
    files.keep(NAME, REPORT)
    assert files.find(NAME) == REPORT
    assert files.find(bytes(31)) is None


def test_a_report_is_kept_for_its_time(tmp_path: Path) -> None:
    now = 1000.0
    files = ReportFiles(tmp_path, seconds=10, clock=lambda: now)
    files.keep(NAME, REPORT)
    now = 1009.0
    assert files.find(NAME) == REPORT
    now = 1010.0
    assert files.find(NAME) is None


def test_reports_too_many_make_room(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path, capacity=3)
    for number in range(10):
        files.keep(bytes([number]), REPORT)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"expires": 1e12, "results": [{"user": "x"}]}', "\x00"])
def test_a_file_that_is_no_report_is_none(tmp_path: Path, text: str) -> None:
    files = ReportFiles(tmp_path)
    (tmp_path / f"{NAME.hex()}.json").write_text(text)
    assert files.find(NAME) is None


def test_a_folder_that_cannot_be_written_to_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        ReportFiles(tmp_path / "file" / "folder")


def test_a_folder_that_is_lost_later_is_noted_and_no_error(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path / "folder")
    (tmp_path / "folder").rmdir()
    with capture_logs() as logged:
        files.keep(NAME, REPORT)
    assert [line["event"] for line in logged] == ["report_not_kept"]
