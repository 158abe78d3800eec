"""Every kind of assignment, with the state of every student compared before and after."""

from decimal import Decimal

import pytest

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import (
    Code,
    Entry,
    Options,
    Outcome,
    TextFormat,
)
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.work import BookGrade, Submission
from tests.moodle.publishing.conftest import Client
from tests.moodle.publishing.lookout import FIVE, FULL, Lookout
from tests.moodle.publishing.runs import publish


@pytest.mark.parametrize("cmid", [8, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20])
async def test_a_text_changes_the_comments_of_those_named_and_nothing_else(
    moodle: MoodleClient, lookout: Lookout, cmid: int
) -> None:
    assignment, before = await assignment_of(moodle, 2, cmid), lookout.state()
    report = await publish(moodle, assignment, [Entry(user, f"For {user}") for user in (5, 6, 7, 24, 36)])
    assert [result.code for result in report.results] == [Code.NONE] * 5
    assert report.published == 5
    assert lookout.changes(before) == {(assignment.id, user): {"comments"} for user in (5, 6, 7, 24, 36)}


async def test_a_comment_goes_to_the_attempt_that_was_handed_in_and_a_grade_to_the_newest(
    moodle: MoodleClient, lookout: Lookout
) -> None:
    assignment = await assignment_of(moodle, 2, 14)
    await publish(moodle, assignment, [Entry(5, "Second try")])
    now = lookout.state()[7, 5]
    assert (now.grades, now.comments) == (((0, 20.0),), ((0, "Second try", 0),))
    await publish(moodle, assignment, [Entry(5, "Better", grade=Decimal(60))])
    now = lookout.state()[7, 5]
    assert now.grades == ((0, 20.0), (1, 60.0))
    assert now.comments == ((0, "Second try", 0), (1, "Better", 0))


async def test_an_attempt_added_by_accident_is_the_latest(moodle: MoodleClient, lookout: Lookout) -> None:
    lookout.site.assignments[1].add(Submission(9001, 5, 1, 1, attemptnumber=1, status="new"))
    before = lookout.state()
    report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, "NEW")])
    assert (report.published, lookout.changes(before)) == (1, {(1, 5): {"comments"}})
    assert lookout.grade(1, 5) == -1


async def test_a_locked_submission_is_refused_unless_it_is_included(moodle: MoodleClient, lookout: Lookout) -> None:
    lookout.mark(1, 7, 50, "old", locked=1)
    lookout.mark(1, 24, locked=1)
    before, assignment = lookout.state(), await assignment_of(moodle, 2, 8)
    report = await publish(moodle, assignment, [Entry(7, "NEW"), Entry(24, "NEW")])
    assert [result.code for result in report.results] == [Code.LOCKED] * 2
    assert lookout.changes(before) == {}
    report = await publish(moodle, assignment, [Entry(7, "NEW"), Entry(24, "NEW")], Options(include_locked=True))
    assert report.published == 2
    assert lookout.changes(before) == {(1, 7): {"comments"}, (1, 24): {"comments"}}


async def test_a_lock_is_seen_without_the_function_for_flags(
    moodle: MoodleClient, lookout: Lookout, sandbox: Sandbox
) -> None:
    full = sandbox.site.services["full"]
    full.functions = full.functions - {"mod_assign_get_user_flags"}
    lookout.mark(1, 24, locked=1)
    sandbox.site.assignments[1].grades.pop((24, 0))
    report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(24, "NEW")])
    assert [result.code for result in report.results] == [Code.LOCKED]


