"""Networks and servers that fail at each write in turn: no report lies, and the same call again ends it."""

from collections import Counter
from collections.abc import Callable

import pytest

from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import Code, Entry, Options, Outcome, Report
from rpc_moodle.sandbox import Fault, Sandbox, Seen
from rpc_moodle.sandbox.grading import Grader, Marks
from tests.moodle.publishing.conftest import Client
from tests.moodle.publishing.lookout import FIVE, Lookout
from tests.moodle.publishing.runs import publish

USERS = (5, 6, 9, 24)
ENTRIES = [Entry(user, f"For {user}") for user in USERS]
READS = ("mod_assign_get_grades", "mod_assign_get_user_flags", "mod_assign_get_submission_status")
SINGLE = (*FIVE, *READS, "core_course_get_course_module", "mod_assign_list_participants")
FAULTS = (
    Fault.ERROR_BEFORE,
    Fault.ERROR_AFTER,
    Fault.CUT_BEFORE,
    Fault.CUT_AFTER,
    Fault.HANG_BEFORE,
    Fault.HANG_AFTER,
    Fault.HTML,
    Fault.TRUNCATED,
    Fault.RATE_LIMITED,
)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often the site stored something for a user: each time, Moodle may send the user a notification."""
    counted: Counter[int] = Counter()
    save = Grader.save

    def counting(self: Grader, userid: int, marks: Marks, *, apply_to_all: bool) -> None:
        counted[userid] += 1
        save(self, userid, marks, apply_to_all=apply_to_all)

    monkeypatch.setattr(Grader, "save", counting)
    return counted


def at_write(number: int, fault: Fault, *, ever_after: bool = False) -> Callable[[Seen], Fault]:
    """Make one write fail, counted from 0; or that and every request after it."""
    writes = 0

    def choose(seen: Seen) -> Fault:
        nonlocal writes
        if "save_grade" in seen.function:
            writes += 1
            return fault if writes == number + 1 else Fault.CUT_BEFORE if ever_after and writes > number else Fault.NONE
        return Fault.CUT_BEFORE if ever_after and writes > number else Fault.NONE

    return choose


def no_lie(report: Report, lookout: Lookout) -> None:
    for result in report.results:
        if result.outcome is not Outcome.FAILED:
            assert lookout.comment(1, result.user_id) == f"For {result.user_id}"


@pytest.mark.parametrize("ever_after", [False, True], ids=["once", "ever_after"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("functions", "writes"), [((*SINGLE, "mod_assign_save_grades"), 2), (SINGLE, 4)], ids=["bulk", "single"]
)
async def test_after_the_same_call_again_all_is_published_once_and_no_report_has_lied(
    client: Client,
    sandbox: Sandbox,
    lookout: Lookout,
    stored: Counter[int],
    http: Http,
    hasty: Http,
    functions: tuple[str, ...],
    writes: int,
    fault: Fault,
    ever_after: bool,
) -> None:
    moodle = client(functions=functions)
    hangs = fault in {Fault.HANG_BEFORE, Fault.HANG_AFTER}
    troubled = client(functions=functions, pool=hasty if hangs else http)
    assignment = await assignment_of(moodle, 2, 8)
    options = Options(chunk=2, parallel=2)
    for number in range(writes):
        before = lookout.state()
        first_and_refused = 1 if writes == len(USERS) else 0  # the first request for many is refused
        sandbox.site.fault = at_write(number + first_and_refused, fault, ever_after=ever_after)
        first = await publish(troubled, assignment, ENTRIES, options)
        no_lie(first, lookout)
        sandbox.site.fault = None
        second = await publish(moodle, assignment, ENTRIES, options)
        no_lie(second, lookout)
        assert (second.failed, first.published + second.published <= len(USERS)) == (0, True), second
        assert stored == Counter(USERS)
        assert lookout.changes(before) == {(1, user): {"comments"} for user in USERS}
        _forget(lookout, stored)


async def test_a_site_that_works_on_after_its_time_harms_nothing_else(
    client: Client, sandbox: Sandbox, lookout: Lookout, hasty: Http
) -> None:
    moodle, before = client(functions=SINGLE, pool=hasty), lookout.state()
    assignment = await assignment_of(moodle, 2, 8)
    sandbox.site.fault = at_write(1, Fault.DELAY)
    no_lie(await publish(moodle, assignment, ENTRIES), lookout)
    sandbox.site.fault = None
    assert (await publish(moodle, assignment, ENTRIES)).failed == 0
    assert lookout.changes(before) == {(1, user): {"comments"} for user in USERS}


def _forget(lookout: Lookout, stored: Counter[int]) -> None:
    """Take the comments away again, so that the next write can fail."""
    stored.clear()
    for row in lookout.site.assignments[1].grades.values():
        row.comment = None


async def test_what_a_server_error_was_the_answer_to_is_not_sent_again_on_its_own(
    moodle: MoodleClient, lookout: Lookout, sandbox: Sandbox
) -> None:
    sandbox.site.fault = at_write(0, Fault.ERROR_BEFORE)
    report = await publish(moodle, await assignment_of(moodle, 2, 8), ENTRIES)
    assert {result.code for result in report.results} == {Code.OUTCOME_UNKNOWN}
    assert len(lookout.writes()) == 1
    assert (await publish(moodle, await assignment_of(moodle, 2, 8), ENTRIES)).published == len(USERS)


async def test_a_form_that_php_cuts_short_loses_nobody(
    moodle: MoodleClient, lookout: Lookout, sandbox: Sandbox
) -> None:
    sandbox.site.max_input_vars = 40
    before = lookout.state()
    report = await publish(
        moodle, await assignment_of(moodle, 2, 8), [Entry(user, f"For {user}") for user in range(5, 35)]
    )
    assert report.published == 30
    assert lookout.changes(before) == {(1, user): {"comments"} for user in range(5, 35)}


async def test_requests_stay_under_the_limit_that_is_told(
    moodle: MoodleClient, sandbox: Sandbox, lookout: Lookout
) -> None:
    options = Options(max_input_vars=60)
    assignment = await assignment_of(moodle, 2, 8)
    report = await publish(moodle, assignment, [Entry(user, "x") for user in range(5, 35)], options)
    sizes = [len(seen.form) for seen in sandbox.requests if seen.function == "mod_assign_save_grades"]
    assert (report.published, max(sizes) <= 60, len(sizes)) == (30, True, 5)
    assert lookout.writes() == ["mod_assign_save_grades"] * 5


async def test_a_site_that_is_down_from_the_start_raises_before_anything(
    moodle: MoodleClient, sandbox: Sandbox
) -> None:
    assignment = await assignment_of(moodle, 2, 8)
    sandbox.site.fault = lambda _: Fault.ERROR_BEFORE
    with pytest.raises(Exception, match="500"):
        await publish(moodle, assignment, ENTRIES)
