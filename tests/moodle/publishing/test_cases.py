"""The states of real courses, by the names of the recordings, with every key that a caller may have."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import Code, Criterion, Entry, Filling, Notice, Options, Outcome, Report, TextFormat
from rpc_moodle.sandbox import Sandbox, add_cases, standings
from rpc_moodle.sandbox.standing import Standing
from rpc_moodle.sandbox.work import Assignment
from tests.moodle.publishing.conftest import Client
from tests.moodle.publishing.lookout import FIVE, FULL, STATUS
from tests.moodle.publishing.runs import publish

FORM = (*FULL, "mod_assign_submit_grading_form")
KEYS = {"five": FIVE, "status": STATUS, "full": FULL, "form": FORM}
KEYS_OF_FEW = {"form alone": (*FIVE, "mod_assign_submit_grading_form")}
every_key = pytest.mark.parametrize("key", KEYS)
reading_keys = pytest.mark.parametrize("key", ["status", "full", "form"])
able_keys = pytest.mark.parametrize("key", ["full", "form"])
BELOW_THE_GRADE = {"comments", "notified", "mailed", "book", "grades", "attempts"}

Run = Callable[..., Any]


@pytest.fixture
def cases(sandbox: Sandbox) -> dict[str, Assignment]:
    return add_cases(sandbox.site)


class Seen:
    """A report, and who stands elsewhere than before in what."""

    def __init__(self, report: Report, before: dict[int, Standing], after: dict[int, Standing]) -> None:
        self.report = report
        self.codes = [result.code for result in report.results]
        self.changed = {
            user: {
                name
                for name in Standing.__dataclass_fields__
                if getattr(before.get(user, Standing()), name) != getattr(after.get(user, Standing()), name)
            }
            for user in before.keys() | after.keys()
        }
        self.changed = {user: names for user, names in self.changed.items() if names}
        self.before, self.after = before, after

    @property
    def result(self) -> tuple[Outcome, Code, tuple[Notice, ...]]:
        [only] = self.report.results
        return only.outcome, only.code, tuple(each for each in only.notices if each is not Notice.NOTIFIED)


@pytest.fixture
def run(cases: dict[str, Assignment], client: Client) -> Run:
    async def run(case: str, key: str, entries: Iterable[Entry], **options: Any) -> Seen:
        one = cases[case]
        moodle: MoodleClient = client(functions=(KEYS | KEYS_OF_FEW)[key])
        assignment = await assignment_of(moodle, one.courseid, one.cmid)
        before = standings(one)
        report = await publish(moodle, assignment, list(entries), Options(**options))
        return Seen(report, before, standings(one))

    return run


def text(user: int, words: str = "<p>new</p>", **more: Any) -> Entry:
    return Entry(user, words, TextFormat.HTML, **more)


def graded(user: int, grade: Decimal | str | int, words: str | None = None) -> Entry:
    return Entry(user, words, TextFormat.HTML, Decimal(grade) if isinstance(grade, int) else grade)


class TestAutomaticReopening:
    @every_key
    async def test_a_text_is_refused(self, run: Run, key: str) -> None:
        seen = await run("auto", key, [text(5)])
        assert (seen.codes, seen.changed) == ([Code.WOULD_REOPEN], {})

    @able_keys
    async def test_a_grade_is_written_once_and_the_report_says_reopened(
        self, run: Run, key: str, sandbox: Sandbox
    ) -> None:
        seen = await run("auto", key, [graded(6, 70, "<p>g</p>")])
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, (Notice.REOPENED,))
        assert [len(seen.before[6].attempts), len(seen.after[6].attempts)] == [1, 2]
        answered = [each.function for each in sandbox.requests if each.function.startswith("mod_assign_s")]
        assert len([name for name in answered if name != "mod_assign_submit_grading_form" or key == "form"]) == 1

    @reading_keys
    async def test_the_same_grade_again_is_there_and_adds_no_attempt(self, run: Run, key: str) -> None:
        await run("auto", key, [graded(6, 70, "<p>g</p>")])
        seen = await run("auto", key, [graded(6, 70, "<p>g</p>")])
        assert (seen.result[0], seen.changed) == (Outcome.UNCHANGED, {})

    @reading_keys
    async def test_another_grade_stands_on_the_attempt_that_was_handed_in(self, run: Run, key: str) -> None:
        await run("auto", key, [graded(6, 70, "<p>g</p>")])
        seen = await run("auto", key, [graded(6, 80, "<p>g</p>")])
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, (Notice.OLDER_ATTEMPT,))
        assert (seen.after[6].grades, len(seen.after[6].attempts)) == (((0, 80),), 2)
        assert seen.after[6].book.grade == 70

    async def test_a_text_that_may_reopen_goes_to_the_attempt_that_was_handed_in(self, run: Run) -> None:
        seen = await run("auto", "full", [text(5)], allow_reopen=True)
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, (Notice.REOPENED,))
        assert seen.after[5].comments == ((0, "<p>new</p>", 1),)


class TestUntilPass:
    @able_keys
    async def test_a_failing_grade_reopens_and_is_seen_on_its_attempt(self, run: Run, key: str) -> None:
        seen = await run("untilpass", key, [graded(5, 30, "<p>g</p>")])
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, (Notice.REOPENED,))
        assert seen.after[5].grades == ((0, 30),)

    @reading_keys
    async def test_the_same_failing_grade_again_is_there_and_adds_no_attempt(self, run: Run, key: str) -> None:
        await run("untilpass", key, [graded(5, 30, "<p>g</p>")])
        seen = await run("untilpass", key, [graded(5, 30, "<p>g</p>")])
        assert (seen.result[0], seen.changed) == (Outcome.UNCHANGED, {})

    @able_keys
    async def test_a_passing_grade_does_not(self, run: Run, key: str) -> None:
        seen = await run("untilpass", key, [graded(6, 80)])
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, ())
        assert len(seen.after[6].attempts) == 1

    @every_key
    async def test_a_text_for_who_failed_is_refused(self, run: Run, key: str) -> None:
        seen = await run("untilpass_later", key, [text(5)])
        assert seen.codes[0] in {Code.WOULD_REOPEN, Code.GRADE_UNKNOWN}
        assert seen.changed == {}


class TestReopenedByHand:
    @pytest.mark.parametrize("key", ["status", "full", "form"])
    async def test_a_text_goes_to_the_attempt_that_was_marked(self, run: Run, key: str) -> None:
        seen = await run("manual", key, [text(5)])
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, ())
        assert seen.changed[5] <= {"comments", "notified", "mailed"}
        assert seen.after[5].comments == ((0, "<p>new</p>", 1),)

    async def test_five_functions_do_not_tell_what_is_there(self, run: Run) -> None:
        seen = await run("manual", "five", [text(5)])
        assert (seen.report.failed, seen.changed) == (1, {})

    @every_key
    async def test_a_text_for_a_second_attempt_would_empty_the_gradebook(self, run: Run, key: str) -> None:
        seen = await run("manual", key, [text(8)])
        assert (seen.codes, seen.changed) == ([Code.WOULD_CLEAR_GRADE], {})

    @able_keys
    async def test_the_older_attempt_can_be_named(self, run: Run, key: str) -> None:
        seen = await run("manual", key, [text(8)], attempt=0)
        assert seen.changed[8] <= {"comments", "notified", "mailed"}
        assert seen.after[8].comments == ((0, "<p>new</p>", 1),)

    async def test_an_attempt_that_is_not_there_is_refused(self, run: Run) -> None:
        seen = await run("manual", "full", [text(8)], attempt=2)
        assert (seen.codes, seen.changed) == ([Code.ATTEMPT_UNKNOWN], {})

    @able_keys
    async def test_with_a_grade_the_newest_attempt_is_marked(self, run: Run, key: str) -> None:
        seen = await run("manual", key, [graded(8, 80, "<p>new</p>")])
        assert seen.report.published == 1
        assert seen.after[8].book.grade == 80


class TestWorkflow:
    @every_key
    async def test_switched_on_after_grading_a_text_is_refused(self, run: Run, key: str) -> None:
        seen = await run("workflow_on", key, [text(5)])
        assert (seen.report.failed, seen.changed) == (1, {})

    @able_keys
    async def test_released_keeps_the_grade(self, run: Run, key: str) -> None:
        seen = await run("workflow_on", key, [text(6)], workflow_state="released")
        assert seen.report.published == 1
        assert seen.after[6].book.grade == 62

    @every_key
    async def test_switched_off_later_a_grade_is_not_released_by_a_text(self, run: Run, key: str) -> None:
        seen = await run("workflow_off", key, [text(6)])
        assert (seen.report.failed, seen.changed) == (1, {})

    @able_keys
    async def test_switched_off_later_a_released_grade_stays(self, run: Run, key: str) -> None:
        seen = await run("workflow_off", key, [text(5)])
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, ())
        assert seen.after[5].book.grade == seen.before[5].book.grade == 61

    @every_key
    async def test_a_released_grade_is_not_taken_back(self, run: Run, key: str) -> None:
        seen = await run("workflow_back", key, [text(5)], workflow_state="inmarking")
        assert (seen.report.failed, seen.changed) == (1, {})

    async def test_it_is_where_that_is_wanted(self, run: Run) -> None:
        seen = await run("workflow_back", "full", [text(5)], workflow_state="inmarking", allow_take_back=True)
        assert (seen.report.published, seen.after[5].workflow) == (1, "inmarking")


class TestScales:
    @every_key
    async def test_a_name_that_is_another_items_number_is_refused_with_both(self, run: Run, key: str) -> None:
        seen = await run("scale_numbers", key, [graded(5, "1")])
        assert seen.codes[0] in {Code.AMBIGUOUS, Code.GRADE_OUT_OF_RANGE}
        assert seen.changed == {}

    @able_keys
    async def test_an_items_number_is_meant_by_scale_item(self, run: Run, key: str) -> None:
        seen = await run("scale_numbers", key, [Entry(5, scale_item=6)])
        assert (seen.report.published, seen.after[5].grades) == (1, ((0, 6),))

    @every_key
    async def test_where_the_items_cannot_be_read_nothing_is_written(self, run: Run, key: str) -> None:
        seen = await run("scale_markup", key, [graded(5, 2, "<p>new</p>")])
        assert (seen.codes, seen.changed) == ([Code.GRADE_OUT_OF_RANGE], {})


async def test_a_row_made_by_reading_makes_no_team(run: Run, sandbox: Sandbox) -> None:
    for _ in range(2):
        seen = await run("team_none", "full", [text(9)], apply_to_team=True)
        assert {result.user_id for result in seen.report.results} == {9}
        assert seen.changed.keys() <= {0, 9}
    seen = await run("team_none", "full", [text(6)], apply_to_team=True)
    assert {result.user_id for result in seen.report.results} == {6}


def filling(*criteria: Criterion, guide: bool = False) -> Filling:
    return Filling("guide" if guide else "rubric", criteria)


WHOLE = filling(Criterion(3, 8, remark="well"), Criterion(4, 10))


class TestRubricAndGuide:
    @pytest.mark.parametrize(
        ("case", "given", "says"),
        [
            ("rubric", filling(Criterion(3, 6)), "4 (Style) is not filled"),
            ("rubric", filling(Criterion(3, 99999), Criterion(4, 10)), "3 (Content) has no level 99999"),
            ("rubric", filling(Criterion(3, 6), Criterion(4, 10), Criterion(99, 6)), "no criterion 99"),
            ("rubric", filling(Criterion(3, 6), Criterion(4, 10), Criterion(4, 9)), "4 (Style) is filled twice"),
            ("guide", filling(Criterion(3, score=Decimal(8)), guide=True), "4 (B) is not filled"),
            (
                "guide",
                filling(Criterion(3, score=Decimal(-5)), Criterion(4, score=Decimal(9)), guide=True),
                "3 (A) is not between 0 and 10",
            ),
            (
                "guide",
                filling(Criterion(3, score=Decimal(99)), Criterion(4, score=Decimal(9)), guide=True),
                "3 (A) is not between 0 and 10",
            ),
            ("guide", filling(Criterion(3), Criterion(4, score=Decimal(9)), guide=True), "3 (A) has no score"),
            ("guide", WHOLE, "graded with a guide, not with a rubric"),
        ],
    )
    @able_keys
    async def test_a_filling_that_does_not_fit_is_refused_with_its_criterion(
        self, run: Run, key: str, case: str, given: Filling, says: str
    ) -> None:
        seen = await run(case, key, [text(7, filling=given)])
        assert (seen.codes, seen.changed) == ([Code.ADVANCED_GRADING], {})
        assert says in seen.report.results[0].message

    @able_keys
    async def test_a_whole_filling_is_stored_and_known_again(self, run: Run, key: str) -> None:
        seen = await run("rubric", key, [text(8, filling=WHOLE)])
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, ())
        assert seen.after[8].grades == ((0, 100),)
        assert (await run("rubric", key, [text(8, filling=WHOLE)])).report.unchanged == 1

    @able_keys
    @pytest.mark.parametrize("case", ["rubric", "guide"])
    async def test_beside_a_text_the_stored_filling_is_sent_back(self, run: Run, key: str, case: str) -> None:
        seen = await run(case, key, [text(5)])
        assert seen.result == (Outcome.PUBLISHED, Code.NONE, ())
        assert seen.changed[5] <= {"comments", "notified", "mailed", "book"}
        assert seen.after[5].book.grade == seen.before[5].book.grade

    @pytest.mark.parametrize("key", ["five", "status"])
    async def test_where_it_cannot_be_read_a_graded_user_is_refused(self, run: Run, key: str) -> None:
        seen = await run("rubric", key, [text(5)])
        assert (seen.report.failed, seen.changed) == (1, {})

    @able_keys
    async def test_a_text_makes_no_empty_form(self, run: Run, key: str) -> None:
        seen = await run("rubric", key, [text(8)])
        assert (seen.codes, seen.changed) == ([Code.ADVANCED_GRADING], {})

    @able_keys
    async def test_under_a_lock_of_the_gradebook_nothing_is_published(self, run: Run, key: str) -> None:
        seen = await run("rubric", key, [text(6, filling=WHOLE)])
        assert (seen.codes, seen.changed) == ([Code.GRADEBOOK_CLOSED], {})


class TestGradebook:
    @able_keys
    async def test_an_override_is_told_where_the_grade_is_there_already(self, run: Run, key: str) -> None:
        seen = await run("gradebook", key, [graded(5, 51)])
        assert seen.result == (Outcome.UNCHANGED, Code.NONE, (Notice.OVERRIDDEN,))

    @able_keys
    @pytest.mark.parametrize("user", [5, 6])
    async def test_a_grade_that_moodle_would_swallow_is_refused_with_its_text(
        self, run: Run, key: str, user: int
    ) -> None:
        seen = await run("gradebook", key, [graded(user, 60, "<p>new</p>")])
        assert (seen.codes, seen.changed) == ([Code.GRADEBOOK_CLOSED], {})

    @able_keys
    async def test_what_the_student_sees_is_told_beside_a_text(self, run: Run, key: str) -> None:
        seen = await run("gradebook", key, [text(user) for user in (5, 6, 7, 8)])
        assert seen.report.published == 4
        told = [[each for each in result.notices if each is not Notice.NOTIFIED] for result in seen.report.results]
        assert told == [[Notice.OVERRIDDEN], [Notice.LOCKED_IN_GRADEBOOK], [Notice.HIDDEN], []]
        assert all(seen.after[user].book.grade == seen.before[user].book.grade for user in (5, 6, 7, 8))


class TestNotifying:
    async def test_moodles_own_form_can_be_quiet(self, run: Run) -> None:
        seen = await run("gradebook", "form", [text(8)], notify=False)
        assert seen.report.published == 1
        assert seen.after[8].notified == seen.before[8].notified

    @pytest.mark.parametrize("key", ["five", "full"])
    async def test_nothing_else_can(self, run: Run, key: str) -> None:
        seen = await run("reading", key, [text(8)], notify=False)
        assert (seen.codes, seen.changed) == ([Code.WOULD_NOTIFY], {})


async def test_a_dry_run_shows_what_would_change_and_leaves_no_trace(run: Run, cases: dict[str, Assignment]) -> None:
    rows = len(cases["reading"].submissions)
    seen = await run("gradebook", "form", [graded(8, 60, "<p>new</p>"), text(5)], dry_run=True)
    [first, second] = [result.change for result in seen.report.results]
    assert (first.before.grade, first.after.grade, first.before.text, first.after.text) == (
        "54",
        "60",
        "<p>old</p>",
        "<p>new</p>",
    )
    assert (second.before.grade, second.after.grade, second.attempt) == ("51", "51", 0)
    assert seen.changed == {}
    await run("reading", "full", [text(user) for user in (5, 6, 7)], dry_run=True)
    assert len(cases["reading"].submissions) == rows


async def test_the_writer_stands_in_the_report(run: Run) -> None:
    for key, writer in (("five", "mod_assign_save_grade"), ("form", "mod_assign_submit_grading_form")):
        seen = await run("reading", key, [text(8, f"<p>{key}</p>")])
        assert [result.writer for result in seen.report.results] == [writer]


async def test_a_grade_alone_by_moodles_own_form_sends_no_comment(run: Run, sandbox: Sandbox) -> None:
    await run("gradebook", "form", [graded(8, 60)])
    sent = [each.form for each in sandbox.requests if each.function == "mod_assign_submit_grading_form"]
    assert ["comments" in str(form) for form in sent] == [False]


class TestWhatCannotBeRead:
    @pytest.mark.parametrize("user", [5, 6])
    async def test_the_form_alone_does_not_keep_what_a_rubric_gave(self, run: Run, user: int) -> None:
        seen = await run("rubric", "form alone", [text(user)])
        assert (seen.codes, seen.changed) == ([Code.GRADE_UNKNOWN], {})

    async def test_the_form_alone_does_not_keep_a_grade_that_no_workflow_has_released(self, run: Run) -> None:
        seen = await run("workflow_on", "form alone", [text(5)])
        assert (seen.codes, seen.changed) == ([Code.WOULD_CLEAR_GRADE], {})

    async def test_nothing_is_put_below_a_comment_that_is_not_seen(self, run: Run) -> None:
        seen = await run("manual", "five", [graded(7, 12, "<p>new</p>")], append=True)
        assert (seen.codes, seen.changed) == ([Code.COMMENT_UNKNOWN], {})

    @pytest.mark.parametrize("user", [2, 3, 99999])
    @every_key
    async def test_whoever_takes_no_part_is_not_even_asked_about(
        self, run: Run, cases: dict[str, Assignment], key: str, user: int
    ) -> None:
        seen = await run("reading", key, [text(user)])
        assert seen.codes == [Code.NOT_A_PARTICIPANT]
        assert not [owner for owner in cases["reading"].attempts if owner[0] == user]

    async def test_a_text_of_which_nothing_is_seen_clears_the_comment(self, run: Run) -> None:
        seen = await run("gradebook", "full", [text(7, "<br>")], clear=True)
        assert seen.after[7].comments == ()
