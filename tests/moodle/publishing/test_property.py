"""Whatever is published over whatever is stored: nothing but what was named changes."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import WORKFLOW_STATES, Entry, Options, Outcome, Report, TextFormat, publish
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.work import BookGrade, Submission
from tests.moodle.publishing.lookout import FIVE, Lookout

TOKENS = {
    "five": FIVE,
    "bulk": (*FIVE, "mod_assign_save_grades"),
    "grades": (*FIVE, "mod_assign_save_grades", "mod_assign_get_grades"),
    "grades_flags": (*FIVE, "mod_assign_get_grades", "mod_assign_get_user_flags", "core_course_get_course_module"),
    "status": (*FIVE, "mod_assign_get_submission_status"),
    "status_method": (*FIVE, "mod_assign_get_submission_status", "core_course_get_course_module"),
}
ASSIGNMENTS = {1: 8, 3: 10, 4: 11, 5: 12, 6: 13, 7: 14, 8: 15, 9: 16, 11: 18, 12: 19}
WORKFLOW = 6
USERS = st.sampled_from([5, 6, 7, 9, 11, 14, 24, 25, 36])

texts = st.one_of(st.text(max_size=30), st.sampled_from(["<p>a</p>", "a\nb", "<script>x</script>", "<p>x", "1", "1.0"]))
grades = st.one_of(
    st.none(),
    st.decimals(min_value=-2, max_value=120, places=2),
    st.sampled_from([Decimal(0), Decimal(1), Decimal(3), Decimal(100), "2", "Great"]),
)
entries = st.builds(Entry, USERS, st.one_of(st.none(), texts), st.sampled_from(TextFormat), grades)
standings = st.tuples(
    USERS,
    st.sampled_from([-1, -1, 0, 1, 3, 41.25, 100]),
    st.one_of(st.just(""), st.just("<p>old</p>"), st.text(max_size=10)),
    st.sampled_from(["", "", *WORKFLOW_STATES, "Graded"]),
    st.sampled_from([0, 0, 0, 1]),
)
options = st.builds(
    Options,
    apply_to_team=st.booleans(),
    workflow_state=st.one_of(st.none(), st.none(), st.sampled_from(WORKFLOW_STATES)),
    clear=st.just(True),  # noqa: FBT003 - a strategy
    include_locked=st.booleans(),
    max_grade=st.sampled_from([None, None, Decimal(10)]),
    dry_run=st.sampled_from([False, False, True]),
    chunk=st.sampled_from([1, 2, 50]),
    parallel=st.sampled_from([1, 8]),
)


def arrange(sandbox: Sandbox, lookout: Lookout, number: int, stored: list[tuple[int, float, str, str, int]]) -> None:
    """Let markers have been at work in the assignment, with all that it may hold from earlier times."""
    one = sandbox.site.assignments[number]
    for position, (user, grade, comment, state, locked) in enumerate(stored):
        lookout.mark(number, user, grade, comment, state=state, locked=locked)
        if position % 4 == 3 and not one.teamsubmission:
            last = one.submission_of(user)
            one.add(Submission(9000 + position, user, 1, 1, attemptnumber=last.attemptnumber + 1 if last else 0))
        if position % 5 == 4:
            one.gradebook[user] = BookGrade(grade if grade >= 0 else None, 1, locked=True)


async def example(
    number: int,
    token: str,
    stored: list[tuple[int, float, str, str, int]],
    named: list[Entry],
    how: Options,
    method: str,
) -> None:
    async with Sandbox() as sandbox, Http() as http:
        lookout = Lookout(sandbox.site)
        if "mod_assign_get_user_flags" not in TOKENS.get(token, ("mod_assign_get_user_flags",)) and number != WORKFLOW:
            # A state from before the workflow was switched off shows nowhere to this token, nor to a student.
            stored = [(user, grade, comment, "", locked) for user, grade, comment, _, locked in stored]
        arrange(sandbox, lookout, number, stored)
        # The sandbox shows the grade of a rubric as one given directly, so whoever sees only that cannot tell.
        sandbox.site.assignments[number].advanced_grading = "" if token == "status" else method
        value = lookout.token_for(TOKENS[token]) if token in TOKENS else sandbox.token(token)
        moodle = MoodleClient(sandbox.url, value, http=http)
        assignment, before = await assignment_of(moodle, 2, ASSIGNMENTS[number]), lookout.state()
        report = await publish(moodle, assignment, named, how)
        compare(number, named, how, report, lookout.changes(before), lookout)


def compare(
    number: int,
    named: list[Entry],
    how: Options,
    report: Report,
    changes: dict[tuple[int, int], set[str]],
    lookout: Lookout,
) -> None:
    by_user = {entry.user_id: entry for entry in named}
    results = {result.user_id: result for result in report.results}
    for (assignment, user), what in changes.items():
        assert assignment == number
        assert user in results
        assert not how.dry_run
        result = results[user]
        entry = by_user[result.via or user]
        allowed = {"comments"} if entry.text is not None else set()
        allowed |= {"grades"} if entry.grade is not None else set()
        allowed |= {"workflow"} if how.workflow_state is not None else set()
        assert what <= allowed
        assert result.outcome is not Outcome.UNCHANGED
    for user, result in results.items():
        text = by_user[result.via or user].text
        if text is not None and result.outcome is not Outcome.FAILED and not how.dry_run:
            assert lookout.comment(number, user) == text.replace("\0", "")


@pytest.mark.timeout(300)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.sampled_from(sorted(ASSIGNMENTS)),
    token=st.sampled_from(["teacher_full", "teacher_full", *TOKENS]),
    stored=st.lists(standings, max_size=8),
    named=st.lists(entries, max_size=8, unique_by=lambda entry: entry.user_id).map(
        lambda found: [entry for entry in found if entry.text is not None or entry.grade is not None]
    ),
    how=options,
    method=st.sampled_from(["", "", "", "rubric"]),
)
def test_every_grade_attempt_state_and_comment_that_was_not_named_stays(
    number: int,
    token: str,
    stored: list[tuple[int, float, str, str, int]],
    named: list[Entry],
    how: Options,
    method: str,
) -> None:
    try:
        asyncio.run(example(number, token, stored, named, how, method))
    except ValueError as refused:
        assert "same team" in str(refused)  # noqa: PT017 - the one refusal that depends on what is stored
