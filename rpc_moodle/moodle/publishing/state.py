"""What is stored for a user before and after a write, read with whatever the token may call."""

import asyncio
import re
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeVar

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.grades import (
    FlagsRow,
    GradeRow,
    LastAttempt,
    Status,
    SubmissionRow,
    flags,
    grades,
    number,
    status,
    submission_rows,
)
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.comments import NO_COMMENT, Comment
from rpc_moodle.transport.gather import both, together

T = TypeVar("T")

_DIRECT: Final = re.compile(r"[^<>]*&nbsp;/&nbsp;[^<>]*")
"""How a grade in points that was given directly is shown (``status.graded``).

With an active rubric or guide Moodle shows the gradebook's ``41.00 / 100.00`` instead, or a table
(``get_assign_feedback_status_renderable`` of its public source).
"""

_STATUS: Final = "mod_assign_get_submission_status"
_REFUSED: Final = frozenset({"accessexception", ""})  # the latter: left out of an answer, with warning 1


Gate = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Coroutine[Any, Any, Any]]
"""Runs a request when there is a place for it."""


class Unknown(Enum):
    """What the token does not let anybody see."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored for a user's latest attempt.

    ``grade`` None is no grade. ``workflow`` is the state as stored, empty for none. ``direct`` says that
    the grade was seen to be given directly, not by a rubric or a guide.
    """

    grade: Decimal | Unknown | None = None
    workflow: str | Unknown = ""
    comment: Comment | Unknown = NO_COMMENT
    locked: bool = False
    direct: bool = False


