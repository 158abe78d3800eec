"""What is stored for a user, from what was read: one sentence a row."""

from decimal import Decimal
from typing import Any

import pytest

from rpc_moodle.moodle.models import Assignment, EditorField, Plugin
from rpc_moodle.moodle.publishing.comments import NO_COMMENT, Comment
from rpc_moodle.moodle.publishing.entries import Filling
from rpc_moodle.moodle.publishing.stored import UNKNOWN, BookGrade, Bulk, Mark, Stored, stored

FILLED = Filling("rubric", ())


def assignment(**settings: Any) -> Assignment:
    return Assignment(id=1, cmid=8, **{"grade": 100, **settings})


PLAIN, TEAM, FLOW = assignment(), assignment(teamsubmission=True), assignment(markingworkflow=True)
NO_GRADES, BLIND = assignment(grade=0), assignment(blindmarking=True)


def row(grade: str = "70.00000", attempt: int = 0) -> Any:
    return {"id": 31, "userid": 5, "grade": grade, "attemptnumber": attempt}


def handed(attempt: int = 0, status: str = "submitted", said: str | None = None) -> Any:
    return {"status": status, "attemptnumber": attempt} | ({} if said is None else {"gradingstatus": said})


def comment(text: str) -> Any:
    other = Plugin("offline", editorfields=(EditorField(text="of another plugin", format=1),))
    return [Plugin("file"), other, Plugin("comments", editorfields=(EditorField(text=text, format=1),))]


def status(grade: Any = None, text: str = "", shown: str = "", **attempt: Any) -> Any:
    feedback = {"grade": grade, "plugins": comment(text), "gradefordisplay": shown}
    return {"lastattempt": attempt} | ({"feedback": feedback} if grade else {})


def plugins(*which: Any) -> Any:
    return status(graded=True) | {"feedback": {"grade": row(), "plugins": list(which)}}


