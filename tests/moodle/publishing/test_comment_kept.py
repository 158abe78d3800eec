"""What becomes of a comment beside a grade alone, and of a text that no database holds as it is."""

from decimal import Decimal

import pytest

from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import Code, Entry, Notice, Outcome, TextFormat
from rpc_moodle.sandbox import Sandbox, Stage, standings
from tests.moodle.publishing.conftest import Client
from tests.moodle.publishing.lookout import FIVE, FULL, STATUS
from tests.moodle.publishing.runs import publish

FORM = (*FULL, "mod_assign_submit_grading_form")
ALONE = (*FIVE, "mod_assign_submit_grading_form")
STATUS_FORM = (*STATUS, "mod_assign_submit_grading_form")


@pytest.mark.parametrize(
    ("functions", "old", "new"),
    [
        (FORM, "<p>a<br>b</p>", "<p>a<br />b</p>"),
        (STATUS_FORM, "<p>a<br>b</p>", "<p>a<br />b</p>"),
        (FORM, "<p>a</p>", "<p>a</p>"),
        (FULL, "<p>a<br>b</p>", "<p>a<br>b</p>"),
    ],
    ids=["form", "form without gradebook", "clean already", "another writer"],
)
async def test_a_comment_that_moodles_form_has_cleaned_is_told(
    sandbox: Sandbox, client: Client, functions: tuple[str, ...], old: str, new: str
) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Essay")
    stage.hand_in(one, 5)
    stage.mark(one, 5, 41, old)
    moodle = client(functions=functions)
    report = await publish(moodle, await assignment_of(moodle, 2, one.cmid), [Entry(5, grade=Decimal(50))])
    assert [(result.outcome, result.code) for result in report.results] == [(Outcome.PUBLISHED, Code.NONE)]
    assert (Notice.COMMENT_CLEANED in report.results[0].notices) is (old != new)
    assert standings(one)[5].comments == ((0, new, TextFormat.HTML),)


@pytest.mark.parametrize(
    ("functions", "code"),
    [(FORM, Code.NONE), (FULL, Code.NONE), (ALONE, Code.COMMENT_UNKNOWN)],
    ids=["form", "full", "form alone"],
)
async def test_a_students_own_text_never_becomes_the_comment(
    sandbox: Sandbox, client: Client, functions: tuple[str, ...], code: Code
) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Reflection", text_submissions=True, comment_inline=True)
    stage.hand_in(one, 5)
    submission = one.submission_of(5)
    assert submission is not None
    submission.onlinetext = "<p>My essay.</p>"
    moodle = client(functions=functions)
    report = await publish(moodle, await assignment_of(moodle, 2, one.cmid), [Entry(5, grade=Decimal(50))])
    assert [result.code for result in report.results] == [code]
    stored = standings(one)[5]
    assert (stored.comments, stored.grades) == ((), ((0, 50),) if code is Code.NONE else ())


@pytest.mark.parametrize("functions", [STATUS, FULL, FORM], ids=["status", "full", "form"])
async def test_a_text_with_a_letter_that_no_database_holds_is_told_alike_by_every_key(
    sandbox: Sandbox, client: Client, functions: tuple[str, ...]
) -> None:
    one = Stage(sandbox.site).assignment("Essay")
    Stage(sandbox.site).hand_in(one, 5)
    moodle = client(functions=functions)
    assignment = await assignment_of(moodle, 2, one.cmid)
    entry = Entry(5, "a\0b 😀", TextFormat.PLAIN, Decimal(50))
    first, second = await publish(moodle, assignment, [entry]), await publish(moodle, assignment, [entry])
    assert [(result.outcome, result.code) for result in first.results] == [(Outcome.PUBLISHED, Code.NONE)]
    assert second.unchanged == 1
    assert standings(one)[5].comments == ((0, "ab 😀", TextFormat.PLAIN),)


@pytest.mark.parametrize("functions", [FULL, FORM], ids=["full", "form"])
async def test_where_the_gradebook_takes_no_comments_the_same_again_sends_nothing(
    sandbox: Sandbox, client: Client, functions: tuple[str, ...]
) -> None:
    one = Stage(sandbox.site).assignment("Essay", comments_in_gradebook=False)
    Stage(sandbox.site).hand_in(one, 5, 6)
    moodle = client(functions=functions)
    assignment = await assignment_of(moodle, 2, one.cmid)
    entries = [Entry(user, "<p>Well.</p>", TextFormat.HTML, Decimal(50)) for user in (5, 6)]
    assert (await publish(moodle, assignment, entries)).published == 2
    stored = standings(one)
    assert (await publish(moodle, assignment, entries)).unchanged == 2
    assert standings(one) == stored


async def test_a_comment_that_no_gradebook_shows_is_not_blanked_beside_a_grade(
    sandbox: Sandbox, client: Client
) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Essay", comments_in_gradebook=False, comment_inline=True, text_submissions=True)
    stage.hand_in(one, 5, 6)
    for user in (5, 6):
        stage.mark(one, user, 41, "<p>Well.</p>")
    moodle = client(functions=FORM)
    entries = [Entry(user, grade=Decimal(50)) for user in (5, 6)]
    assert (await publish(moodle, await assignment_of(moodle, 2, one.cmid), entries)).published == 2
    assert [standings(one)[user].comments for user in (5, 6)] == [((0, "<p>Well.</p>", 1),)] * 2
