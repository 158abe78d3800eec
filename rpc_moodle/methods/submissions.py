"""What was submitted to an assignment."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from rpc_moodle.downloads.links import FileLinks
from rpc_moodle.methods.common import AssignmentRequest, moodle_of
from rpc_moodle.methods.fields import Since, seconds
from rpc_moodle.methods.people import People, UserInfo
from rpc_moodle.moodle import MoodleClient, assignments, deadlines, errors
from rpc_moodle.moodle.groups import groups, owners
from rpc_moodle.moodle.models import Assignment, File, Submission
from rpc_moodle.moodle.participants import submitters
from rpc_moodle.moodle.submissions import ById, files_in, files_of, submissions_and_people, texts_of
from rpc_moodle.transport.allowance import Allowance
from rpc_moodle.transport.gather import both
from utils.call import Call
from utils.codec import Written
from utils.registry import Registry

methods = Registry()

_MANY_FILES = 500  # of one submission, which is written at once

_ID_BYTES = 2
"""Bytes of an id, where each member's row lists all members of the team; at least, since a reply may have more."""


class FileRow(TypedDict):
    """A submitted file: ``filesize`` in bytes, ``timemodified`` in Unix seconds, ``fileurl`` enough to download it.

    Where ``fileurl`` is empty, ``problem`` says why there is no link.
    """

    filename: str
    filepath: str
    filesize: int
    mimetype: str
    timemodified: int
    filearea: str
    fileurl: str
    problem: NotRequired[str]


class FileUrl(TypedDict):
    """The part of a file with a link that older callers read."""

    filename: str
    fileurl: str


class SubmissionInfo(TypedDict):
    """A submission; a team's stands once, with ``userid`` 0 and all its members in ``userIds``.

    ``minutesLate`` is there where it was asked for: 0 in time, null for what is not handed in, for a team's row, and
    where the API key may not read the extensions.
    """

    userid: int
    userIds: list[int]
    userInfo: UserInfo
    submissionId: int
    attemptnumber: int
    status: str
    gradingstatus: str
    groupid: int
    timemodified: int
    files: list[FileRow]
    submissionURLs: list[FileUrl]
    onlinetext: str
    minutesLate: NotRequired[int | None]


class SubmissionsRequest(AssignmentRequest):
    """Whose submissions to list."""

    per_member: bool = Field(
        default=False,
        description="List a team's submission once for each member, with the member's own `userid`, `userInfo` and "
        "`gradingstatus`, instead of once.",
    )
    since: Since = None
    status: Literal["new", "draft", "submitted", "reopened"] | None = Field(
        default=None, description="Only those with this status."
    )
    late: bool = Field(
        default=False,
        description="Say of each how many minutes late it was, extensions counted, due dates overridden for a user or "
        "group not: `getDeadlines` knows those.",
    )


@methods.method(
    "getSubmissionsInfosFromAssignment",
    "getSubmissionInfosFromAssignment",
    needs=["core_enrol_get_enrolled_users", "mod_assign_get_assignments", "mod_assign_get_submissions"],
    gains_by=["mod_assign_get_user_flags"],
)
async def get_submissions_infos_from_assignment(request: SubmissionsRequest, call: Call) -> Written[SubmissionInfo]:
    """List the submissions of an assignment: the latest attempt of each user, a team's once."""
    async with moodle_of(request, call, counting=True) as moodle:
        links = call.shared(FileLinks).of(moodle.site, moodle.token)
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        since, status = seconds(request.since), request.status or ""
        rows, people = await submissions_and_people(moodle, assignment, request.course_id, since=since, status=status)
        extended = await _extensions(moodle, assignment) if request.late else None
        owned = [(row, [row.userid]) for row in rows]
        if assignment.teamsubmission:
            able, of_user = await both(submitters(moodle, request.course_id), groups(moodle, request.course_id))
            owned = owners(rows, of_user, {user.id for user in able}, grouping=assignment.teamsubmissiongroupingid != 0)
    shown = People(moodle.language)
    owned = [(row, ids) for row, ids in owned if row.timemodified >= since]
    owned = [(row, ids) for row, ids in owned if not status or row.status == status]
    own = {row.userid: row for row in rows}
    if request.per_member:
        _check_repeated(owned, Allowance(moodle.http.answers))

    def infos(slice_: Sequence[tuple[Submission, list[int]]]) -> list[SubmissionInfo]:
        listed = [_info(row, ids, people, shown, links.link) for row, ids in slice_]
        if request.per_member:
            listed = _per_member(listed, own, people, shown)
        if request.late:
            for info in listed:
                info["minutesLate"] = _minutes_late(info, assignment, extended)
        return listed

    written: Written[SubmissionInfo] = Written()
    if rows and max(map(files_in, rows)) > _MANY_FILES:
        await call.aside(lambda: written.add(infos(owned)))
    else:
        await call.write(written, infos, owned)
    return written


