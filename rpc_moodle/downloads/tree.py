"""The submitted files of an assignment, each with a place in a tree of folders, one per submission."""

from dataclasses import dataclass

from yarl import URL

from rpc_moodle.downloads.names import Names
from rpc_moodle.moodle import MoodleClient, assignments
from rpc_moodle.moodle.errors import InvalidSite
from rpc_moodle.moodle.files.url import file_of
from rpc_moodle.moodle.models import EnrolledUser, Submission
from rpc_moodle.moodle.submissions import ById, files_of, submissions_and_people


@dataclass(frozen=True)
class SubmittedFile:
    """A file as Moodle lists it: ``path`` is safe and relative, ``size`` in bytes, ``modified`` in Unix seconds.

    ``url`` is an error where it is no file of the site itself: no token is sent there.
    """

    url: URL | InvalidSite
    path: str
    size: int
    mimetype: str
    modified: int


async def submitted_files(
    moodle: MoodleClient, course_id: int, cmid: int, *, names: Names | None = None
) -> list[SubmittedFile]:
    """List the files of an assignment's latest submissions as ``<lastname>_<firstname>_<userid>/<file>``.

    A team's stand in ``team_<groupid>``; those of a user whose name is withheld, as in blind marking, in
    ``user_<userid>``. Folders of a submission are kept below that.

    Raises MoodleError.
    """
    assignment = await assignments.assignment(moodle, course_id, cmid)
    rows, people = await submissions_and_people(moodle, assignment, course_id)
    tree = names or Names()
    return [
        SubmittedFile(
            url=_url(file["fileurl"], moodle.site),
            path=tree.place([_folder(row, people), *file.get("filepath", "/").split("/")], file.get("filename", "")),
            size=file.get("filesize", 0),
            mimetype=file.get("mimetype") or "",
            modified=file.get("timemodified", 0),
        )
        for row in rows
        for _, file in files_of(row)
        if file.get("fileurl")
    ]


def _url(fileurl: str, site: URL) -> URL | InvalidSite:
    try:
        return file_of(fileurl, site)
    except InvalidSite as problem:
        return problem


def _folder(row: Submission, people: ById) -> str:
    userid = row.get("userid", 0)
    if not userid:
        return f"team_{row.get('groupid', 0)}"
    user = people.get(userid, EnrolledUser(id=userid))
    names = [user.get("lastname") or "", user.get("firstname") or ""]
    return "_".join([*filter(None, names), str(userid)]) if any(names) else f"user_{userid}"
