"""What ``mod_assign_save_grade`` does to the stored state, its mistakes included.

It always writes a grade, creates what is missing (submissions, attempts, flags, even for people who do not take part)
and never says that something was not stored. Each rule was seen in the recorded ``save.*`` exchanges and in those of
the recorded cases; those that could not be seen follow the public source of ``mod/assign/locallib.php`` and say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rpc_moodle.sandbox.advanced import ACTIVE, ARCHIVED, Answer, Filling, Instance, grade_of, is_empty
from rpc_moodle.sandbox.attempts import attempt, counted, reopen_if_due
from rpc_moodle.sandbox.errors import missing_user, not_written
from rpc_moodle.sandbox.feedback_files import give
from rpc_moodle.sandbox.gradebook import is_kept_out, push
from rpc_moodle.sandbox.people import User
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import RELEASED, Assignment, Comment, Flags, Grade, Submission


@dataclass
class Marks:
    """What one entry of a call asks to store.

    ``grade`` is ``None`` for "no grade"; with ``keeps_grade`` the stored one stays, whatever it is.
    ``workflowstate`` and ``comment`` are ``None`` when the call carries none. ``answers`` fill in a rubric or guide, by
    criterion id. ``notify``: whether Moodle is to notify the student. ``draft`` is the draft area whose files are to be
    the feedback files; 0 leaves them (``feedback.file_emptied``), and so does none.
    """

    grade: float | None
    attemptnumber: int
    addattempt: bool
    workflowstate: str | None
    comment: Comment | None = None
    answers: dict[int, Answer] = field(default_factory=dict)
    keeps_grade: bool = False
    notify: bool = True
    draft: int = 0


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
            MoodleError: ``invaliduser`` for a workflow state for nobody, ``dmlwriteexception`` where a comment is
                stored and the call carries none; what was written before it stays.

        """
        if not self.assignment.teamsubmission:
            self._apply(userid, marks, marks.attemptnumber, None)
            return
        team = self.site.team_of(self.assignment, userid)
        last = self.assignment.submission_of(0, groupid=team)
        if not apply_to_all:
            self._apply(userid, marks, marks.attemptnumber, last)
            return
        shared = self.assignment.submission_of(0, marks.attemptnumber, team)
        number = shared.attemptnumber if shared else marks.attemptnumber
        for member in self.site.team_members(self.assignment, team):
            self._apply(member, marks, number, last)

    def grade_row(self, userid: int, number: int) -> Grade:
        """Find or make the row of an attempt; a new one has no grader and the submission's time (``save.too_high``)."""
        submission = attempt(self.site, self.assignment, userid, 0, number)
        if self.assignment.teamsubmission:
            submission = counted(self.site, self.assignment, userid, number)
        key = (userid, submission.attemptnumber)
        if key not in self.assignment.grades:
            row = Grade(self.site.ids.grade, *key, timecreated=self.site.now(), timemodified=submission.timemodified)
            self.assignment.grades[key] = row
            self.site.ids.grade += 1
        return self.assignment.grades[key]

    def _apply(self, userid: int, marks: Marks, number: int, last: Submission | None) -> None:
        row = self.grade_row(userid, number)
        wanted = row.grade
        if not is_kept_out(self.assignment, userid):
            wanted = self._wanted(row, marks)
            if marks.workflowstate is not None:
                self._set_state(userid, marks.workflowstate)
        commented = self._comment(row, marks.comment)
        filed = (
            self.assignment.feedback_files
            and marks.draft > 0
            and give(self.site, self.assignment, row, self.user, marks.draft)
        )
        if userid not in self.assignment.mappings:
            self.site.number_participants(self.assignment)
        touched = marks.addattempt or commented or filed or row.grade not in {None, -1} or wanted not in {None, -1}
        if touched and self._fits(wanted):
            row.grade, row.grader, row.timemodified = wanted, self.user.id, self.site.now()
            self._tell(row, last, asked=marks.addattempt)
        if marks.notify:
            self._notify(userid, marks.workflowstate)

    def _wanted(self, row: Grade, marks: Marks) -> float | None:
        if self.assignment.advanced_grading:
            return self._fill(row, marks.answers)
        if marks.keeps_grade:
            return row.grade
        return None if marks.grade is None else round(marks.grade, 5)

    def _set_state(self, userid: int, state: str) -> None:
        """Store the workflow state, whatever it is (``save.workflow_bad_state``); an empty one too."""
        flags = self._flags(userid)
        changed, flags.workflowstate = flags.workflowstate != state, state
        if changed and userid not in self.site.users:
            raise missing_user()

    def _flags(self, userid: int) -> Flags:
        """Find or make the user's flags; new ones say that nobody is to be notified (``form.flags_workflow``)."""
        if userid not in self.assignment.flags:
            self.assignment.flags[userid] = Flags(self.site.ids.flags, userid, mailed=2)
            self.site.ids.flags += 1
        return self.assignment.flags[userid]

    def _comment(self, row: Grade, sent: Comment | None) -> bool:
        """Store the comment if its text differs.

        A call without one is as good as an empty text, but that cannot be stored in the place of another: the format is
        missing, and the database refuses (seen on Moodle 4.5).
        """
        if not self.assignment.comments_enabled:
            return False
        stored = row.comment.text if row.comment else ""
        if stored == (sent.text if sent else ""):
            return False
        if sent is None:
            raise not_written()
        row.comment = Comment(sent.text, sent.format)
        return True

    def _fill(self, row: Grade, answers: dict[int, Answer]) -> float:
        """Fill in the rubric or guide anew and compute the grade.

        The new instance begins as a copy of the active one and takes its place. Without an answer it stays a copy, or
        empty where there was none (``rubric.4``), and the grade is none.
        """
        one, kind, now = self.assignment, self.assignment.advanced_grading, self.site.now()
        if not one.criteria:
            return -1.0
        made = Instance(self.site.ids.instance, self.user.id, row.id, now, ACTIVE)
        self.site.ids.instance += 1
        active = next((each for each in one.instances if each.itemid == row.id and each.status == ACTIVE), None)
        one.instances.append(made)
        if active:
            active.status = ARCHIVED
            for criterion, old in active.fillings.items():
                made.fillings[criterion] = Filling(self._filling_id(kind), old.value, old.remark)
        if is_empty(one.criteria, answers):
            return -1.0
        made.fillings = {key: made.fillings[key] for key in made.fillings if key in answers}
        for criterion, answer in answers.items():
            kept = made.fillings.get(criterion)
            number = kept.id if kept else self._filling_id(kind)
            made.fillings[criterion] = Filling(number, answer.value or 0, answer.remark)
        return grade_of(kind, one.criteria, one.grade, made.fillings)

    def _filling_id(self, kind: str) -> int:
        self.site.ids.filling[kind] += 1
        return self.site.ids.filling[kind] - 1

    def _fits(self, grade: float | None) -> bool:
        """Tell whether the grade is one of this assignment; where not, nothing of the row is stored, silently."""
        if grade is None or grade in {0, -1}:
            return True
        if self.assignment.grade > 0:
            return 0 <= grade <= self.assignment.grade
        scale = self.site.scales.get(-self.assignment.grade)
        return scale is None or 1 <= int(grade) <= len(scale)

    def _tell(self, row: Grade, last: Submission | None, *, asked: bool) -> None:
        """Tell the gradebook, and reopen where due; of an older attempt neither hears (``manual.3``).

        For a team of which there was no row at all before the write, nothing is reopened (seen on Moodle 4.5).
        """
        if last is None and self.assignment.teamsubmission:
            push(self.assignment, row)
            return
        last = last or counted(self.site, self.assignment, row.userid)
        if last.attemptnumber == row.attemptnumber:
            push(self.assignment, row)
            reopen_if_due(self.site, self.assignment, row.userid, last.attemptnumber, asked=asked)

    def _notify(self, userid: int, state: str | None) -> None:
        """Leave the user to the mailer, with marking workflow only on release (``workflow_off.2``)."""
        if self.assignment.markingworkflow and state not in {None, RELEASED}:
            return
        self._flags(userid).mailed = 0
        self.assignment.notified.append(userid)