class TestScale:
    async def test_an_item_is_given_by_number(self, moodle: MoodleClient, lookout: Lookout) -> None:
        before, assignment = lookout.state(), await assignment_of(moodle, 2, 15)
        report = await publish(moodle, assignment, [Entry(5, "up", grade=Decimal(3)), Entry(6, grade=Decimal(1))])
        assert report.published == 2
        assert lookout.changes(before) == {(8, 5): {"comments", "grades"}, (8, 6): {"grades"}}
        assert (lookout.grade(8, 5), lookout.grade(8, 6)) == (3, 1)

    async def test_a_number_beyond_an_unknown_scale_is_seen_not_to_be_stored(
        self, moodle: MoodleClient, lookout: Lookout
    ) -> None:
        before = lookout.state()
        report = await publish(moodle, await assignment_of(moodle, 2, 15), [Entry(6, grade=Decimal(9))])
        assert [result.code for result in report.results] in ([Code.NOT_STORED], [Code.GRADE_OUT_OF_RANGE])
        assert lookout.changes(before) == {}

    @pytest.mark.parametrize("grade", ["0", "1.5", "-1", "NaN"])
    async def test_what_no_scale_can_have_is_refused(self, moodle: MoodleClient, lookout: Lookout, grade: str) -> None:
        report = await publish(moodle, await assignment_of(moodle, 2, 15), [Entry(6, grade=Decimal(grade))])
        assert ([result.code for result in report.results], lookout.writes()) == ([Code.GRADE_OUT_OF_RANGE], [])


class TestWithoutGrades:
    async def test_every_participant_is_reached_with_the_five_functions_alone(
        self, client: Client, lookout: Lookout
    ) -> None:
        moodle, before = client("teacher_care"), lookout.state()
        everybody = [*range(5, 35), 36]
        report = await publish(
            moodle,
            await assignment_of(moodle, 2, 16),
            [Entry(user, f"password of {user}") for user in everybody],
        )
        assert report.published == len(everybody)
        assert {result.code for result in report.results} == {Code.NOT_VERIFIED}
        assert lookout.changes(before) == {(9, user): {"comments"} for user in everybody}
        assert [lookout.comment(9, user) for user in (5, 36)] == ["password of 5", "password of 36"]

    async def test_a_grade_is_refused(self, moodle: MoodleClient, lookout: Lookout) -> None:
        report = await publish(moodle, await assignment_of(moodle, 2, 16), [Entry(5, "x", grade=Decimal(0))])
        assert ([result.code for result in report.results], lookout.writes()) == ([Code.GRADE_OUT_OF_RANGE], [])

    async def test_a_grade_from_when_there_were_grades_stays(self, moodle: MoodleClient, lookout: Lookout) -> None:
        lookout.mark(9, 5, 66)
        before = lookout.state()
        await publish(moodle, await assignment_of(moodle, 2, 16), [Entry(5, "x")])
        assert lookout.changes(before) == {(9, 5): {"comments"}}


