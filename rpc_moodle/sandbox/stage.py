"""Setting an assignment into a state: what tests and demos need before they begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpc_moodle.sandbox.advanced import Answer, Definition
from rpc_moodle.sandbox.attempts import attempt, counted
from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.gradebook import note_submission
from rpc_moodle.sandbox.grading import Grader, Marks
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import SUBMITTED, Assignment, BookGrade, Comment

ADMIN = 2
"""The user id of the administrator, who has graded before a test begins."""


class Stage:
    """Sets up assignments of one site; what it stores goes the way that Moodle's own grading goes.

    .. code-block:: python

        stage = Stage(sandbox.site)
        essay = stage.assignment("Essay", attemptreopenmethod="manual", maxattempts=-1)
        stage.hand_in(essay, 5, 6)
        stage.mark(essay, 5, 64, "<p>old</p>", add_attempt=True)
        stage.lock(essay, 6)

    Settings are changed on the assignment itself: ``essay.markingworkflow = True`` switches workflow on later.
    """

    def __init__(self, site: Site) -> None:
        """Set up assignments of ``site``."""
        self.site = site

    def assignment(self, name: str, *, course: int = 2, id: int = 0, cmid: int = 0, **settings: Any) -> Assignment:  # noqa: A002 - the column's name
        """Add an assignment of a course; without ids it gets the next free ones, which differ from each other."""
        others = self.site.assignments.values()
        number = id or max(one.id for one in others) + 1
        cmid = cmid or max(one.cmid for one in others) + 1
        one = Assignment(number, cmid, max(one.contextid for one in others) + 1, course, name, **settings)
        one.timemodified = self.site.now()
        self.site.assignments[number] = one
        return one

    def hand_in(self, one: Assignment, *users: int, filename: str = "a.txt", content: bytes = b"work") -> None:
        """Hand in a file for each user or the user's team: as the latest attempt, made if there is none."""
        for userid in users:
            row = counted(self.site, one, userid)
            row.files = [StoredFile(filename, content, timemodified=self.site.now())]
            own = attempt(self.site, one, userid, 0)
            for each in (row, own):
                each.status, each.timemodified = SUBMITTED, self.site.now()
            team = self.site.courses[one.courseid].groups.get(row.groupid)
            note_submission(one, team.members if team else [userid], self.site.now())

    def mark(  # noqa: PLR0913 - the columns of a grading form
        self,
        one: Assignment,
        userid: int,
        grade: float = -1,
        text: str = "<p>old</p>",
        *,
        state: str = "",
        answers: Mapping[int, float] | None = None,
        add_attempt: bool = False,
    ) -> None:
        """Store grade, comment and workflow state, as an administrator would have; ``answers`` fill in the form."""
        filled = {criterion: Answer(value) for criterion, value in (answers or {}).items()}
        marks = Marks(grade, -1, add_attempt, state, Comment(text, 1), filled)
        Grader(self.site, one, self.site.users[ADMIN]).save(userid, marks, apply_to_all=False)

    def override(self, one: Assignment, userid: int, grade: float) -> None:
        """Put another grade into the gradebook, where it stays (``gradebook.1``)."""
        row = self._book(one, userid)
        row.grade, row.dategraded, row.overridden = grade, self.site.now(), True

    def lock(self, one: Assignment, *users: int) -> None:
        """Lock users' rows in the gradebook (``gradebook.2``)."""
        for userid in users:
            self._book(one, userid).locked = True

    def hide(self, one: Assignment, *users: int) -> None:
        """Hide users' rows in the gradebook from them (``gradebook.3``)."""
        for userid in users:
            self._book(one, userid).hidden = True

    def rubric(self, one: Assignment, criteria: dict[int, dict[int, float]], definition: Definition) -> None:
        """Grade by a rubric: scores by criterion and level id."""
        one.advanced_grading, one.criteria, one.definition = "rubric", criteria, definition
        definition.timecreated = self.site.now()

    def guide(self, one: Assignment, maxima: Mapping[int, float], definition: Definition) -> None:
        """Grade by a marking guide: the highest score by criterion id."""
        one.advanced_grading, one.definition = "guide", definition
        one.criteria = {criterion: {0: most} for criterion, most in maxima.items()}
        definition.timecreated = self.site.now()

    @staticmethod
    def _book(one: Assignment, userid: int) -> BookGrade:
        return one.gradebook.setdefault(userid, BookGrade())
