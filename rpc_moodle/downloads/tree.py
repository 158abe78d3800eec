"""The submitted files of an assignment, each with a place in a tree of folders, one per submission."""

from collections.abc import AsyncIterator, Hashable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from pydantic import SecretStr
from yarl import URL

from rpc_moodle.downloads import onlinetext
from rpc_moodle.downloads.names import Names
from rpc_moodle.downloads.onlinetext import TextFile, open_text
from rpc_moodle.moodle import Http, MoodleClient, assignments
from rpc_moodle.moodle.errors import InvalidSite
from rpc_moodle.moodle.files.remote import RemoteFile, open_file
from rpc_moodle.moodle.files.url import file_of
from rpc_moodle.moodle.models import EnrolledUser, File, Plugin, Submission
from rpc_moodle.moodle.submissions import ById, submissions_and_people
from rpc_moodle.transport.unhurried import unhurried


@dataclass(frozen=True)
class SubmittedFile:
    """A file of a submission: ``path`` is safe and relative, ``size`` in bytes, ``modified`` in Unix seconds.

    ``source`` is where it is at the site, or what it holds where it is the page of an online text, or an error where
    it is no file of the site itself: no token is sent there.
    """

    source: URL | bytes | InvalidSite
    path: str
    size: int
    mimetype: str
    modified: int

    def open(
        self, http: Http, token: SecretStr, owner: Hashable, caller: Hashable = None
    ) -> AbstractAsyncContextManager[RemoteFile | TextFile]:
        """Open it; transfers of ``owner`` take turns, and count as ``caller``'s. Raises any MoodleError."""
        if isinstance(self.source, bytes):
            return open_text(self.path.rpartition("/")[2], self.source)
        if isinstance(self.source, InvalidSite):
            raise self.source
        return open_file(http, self.source, token, owner=owner, caller=caller)


async def submitted_files(
    moodle: MoodleClient, course_id: int, cmid: int, *, names: Names | None = None
) -> list[SubmittedFile]:
    """List what an assignment's latest submissions hold as ``<lastname>_<firstname>_<userid>/<file>``.

    A team's stand in ``team_<groupid>``; those of a user whose name is withheld, as in blind marking, in
    ``user_<userid>``. Folders of a submission are kept below that. A text is ``onlinetext.html``, and the files that
    it shows lie beside it.

    Raises MoodleError.
    """
    assignment = await assignments.assignment(moodle, course_id, cmid)
    rows, people = await submissions_and_people(moodle, assignment, course_id)
    return [file async for file in tree(rows, people, names or Names(), moodle.site)]


async def tree(rows: Iterable[Submission], people: ById, names: Names, site: URL) -> AsyncIterator[SubmittedFile]:
    """Give what submissions hold its places, with a turn for others in between."""
    async for row in unhurried(rows):
        for plugin in row.plugins:
            async for file in _placed(row, plugin, people, names, site):
                yield file


async def _placed(
    row: Submission, plugin: Plugin, people: ById, names: Names, site: URL
) -> AsyncIterator[SubmittedFile]:
    folder = _folder(row, people)
    text = onlinetext.text_of(plugin) if plugin.type == "onlinetext" else ""
    path = names.place([folder], onlinetext.PAGE) if text else ""
    files = [file for area in plugin.fileareas for file in area.files if file.fileurl]
    placed = [_stored(file, folder, names, site) async for file in unhurried(files)]
    if text:
        below = path.rpartition("/")[0] + "/"
        beside = {
            onlinetext.name_in_moodle(file): there.path.removeprefix(below)
            for file, there in zip(files, placed, strict=True)
        }
        content = onlinetext.page(text, beside, base=files[0].fileurl if files else "")
        yield SubmittedFile(content, path, len(content), "text/html", row.timemodified)
    for file in placed:
        yield file


def _stored(file: File, folder: str, names: Names, site: URL) -> SubmittedFile:
    return SubmittedFile(
        source=_url(file.fileurl, site),
        path=names.place([folder, *file.filepath.split("/")], file.filename),
        size=file.filesize,
        mimetype=file.mimetype or "",
        modified=file.timemodified,
    )


def _url(fileurl: str, site: URL) -> URL | InvalidSite:
    try:
        return file_of(fileurl, site)
    except InvalidSite as problem:
        return problem


def _folder(row: Submission, people: ById) -> str:
    if not row.userid:
        return f"team_{row.groupid}"
    user = people.get(row.userid, EnrolledUser(row.userid))
    return folder_of(row.userid, user.lastname or "", user.firstname or "")


def folder_of(userid: int, lastname: str, firstname: str) -> str:
    """Return the name of a user's folder, before it is made safe."""
    names = [name for name in (lastname, firstname) if name]
    return "_".join([*names, str(userid)]) if names else f"user_{userid}"
