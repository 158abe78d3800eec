"""What a site has besides courses and assignments: categories, cohorts, other activities, completion, draft areas."""

from __future__ import annotations

from dataclasses import dataclass, field

from rpc_moodle.sandbox.files import StoredFile

INCOMPLETE, COMPLETE, PASSED, FAILED = 0, 1, 2, 3
"""The states of a completion (``completion.activities.*``)."""

UNTRACKED, MANUAL, AUTOMATIC = 0, 1, 2
"""How an activity's completion is tracked."""


@dataclass
class Category:
    """A course category; ``parent`` is 0 at the top."""

    id: int
    name: str
    idnumber: str | None = ""
    parent: int = 0
    visible: bool = True

    def path(self, every: dict[int, Category]) -> list[Category]:
        """Give the categories from the top down to this one."""
        above = every[self.parent].path(every) if self.parent else []
        return [*above, self]


@dataclass
class Cohort:
    """A site-wide group of users."""

    id: int
    name: str
    idnumber: str
    description: str = ""
    members: list[int] = field(default_factory=list)


@dataclass
class Activity:
    """An activity of a course that is no assignment; ``id`` is the instance, ``cmid`` the number in its page's URL."""

    id: int
    cmid: int
    modname: str
    name: str
    tracking: int = MANUAL


@dataclass
class Completed:
    """How far a user is with an activity; ``overrideby`` is who set the state by hand."""

    state: int
    time: int
    overrideby: int | None = None


@dataclass
class Draft:
    """A draft area of a user: files that were uploaded and not yet saved anywhere."""

    userid: int
    files: list[StoredFile] = field(default_factory=list)
