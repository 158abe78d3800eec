"""The publishing table: what Moodle's function does to whoever calls it plainly never happens here."""

from decimal import Decimal

import pytest

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import Code, Entry, Options, Outcome, TextFormat
from rpc_moodle.sandbox import Sandbox
from tests.moodle.publishing.lookout import Lookout
from tests.moodle.publishing.runs import publish


async def test_a_graded_user_keeps_the_grade(moodle: MoodleClient, lookout: Lookout) -> None:
    before = lookout.state()
    report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(5, "<p>NEW</p>"), Entry(6, "<p>NEW</p>")])
    assert (report.published, report.failed) == (2, 0)
    assert lookout.changes(before) == {(1, 5): {"comments"}, (1, 6): {"comments"}}
    assert (lookout.grade(1, 5), lookout.grade(1, 6)) == (73.5, 41)


async def test_an_ungraded_user_stays_ungraded(moodle: MoodleClient, lookout: Lookout) -> None:
    before = lookout.state()
    report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(9, "Well done")])
    assert report.published == 1
    assert lookout.changes(before) == {(1, 9): {"comments"}}


async def test_a_user_without_submission_gets_the_comment_and_nothing_else(
    moodle: MoodleClient, lookout: Lookout
) -> None:
    before = lookout.state()
    report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(24, "Please hand in")])
    assert report.published == 1
    assert lookout.changes(before) == {(1, 24): {"comments"}}


async def test_no_attempt_is_ever_added(moodle: MoodleClient, sandbox: Sandbox) -> None:
    await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(10, "a"), Entry(11, "b", grade=Decimal(3))])
    sent = [form for seen in sandbox.requests if "save_grade" in seen.function for form in [seen.form]]
    attempts = {value for form in sent for key, value in form.items() if "attemptnumber" in key}
    added = {value for form in sent for key, value in form.items() if "addattempt" in key or "applytoall" in key}
    assert (attempts, added) == ({"0"}, {"0"})  # the attempt that was seen, lest another one gets it


async def test_a_released_workflow_state_stays_released(moodle: MoodleClient, lookout: Lookout) -> None:
    before = lookout.state()
    report = await publish(moodle, await assignment_of(moodle, 2, 13), [Entry(5, "NEW")])
    assert [(result.outcome, result.code) for result in report.results] == [(Outcome.PUBLISHED, Code.NONE)]
    assert lookout.changes(before) == {(6, 5): {"comments"}}


@pytest.mark.parametrize("state", ["Graded", "released "])
async def test_a_word_that_is_no_workflow_state_is_refused(moodle: MoodleClient, lookout: Lookout, state: str) -> None:
    before, assignment = lookout.state(), await assignment_of(moodle, 2, 13)
    with pytest.raises(ValueError, match="no such workflow state"):
        await publish(moodle, assignment, [Entry(5, "NEW")], Options(workflow_state=state))
    assert lookout.changes(before) == {}


async def test_whoever_does_not_take_part_is_told_and_written_to_nowhere(
    moodle: MoodleClient, lookout: Lookout
) -> None:
    before = lookout.state()
    report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(4, "x"), Entry(99999, "x"), Entry(3, "x")])
    assert {result.code for result in report.results} == {Code.NOT_A_PARTICIPANT}
    assert (lookout.writes(), lookout.changes(before)) == ([], {})


@pytest.mark.parametrize("grade", ["150", "100.00001", "-1", "-0.5", "NaN", "Infinity", "good"])
async def test_a_grade_out_of_range_is_refused_with_its_comment(
    moodle: MoodleClient, lookout: Lookout, grade: str
) -> None:
    before = lookout.state()
    report = await publish(moodle, await assignment_of(moodle, 2, 8), [Entry(11, "NEW", grade=grade), Entry(12, "NEW")])
    assert [result.code for result in report.results] == [Code.GRADE_OUT_OF_RANGE, Code.NONE]
    assert lookout.changes(before) == {(1, 12): {"comments"}}


async def test_switched_off_comments_are_reported_and_nothing_is_written(
    moodle: MoodleClient, lookout: Lookout
) -> None:
    before = lookout.state()
    report = await publish(
        moodle, await assignment_of(moodle, 2, 18), [Entry(5, "NEW"), Entry(6, "NEW", grade=Decimal(3))]
    )
    assert [result.code for result in report.results] == [Code.COMMENTS_DISABLED] * 2
    assert (lookout.writes(), lookout.changes(before)) == ([], {})


async def test_the_same_again_sends_nothing(moodle: MoodleClient, lookout: Lookout) -> None:
    assignment = await assignment_of(moodle, 2, 8)
    entries = [Entry(user, f"Text\nfor {user} & all") for user in (5, 6, 9, 24)]
    await publish(moodle, assignment, entries)
    sent, before = len(lookout.writes()), lookout.state()
    report = await publish(moodle, assignment, entries)
    assert (report.published, report.unchanged, report.failed) == (0, 4, 0)
    assert (len(lookout.writes()), lookout.changes(before)) == (sent, {})


@pytest.mark.parametrize("text_format", list(TextFormat))
async def test_every_format_is_stored_as_it_was_sent_and_known_again(
    moodle: MoodleClient, lookout: Lookout, text_format: TextFormat
) -> None:
    assignment = await assignment_of(moodle, 2, 8)
    text = "**Größe** 😀\r\n<script>x</script> <p onclick='y'>a & b</p>\n\n- c\n"
    for expected in (Outcome.PUBLISHED, Outcome.UNCHANGED):
        report = await publish(moodle, assignment, [Entry(5, text, text_format)])
        assert [(result.outcome, result.code) for result in report.results] == [(expected, Code.NONE)]
    assert lookout.comment(1, 5) == text


async def test_the_same_text_with_another_grade_is_published(moodle: MoodleClient, lookout: Lookout) -> None:
    assignment = await assignment_of(moodle, 2, 8)
    report = await publish(moodle, assignment, [Entry(5, "<p>Existing comment</p>", TextFormat.HTML, Decimal(80))])
    assert (report.published, lookout.grade(1, 5)) == (1, 80)


async def test_a_dry_run_reports_the_same_and_writes_nothing(moodle: MoodleClient, lookout: Lookout) -> None:
    before, assignment = lookout.state(), await assignment_of(moodle, 2, 8)
    entries = [
        Entry(5, "<p>Existing comment</p>", TextFormat.HTML),
        Entry(6, "x"),
        Entry(4, "x"),
        Entry(7, grade="999"),
    ]
    dry = await publish(moodle, assignment, entries, Options(dry_run=True))
    assert (lookout.writes(), lookout.changes(before)) == ([], {})
    wet = await publish(moodle, assignment, entries)
    assert [result.outcome for result in dry.results] == [result.outcome for result in wet.results]
    assert [result.code for result in dry.results] == ["", Code.DRY_RUN, Code.NOT_A_PARTICIPANT, "grade_out_of_range"]


async def test_an_empty_text_clears_the_comment_only_when_that_is_meant(moodle: MoodleClient, lookout: Lookout) -> None:
    before, assignment = lookout.state(), await assignment_of(moodle, 2, 8)
    refused = await publish(moodle, assignment, [Entry(5, "")])
    assert [result.code for result in refused.results] == [Code.INVALID_ENTRY]
    assert lookout.changes(before) == {}
    report = await publish(moodle, assignment, [Entry(5, ""), Entry(6, ""), Entry(24, "")], Options(clear=True))
    assert [result.outcome for result in report.results] == ["published", "unchanged", "unchanged"]
    assert lookout.changes(before) == {(1, 5): {"comments"}}
    assert lookout.comment(1, 5) == ""