class TestTeam:
    async def test_one_member_alone_is_the_default(self, moodle: MoodleClient, lookout: Lookout) -> None:
        before = lookout.state()
        report = await publish(moodle, await assignment_of(moodle, 2, 11), [Entry(5, "for one")])
        assert [result.user_id for result in report.results] == [5]
        assert lookout.changes(before) == {(4, 5): {"comments"}}

    @pytest.mark.parametrize("token", ["teacher_full", "teacher_care"])
    async def test_the_whole_team_is_reached_and_reported(self, client: Client, lookout: Lookout, token: str) -> None:
        moodle, before = client(token), lookout.state()
        report = await publish(
            moodle, await assignment_of(moodle, 2, 11), [Entry(10, "for all")], Options(apply_to_team=True)
        )
        assert [(result.user_id, result.via) for result in report.results] == [
            (10, None), (11, 10), (12, 10), (13, 10), (14, 10),
        ]  # fmt: skip
        assert report.published == 5
        assert lookout.changes(before) == {(4, user): {"comments"} for user in (10, 11, 12, 13, 14)}

    async def test_members_keep_the_grades_that_they_have(self, moodle: MoodleClient, lookout: Lookout) -> None:
        lookout.mark(4, 11, 88)
        lookout.mark(4, 12, 12, "own")
        before = lookout.state()
        await publish(moodle, await assignment_of(moodle, 2, 11), [Entry(10, "for all")], Options(apply_to_team=True))
        assert lookout.changes(before) == {(4, user): {"comments"} for user in (10, 11, 12, 13, 14)}

    async def test_a_graded_member_without_an_own_submission_keeps_the_grade(
        self, moodle: MoodleClient, lookout: Lookout, sandbox: Sandbox
    ) -> None:
        lookout.mark(4, 11, 88)
        team = sandbox.site.assignments[4]
        gone = [row.id for row in team.attempts.pop((11, 0))]
        for row in gone:
            del team.submissions[row]
        before = lookout.state()
        report = await publish(moodle, await assignment_of(moodle, 2, 11), [Entry(11, "NEW")])
        assert (report.published, team.grades[11, 0].grade) == (1, 88)
        assert lookout.changes(before) == {(4, 11): {"comments"}}

    async def test_users_without_a_team_are_no_team(self, moodle: MoodleClient, lookout: Lookout) -> None:
        before = lookout.state()
        await publish(moodle, await assignment_of(moodle, 2, 11), [Entry(24, "for me")], Options(apply_to_team=True))
        assert lookout.changes(before) == {(4, 24): {"comments"}}

    async def test_two_of_a_team_named_with_different_texts_fail_alone(
        self, moodle: MoodleClient, lookout: Lookout
    ) -> None:
        before, assignment = lookout.state(), await assignment_of(moodle, 2, 11)
        entries = [Entry(10, "a"), Entry(11, "b"), Entry(5, "c")]
        report = await publish(moodle, assignment, entries, Options(apply_to_team=True))
        assert [(each.user_id, each.code) for each in report.results if each.outcome is Outcome.FAILED] == [
            (10, Code.AMBIGUOUS),
            (11, Code.AMBIGUOUS),
        ]
        assert not {user for _, user in lookout.changes(before)} & {10, 11}
        report = await publish(moodle, assignment, [Entry(10, "a"), Entry(11, "a")], Options(apply_to_team=True))
        assert [(result.user_id, result.via) for result in report.results][-1] == (11, None)


class TestWorkflow:
    async def test_a_comment_that_is_not_released_yet_cannot_be_verified_and_leaves_the_state(
        self, moodle: MoodleClient, lookout: Lookout
    ) -> None:
        lookout.mark(6, 6, 30, "hidden", state="inreview")
        before = lookout.state()
        report = await publish(moodle, await assignment_of(moodle, 2, 13), [Entry(6, "NEW"), Entry(7, "NEW")])
        assert [result.code for result in report.results] == [Code.NOT_VERIFIED] * 2
        assert lookout.changes(before) == {(6, 6): {"comments"}, (6, 7): {"comments"}}

    async def test_a_state_can_be_set_for_those_named(self, moodle: MoodleClient, lookout: Lookout) -> None:
        before, assignment = lookout.state(), await assignment_of(moodle, 2, 13)
        options = Options(workflow_state="released")
        report = await publish(moodle, assignment, [Entry(6, "NEW"), Entry(7, "NEW")], options)
        assert [(result.outcome, result.code) for result in report.results] == [(Outcome.PUBLISHED, Code.NONE)] * 2
        assert lookout.changes(before) == {(6, 6): {"comments", "workflow"}, (6, 7): {"comments", "workflow"}}
        again = await publish(moodle, assignment, [Entry(6, "NEW"), Entry(7, "NEW")], options)
        assert again.unchanged == 2

    async def test_a_word_stored_there_that_is_no_state_stays(self, moodle: MoodleClient, lookout: Lookout) -> None:
        lookout.mark(6, 6, 30, state="Graded")
        before = lookout.state()
        await publish(moodle, await assignment_of(moodle, 2, 13), [Entry(6, "NEW")])
        assert lookout.changes(before) == {(6, 6): {"comments"}}

    async def test_a_state_is_refused_where_there_is_no_workflow(self, moodle: MoodleClient, lookout: Lookout) -> None:
        options = Options(workflow_state="released")
        report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, "NEW")], options)
        assert ([result.code for result in report.results], lookout.writes()) == ([Code.WORKFLOW_UNKNOWN], [])

    async def test_a_grade_alone_is_refused_where_a_hidden_comment_would_be_lost(
        self, moodle: MoodleClient, lookout: Lookout
    ) -> None:
        lookout.mark(6, 6, 30, "hidden", state="inreview")
        before = lookout.state()
        report = await publish(
            moodle,
            await assignment_of(moodle, 2, 13),
            [Entry(6, grade=Decimal(9)), Entry(7, grade=Decimal(9))],
        )
        assert [result.code for result in report.results] == [Code.COMMENT_UNKNOWN, Code.NONE]
        assert lookout.changes(before) == {(6, 7): {"grades"}}