async def _extensions(moodle: MoodleClient, assignment: Assignment) -> dict[int, datetime | None] | None:
    """Return the extended due dates by user; None where the API key may not know them."""
    try:
        return {each.userid: each.extensionduedate for each in await deadlines.flags(moodle, assignment.id)}
    except (errors.AccessDenied, errors.UnknownFunction):
        return None


def _minutes_late(
    info: SubmissionInfo, assignment: Assignment, extended: Mapping[int, datetime | None] | None
) -> int | None:
    """Return how late a submission was, from the due date that holds for its user."""
    if extended is None or not info["userid"] or info["status"] != "submitted":
        return None
    due = datetime.fromtimestamp(assignment.duedate, UTC) if assignment.duedate else None
    user = info["userid"]
    return deadlines.deadline(user, due, extended.get(user), info["timemodified"]).minuteslate


def _check_repeated(owned: list[tuple[Submission, list[int]]], allowance: Allowance) -> None:
    """Raise AnswerTooLarge where what is repeated for each member of a team would come to more than an answer."""
    files = 0
    for row, ids in owned:
        files += len(ids) * files_in(row)
        allowance.take_rows(len(ids))
        allowance.take_bytes(len(ids) * (sum(map(len, texts_of(row))) + len(ids) * _ID_BYTES))
    allowance.take_files(files)


def _per_member(
    found: list[SubmissionInfo], own: Mapping[int, Submission], people: ById, shown: People
) -> list[SubmissionInfo]:
    """Repeat each team's submission for its members; a team of which no member is known stands once."""

    def member(info: SubmissionInfo, user: int) -> SubmissionInfo:
        graded = own.get(user, Submission(user)).gradingstatus or info["gradingstatus"]
        return {**info, "userid": user, "userInfo": shown.info(people.get(user)), "gradingstatus": graded}

    return [
        each
        for info in found
        for each in ([info] if info["userid"] else [member(info, user) for user in info["userIds"]] or [info])
    ]


def _file_row(area: str, file: File, link: Callable[[str], str]) -> FileRow:
    row: FileRow = {
        "filename": file.filename,
        "filepath": file.filepath,
        "filesize": file.filesize,
        "mimetype": file.mimetype or "",
        "timemodified": file.timemodified,
        "filearea": area,
        "fileurl": "",
    }
    try:
        row["fileurl"] = link(file.fileurl)
    except errors.InvalidSite as problem:
        row["problem"] = str(problem)
    return row


def _info(row: Submission, ids: list[int], people: ById, shown: People, link: Callable[[str], str]) -> SubmissionInfo:
    files = [_file_row(area, file, link) for area, file in files_of(row)]
    return {
        "userid": row.userid,
        "userIds": ids,
        "userInfo": shown.info(people.get(row.userid)),
        "submissionId": row.id,
        "attemptnumber": row.attemptnumber,
        "status": row.status,
        "gradingstatus": row.gradingstatus,
        "groupid": row.groupid,
        "timemodified": row.timemodified,
        "files": files,
        "submissionURLs": [
            {"filename": file["filename"], "fileurl": file["fileurl"]} for file in files if file["fileurl"]
        ],
        "onlinetext": "\n".join(texts_of(row)),
    }
