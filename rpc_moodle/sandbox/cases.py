"""The course "Marking cases" of the recordings: one assignment for each state that real courses come in."""

from __future__ import annotations

from typing import Any, Final

from rpc_moodle.sandbox.advanced import Definition
from rpc_moodle.sandbox.people import Course, Enrolment, Group
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.stage import Stage
from rpc_moodle.sandbox.work import RELEASED, Assignment

COURSE: Final = 10
_TEACHER: Final = 3
_STUDENTS: Final = range(5, 14)
_FIRST_ID, _FIRST_CMID, _CONTEXT_OFFSET = 21, 30, 56
_GERMAN, _MARKUP = 4, 5
_DESCRIPTION: Final = "lorem ipsum"

_NAMES: Final = {
    "auto": "Automatic reopening",
    "untilpass": "Until pass",
    "untilpass_later": "Until pass, set after grading",
    "manual": "Reopened by hand",
    "workflow_on": "Workflow switched on later",
    "workflow_off": "Workflow switched off later",
    "workflow_back": "Released, then taken back",
    "scale_numbers": "German marks",
    "scale_markup": "Scale with markup",
    "team_none": "Teams, some in none",
    "rubric": "Rubric",
    "guide": "Guide",
    "gradebook": "Overridden, locked, hidden in the gradebook",
    "reading": "Empty row by reading",
}


def add_cases(site: Site) -> dict[str, Assignment]:
    """Add the course to a seeded site and return its assignments by the names in ``ids.cases`` of the recordings.

    Students 5 to 8 have handed in and were graded as each case says; instance ids are 21 to 34, cmids 30 to 43, as
    recorded. Students 5 and 6 are in team 3, 6 and 7 in team 4, the others in none. ``teacher_more`` may call all.
    """
    _add_course(site)
    stage = Stage(site)
    cases = {name: _assignment(stage, number, name, title) for number, (name, title) in enumerate(_NAMES.items())}
    _reopening(stage, cases)
    _workflow(stage, cases)
    stage.hand_in(cases["scale_numbers"], 5)
    stage.hand_in(cases["scale_markup"], 5)
    stage.hand_in(cases["team_none"], 5)
    _advanced(stage, cases)
    book = cases["gradebook"]
    for userid, grade in ((5, 51), (6, 52), (7, 53), (8, 54)):
        stage.hand_in(book, userid)
        stage.mark(book, userid, grade)
    stage.override(book, 5, 91)
    stage.lock(book, 6)
    stage.hide(book, 7)
    return cases


def _add_course(site: Site) -> None:
    course = Course(COURSE, "Marking cases", "CASES", site.now(), gradecategory=4, gradeitem=24, section=49)
    course.completion = 0
    course.enrolments[_TEACHER] = Enrolment(_TEACHER, ["editingteacher"])
    course.enrolments |= {userid: Enrolment(userid, ["student"]) for userid in _STUDENTS}
    course.groups = {3: Group(3, "T1", [5, 6], _DESCRIPTION), 4: Group(4, "T2", [6, 7], _DESCRIPTION)}
    site.courses[COURSE] = course
    site.scales[_GERMAN] = ["6", "5", "4", "3", "2", "1"]
    site.scales[_MARKUP] = ["<b>weak</b>", "<b>good</b>"]


def _assignment(stage: Stage, number: int, name: str, title: str) -> Assignment:
    old = stage.site.release == "4.4"
    settings: dict[str, Any] = {"attemptreopenmethod": "none", "maxattempts": -1} if old else {}
    special: dict[str, dict[str, Any]] = {
        "auto": {"attemptreopenmethod": "automatic", "maxattempts": -1},
        "untilpass": {"attemptreopenmethod": "untilpass", "maxattempts": -1, "gradepass": 50},
        "untilpass_later": {"attemptreopenmethod": "none", "maxattempts": -1, "gradepass": 50},
        "manual": {"attemptreopenmethod": "manual", "maxattempts": -1},
        "workflow_off": {"markingworkflow": True},
        "workflow_back": {"markingworkflow": True},
        "scale_numbers": {"grade": -_GERMAN},
        "scale_markup": {"grade": -_MARKUP},
        "team_none": {"teamsubmission": True, "teamsubmissiongroupingid": 1},
    }
    settings |= special.get(name, {})
    cmid = _FIRST_CMID + number
    one = stage.assignment(title, course=COURSE, id=_FIRST_ID + number, cmid=cmid, **settings)
    one.contextid, one.gradeitem, one.intro = cmid + _CONTEXT_OFFSET, one.id + 4, f"Test assign {number + 1}"
    return one


def _reopening(stage: Stage, cases: dict[str, Assignment]) -> None:
    stage.hand_in(cases["auto"], 5, 6, 7)
    stage.hand_in(cases["untilpass"], 5, 6, 7)
    later = cases["untilpass_later"]
    stage.hand_in(later, 5, 6)
    stage.mark(later, 5, 30)
    stage.mark(later, 6, 40)
    later.attemptreopenmethod = "untilpass"
    manual = cases["manual"]
    stage.hand_in(manual, 5, 6, 7, 8)
    for userid in (5, 7, 8):
        stage.mark(manual, userid, 64, add_attempt=True)
    stage.hand_in(manual, 8, filename="second.txt", content=b"second work")


def _workflow(stage: Stage, cases: dict[str, Assignment]) -> None:
    switched_on, switched_off, back = (cases[f"workflow_{name}"] for name in ("on", "off", "back"))
    for one in (switched_on, switched_off):
        stage.hand_in(one, 5, 6)
        stage.mark(one, 5, 61, state="" if one is switched_on else RELEASED)
        stage.mark(one, 6, 62, state="" if one is switched_on else "inmarking")
    switched_on.markingworkflow, switched_off.markingworkflow = True, False
    stage.hand_in(back, 5)
    stage.mark(back, 5, 44, state=RELEASED)


def _advanced(stage: Stage, cases: dict[str, Assignment]) -> None:
    rubric, guide = cases["rubric"], cases["guide"]
    words = Definition(3, "R", criteria={3: "Content", 4: "Style"})
    words.levels = {6: "bad", 7: "ok", 8: "good", 9: "bad", 10: "good"}
    stage.rubric(rubric, {3: {6: 0, 7: 5, 8: 10}, 4: {9: 0, 10: 10}}, words)
    stage.hand_in(rubric, 5, 6, 7, 8)
    for userid in (5, 6):
        stage.mark(rubric, userid, answers={3: 7, 4: 10})
    stage.lock(rubric, 6)
    stage.guide(guide, {3: 10, 4: 20}, Definition(4, "G", criteria={3: "a", 4: "b"}, shortnames={3: "A", 4: "B"}))
    stage.hand_in(guide, 5, 6, 7)
    stage.mark(guide, 5, answers={3: 8, 4: 10})
