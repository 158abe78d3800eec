"""What the wider recordings found besides: further courses in categories, cohorts, completion, dated assignments."""

from __future__ import annotations

from typing import Final

from rpc_moodle.sandbox.catalogue import (
    AUTOMATIC,
    COMPLETE,
    FAILED,
    PASSED,
    UNTRACKED,
    Activity,
    Category,
    Cohort,
    Completed,
)
from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.people import Course, Enrolment
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import NEW, Assignment, BookGrade, Comment, Flags, Grade, Submission

MECHANICS: Final = 6
_JANUARY, _JULY = 1767225600, 1782864000
_DAY: Final = 86400
_NUMBERED_APART: Final = 9000
"""From where the submissions are numbered that no recording shows, out of the way of those that it does."""
_FIRST_FREE: Final = {"submission": 71, "grade": 9, "flags": 8}
"""The next ids of the recorded sites, whose other assignments had taken those before."""


def widen(site: Site) -> None:
    """Add to a seeded site what the recordings of the wider client show."""
    for category in (
        Category(2, "Faculty of Science", "SCI"),
        Category(3, "Physics & Chemistry", "PHY", parent=2),
        Category(4, "Hidden faculty", visible=False),
    ):
        site.categories[category.id] = category
    site.cohorts = {
        1: Cohort(1, "Partner programme 2026", "PP26", "Students of partners", [5, 6, 7]),
        2: Cohort(2, "Empty", "EMP", "Description for 'Empty' <br />\nLorem ipsum dolor sit amet"),
    }
    site.courses[2].groups[1].members = [9, 5, 6, 8, 7]
    _add_courses(site)
    _add_mechanics(site)
    _add_assignments(site)
    for name, first in _FIRST_FREE.items():
        setattr(site.ids, name, max(getattr(site.ids, name), first))


def _add_courses(site: Site) -> None:
    made = site.seeded + 4
    for number, (shortname, fullname, category, sortorder) in enumerate(
        (
            ("ME1", "Mechanics", 3, 30002),
            ("OP1", "Optics", 3, 30001),
            ("SC1", "Science for all", 2, 20002),
            ("HI1", "Hidden course", 2, 20001),
            ("IH1", "In hidden faculty", 4, 40001),
        )
    ):
        course = Course(MECHANICS + number, fullname, shortname, made, idnumber=f"ID-{shortname}", category=category)
        course.sortorder, course.contextid = sortorder, 94 + number
        course.startdate, course.enddate, course.enablecompletion = _JANUARY, _JULY, True
        course.visible = shortname != "HI1"
        site.courses[course.id] = course


def _add_mechanics(site: Site) -> None:
    course, made = site.courses[MECHANICS], site.seeded + 5
    course.enrolments = {3: Enrolment(3, ["editingteacher"])} | {
        user: Enrolment(user, ["student"]) for user in (5, 6, 7)
    }
    course.activities = [Activity(1, 23, "page", "Read me"), Activity(8, 25, "label", "no tracking", UNTRACKED)]
    course.criteria = (23, 24)
    course.lastaccess = {5: 1767300001}
    course.gradeitem, course.gradecategory, course.section = 19, 4, 25
    exercise = Assignment(16, 24, 100, MECHANICS, "Problem set", made, gradepass=50, gradeitem=20, completion=AUTOMATIC)
    _as_in(site, exercise)
    for userid, grade in ((5, 80), (6, 30)):
        number = userid + 1
        row = Grade(number, userid, 0, made, made, grader=2, grade=grade, comment=Comment("<p>well</p>", 1))
        exercise.grades[userid, 0] = row
        exercise.add(Submission(_NUMBERED_APART + userid, userid, made, made, status=NEW))
        exercise.flags[userid] = Flags(number, userid)
        exercise.gradebook[userid] = BookGrade(grade, made, feedback="<p>well</p>", feedbackformat=1)
        course.completed[userid, 23] = Completed(COMPLETE, made)
        course.completed[userid, 24] = Completed(PASSED if grade >= exercise.gradepass else FAILED, made)


def _add_assignments(site: Site) -> None:
    rubric, guide, files, dated, offline = (
        Assignment(17 + number, 26 + number, 102 + number, 2, name, site.seeded + 5, gradeitem=21 + number)
        for number, name in enumerate(("Rubric graded", "Guide graded", "Feedback files", "Dated", "Offline"))
    )
    rubric.advanced_grading, guide.advanced_grading = "rubric", "guide"
    rubric.criteria = {1: {1: 0, 2: 2, 3: 5}, 2: {4: 0, 5: 3}}
    guide.criteria = {1: {0: 70}, 2: {0: 30}}
    files.feedback_files = True
    dated.allowsubmissionsfromdate = _JANUARY
    dated.duedate, dated.cutoffdate = _JANUARY + _DAY, _JANUARY + 2 * _DAY
    dated.gradingduedate, dated.intro = _JANUARY + 3 * _DAY, "<p>Read <b>this</b></p>"
    dated.submissiondrafts = dated.requiresubmissionstatement = True
    dated.introattachments = [StoredFile("task sheet.pdf", b"%PDF-1.4 task", timemodified=site.seeded + 5)]
    offline.file_submissions = False
    for one in (rubric, guide, files, dated, offline):
        _as_in(site, one)


def _as_in(site: Site, one: Assignment) -> None:
    """Give an assignment what the release makes of its settings, and its place on the site."""
    if site.release == "4.4":
        one.attemptreopenmethod, one.maxattempts = "none", -1
    site.assignments[one.id] = one
