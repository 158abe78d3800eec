"""Setting assignments into states, and seeing what has changed."""

import pytest

from rpc_moodle.sandbox import Sandbox, Stage, add_cases, standing, standings
from tests.sandbox.conftest import Caller, marks


def test_assignments_get_ids_of_their_own(sandbox: Sandbox) -> None:
    stage = Stage(sandbox.site)

    made = [stage.assignment("One"), stage.assignment("Two", grade=50)]

    assert [(one.id, one.cmid) for one in made] == [(16, 23), (17, 24)]
    assert sandbox.site.by_cmid(24) is made[1]


def test_what_was_marked_stands_in_the_gradebook_too(sandbox: Sandbox) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Essay")
    stage.hand_in(one, 5)
    stage.mark(one, 5, 64, "good")

    after = standing(one, 5)
    assert [(each.number, each.status, each.files) for each in after.attempts] == [(0, "submitted", ("a.txt",))]
    assert (after.grades, after.comments, after.notified) == (((0, 64),), ((0, "good", 1),), 1)
    assert after.book is not None
    assert (after.book.grade, after.book.feedback) == (64, "good")


def test_a_team_hands_in_together(sandbox: Sandbox) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Report", teamsubmission=True)
    stage.hand_in(one, 10)

    assert [(each.groupid, each.files) for each in standing(one, 0).attempts] == [(2, ("a.txt",))]
    assert one.gradebook.keys() == {10, 11, 12, 13, 14}


async def test_only_the_standing_of_the_one_who_was_written_to_changes(sandbox: Sandbox, call: Caller) -> None:
    one = sandbox.site.assignments[1]
    before = standings(one)

    await call("mod_assign_save_grade", marks(1, 9, grade=55))

    after = standings(one)
    assert {user for user in after if after[user] != before.get(user)} == {9}


@pytest.mark.parametrize("release", ["4.4", "4.5", "5.0"])
def test_the_cases_stand_beside_the_seeded_courses(release: str) -> None:
    sandbox = Sandbox(release=release)

    cases = add_cases(sandbox.site)

    assert len(cases) == 14
    assert all(sandbox.site.assignments[one.id] is one for one in cases.values())
    assert standing(cases["manual"], 5).grades == ((0, 64),)
    assert standing(cases["rubric"], 5).fillings == ((0, ((3, 7, ""), (4, 10, ""))),)
    book = standing(cases["gradebook"], 5).book
    assert book is not None
    assert (book.grade, book.overridden) == (91, True)