ROWS: list[tuple[str, Assignment, Bulk, Any, dict[str, Any]]] = [
    ("nothing is known", PLAIN, Bulk(), None, {"grade": UNKNOWN, "comment": UNKNOWN, "workflow": "", "book": UNKNOWN}),
    ("a grade of the list", PLAIN, Bulk({5: row()}), None, {"grade": Decimal(70), "comment": UNKNOWN, "row": 31}),
    ("the list has no row", PLAIN, Bulk({}), None, {"grade": None, "comment": NO_COMMENT}),
    ("the list of a team's assignment has no row", TEAM, Bulk({}), None, {"grade": UNKNOWN, "comment": UNKNOWN}),
    ("a grade of an old attempt", PLAIN, Bulk({5: row()}, submissions={5: handed(1)}), None,
     {"grade": None, "newest": 1, "handed_in": True, "row": None}),
    ("a grade of the attempt handed in", PLAIN, Bulk({5: row(attempt=1)}, submissions={5: handed(1)}), None,
     {"grade": Decimal(70), "newest": 1, "row": 31}),
    ("a grade of a later attempt, whose submission nobody can read", PLAIN, Bulk({5: row(attempt=1)}), None,
     {"grade": Decimal(70), "newest": 1, "row": 31, "handed_in": False}),
    ("nobody has handed in", PLAIN, Bulk(submissions={}), None, {"grade": None, "comment": NO_COMMENT}),
    ("nobody of a team", TEAM, Bulk(submissions={}), None, {"grade": None, "comment": UNKNOWN}),
    ("another of the team has", TEAM, Bulk(submissions={6: handed()}), None, {"grade": UNKNOWN}),
    ("not graded, say the submissions", PLAIN, Bulk(submissions={5: handed(said="notgraded")}), None,
     {"grade": None, "handed_in": True}),
    ("graded, say the submissions", PLAIN, Bulk(submissions={5: handed(said="graded")}), None, {"grade": UNKNOWN}),
    ("they say nothing", PLAIN, Bulk(submissions={5: handed()}), None, {"grade": None}),
    ("no grades are given", NO_GRADES, Bulk(submissions={5: handed(said="x")}), None, {"grade": None}),
    ("a grade from when there were", NO_GRADES, Bulk(submissions={5: handed(said="graded")}), None, {"grade": UNKNOWN}),
    ("a draft", PLAIN, Bulk(submissions={5: handed(status="draft")}), None, {"handed_in": True}),
    ("an empty one", PLAIN, Bulk(submissions={5: handed(status="new")}), None, {"handed_in": False}),
    ("one without a status", PLAIN, Bulk(submissions={5: {"attemptnumber": 2}}), None,
     {"handed_in": True, "newest": 2}),
    ("the flags' state", FLOW, Bulk(flags={5: {"userid": 5, "workflowstate": "inreview"}}), None,
     {"workflow": "inreview"}),
    ("a status that says nothing at all", PLAIN, Bulk(), {},
     {"grade": UNKNOWN, "comment": NO_COMMENT, "newest": 0, "handed_in": False, "workflow": "", "locked": False,
      "book": UNKNOWN}),
    ("a status that says nothing of a state", FLOW, Bulk(), {}, {"workflow": UNKNOWN, "comment": UNKNOWN}),
    ("no flags of this user", FLOW, Bulk(flags={}), None, {"workflow": ""}),
    ("flags without a state", FLOW, Bulk(flags={5: {"userid": 5}}), None, {"workflow": ""}),
    ("the submissions' state", FLOW, Bulk(submissions={5: handed(said="released")}), None, {"workflow": "released"}),
    ("no state of this user", FLOW, Bulk(submissions={6: handed()}), None, {"workflow": UNKNOWN}),
    ("the status' state", FLOW, Bulk(), status(gradingstatus="inreview"), {"workflow": "inreview", "comment": UNKNOWN}),
    ("a lock only in the flags", PLAIN, Bulk(flags={5: {"userid": 5, "locked": True}}), status(), {"locked": True}),
    ("a lock only in the status", PLAIN, Bulk(), status(locked=True), {"locked": True}),
    ("a lock of somebody else", PLAIN, Bulk(flags={6: {"userid": 6, "locked": True}}), status(), {"locked": False}),
    ("a grade and a text of the status", PLAIN, Bulk(), status(row(), "<p>x</p>", graded=True),
     {"grade": Decimal(70), "comment": Comment("<p>x</p>", 1), "row": 31, "direct": False}),
    ("a grade given directly", PLAIN, Bulk(), status(row(), shown="70.00&nbsp;/&nbsp;100.00", graded=True),
     {"direct": True, "book": BookGrade(Decimal(70), rounded=True)}),
    ("the gradebook's in a German site", PLAIN, Bulk(), status(row(), shown=" 70,5&nbsp;/&nbsp;100,0", graded=True),
     {"book": BookGrade(Decimal("70.5"), rounded=True)}),
    ("a grade shown in a table before its maximum", PLAIN, Bulk(),
     status(row(), shown="<b 70&nbsp;/&nbsp;100", graded=True), {"direct": False}),
    ("a grade shown with something behind it", PLAIN, Bulk(),
     status(row(), shown="70&nbsp;/&nbsp;100>", graded=True), {"direct": False}),
    ("an item of a scale", PLAIN, Bulk(), status(row(), shown="good", graded=True),
     {"book": UNKNOWN, "direct": False}),
    ("a status without a grade", PLAIN, Bulk(), status(graded=False),
     {"grade": None, "comment": NO_COMMENT, "book": BookGrade(rounded=True)}),
    ("a status that does not tell", PLAIN, Bulk(), status(), {"grade": UNKNOWN}),
    ("graded, and no grade is seen", PLAIN, Bulk(), status(graded=True), {"grade": UNKNOWN}),
    ("graded, and an empty grade is seen", PLAIN, Bulk(), status(row("-1.00000"), graded=True), {"grade": UNKNOWN}),
    ("an empty grade, and not told whether graded", PLAIN, Bulk(), status(row("-1.00000")), {"grade": None}),
    ("a grade, and not told whether graded", PLAIN, Bulk(), status(row()), {"grade": Decimal(70)}),
    ("not graded, and an old grade is seen", PLAIN, Bulk(),
     status(row(), graded=False, submission=handed(1)), {"grade": None, "newest": 1, "row": None}),
    ("the list's, where the status shows an old one", PLAIN, Bulk({5: row("8.00000", 1)}),
     status(row(), graded=True, submission=handed(1)), {"grade": Decimal(8), "newest": 1}),
    ("a team's comment", TEAM, Bulk(), status(row(attempt=2), "<p>t</p>", graded=True, teamsubmission=handed(2)),
     {"grade": Decimal(70), "newest": 2, "comment": Comment("<p>t</p>", 1), "handed_in": True}),
    ("a grade of the team's earlier attempt", TEAM, Bulk(),
     status(row(attempt=1), graded=True, teamsubmission=handed(2)), {"grade": UNKNOWN, "newest": 2, "row": None}),
    ("a comment of who has handed in", PLAIN, Bulk(submissions={5: handed()}), status(row(), "<p>x</p>", graded=True),
     {"comment": Comment("<p>x</p>", 1)}),
    ("a text that hangs on no grade", PLAIN, Bulk(), status() | {"feedback": {"plugins": comment("x")}},
     {"comment": NO_COMMENT}),
    ("a grade without plugins", PLAIN, Bulk(), status() | {"feedback": {"grade": row()}}, {"comment": NO_COMMENT}),
    ("no comment of the comments plugin", PLAIN, Bulk(), plugins(Plugin("comments")), {"comment": NO_COMMENT}),
    ("a comment without a text", PLAIN, Bulk(), plugins(Plugin("comments", editorfields=(EditorField(),))),
     {"comment": Comment("", None)}),
    ("a comment before the release", FLOW, Bulk(), status(row(), "<p>x</p>", gradingstatus="inreview"),
     {"comment": UNKNOWN, "workflow": "inreview"}),
    ("a comment after it", FLOW, Bulk(), status(row(), "<p>x</p>", gradingstatus="released"),
     {"comment": Comment("<p>x</p>", 1)}),
    ("the gradebook's own words", PLAIN,
     Bulk(book={5: {"graderaw": 7.5, "feedback": "f", "feedbackformat": 2, "gradeislocked": True,
                    "gradeisoverridden": True, "gradeishidden": True,
                    "gradeformatted": "<b class=text-danger>"}}), None,
     {"book": BookGrade(Decimal("7.5"), "f", 2, locked=True, overridden=True, hidden=True, failed=True)}),
    ("a lock of the gradebook", PLAIN, Bulk(book={5: {"gradeislocked": True}}), None, {"book": BookGrade(locked=True)}),
    ("an override of the gradebook", PLAIN, Bulk(book={5: {"gradeisoverridden": True}}), None,
     {"book": BookGrade(overridden=True)}),
    ("a grade that the gradebook hides", PLAIN, Bulk(book={5: {"gradeishidden": True}}), None,
     {"book": BookGrade(hidden=True)}),
    ("an empty item of the gradebook", PLAIN, Bulk(book={5: {}}), None, {"book": BookGrade()}),
    ("the gradebook of somebody else", PLAIN, Bulk(book={6: {}}), None, {"book": UNKNOWN}),
    ("a filled form", PLAIN, Bulk({5: row()}, fillings={31: FILLED}), None, {"filling": FILLED}),
    ("no filled form of this grade", PLAIN, Bulk({5: row()}, fillings={}), None, {"filling": None}),
    ("no grade that one could hang on", PLAIN, Bulk({}, fillings={31: FILLED}), None, {"filling": None}),
    ("a grade that nobody can read, and what hangs on it", PLAIN, Bulk(fillings={31: FILLED}), None,
     {"filling": UNKNOWN}),
    ("a grade that blind marking hides, and what hangs on it", BLIND, Bulk(fillings={31: FILLED}), status(graded=True),
     {"grade": UNKNOWN, "filling": UNKNOWN}),
    ("forms that nobody may read", PLAIN, Bulk({5: row()}), None, {"filling": UNKNOWN}),
]  # fmt: skip


