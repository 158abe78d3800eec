"""What ``mod_assign_save_grade`` does to the stored state, its mistakes included.

It always writes a grade, creates what is missing (submissions, attempts, flags, even for people who do not take part)
and never says that something was not stored. Each rule was seen in the recorded ``save.*`` exchanges; those that could
not be seen follow the public source of ``mod/assign/locallib.php`` and say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rpc_moodle.sandbox.errors import missing_user
from rpc_moodle.sandbox.people import User
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import NEW, RELEASED, REOPENED, Assignment, BookGrade, Comment, Flags, Grade, Submission


@dataclass
class Marks:
    """What one entry of a call asks to store; ``comment`` is ``None`` when the call carries none.

    ``filling`` gives per criterion the level's id (rubric) or the score (guide) of an advanced grading form.
    """

    grade: float
    attemptnumber: int
    addattempt: bool
    workflowstate: str
    comment: Comment | None = None
    filling: dict[int, float] = field(default_factory=dict)


class Grader:
    """Stores marks in one assignment on behalf of a user."""

    def __init__(self, site: Site, assignment: Assignment, user: User) -> None:
        """Grade in ``assignment`` as ``user``, whose right to do so the caller has checked."""
        self.site = site
        self.assignment = assignment
        self.user = user

    def save(self, userid: int, marks: Marks, *, apply_to_all: bool) -> None:
        """Store the marks for a user, or with ``apply_to_all`` for the user's whole team (``save.team_all``).

        Raises:
            MoodleError: ``invaliduser`` for a workflow state for nobody; what was written before it stays.

        """
        if not (self.assignment.teamsubmission and apply_to_all):
            self._apply(userid, marks, marks.attemptnumber)
            return
        team = self.site.team_of(self.assignment, userid)
        shared = self.assignment.submission_of(0, marks.attemptnumber, team)
        attempt = shared.attemptnumber if shared else marks.attemptnumber
        for member in self.site.team_members(self.assignment, team):
            self._apply(member, marks, attempt)

    def _apply(self, userid: int, marks: Marks, attempt: int) -> None:
        row = self._grade_row(userid, attempt)
        book = self.assignment.gradebook.setdefault(userid, BookGrade())
        before = wanted = row.grade
        if not book.fixed:
            wanted = self._filled(marks) if self.assignment.advanced_grading else round(marks.grade, 5)
            self._set_state(userid, marks.workflowstate)
        commented = self._comment(row, marks.comment)
        if userid not in self.assignment.mappings:
            self.site.number_participants(self.assignment)
        if (marks.addattempt or commented or before != -1 or wanted != -1) and self._fits(wanted):
            row.grade, row.grader, row.timemodified = wanted, self.user.id, self.site.now()
            self._after(row, book, add_attempt=marks.addattempt)

    def _grade_row(self, userid: int, attempt: int) -> Grade:
        """Find or make the row of an attempt; a new one has no grader and the submission's time (``save.too_high``)."""
        submission = self._submission(userid, 0, attempt)
        if self.assignment.teamsubmission:
            submission = self._submission(0, self.site.team_of(self.assignment, userid), attempt)
        key = (userid, submission.attemptnumber)
        if key not in self.assignment.grades:
            row = Grade(self.site.ids.grade, *key, timecreated=self.site.now(), timemodified=submission.timemodified)
            self.assignment.grades[key] = row
            self.site.ids.grade += 1
        return self.assignment.grades[key]

    def _submission(self, userid: int, groupid: int, attempt: int) -> Submission:
        """Find or make an attempt; a made one is empty and, if the highest, hides real work (``save.attempt_1``)."""
        found = self.assignment.submission_of(userid, attempt, groupid)
        if found:
            return found
        last, now = self.assignment.submission_of(userid, groupid=groupid), self.site.now()
        made = Submission(self.site.ids.submission, userid, now, now, groupid, max(attempt, 0), NEW)
        made.latest = last is None or made.attemptnumber > last.attemptnumber
        self.site.ids.submission += 1
        return self.assignment.add(made)

    def _set_state(self, userid: int, state: str) -> None:
        """Store the workflow state, whatever it is (``save.workflow_bad_state``); an empty one too."""
        flags = self.assignment.flags.get(userid)
        if flags is None:
            flags = self.assignment.flags[userid] = Flags(self.site.ids.flags, userid)
            self.site.ids.flags += 1
        changed, flags.workflowstate = flags.workflowstate != state, state
        if changed and userid not in self.site.users:
            raise missing_user()

    def _comment(self, row: Grade, comment: Comment | None) -> bool:
        """Store the comment if its text differs; one that is not sent empties the stored one (public source)."""
        if not self.assignment.comments_enabled:
            return False
        stored = row.comment.text if row.comment else ""
        sent = comment or Comment("", 0)
        if stored == sent.text:
            return False
        row.comment = Comment(sent.text, sent.format)
        return True

    def _filled(self, marks: Marks) -> float:
        """Compute the grade of a rubric or guide; without a filling it is wiped, whatever was sent (public source)."""
        criteria = self.assignment.criteria
        if not marks.filling or not criteria:
            return -1.0
        guide = self.assignment.advanced_grading == "guide"
        most = sum(max(levels.values()) for levels in criteria.values())
        least = 0.0 if guide else sum(min(levels.values()) for levels in criteria.values())
        score = sum(
            filled if guide else criteria[criterion].get(int(filled), 0.0)
            for criterion, filled in marks.filling.items()
            if criterion in criteria
        )
        return round(max(self.assignment.grade, 0) * (score - least) / ((most - least) or 1.0), 5)

    def _fits(self, grade: float) -> bool:
        """Tell whether the grade is one of this assignment; where not, nothing of the row is stored, silently."""
        if grade in {0, -1}:
            return True
        if self.assignment.grade > 0:
            return 0 <= grade <= self.assignment.grade
        scale = self.site.scales.get(-self.assignment.grade)
        return scale is None or 1 <= int(grade) <= len(scale)

    def _after(self, row: Grade, book: BookGrade, *, add_attempt: bool) -> None:
        """Tell the gradebook, and open another attempt where that was asked and is possible."""
        team = self.site.team_of(self.assignment, row.userid) if self.assignment.teamsubmission else 0
        owner = 0 if self.assignment.teamsubmission else row.userid
        last = self.assignment.submission_of(owner, groupid=team)
        if last is None or last.attemptnumber != row.attemptnumber:
            return
        if not self.assignment.is_blind and not book.fixed:
            hidden = self.assignment.markingworkflow and self.assignment.grading_status(row.userid) != RELEASED
            book.grade = row.grade if row.is_graded and not hidden else None
            book.dategraded = row.timemodified if book.grade is not None else None
        allowed = self.assignment.maxattempts == -1 or last.attemptnumber < self.assignment.maxattempts - 1
        if add_attempt and allowed and self.assignment.attemptreopenmethod == "manual":
            members = self.site.team_members(self.assignment, team) if self.assignment.teamsubmission else [row.userid]
            for member in members:
                self._submission(member, 0, last.attemptnumber + 1).status = REOPENED
            self._submission(owner, team, last.attemptnumber + 1).status = REOPENED
