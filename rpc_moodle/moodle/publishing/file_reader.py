"""Reads which feedback files a user has, what they are, and how large they may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import BaseModel

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.files.wire import etag_of
from rpc_moodle.moodle.grades import grades, status
from rpc_moodle.moodle.models import Assignment, Rows
from rpc_moodle.moodle.publishing.feedback_files import Held, There, address, candidates, listed
from rpc_moodle.moodle.publishing.keys import STATUS, Key
from rpc_moodle.moodle.publishing.stored import Stored
from rpc_moodle.moodle.wire import Params
from rpc_moodle.transport.gather import together

_COURSES = "core_course_get_courses_by_field"
_GRADES = "mod_assign_get_grades"


class _Course(BaseModel):
    maxbytes: int = 0


class _Courses(BaseModel):
    courses: Rows[_Course] = []


@dataclass
class FileReader:
    """Reads the feedback files of an assignment's users, each time anew."""

    moodle: MoodleClient
    assignment: Assignment
    key: Key
    _limit: int | None = None

    async def rows(self) -> dict[int, int] | None:
        """Return by user the id of the row of grades on the newest attempt, on which files hang; None if unknown.

        Raises any MoodleError.
        """
        found = await self.key.may(_GRADES, lambda: grades(self.moodle, self.assignment))
        return None if found is None else {user: row.get("id", 0) for user, row in found.items()}

    async def before(
        self, user: int, attempt: int, state: Stored, rows: Mapping[int, int] | None
    ) -> tuple[There, ...] | None:
        """Return the files that a user has on an attempt; None where the key cannot read them.

        Who has no row of grades is not asked about: reading a user's status makes a submission where there is none.

        Raises any MoodleError.
        """
        blank = rows is not None and user not in rows and not self.assignment.teamsubmission
        if blank and attempt == state.newest:
            return ()
        return await self.now(user, attempt)

    async def now(self, user: int, attempt: int) -> tuple[There, ...] | None:
        """Return the same, always asked of the user's status. Raises any MoodleError."""
        seen = await self.key.may(STATUS, lambda: status(self.moodle, self.assignment, user))
        if seen is None:
            return None
        released = seen.get("lastattempt", {}).get("gradingstatus") == "released"
        return listed(seen, attempt, held_back=self.assignment.markingworkflow and not released)

    async def unlisted(
        self, user: int, rows: Mapping[int, int] | None, sha1s: Mapping[str, str]
    ) -> dict[str, bool | None]:
        """Tell of files that are not listed, by path and expected SHA-1, whether they are there; None if unknown.

        Raises any MoodleError.
        """
        seen = await self.key.may(STATUS, lambda: status(self.moodle, self.assignment, user))
        row = (rows or {}).get(user)
        if seen is None or not row:
            return dict.fromkeys(sha1s)
        below = address(seen, row)
        urls = {path: f"{below}{quote(path)}" if below else "" for path in sha1s}
        found = await together(self._is(urls[path], sha1) for path, sha1 in sha1s.items())
        return dict(zip(sha1s, found, strict=True))

    async def same(self, held: Sequence[Held], there: Sequence[There]) -> frozenset[tuple[str, str]]:
        """Return which of the files that are there are the caller's, by path and SHA-1. Raises any MoodleError."""
        pairs = candidates(held, there)
        found = await together(self._is(file.url, one.sha1) for file, one in pairs)
        return frozenset((file.path, one.sha1) for (file, one), is_same in zip(pairs, found, strict=True) if is_same)

    async def proofs(self, expected: Mapping[str, tuple[int, str]], there: Sequence[There]) -> dict[str, bool | None]:
        """Tell of each file that is listed whether its SHA-1 is the expected one; None where nobody can tell.

        Raises any MoodleError.
        """
        urls = {file.path: file.url for file in there}
        wanted = [(path, sha1) for path, (_, sha1) in expected.items() if path in urls]
        found = await together(self._is(urls[path], sha1) for path, sha1 in wanted)
        return dict(zip((path for path, _ in wanted), found, strict=True))

    async def _is(self, url: str, sha1: str) -> bool | None:
        """Tell whether a stored file has a SHA-1; None where the key may not download files.

        Moodle's ETag is the SHA-1 of a file, and nothing is sent where it is the one asked about; of a site that makes
        its own, the file is read to its end.
        """
        if not url:
            return None
        try:
            async with self.moodle.open(url, if_none_match=etag_of(sha1)) as file:
                if file.head.unchanged:
                    return True
                if file.head.sha1 is not None:
                    return file.head.sha1 == sha1
                async for _ in file.pieces():
                    pass
                return file.sha1 == sha1
        except errors.NotFound:
            return False
        except (errors.AccessDenied, errors.InvalidSite):
            return None

    async def limit(self) -> int:
        """Return how many bytes a file may have, asked once; 0 where nothing tells of a limit.

        What is larger Moodle leaves out without a word, also of the files that were there (seen on Moodle 4.5).

        Raises any MoodleError.
        """
        if self._limit is not None:
            return self._limit
        params: Params = {"field": "id", "value": self.assignment.course}
        found = await self.key.may(_COURSES, lambda: self.moodle.call(_COURSES, params, into=_Courses))
        limits = [self.key.max_upload, *(course.maxbytes for course in (found.courses if found else ()))]
        self._limit = min((limit for limit in limits if limit > 0), default=0)
        return self._limit