@pytest.mark.parametrize(("says", "which", "bulk", "seen", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_stored(says: str, which: Assignment, bulk: Bulk, seen: Any, expected: dict[str, Any]) -> None:
    found = stored(which, 5, bulk, seen)
    mark = found.mark(found.newest)
    facts = {name: getattr(found if hasattr(found, name) else mark, name) for name in expected}
    assert facts == expected, says


def test_an_earlier_attempt_is_what_the_status_tells_of_it() -> None:
    earlier = {
        "attemptnumber": 0,
        "grade": {"id": 9, "grade": "5.00000", "gradefordisplay": "5.00&nbsp;/&nbsp;100.00"},
        "submission": {"status": "draft"},
        "feedbackplugins": comment("<p>a</p>"),
    }
    empty = {"attemptnumber": 1, "submission": {"status": "new"}, "feedbackplugins": comment("<p>b</p>")}
    short = {"attemptnumber": 2, "grade": {"grade": "6.00000"}}
    seen = status(submission=handed(3)) | {"previousattempts": [earlier, empty, short]}
    found = stored(PLAIN, 5, Bulk(), seen)
    assert found.newest == 3
    assert found.mark(0) == Mark(Decimal(5), Comment("<p>a</p>", 1), handed_in=True, row=9, direct=True)
    assert found.mark(1) == Mark(None, NO_COMMENT)
    assert found.mark(2) == Mark(Decimal(6), NO_COMMENT, handed_in=True)


def test_an_earlier_attempt_that_was_not_read_is_unknown_and_a_later_one_is_empty() -> None:
    found = Stored(newest=1)
    assert (found.mark(0), found.mark(1), found.mark(2)) == (Mark(UNKNOWN, UNKNOWN), Mark(), Mark())


def test_a_lock_closes_the_gradebook_and_so_does_an_override_and_nothing_else() -> None:
    assert BookGrade(locked=True).is_closed
    assert BookGrade(overridden=True).is_closed
    assert not BookGrade(hidden=True, failed=True, rounded=True).is_closed


@pytest.mark.parametrize(
    ("text", "text_format", "comment"),
    [
        ("a <b & c", 2, Comment("a <b & c", 2)),
        ("a\nb", 0, Comment("a\nb", 0)),
        ("<p>a</p>", 1, Comment("<p>a</p>", 1, shown=True)),
        ("<p>a</p>", None, Comment("<p>a</p>", 1, shown=True)),
        ("", 2, Comment("", 1)),
    ],
)
def test_the_gradebook_s_text_comes_in_the_format_that_it_tells(
    text: str, text_format: int | None, comment: Comment
) -> None:
    assert BookGrade(text=text, format=text_format).comment == comment