UNSEEN: Final = Stored(UNKNOWN, UNKNOWN, UNKNOWN)
"""What is known of somebody whom nobody asked about."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """What one request each tells about all users; None where the token may not ask, or nobody needs it."""

    grades: Mapping[int, GradeRow] | None = None
    flags: Mapping[int, FlagsRow] | None = None
    submissions: Mapping[int, SubmissionRow] | None = None


def stored(assignment: Assignment, user: int, bulk: Bulk, seen: Status | None) -> Stored:
    """Put together what was read about a user; what nothing tells is unknown, never guessed."""
    attempt: LastAttempt = (seen or {}).get("lastattempt", {})
    flag = bulk.flags.get(user, FlagsRow(userid=user)) if bulk.flags is not None else None
    shown = ((seen or {}).get("feedback", {}).get("gradefordisplay")) or ""
    return Stored(
        grade=_grade(assignment, user, bulk, seen),
        workflow=_workflow(assignment, user, bulk, seen),
        comment=_comment(assignment, user, bulk, seen),
        locked=bool(attempt.get("locked")) or bool(flag and flag.get("locked")),
        direct=_DIRECT.fullmatch(shown) is not None,
    )


def _grade(assignment: Assignment, user: int, bulk: Bulk, seen: Status | None) -> Decimal | Unknown | None:
    row = (bulk.grades or {}).get(user)
    submission = (bulk.submissions or {}).get(user)
    if seen is not None:
        return _grade_seen(seen, row)
    if bulk.grades is not None and (row is not None or not assignment.teamsubmission):
        if row is None or (submission is not None and _attempt(submission) != _attempt(row)):
            return None
        return number(row.get("grade"))
    return _grade_from_submission(assignment, submission, bulk)


def _grade_seen(seen: Status, row: GradeRow | None) -> Decimal | Unknown | None:
    """Take the grade of the latest attempt; a grade of an earlier one is none (``save.attempts_latest.0_before``)."""
    attempt = seen.get("lastattempt", {})
    submission = attempt.get("teamsubmission") or attempt.get("submission")
    for found in (seen.get("feedback", {}).get("grade"), row):
        if found is not None and (submission is None or _attempt(found) == _attempt(submission)):
            value = number(found.get("grade"))
            if (value is not None) == bool(attempt.get("graded", value is not None)):
                return value
    return None if attempt.get("graded") is False else UNKNOWN


def _grade_from_submission(
    assignment: Assignment, submission: SubmissionRow | None, bulk: Bulk
) -> Decimal | Unknown | None:
    """Read what the five published functions tell: that somebody is not graded, never what the grade is.

    Grading makes a submission row where there was none (``save.no_submission.2_after``), so who has no
    row is not graded; in a team the row may be the team's. With a workflow ``gradingstatus`` is the state.
    """
    if bulk.submissions is None:
        return UNKNOWN
    said = None if submission is None else submission.get("gradingstatus")
    if assignment.grade == 0:  # nothing to lose, but a grade from when there were grades
        return UNKNOWN if said == "graded" else None
    if said is None:
        teams = assignment.teamsubmission and bool(bulk.submissions)
        return UNKNOWN if teams else None
    return None if said == "notgraded" else UNKNOWN


def _workflow(assignment: Assignment, user: int, bulk: Bulk, seen: Status | None) -> str | Unknown:
    if bulk.flags is not None:
        return bulk.flags.get(user, FlagsRow(userid=user)).get("workflowstate") or ""
    if not assignment.markingworkflow:
        return ""
    submission = (bulk.submissions or {}).get(user)
    state = (
        seen.get("lastattempt", {}).get("gradingstatus")
        if seen is not None
        else submission.get("gradingstatus")
        if submission is not None
        else None
    )
    return UNKNOWN if state is None else state


def _comment(assignment: Assignment, user: int, bulk: Bulk, seen: Status | None) -> Comment | Unknown:
    if bulk.grades is not None and user not in bulk.grades and not assignment.teamsubmission:
        return NO_COMMENT  # a comment hangs on a grade's row, an empty grade's too
    if seen is None:
        return UNKNOWN
    if assignment.markingworkflow and seen.get("lastattempt", {}).get("gradingstatus") != "released":
        return UNKNOWN  # ``save.workflow_empty_state.2_after``
    feedback = seen.get("feedback", {})
    if not feedback.get("grade"):
        return NO_COMMENT
    for plugin in feedback.get("plugins", []):
        for editor in plugin.get("editorfields", []) if plugin.get("type") == "comments" else ():
            return Comment(editor.get("text", ""), editor.get("format", 1))
    return NO_COMMENT


def _attempt(row: Mapping[str, Any]) -> int:
    return int(row.get("attemptnumber") or 0)


@dataclass
class Reader:
    """Reads the stored state of an assignment's users, each time anew."""

    moodle: MoodleClient
    assignment: Assignment
    gate: Gate
    refused: set[str] = field(default_factory=set)
    _reading: asyncio.Task[Bulk] | None = None

    @property
    def sees_no_comments(self) -> bool:
        """Whether the token may not ask for one user's grade and comment, so that nothing can be read back."""
        return _STATUS in self.refused

    async def before(self, users: Collection[int]) -> dict[int, Stored | errors.MoodleError]:
        """Read what is stored now; an error that concerns one user stands in that user's place.

        Those whom the requests about all users show to have neither grade nor comment are not asked
        about one by one. Readers at the same moment share these requests.

        Raises any MoodleError.
        """
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._bulk())
        bulk = await asyncio.shield(self._reading)
        blank: set[int] = set()
        if bulk.grades is not None and bulk.flags is not None and not self.assignment.teamsubmission:
            blank = {user for user in users if user not in bulk.grades}
        return await self._each(users, bulk, blank)

    async def after(self, users: Collection[int]) -> dict[int, Stored | errors.MoodleError]:
        """Read back what is stored after a write, never with an answer that was asked for before it.

        Raises any MoodleError.
        """
        hidden = self.assignment.markingworkflow  # then the status holds grade and comment back
        bulk = await self._bulk() if hidden or self.sees_no_comments else Bulk()
        return await self._each(users, bulk, set())

    async def _each(
        self, users: Collection[int], bulk: Bulk, blank: Collection[int]
    ) -> dict[int, Stored | errors.MoodleError]:
        asked = [user for user in users if user not in blank]
        seen = dict(zip(asked, await together(self._status(user) for user in asked), strict=True))
        return {
            user: state
            if isinstance(state := seen.get(user), errors.MoodleError)
            else stored(self.assignment, user, bulk, state)
            for user in users
        }

    async def _status(self, user: int) -> Status | errors.MoodleError | None:
        try:
            return await self._may(_STATUS, lambda: status(self.moodle, self.assignment, user))
        except errors.MoodleError as error:
            return error

    async def _bulk(self) -> Bulk:
        found_grades, found_flags = await both(
            self._may("mod_assign_get_grades", lambda: grades(self.moodle, self.assignment)),
            self._may("mod_assign_get_user_flags", lambda: flags(self.moodle, self.assignment)),
        )
        if not self.sees_no_comments:
            return Bulk(found_grades, found_flags)
        rows: list[SubmissionRow] = await self.gate(lambda: submission_rows(self.moodle, self.assignment))
        return Bulk(found_grades, found_flags, {row.get("userid", 0): row for row in rows})

    async def _may(self, function: str, call: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """Call a function unless it was refused before; None where it is refused."""
        if function in self.refused:
            return None
        try:
            answer: T = await self.gate(call)
        except errors.AccessDenied as denied:
            if denied.errorcode not in _REFUSED:
                raise  # about this user, who may be in a group that the account does not see
            self.refused.add(function)
            return None
        return answer

    async def probe(self, user: int) -> None:
        """Find out by one user whether users can be asked about, so that not every request for one is refused."""
        await self._status(user)
