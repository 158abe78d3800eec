"""Whatever files are published over whatever is there: no file of anybody is lost, and what is said to be there is."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import Entry, FeedbackFile, Options, Outcome
from rpc_moodle.sandbox import Sandbox, Stage, uploads
from rpc_moodle.sandbox.faults import Fault
from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.people import Service, Token
from rpc_moodle.sandbox.work import Assignment
from tests.moodle.publishing.lookout import FIVE, FULL
from tests.moodle.publishing.runs import publish

STUDENTS = (5, 6, 7)
KEYS = {
    "five": FIVE,
    "many": FULL,
    "form": (*FULL, "mod_assign_submit_grading_form"),
    "limits": (*FULL, "core_course_get_courses_by_field"),
}
TOKEN = "f" * 32
LIMIT = 8

names = st.sampled_from(["a.txt", "a (2).txt", "\u00e9.txt", "e\u0301.txt", "b:.txt", "b.txt"])
contents = st.sampled_from([b"1", b"2", b"333", b"much more"])
stored = st.dictionaries(st.sampled_from(["/a.txt", "/a (2).txt", "/e\u0301.txt", "/sub/b.txt"]), contents, max_size=4)


@dataclass(frozen=True)
class Given:
    """What one row names."""

    text: str | None
    files: dict[str, bytes]


rows = st.builds(Given, st.sampled_from([None, "text"]), st.dictionaries(names, contents, max_size=3))


def seen(one: Assignment) -> dict[int, dict[str, bytes]]:
    return {
        user: {file.filepath + file.filename: bytes(file.content[:]) for file in row.files}
        for (user, _), row in one.grades.items()
    }


async def example(
    key: str, there: dict[int, dict[str, bytes]], named: dict[int, Given], how: Options, limit: int, fails: int
) -> None:
    async with Sandbox(users=1) as sandbox, Http() as http:
        sandbox.site.services["own"] = Service("own", frozenset(KEYS[key]), uploadfiles=True)
        sandbox.site.tokens[TOKEN] = Token(TOKEN, 3, "own")
        sandbox.site.courses[2].maxbytes = limit
        stage = Stage(sandbox.site)
        one = stage.assignment("Files", feedback_files=True)
        stage.hand_in(one, *STUDENTS)
        for user, files in there.items():
            stage.mark(one, user, -1, "")
            one.grades[user, 0].files = [
                StoredFile(path.rpartition("/")[2], content, path.rpartition("/")[0] + "/")
                for path, content in files.items()
            ]
        count = 0

        def choose(request: object) -> Fault:
            nonlocal count
            count += getattr(request, "path", "") == uploads.SCRIPT
            return Fault.CUT_BEFORE if count == fails and getattr(request, "path", "") == uploads.SCRIPT else Fault.NONE

        sandbox.site.fault = choose
        entries = [
            Entry(user, row.text, files=tuple(FeedbackFile(name, content) for name, content in row.files.items()))
            for user, row in named.items()
        ]
        async with MoodleClient(sandbox.url, TOKEN, http=http) as moodle:
            known = await assignment_of(moodle, 2, one.cmid)
            before = seen(one)
            report = await publish(moodle, known, entries, how)
            after = seen(one)
            for user, files in before.items():
                row = named.get(user)
                if row is None or not row.files or not how.replace_files:
                    lost = {path: content for path, content in files.items() if after[user].get(path) != content}
                    assert not lost, (user, report.results)
                if row is None or not row.files:
                    assert after[user] == files
            for result in report.results:
                if result.outcome is Outcome.FAILED:
                    continue
                row = named[result.user_id]
                for file in result.files:
                    assert after[result.user_id][f"/{file.name}"] == row.files[file.given]
                assert len(result.files) == len(row.files)
            sandbox.site.fault = None
            again = await publish(moodle, known, entries, how)
            if key != "five" and not report.failed:
                assert again.unchanged == len(report.results)
                assert seen(one) == after


@pytest.mark.timeout(300)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(sorted(KEYS)),
    there=st.dictionaries(st.sampled_from(STUDENTS), stored, max_size=3),
    named=st.dictionaries(st.sampled_from(STUDENTS), rows, min_size=1, max_size=3),
    how=st.builds(Options, replace_files=st.booleans()),
    limit=st.just(0),
    fails=st.sampled_from([0, 0, 1, 2]),
)
def test_no_file_of_anybody_is_lost_and_what_is_said_to_be_there_is(
    key: str, there: dict[int, dict[str, bytes]], named: dict[int, Given], how: Options, limit: int, fails: int
) -> None:
    asyncio.run(example(key, there, named, how, limit, fails))


@pytest.mark.timeout(300)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    there=st.dictionaries(st.sampled_from(STUDENTS), stored, max_size=3),
    named=st.dictionaries(st.sampled_from(STUDENTS), rows, min_size=1, max_size=3),
)
def test_nor_where_the_course_has_come_to_take_smaller_files(
    there: dict[int, dict[str, bytes]], named: dict[int, Given]
) -> None:
    asyncio.run(example("limits", there, named, Options(), LIMIT, 0))
