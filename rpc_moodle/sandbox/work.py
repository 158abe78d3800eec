"""An assignment and what is stored in it: attempts, grades, comments, flags, the gradebook and filled-in forms."""

from __future__ import annotations

from dataclasses import dataclass, field

from rpc_moodle.sandbox.advanced import Definition, Instance
from rpc_moodle.sandbox.files import StoredFile

GRADED, NOT_GRADED, NOT_MARKED, RELEASED = "graded", "notgraded", "notmarked", "released"
NEW, DRAFT, SUBMITTED, REOPENED = "new", "draft", "submitted", "reopened"


@dataclass
class Submission:
    """One attempt of a user, or of a group (``userid`` 0); times are Unix seconds."""

    id: int
    userid: int
    timecreated: int
    timemodified: int
    groupid: int = 0
    attemptnumber: int = 0
    status: str = SUBMITTED
    latest: bool = True
    files: list[StoredFile] = field(default_factory=list)
    onlinetext: str | None = None


@dataclass
class Comment:
    """A feedback comment with its text format."""

    text: str
    format: int


@dataclass
class Grade:
    """A row of ``assign_grades``: -1 is no grade, and so is ``None`` (``form.text_only_ungraded``).

    ``grader`` is -1 while nobody's grade was accepted. ``files`` are those given as feedback, which hang on the row.
    """

    id: int
    userid: int
    attemptnumber: int
    timecreated: int
    timemodified: int
    grader: int = -1
    grade: float | None = -1.0
    comment: Comment | None = None
    files: list[StoredFile] = field(default_factory=list)

    @property
    def is_graded(self) -> bool:
        """Whether there is a grade, zero included."""
        return self.grade is not None and self.grade >= 0


@dataclass
class Flags:
    """A row of ``assign_user_flags``; ``locked`` bars the student from submitting, not the teacher from grading.

    ``mailed``: 0, the student will be notified; 1, has been; 2, will not be (``form.flags_*``).
    """

    id: int
    userid: int
    locked: int = 0
    mailed: int = 0
    extensionduedate: int = 0
    workflowstate: str = ""
    allocatedmarker: int = 0


@dataclass
class BookGrade:
    """A row of the gradebook: the final grade, with the feedback and dates that were pushed there, Unix seconds.

    ``feedbackformat`` is 2 until feedback was pushed. An overridden or locked row takes no grade (``gradebook.*``).
    """

    grade: float | None = None
    dategraded: int | None = None
    datesubmitted: int | None = None
    feedback: str = ""
    feedbackformat: int = 2
    overridden: bool = False
    locked: bool = False
    hidden: bool = False

    @property
    def fixed(self) -> bool:
        """Whether the assignment's grading is kept out."""
        return self.overridden or self.locked


@dataclass
class Assignment:
    """An assignment; ``id`` is the instance, ``cmid`` the number in its page's URL.

    Dates are Unix seconds, 0 for none. ``completion`` is how its completion is tracked, 0 as the course has it, 2 by
    its grade. ``grade`` is the maximum, 0 for none, minus the scale's id for a scale. ``maxattempts`` is -1 for any
    number. ``attemptreopenmethod`` is ``none``, ``manual``, ``untilpass`` or, from Moodle 4.5 on, ``automatic``.
    ``advanced_grading`` is ``""``, ``"rubric"`` or ``"guide"``; ``criteria`` then holds, per criterion id, the scores
    by level id (a guide has the one level 0, whose score is the maximum), ``definition`` the words to it, and
    ``instances`` what was filled in. ``gradeitem`` is its id in the gradebook. ``notified`` names a user once for each
    write after which Moodle is to send a notification.
    """

    id: int
    cmid: int
    contextid: int
    courseid: int
    name: str
    timemodified: int = 0
    intro: str = ""
    grade: int = 100
    gradepass: float = 0.0
    gradeitem: int = 0
    duedate: int = 0
    allowsubmissionsfromdate: int = 0
    cutoffdate: int = 0
    gradingduedate: int = 0
    requiresubmissionstatement: bool = False
    introattachments: list[StoredFile] = field(default_factory=list)
    completion: int = 0
    feedback_files: bool = False
    visible: bool = True
    separate_groups: bool = False
    file_submissions: bool = True
    text_submissions: bool = False
    comments_enabled: bool = True
    comment_inline: bool = False
    comments_in_gradebook: bool = True
    submissiondrafts: bool = False
    teamsubmission: bool = False
    teamsubmissiongroupingid: int = 0
    blindmarking: bool = False
    revealidentities: bool = False
    markingworkflow: bool = False
    attemptreopenmethod: str = "untilpass"
    maxattempts: int = 1
    advanced_grading: str = ""
    criteria: dict[int, dict[int, float]] = field(default_factory=dict)
    definition: Definition = field(default_factory=Definition)
    instances: list[Instance] = field(default_factory=list)
    submissions: dict[int, Submission] = field(default_factory=dict)
    grades: dict[tuple[int, int], Grade] = field(default_factory=dict)
    flags: dict[int, Flags] = field(default_factory=dict)
    mappings: dict[int, int] = field(default_factory=dict)
    gradebook: dict[int, BookGrade] = field(default_factory=dict)
    attempts: dict[tuple[int, int], list[Submission]] = field(default_factory=dict)
    notified: list[int] = field(default_factory=list)

    @property
    def nosubmissions(self) -> bool:
        """Whether students hand in nothing here."""
        return not (self.file_submissions or self.text_submissions)

    @property
    def is_blind(self) -> bool:
        """Whether markers must not see names."""
        return self.blindmarking and not self.revealidentities

    def add(self, submission: Submission) -> Submission:
        """Store an attempt; as the latest one it takes that mark from the others of the same owner."""
        owned = self.attempts.setdefault((submission.userid, submission.groupid), [])
        if submission.latest:
            for other in owned:
                other.latest = False
        owned.append(submission)
        owned.sort(key=lambda one: one.attemptnumber)
        self.submissions[submission.id] = submission
        return submission

    def submission_of(self, userid: int, attempt: int = -1, groupid: int = 0) -> Submission | None:
        """Give a user's (or with ``userid`` 0 a group's) attempt, -1 meaning the highest."""
        owned = self.attempts.get((userid, groupid), [])
        if attempt < 0:
            return owned[-1] if owned else None
        return next((one for one in owned if one.attemptnumber == attempt), None)

    def latest_of(self, userid: int) -> Submission | None:
        """Give the user's own latest submission."""
        return next((one for one in reversed(self.attempts.get((userid, 0), [])) if one.latest), None)

    def grade_of(self, userid: int) -> Grade | None:
        """Give the grade of the user's latest attempt, or of attempt 0 where nothing was submitted."""
        submission = self.submission_of(userid)
        return self.grades.get((userid, submission.attemptnumber if submission else 0))

    def grading_status(self, userid: int) -> str:
        """Give the workflow state, or without workflow whether there is a grade."""
        if self.markingworkflow:
            flags = self.flags.get(userid)
            return (flags.workflowstate if flags else "") or NOT_MARKED
        grade = self.grade_of(userid)
        return GRADED if grade and grade.is_graded else NOT_GRADED
