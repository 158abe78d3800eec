"""What a test sees of the sandbox's stored state: of every student of every assignment."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from rpc_moodle.sandbox import Site
from rpc_moodle.sandbox.people import Service, Token
from rpc_moodle.sandbox.work import Assignment, BookGrade, Comment, Flags, Grade, Submission

Key = tuple[int, int]

FIVE = (
    "core_enrol_get_enrolled_users",
    "mod_assign_save_grade",
    "mod_assign_get_assignments",
    "mod_assign_get_user_mappings",
    "mod_assign_get_submissions",
)

STATUS = (*FIVE, "mod_assign_get_submission_status")
FULL = (
    *STATUS,
    "core_webservice_get_site_info",
    "mod_assign_save_grades",
    "mod_assign_get_grades",
    "mod_assign_get_user_flags",
    "mod_assign_list_participants",
    "core_course_get_course_module",
    "gradereport_user_get_grade_items",
    "core_grading_get_definitions",
    "core_grading_get_gradingform_instances",
)

WRITERS = ("mod_assign_save_grade", "mod_assign_save_grades", "mod_assign_submit_grading_form")


@dataclass(frozen=True)
class Standing:
    """Where a user stands; a row that says nothing (no grade, no comment, nothing handed in) is as none."""

    attempts: tuple[tuple[int, str, bool], ...] = ()
    grades: tuple[tuple[int, float], ...] = ()
    comments: tuple[tuple[int, str, int], ...] = ()
    workflow: str = "notmarked"  # what Moodle takes an empty state for
    flags: tuple[int, int, int] = (0, 0, 0)


class Lookout:
    """Sees the state of a site, and what has changed since."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def state(self) -> dict[Key, Standing]:
        """The standing of everybody on the site in every assignment, submissions of teams under their group's id."""
        found: dict[Key, Standing] = {}
        for assignment in self.site.assignments.values():
            everybody = {0, *self.site.users} | {user for user, _ in assignment.grades}
            for user in everybody:
                found[assignment.id, user] = self._standing(assignment, user)
        return found

    def changes(self, before: dict[Key, Standing]) -> dict[Key, set[str]]:
        """Who stands elsewhere than before, and in what."""
        after = self.state()
        names = [field.name for field in fields(Standing)]
        found = {}
        for key in before.keys() | after.keys():
            old, new = before.get(key, Standing()), after.get(key, Standing())
            if old != new:
                found[key] = {name for name in names if getattr(old, name) != getattr(new, name)}
        return found

    @staticmethod
    def _standing(assignment: Assignment, user: int) -> Standing:
        owned = [rows for owner, rows in sorted(assignment.attempts.items()) if owner[0] == user]
        owned = [rows for rows in owned if [(row.attemptnumber, row.status) for row in rows] != [(0, "new")]]
        attempts = [(row.attemptnumber, row.status, row.latest) for rows in owned for row in rows]
        marks = sorted((row for (owner, _), row in assignment.grades.items() if owner == user), key=_attempt)
        flags = assignment.flags.get(user, Flags(0, user))
        return Standing(
            attempts=tuple(attempts),
            grades=tuple((row.attemptnumber, row.grade) for row in marks if row.grade is not None and row.is_graded),
            comments=tuple(
                (row.attemptnumber, row.comment.text, row.comment.format)
                for row in marks
                if row.comment and row.comment.text
            ),
            workflow=flags.workflowstate or "notmarked",
            flags=(flags.locked, flags.extensionduedate, flags.allocatedmarker),
        )

    def comment(self, assignment: int, user: int) -> str:
        """The comment on a user's latest attempt."""
        row = self.site.assignments[assignment].grade_of(user)
        return row.comment.text if row and row.comment else ""

    def grade(self, assignment: int, user: int) -> float:
        """The grade of a user's latest attempt, -1 for none."""
        row = self.site.assignments[assignment].grade_of(user)
        return row.grade if row and row.grade is not None else -1

    def mark(
        self, assignment: int, user: int, grade: float = -1, comment: str = "", *, state: str = "", locked: int = 0
    ) -> None:
        """Store a grade, comment and flags on the latest attempt, as a marker would have."""
        one = self.site.assignments[assignment]
        submission = one.submission_of(user)
        if submission is None:
            submission = one.add(Submission(self.site.ids.submission, user, 1, 1, status="new"))
            self.site.ids.submission += 1
        row = Grade(self.site.ids.grade, user, submission.attemptnumber, 1, 1, grader=2, grade=grade)
        row.comment = Comment(comment, 1) if comment else None
        one.grades[user, submission.attemptnumber] = row
        one.flags[user] = Flags(self.site.ids.flags, user, workflowstate=state, locked=locked)
        held_back = grade < 0 or (one.markingworkflow and state != "released")
        one.gradebook[user] = BookGrade() if held_back else BookGrade(grade, 1)
        self.site.ids.grade += 1
        self.site.ids.flags += 1

    def writes(self) -> list[str]:
        """The functions that were called to write, in order."""
        return [seen.function for seen in self.site.requests if seen.function in WRITERS]

    def token_for(self, functions: Sequence[str]) -> str:
        """Make a token of the teacher that may call these functions only."""
        name = f"only{len(self.site.services)}"
        value = name.rjust(32, "0")
        self.site.services[name] = Service(name, frozenset(functions))
        self.site.tokens[value] = Token(value, 3, name)
        return value


def _attempt(row: Grade) -> int:
    return row.attemptnumber
