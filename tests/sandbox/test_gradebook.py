"""What reaches the gradebook, and who may read it."""

import pytest

from rpc_moodle.sandbox import Sandbox, Stage
from tests.sandbox.conftest import Caller, marks

SAVE = "mod_assign_save_grade"
READ = "gradereport_user_get_grade_items"


async def items(call: Caller, user: int, as_: str = "teacher_more") -> dict[int, dict[str, object]]:
    answer = await call(READ, {"courseid": 2, "userid": user}, as_=as_)
    return {item["iteminstance"]: item for item in answer["usergrades"][0]["gradeitems"] if item["itemtype"] == "mod"}


async def test_a_grade_and_its_comment_arrive(call: Caller) -> None:
    await call(SAVE, marks(1, 9, grade=55.5))

    item = (await items(call, 9))[1]
    assert (item["graderaw"], item["feedback"], item["feedbackformat"]) == (55.5, "<p>NEW</p>", 1)


async def test_nothing_arrives_while_marking_is_blind(call: Caller) -> None:
    await call(SAVE, marks(5, 6, grade=55))

    item = (await items(call, 6))[5]
    assert (item["graderaw"], item["feedback"]) == (None, "")


async def test_a_comment_arrives_where_no_grade_is_given(call: Caller) -> None:
    await call(SAVE, marks(1, 9))

    item = (await items(call, 9))[1]
    assert (item["graderaw"], item["feedback"]) == (None, "<p>NEW</p>")


@pytest.mark.parametrize("barred", ["lock", "override"])
async def test_a_barred_row_takes_neither_grade_nor_comment(sandbox: Sandbox, call: Caller, barred: str) -> None:
    stage, one = Stage(sandbox.site), sandbox.site.assignments[1]
    if barred == "lock":
        stage.lock(one, 5)
    else:
        stage.override(one, 5, 91)

    await call(SAVE, marks(1, 5, grade=10))

    item = (await items(call, 5))[1]
    assert (item["graderaw"], item["feedback"]) == (91 if barred == "override" else 73.5, "<p>Existing comment</p>")
    assert one.grades[5, 0].grade == 73.5


async def test_a_hidden_grade_is_shown_to_teachers_alone(sandbox: Sandbox, call: Caller) -> None:
    Stage(sandbox.site).hide(sandbox.site.assignments[1], 5)
    status = "mod_assign_get_submission_status", {"assignid": 1, "userid": 5}

    assert "feedback" in await call(*status, as_="teacher_more")
    assert "feedback" not in await call(*status, as_="student_more")


async def test_everybody_is_answered_by_last_name(call: Caller) -> None:
    answer = await call(READ, {"courseid": 2, "userid": 0}, as_="teacher_more")

    names = [user["userfullname"] for user in answer["usergrades"]]
    assert len(names) == 31
    assert names[:2] == ["Bold &amp;Co", "O'Brien D'Arcy"]


async def test_students_see_their_own_alone_and_nothing_of_locks(call: Caller) -> None:
    own = (await items(call, 5, as_="student_more"))[1]
    other = await call(READ, {"courseid": 2, "userid": 6}, as_="student_more")

    assert (own["graderaw"], own["gradeislocked"], own["gradeisoverridden"]) == (73.5, None, None)
    assert other["errorcode"] == "nopermissiontoviewgrades"


@pytest.mark.parametrize(
    ("course", "user", "errorcode"),
    [(999, 0, "invalidrecord"), (3, 0, "errorcoursecontextnotvalid"), (2, 99999, "nopermissiontoviewgrades")],
)
async def test_a_course_or_user_out_of_reach_is_an_error(call: Caller, course: int, user: int, errorcode: str) -> None:
    answer = await call(READ, {"courseid": course, "userid": user}, as_="teacher_more")

    assert answer["errorcode"] == errorcode