class TestRubricAndGuide:
    @pytest.fixture
    def rubric(self, sandbox: Sandbox, lookout: Lookout) -> None:
        lookout.mark(1, 5, 41, "<p>marked by rubric</p>")
        one = sandbox.site.assignments[1]
        one.advanced_grading, one.criteria = "rubric", {3: {31: 0, 32: 5, 33: 10}, 4: {41: 0, 42: 10}}

    @pytest.mark.usefixtures("rubric")
    async def test_where_nobody_tells_of_the_rubric_a_graded_user_is_refused(
        self, client: Client, lookout: Lookout
    ) -> None:
        moodle = client(functions=(*FIVE, "mod_assign_get_grades", "mod_assign_save_grades"))
        before = lookout.state()
        report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, "NEW"), Entry(9, "NEW")])
        assert [result.code for result in report.results] == [Code.GRADE_UNKNOWN, Code.NOT_VERIFIED]
        assert "core_grading_get_definitions" in report.results[0].message
        assert lookout.changes(before) == {(1, 9): {"comments"}}


class TestGradesAlone:
    async def test_comments_stay_as_they_are(self, moodle: MoodleClient, lookout: Lookout) -> None:
        before = lookout.state()
        entries = [Entry(5, grade=Decimal("12.34567")), Entry(6, grade=Decimal(0)), Entry(24, grade=Decimal(100))]
        report = await publish(moodle, await assignment_of(moodle, 2, 8), entries)
        assert report.published == 3
        assert lookout.changes(before) == {(1, user): {"grades"} for user in (5, 6, 24)}
        assert (lookout.grade(1, 5), lookout.comment(1, 5)) == (12.34567, "<p>Existing comment</p>")

    async def test_they_work_where_comments_are_switched_off(self, moodle: MoodleClient, lookout: Lookout) -> None:
        before = lookout.state()
        report = await publish(moodle, await assignment_of(moodle, 2, 18), [Entry(5, grade=Decimal(9))])
        assert (report.published, lookout.changes(before)) == (1, {(11, 5): {"grades"}})

    async def test_the_same_grade_again_sends_nothing(self, moodle: MoodleClient, lookout: Lookout) -> None:
        report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, grade=Decimal("73.5"))])
        assert (report.unchanged, lookout.writes()) == (1, [])

    async def test_points_of_another_maximum_are_converted(self, moodle: MoodleClient, lookout: Lookout) -> None:
        options = Options(max_grade=Decimal(15))
        report = await publish(
            moodle,
            await assignment_of(moodle, 2, 8),
            [Entry(5, grade=Decimal(10)), Entry(6, grade=Decimal(16))],
            options,
        )
        assert [result.code for result in report.results] == [Code.NONE, Code.GRADE_OUT_OF_RANGE]
        assert lookout.grade(1, 5) == 66.66667

    @pytest.mark.parametrize(
        ("functions", "code"),
        [
            (FULL, Code.GRADEBOOK_CLOSED),
            (tuple(name for name in FULL if "gradereport" not in name), Code.NOT_STORED),
        ],
        ids=["gradebook seen", "gradebook unseen"],
    )
    async def test_a_grade_that_the_gradebook_has_locked_is_seen_not_to_be_stored(
        self, client: Client, lookout: Lookout, sandbox: Sandbox, functions: tuple[str, ...], code: Code
    ) -> None:
        moodle = client(functions=functions)
        sandbox.site.assignments[1].gradebook[5] = BookGrade(60, 1, locked=True)
        report = await publish(
            moodle, await assignment_of(moodle, 2, 8), [Entry(5, "NEW", grade=Decimal(9)), Entry(6, "x")]
        )
        assert [result.code for result in report.results] == [code, Code.NONE]
        assert "gradebook" in report.results[0].message
        assert lookout.grade(1, 5) == 73.5


