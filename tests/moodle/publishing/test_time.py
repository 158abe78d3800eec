"""Deadlines, cancellation, progress, and a marker who grades meanwhile."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing import Code, Entry, Options, Outcome, Publication
from rpc_moodle.moodle.publishing.report import Result
from rpc_moodle.moodle.publishing.stored import Stored
from rpc_moodle.moodle.publishing.writer import Writer
from rpc_moodle.sandbox import Fault, Sandbox, Seen
from rpc_moodle.transport.unhurried import SLICE_SECONDS
from tests.moodle.publishing.conftest import Client
from tests.moodle.publishing.lookout import STATUS, Lookout
from tests.moodle.publishing.runs import publish

USERS = range(5, 15)
ENTRIES = [Entry(user, f"For {user}") for user in USERS]
MANY = [Entry(user, f"For {user}") for user in range(5, 25)]


def when(function: str, do: Callable[[], object]) -> Callable[[Seen], Fault]:
    """Do something just before the site handles a function."""

    def choose(seen: Seen) -> Fault:
        if seen.function == function:
            do()
        return Fault.NONE

    return choose


async def test_when_the_time_is_over_nothing_more_is_started_and_the_same_call_again_goes_on(
    moodle: MoodleClient, sandbox: Sandbox, lookout: Lookout
) -> None:
    assignment, now = await assignment_of(moodle, 2, 8), 0.0

    def later() -> None:
        nonlocal now
        now += 10

    sandbox.site.fault = when("mod_assign_save_grades", later)
    options = Options(chunk=2, parallel=4)
    first = await publish(moodle, assignment, ENTRIES, options, seconds=21.8, clock=lambda: now)
    assert [result.code for result in first.results] == [Code.NONE] * 4 + [Code.NOT_STARTED] * 6
    assert {user for user in USERS if lookout.comment(1, user).startswith("For")} == {5, 6, 7, 8}
    second = await publish(moodle, assignment, ENTRIES, options)
    assert (second.unchanged, second.published) == (4, 6)


async def test_no_write_is_started_that_would_not_be_done_in_time(moodle: MoodleClient, lookout: Lookout) -> None:
    report = await publish(moodle, await assignment_of(moodle, 2, 8), ENTRIES, seconds=0.4, clock=lambda: 0.0)
    assert {result.code for result in report.results} == {Code.NOT_STARTED}
    assert lookout.writes() == []


async def test_whoever_waits_no_longer_is_told_what_is_in_flight_and_what_was_not_started(
    moodle: MoodleClient, sandbox: Sandbox
) -> None:
    reached, told = asyncio.Event(), []
    publication = Publication(moodle, await assignment_of(moodle, 2, 8), ENTRIES[:4], Options(chunk=2, parallel=1))

    def look() -> None:
        told.append((publication.report(), publication.closing_report()))
        publication.stop()
        reached.set()

    sandbox.site.fault = when("mod_assign_save_grades", look)
    report = await publication.run()
    (known, closing), *_ = told
    assert (list(known.results), known.pending) == ([], 4)
    assert [result.code for result in closing.results] == [Code.OUTCOME_UNKNOWN] * 2 + [Code.NOT_STARTED] * 2
    assert [result.code for result in report.results] == [Code.NONE] * 2 + [Code.NOT_STARTED] * 2


async def test_progress_tells_how_many_are_done(moodle: MoodleClient) -> None:
    seen: list[tuple[int, int]] = []

    async def progress(done: int, total: int) -> None:
        seen.append((done, total))

    entries = [*ENTRIES, Entry(4, "x")]
    await publish(moodle, await assignment_of(moodle, 2, 8), entries, Options(chunk=2, parallel=2), progress=progress)
    assert seen == [(0, 11), *((done, 11) for done in (1, 3, 5, 7, 9, 11))]


async def test_a_grade_that_a_marker_gives_meanwhile_is_not_overwritten(
    moodle: MoodleClient, sandbox: Sandbox, lookout: Lookout
) -> None:
    graded = False

    def grade_the_last() -> None:
        nonlocal graded
        if not graded:
            graded = True
            lookout.mark(1, 14, 99)

    sandbox.site.fault = when("mod_assign_save_grades", grade_the_last)
    report = await publish(moodle, await assignment_of(moodle, 2, 8), ENTRIES, Options(chunk=5, parallel=2))
    assert report.published == len(ENTRIES)
    assert (lookout.grade(1, 14), lookout.comment(1, 14)) == (99, "For 14")


async def test_a_grade_that_changed_between_write_and_read_back_is_reported(
    moodle: MoodleClient, sandbox: Sandbox, lookout: Lookout
) -> None:
    assignment = await assignment_of(moodle, 2, 8)

    def regrade(seen: Seen) -> Fault:
        if lookout.comment(1, 5) == "NEW" and lookout.grade(1, 5) != 11:
            lookout.mark(1, 5, 11, "NEW")
        return Fault.NONE

    sandbox.site.fault = regrade
    report = await publish(moodle, assignment, [Entry(5, "NEW")])
    assert [(result.outcome, result.code) for result in report.results] == [(Outcome.FAILED, Code.CHANGED_MEANWHILE)]
    assert (await publish(moodle, assignment, [Entry(5, "NEW")])).unchanged == 1


async def test_a_grade_given_by_name_of_the_scale_needs_its_items(moodle: MoodleClient, lookout: Lookout) -> None:
    report = await publish(
        moodle, await assignment_of(moodle, 2, 15), [Entry(6, "x", grade="Great"), Entry(7, grade="Gr8")]
    )
    codes = [result.code for result in report.results]
    assert codes in ([Code.NONE, Code.GRADE_OUT_OF_RANGE], [Code.GRADE_OUT_OF_RANGE] * 2)
    assert lookout.grade(8, 6) in ({3} if codes[0] is Code.NONE else {-1})


async def test_a_call_with_too_many_rows_is_refused_before_any_request(moodle: MoodleClient, sandbox: Sandbox) -> None:
    assignment = await assignment_of(moodle, 2, 8)
    asked = len(sandbox.requests)
    with pytest.raises(ValueError, match="5001 entries are too many"):
        await publish(moodle, assignment, [Entry(user, "a") for user in range(1, 5002)])
    assert len(sandbox.requests) == asked


async def test_repeated_calls_of_too_little_time_come_to_an_end_and_send_nothing_twice(
    moodle: MoodleClient, sandbox: Sandbox, lookout: Lookout
) -> None:
    assignment, now = await assignment_of(moodle, 2, 8), 0.0

    def slow(seen: Seen) -> Fault:
        nonlocal now
        now += 0.5 if "save_grades" in seen.function else 0.1
        return Fault.NONE

    sandbox.site.fault = slow
    calls, done = 0, 0
    while done < len(USERS):
        calls += 1
        options = Options(chunk=3, parallel=2)
        report = await publish(moodle, assignment, ENTRIES, options, seconds=4, clock=lambda: now)
        assert report.published + report.unchanged > done
        done = report.published + report.unchanged
    assert calls < 6
    assert len(lookout.writes()) <= 5


async def test_calls_that_are_made_again_do_not_spend_their_time_on_whoever_is_done(
    moodle: MoodleClient, sandbox: Sandbox
) -> None:
    # To look at everybody takes a second here, as at a loaded site.
    assignment, now = await assignment_of(moodle, 2, 8), 0.0

    def slow(seen: Seen) -> Fault:
        nonlocal now
        now += {"mod_assign_get_grades": 0.5, "gradereport_user_get_grade_items": 0.5}.get(seen.function, 0.1)
        return Fault.NONE

    sandbox.site.fault = slow
    done = [0]
    while done[-1] < len(MANY):
        report = await publish(moodle, assignment, MANY, Options(chunk=3, parallel=2), seconds=4, clock=lambda: now)
        done.append(report.published + report.unchanged)
        assert done[-1] > done[-2], done


async def test_calls_that_are_made_again_come_to_an_end_where_each_user_has_to_be_asked_about(
    client: Client, sandbox: Sandbox, lookout: Lookout
) -> None:
    moodle = client(functions=STATUS)
    assignment, now = await assignment_of(moodle, 2, 8), 0.0

    def slow(seen: Seen) -> Fault:
        nonlocal now
        now += 0.1
        return Fault.NONE

    sandbox.site.fault = slow
    random.seed(3)  # who is asked about first is drawn by lot
    for _ in range(30):
        await publish(moodle, assignment, MANY, Options(parallel=2), seconds=3, clock=lambda: now)
    assert {entry.user_id for entry in MANY if lookout.comment(1, entry.user_id) == entry.text} == set(range(5, 25))
    assert lookout.writes().count("mod_assign_save_grade") == len(MANY)


async def test_nothing_to_publish_is_no_error(moodle: MoodleClient) -> None:
    report = await publish(moodle, await assignment_of(moodle, 2, 8), [])
    assert (report.published, report.unchanged, report.failed) == (0, 0, 0)


async def test_a_grade_of_more_decimals_than_moodle_keeps_is_known_again(moodle: MoodleClient) -> None:
    assignment = await assignment_of(moodle, 2, 8)
    entries = [Entry(5, grade=Decimal("12.3456789"))]
    assert (await publish(moodle, assignment, entries)).published == 1
    assert (await publish(moodle, assignment, entries)).unchanged == 1


async def test_decisions_that_take_long_leave_others_their_turn() -> None:
    turns, seen = 0, []

    class Slow:
        options = Options()
        assignment = Assignment(id=1, cmid=1)

        def decide(self, entry: Entry, _before: Stored) -> Result:
            seen.append(turns)
            time.sleep(2 * SLICE_SECONDS)
            return Result(entry.user_id, Outcome.UNCHANGED)

    class Known:
        async def before(self, entries: Sequence[Entry]) -> dict[int, Stored]:
            return {entry.user_id: Stored() for entry in entries}

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    nothing: Any = None
    slow: Any = Slow()
    known: Any = Known()
    await Writer(slow, known, nothing, nothing)._decided(ENTRIES[:3])
    task.cancel()
    assert seen == [0, 1, 2]
