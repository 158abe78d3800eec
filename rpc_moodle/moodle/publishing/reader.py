"""Reads what is stored for users before and after a write, with whatever the key may call."""

from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.grades import Status, flags, grades, status, submission_rows
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.book import Item, items
from rpc_moodle.moodle.publishing.conditions import fillings
from rpc_moodle.moodle.publishing.entries import Entry, TextFormat
from rpc_moodle.moodle.publishing.grading import Form
from rpc_moodle.moodle.publishing.harm import may_reopen
from rpc_moodle.moodle.publishing.keys import STATUS, Key
from rpc_moodle.moodle.publishing.report import WriterName
from rpc_moodle.moodle.publishing.stored import UNKNOWN, UNSEEN_MARK, BookGrade, Bulk, Stored, Unknown, stored
from rpc_moodle.moodle.publishing.verify import as_proven, proven
from rpc_moodle.moodle.publishing.write import Write
from rpc_moodle.transport.allowance import Allowance
from rpc_moodle.transport.gather import together
from rpc_moodle.transport.unhurried import unhurried

_BOOK = "gradereport_user_get_grade_items"
_GRADES = "mod_assign_get_grades"

_STATUSES = 4
"""Times the bytes of one answer that the answers about the users of a wave may have together."""

State = Stored | errors.MoodleError


