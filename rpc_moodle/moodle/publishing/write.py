"""What is written for one user, and what it changes."""

from dataclasses import dataclass
from decimal import Decimal

from rpc_moodle.moodle.publishing.comments import Comment, same
from rpc_moodle.moodle.publishing.entries import Entry, Filling
from rpc_moodle.moodle.publishing.report import Change, Notice, Result, Seen
from rpc_moodle.moodle.publishing.stored import Stored, Unknown


@dataclass(frozen=True, slots=True)
class Write:
    """What is written for one user, and what the entry meant by it.

    ``attempt`` is the attempt that is written to. ``grade`` None is no grade, Unknown one that stays without being
    read. ``workflow`` is the state that is there afterwards. ``comment`` None leaves the comment. ``filling`` is the
    filled form that goes along, given or stored. ``names_state`` says that the state was asked for.
    ``may_clear`` says that the gradebook may lose a grade.
    ``blank`` says that no comment is to be there, and that it has to be said: Moodle's form would copy one.
    ``team`` are the writes of all others of the team, which are the same and go with this one.
    ``form_only`` is the failure of who cannot write with Moodle's own form, the only way to do this.
    """

    entry: Entry
    before: Stored
    attempt: int
    grade: Decimal | Unknown | None
    workflow: str | Unknown
    comment: Comment | None
    filling: Filling | None = None
    names_state: bool = False
    may_clear: bool = False
    notify: bool = True
    blank: bool = False
    form_only: Result | None = None
    notices: tuple[Notice, ...] = ()
    team: "tuple[Write, ...]" = ()

    @property
    def user_id(self) -> int:
        """Whose feedback it is."""
        return self.entry.user_id

    @property
    def reaches(self) -> tuple[int, ...]:
        """Whose feedback is sent with it."""
        return self.user_id, *(each.user_id for each in self.team)

    @property
    def is_newest(self) -> bool:
        """Whether it goes to the newest attempt, the one that Moodle puts into the gradebook."""
        return self.attempt == self.before.newest

    @property
    def kept_comment(self) -> Comment | None:
        """The comment that a writer which empties what is not sent has to send: the new one, or the one there."""
        there = self.before.mark(self.attempt).comment
        if self.comment is not None or isinstance(there, Unknown) or not there.text:
            return self.comment
        return there  # its text is equal to the one there, and so Moodle leaves text and format alone

    @property
    def changes_comment(self) -> bool:
        """Whether the comment that is known to be there is another one."""
        before = self.before.mark(self.attempt).comment
        return self.comment is not None and not isinstance(before, Unknown) and not same(self.comment, before)

    def says_the_same(self, other: "Write") -> bool:
        """Whether one request for the whole team would write what each of both would."""

        def said(write: Write) -> tuple[object, ...]:
            kept = write.kept_comment
            comment = None if kept is None else (kept.text, kept.format)
            return (
                write.attempt,
                write.grade,
                write.workflow,
                comment,
                write.notify,
                write.blank,
                write.form_only is None,
            )

        plain = not any(each.filling or each.entry.draft for each in (self, other))
        return plain and said(self) == said(other) and self.entry.names_grade == other.entry.names_grade

    def change(self) -> Change:
        """Return what it changes."""
        mark = self.before.mark(self.attempt)
        text = None if isinstance(mark.comment, Unknown) else mark.comment.text
        filled = self.filling is not None and self.entry.filling is not None
        return Change(
            self.attempt,
            Seen(
                _number(mark.grade), text, None if isinstance(self.before.workflow, Unknown) else self.before.workflow
            ),
            Seen(
                None if filled else _number(self.grade),
                text if self.comment is None else self.comment.text,
                None if isinstance(self.workflow, Unknown) else self.workflow,
            ),
        )


def _number(grade: Decimal | Unknown | None) -> str | None:
    return None if grade is None or isinstance(grade, Unknown) else format(grade.normalize(), "f")