class TestFiveFunctions:
    async def test_a_graded_user_is_refused_with_the_function_to_enable(self, client: Client, lookout: Lookout) -> None:
        moodle, before = client("teacher_care"), lookout.state()
        report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, "NEW"), Entry(9, "NEW")])
        assert [result.code for result in report.results] == [Code.GRADE_UNKNOWN, Code.NOT_VERIFIED]
        assert "mod_assign_get_submission_status" in report.results[0].message
        assert lookout.changes(before) == {(1, 9): {"comments"}}

    async def test_a_given_grade_replaces_the_unknown_one(self, client: Client, lookout: Lookout) -> None:
        moodle, before = client("teacher_care"), lookout.state()
        await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, "NEW", grade=Decimal(50))])
        assert lookout.changes(before) == {(1, 5): {"comments", "grades"}}

    async def test_an_unknown_grade_is_lost_only_where_that_is_allowed(self, client: Client, lookout: Lookout) -> None:
        moodle, before = client("teacher_care"), lookout.state()
        options = Options(overwrite_grades=True)
        await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, "NEW")], options)
        assert (lookout.changes(before), lookout.grade(1, 5)) == ({(1, 5): {"comments", "grades"}}, -1)

    async def test_allowing_that_loses_nothing_where_the_grade_is_known(
        self, moodle: MoodleClient, lookout: Lookout
    ) -> None:
        before = lookout.state()
        await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, "NEW")], Options(overwrite_grades=True))
        assert lookout.changes(before) == {(1, 5): {"comments"}}

    async def test_with_a_workflow_everybody_is_refused(self, client: Client, lookout: Lookout) -> None:
        moodle = client("teacher_care")
        report = await publish(moodle, await assignment_of(moodle, 2, 13), [Entry(user, "x") for user in (5, 6, 24)])
        assert {result.code for result in report.results} <= {
            Code.GRADE_UNKNOWN,
            Code.WORKFLOW_UNKNOWN,
            Code.WOULD_CLEAR_GRADE,
        }
        assert not any("save" in function for function in lookout.writes())

    async def test_a_team_member_without_a_row_is_refused(
        self, client: Client, lookout: Lookout, sandbox: Sandbox
    ) -> None:
        lookout.mark(4, 11, 88)
        team = sandbox.site.assignments[4]
        for row in team.attempts.pop((11, 0)):
            del team.submissions[row.id]
        moodle = client("teacher_care")
        report = await publish(moodle, await assignment_of(moodle, 2, 11), [Entry(11, "x"), Entry(12, "x")])
        assert [result.code for result in report.results] == [Code.GRADE_UNKNOWN, Code.NOT_VERIFIED]
        assert team.grades[11, 0].grade == 88


async def test_blind_marking_reveals_no_name(moodle: MoodleClient, sandbox: Sandbox) -> None:
    report = await publish(
        moodle, await assignment_of(moodle, 2, 12), [Entry(5, "x", grade=Decimal(999)), Entry(6, "x")]
    )
    said = repr(report)
    users = [sandbox.site.users[user] for user in (5, 6)]
    assert not [user for user in users if user.firstname in said or user.lastname in said or user.email in said]


async def test_texts_are_told_apart_by_a_sign(moodle: MoodleClient, lookout: Lookout) -> None:
    assignment = await assignment_of(moodle, 2, 8)
    for text in ("Good?", "Good!", "👍", "👎", "<b>👎</b>"):
        report = await publish(moodle, assignment, [Entry(6, text, TextFormat.HTML)])
        assert (report.published, lookout.comment(1, 6)) == (1, text)
