"""Where a user stands in an assignment: submission, grade, feedback, extension and lock, in one request."""

from collections.abc import Callable, Iterator

from msgspec.structs import asdict

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.grades import number
from rpc_moodle.moodle.models import Flag, Plugin, Several
from rpc_moodle.moodle.values import Name, Row, Text, When, seconds_of


class StoredFile(Row):
    """A file that was handed in or given as feedback; ``filesize`` in bytes."""

    filename: str = ""
    filepath: str = "/"
    filesize: int = 0
    mimetype: Text = ""
    fileurl: str = ""
    timemodified: When = None


class Standing(Row):
    """Where a user stands in an assignment.

    ``status`` is ``new``, ``draft``, ``submitted``, ``reopened``, or empty where nothing was begun; a team's where
    there is a team's. ``grade`` in points or a scale's number, null for none or where it is not released;
    ``gradefordisplay`` as people read it. ``comment`` is the feedback text, as HTML.
    """

    status: str = ""
    attemptnumber: int = 0
    timemodified: When = None
    onlinetext: str = ""
    files: Several[StoredFile] = ()
    gradingstatus: str = ""
    grade: float | None = None
    gradefordisplay: Name = ""
    gradeddate: When = None
    comment: str = ""
    feedbackfiles: Several[StoredFile] = ()
    extensionduedate: When = None
    locked: bool = False
    canedit: bool = False
    cansubmit: bool = False

    def with_links(self, link: Callable[[str], str]) -> "Standing":
        """Return it with other addresses for its files."""
        linked = {
            name: tuple(each.model_copy(update={"fileurl": link(each.fileurl)}) for each in files)
            for name, files in (("files", self.files), ("feedbackfiles", self.feedbackfiles))
        }
        return self.model_copy(update=linked)


class _Submission(Row):
    status: str = ""
    attemptnumber: int = 0
    timemodified: When = None
    plugins: Several[Plugin] = ()


class _Attempt(Row):
    submission: _Submission | None = None
    teamsubmission: _Submission | None = None
    gradingstatus: str = ""
    extensionduedate: When = None
    locked: Flag = False
    canedit: Flag = False
    cansubmit: Flag = False


class _Grade(Row):
    grade: str | None = None


class _Feedback(Row):
    grade: _Grade | None = None
    gradefordisplay: Name = ""
    gradeddate: When = None
    plugins: Several[Plugin] = ()


class _Status(Row):
    lastattempt: _Attempt = _Attempt()
    feedback: _Feedback = _Feedback()


async def standing(moodle: MoodleClient, assignment_id: int, user_id: int | None = None) -> Standing:
    """Return where a user stands, the account itself without an id (``student.status_*``, ``feedback.file_status``).

    Raises NotFound for a user who does not exist, AccessDenied for another's without the right to grade, and any other
    MoodleError.
    """
    params = {"assignid": assignment_id, "userid": user_id or 0}
    answer = await moodle.call("mod_assign_get_submission_status", params, into=_Status, fresh=True)
    attempt, feedback = answer.lastattempt, answer.feedback
    submission = attempt.teamsubmission or attempt.submission or _Submission()
    points = number(feedback.grade.grade) if feedback.grade else None
    return Standing.model_validate(
        {
            "status": submission.status,
            "attemptnumber": submission.attemptnumber,
            "timemodified": seconds_of(submission.timemodified),
            "onlinetext": _text(submission.plugins, "onlinetext"),
            "files": list(_files(submission.plugins, "submission_files")),
            "gradingstatus": attempt.gradingstatus,
            "grade": None if points is None else float(points),
            "gradefordisplay": feedback.gradefordisplay,
            "gradeddate": seconds_of(feedback.gradeddate),
            "comment": _text(feedback.plugins, "comments"),
            "feedbackfiles": list(_files(feedback.plugins, "feedback_files")),
            "extensionduedate": seconds_of(attempt.extensionduedate),
            "locked": attempt.locked,
            "canedit": attempt.canedit,
            "cansubmit": attempt.cansubmit,
        }
    )


def _text(plugins: Several[Plugin], name: str) -> str:
    fields = (field for plugin in plugins for field in plugin.editorfields)
    return "\n".join(field.text for field in fields if field.name == name)


def _files(plugins: Several[Plugin], name: str) -> Iterator[object]:
    for plugin in plugins:
        for area in plugin.fileareas:
            if area.area == name:
                yield from map(asdict, area.files)