@dataclass
class Reader:
    """Reads the stored state of an assignment's users, each time anew.

    ``one_by_one`` asks about each user alone, which is less for one or two; ``form`` is the rubric or guide;
    without ``knows_method`` only a user's status tells whether the grade was given directly.
    """

    moodle: MoodleClient
    assignment: Assignment
    key: Key
    one_by_one: bool = False
    form: Form | None = None
    knows_method: bool = True
    raw_needed: bool = False
    _glanced: dict[int, Status | errors.MoodleError | None] = field(default_factory=dict)
    _surveyed: Bulk | None = None

    @property
    def sees_no_comments(self) -> bool:
        """Whether the key may not ask for one user's grade and comment."""
        return self.key.lacks(STATUS)

    async def before(self, entries: Sequence[Entry]) -> dict[int, State]:
        """Read what is stored now; an error that concerns one user stands in that user's place.

        Reading a user's status makes a submission where there is none, so it is asked only for those of whom
        nothing else tells enough.

        Raises any MoodleError.
        """
        if self.one_by_one and not self.sees_no_comments:
            return await self._alone(entries)
        bulk, self._surveyed = self._surveyed or await self._bulk(), None
        asked = [entry.user_id for entry in entries if self._asks_about(entry, bulk)]
        found = await self._each(asked, bulk)
        for entry in entries:
            if entry.user_id not in found:
                found[entry.user_id] = self._from_bulk(entry.user_id, bulk)
        return found

    async def survey(self) -> None:
        """Ask what tells of everybody; the next :meth:`before` begins with it. Raises any MoodleError."""
        self._surveyed = await self._bulk()

    def surveyed(self, entry: Entry) -> State | None:
        """Return the state of a user of whom the survey tells enough, None of the others."""
        bulk = self._surveyed
        return None if bulk is None or self._asks_about(entry, bulk) else self._from_bulk(entry.user_id, bulk)

    def is_graded(self, user: int) -> bool:
        """Whether the survey tells that a user has a grade."""
        rows = self._surveyed and self._surveyed.submissions
        return ((rows or {}).get(user) or {}).get("gradingstatus") == "graded"

    async def glance(self, users: Sequence[int]) -> bool:
        """Ask about a few users one by one.

        Returns whether all have a grade in points that was given directly, so that nothing more has to be asked of how
        the assignment is graded.

        Raises MoodleError.
        """
        self._glanced = await self._statuses(users)
        states = [self._put(user, seen, Bulk()) for user, seen in self._glanced.items()]
        known = [state for state in states if isinstance(state, Stored) and not self.sees_no_comments]
        return len(known) == len(states) and all(
            state.mark(state.newest).direct and not may_reopen(self.assignment, state.newest) for state in known
        )

    async def after(self, writes: Sequence[Write]) -> dict[int, State]:
        """Read back what is stored after writes, never with an answer that was asked for before them.

        Where the gradebook proves a write, nobody is asked about one by one.

        Raises any MoodleError.
        """
        users = [write.user_id for write in writes]
        hides = self.assignment.markingworkflow  # then the status holds grade and comment back
        bulk = Bulk(book=await self._books(users))
        if hides or self.sees_no_comments:
            bulk = replace(await self._bulk(), book=bulk.book)
        elif self.assignment.anonymous:  # then it holds back a grade without a comment
            bulk = replace(bulk, grades=await self._grades())
        if self.form is not None:
            bulk = replace(bulk, fillings=await fillings(self.moodle, self.form))
        found: dict[int, State] = {}
        async for write in unhurried(writes):
            state = stored(self.assignment, write.user_id, bulk, None)
            if proven(self.assignment, write, state):
                found[write.user_id] = as_proven(write, state)
        rest = [write for write in writes if write.user_id not in found]
        if self.sees_no_comments:
            return found | {
                write.user_id: _partly(write, stored(self.assignment, write.user_id, bulk, None)) for write in rest
            }
        seen = await self._each([write.user_id for write in rest], bulk)
        if self.key.lacks(STATUS):  # as is found out but now, where nobody had to be asked about before the write
            return await self.after(writes)
        return found | {user: self._as_read(state, bulk) for user, state in seen.items()}

    def _as_read(self, state: State, bulk: Bulk) -> State:
        """Forget the state of a workflow that is switched off, where nobody has read it."""
        if isinstance(state, errors.MoodleError) or bulk.flags is not None or self.assignment.markingworkflow:
            return state
        return replace(state, workflow=UNKNOWN)

    async def _alone(self, entries: Sequence[Entry]) -> dict[int, State]:
        """Read one user's status each, and what that leaves open: the gradebook, then what tells of everybody."""
        users = [entry.user_id for entry in entries]
        seen = self._glanced or await self._statuses(users)
        self._glanced = {}
        bulk = Bulk()
        states = {user: self._put(user, seen.get(user), bulk) for user in users}
        if any(self._opens_flags(states[user]) for user in users):
            bulk = await self._bulk(users)
        else:
            if any(self._opens_book(entry, states[entry.user_id]) for entry in entries):
                bulk = Bulk(book=await self._books(users))
            if any(self._opens_state(states[user]) for user in users):
                bulk = replace(bulk, flags=await self._flags())
        return {user: self._put(user, seen.get(user), bulk) for user in users}

    def _opens_flags(self, state: State) -> bool:
        """Whether a status leaves open the workflow's state or the filled form; a grade in no gradebook has one."""
        if isinstance(state, errors.MoodleError):
            return False
        book = state.book
        grade = state.mark(state.newest).grade
        unreleased = isinstance(book, BookGrade) and book.grade is None and grade is not None
        return self.assignment.markingworkflow or self.form is not None or grade is UNKNOWN or unreleased

    def _opens_state(self, state: State) -> bool:
        """Whether a state from when there was a workflow has to be sent back: all writers but the form drop it."""
        if isinstance(state, errors.MoodleError) or self.key.knows(WriterName.FORM):
            return False
        return state.newest > 0 or state.mark(state.newest).grade is not None

    async def _grades(self) -> Any:
        return await self.key.may(_GRADES, lambda: grades(self.moodle, self.assignment))

    async def _flags(self) -> Any:
        return await self.key.may("mod_assign_get_user_flags", lambda: flags(self.moodle, self.assignment))

    def _opens_book(self, entry: Entry, state: State) -> bool:
        """Whether a status leaves open what the gradebook tells: locks, an override, an older attempt's grade."""
        if isinstance(state, errors.MoodleError):
            return False
        grade, book = state.mark(state.newest).grade, state.book
        if entry.names_grade or state.newest or may_reopen(self.assignment, state.newest):
            return True
        shown = None if isinstance(book, Unknown) else book.grade
        comment = state.mark(state.newest).comment
        if entry.text is not None and not isinstance(comment, Unknown) and comment.text == entry.text:
            return True  # is it of the same format?
        return grade is not None and (not state.mark(state.newest).direct or shown != grade)

    def _asks_about(self, entry: Entry, bulk: Bulk) -> bool:
        """Whether a user's own status is needed beside what the requests about all tell."""
        user, assignment = entry.user_id, self.assignment
        if bulk.is_blank(assignment, user) or self.sees_no_comments:
            return False
        row = (bulk.submissions or {}).get(user) or {}
        if bulk.grades is None or assignment.teamsubmission or row.get("attemptnumber"):
            return True
        if user not in bulk.grades:
            return False
        flag = (bulk.flags or {}).get(user)
        if assignment.markingworkflow and (flag is None or flag.get("workflowstate") != "released"):
            return False  # it would be held back
        if entry.text is None:
            copied = self.assignment.copies_work and not self._shows(bulk, user)
            return copied or self.raw_needed or not self.key.knows(WriterName.FORM)
        direct = self.knows_method or entry.names_grade
        return self.raw_needed or not direct or not self._shows(bulk, user)

    def _shows(self, bulk: Bulk, user: int) -> bool:
        """Whether the gradebook shows the comment that is stored: Moodle puts it there at every write.

        A site may put another plugin's feedback there: the format stays plain then, and is none without a comment
        where comments are put there (seen on Moodle 4.5).
        """
        item = (bulk.book or {}).get(user)
        if item is None or item.get("gradeislocked") or item.get("gradeisoverridden") or self.assignment.anonymous:
            return False
        return bool(item.get("feedback")) or item.get("feedbackformat") != TextFormat.PLAIN

    def _from_bulk(self, user: int, bulk: Bulk) -> Stored:
        state = stored(self.assignment, user, bulk, None)
        mark = state.mark(state.newest)
        if mark.comment is UNKNOWN and isinstance(state.book, BookGrade) and self._shows(bulk, user):
            shown = state.book.comment
            if not self.assignment.markingworkflow or state.workflow == "released":
                return replace(state, marks={**state.marks, state.newest: replace(mark, comment=shown)})
        return state

    async def _each(self, users: Collection[int], bulk: Bulk) -> dict[int, State]:
        seen = await self._statuses(users)
        return {user: self._put(user, seen[user], bulk) for user in users}

    def _put(self, user: int, seen: Status | errors.MoodleError | None, bulk: Bulk) -> State:
        return seen if isinstance(seen, errors.MoodleError) else stored(self.assignment, user, bulk, seen)

    async def _statuses(self, users: Collection[int]) -> dict[int, Status | errors.MoodleError | None]:
        """Ask about users one by one; what is told of all of them is kept until it is decided upon."""
        answers = self.moodle.http.answers
        allowance = Allowance(replace(answers, bytes=_STATUSES * answers.bytes))
        return dict(zip(users, await together(self._status(user, allowance) for user in users), strict=True))

    async def _status(self, user: int, allowance: Allowance) -> Status | errors.MoodleError | None:
        try:
            return await self.key.may(STATUS, lambda: status(self.moodle, self.assignment, user, allowance=allowance))
        except errors.MoodleError as error:
            return error

    async def _books(self, users: Sequence[int]) -> Mapping[int, Item] | None:
        """Read the gradebook of one user or of all, which is one request; None where it cannot be read."""
        one = users[0] if len(users) == 1 else 0

        async def read() -> Mapping[int, Item] | None:
            try:
                return await items(self.moodle, self.assignment, one)
            except errors.MoodleException as refused:
                if isinstance(refused, errors.InvalidToken) or _is_plain_refusal(refused):
                    raise
                return None  # the account may not see the gradebook, or this user in it

        return await self.key.may(_BOOK, read)

    async def _bulk(self, users: Sequence[int] = (0, 0)) -> Bulk:
        """Read what one request each tells about everybody; of the gradebook, one user's if there is but one."""
        reads: Iterable[Coroutine[Any, Any, Any]] = (
            self._grades(),
            self._flags(),
            self.key.gate(lambda: submission_rows(self.moodle, self.assignment)),
            self._books(users),
            self._fillings(),
        )
        found_grades, found_flags, rows, book, filled = await together(reads)
        submissions = {row.get("userid", 0): row for row in rows}
        return Bulk(found_grades, found_flags, submissions, book, filled)

    async def _fillings(self) -> Any:
        return None if self.form is None else await fillings(self.moodle, self.form)


def _is_plain_refusal(refused: errors.MoodleException) -> bool:
    return isinstance(refused, errors.AccessDenied) and refused.errorcode == "accessexception"


def _partly(write: Write, state: Stored) -> Stored:
    """Return what little is seen of a write: that the comment is there is not."""
    mark = replace(state.mark(write.attempt), comment=UNKNOWN) if write.attempt == state.newest else UNSEEN_MARK
    return replace(state, marks={**state.marks, write.attempt: mark})
