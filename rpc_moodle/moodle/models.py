"""What Moodle answers: only what this library uses, tolerant of missing and extra keys.

Rows that come by the thousand are records or typed dicts, which cost a sixth and a third of model instances to read
(``docs/performance``); a key that Moodle withholds is absent from a typed dict, so read those with ``.get``.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Required, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from typing_extensions import TypedDict

from rpc_moodle.moodle.reading import Record
from rpc_moodle.transport.answers import plain
from rpc_moodle.transport.unhurried import unhurried


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True)


T = TypeVar("T")

_MOST_NOTICES = 1000

Rows = Annotated[list[T], Field(fail_fast=True)]
"""A list whose first wrong item ends the reading: a report on each of millions would cost gigabytes."""

Several = Annotated[tuple[T, ...], Field(fail_fast=True)]
"""The same as a tuple, which the garbage collector soon passes over, too, where what it holds is records."""


class Role(Record):
    """A role of a user in a course; ``name`` is empty for standard roles (``users.course.userfields``)."""

    roleid: int = 0
    name: str | None = None
    shortname: str | None = None


class Enrolled(Record):
    """What is always told of a user of a course, whatever was asked for."""

    id: int
    roles: Several[Role] = ()


class EnrolledUser(Enrolled):
    """A user of a course; all but ``id`` may be withheld (``users.course.as_student``)."""

    username: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    fullname: str | None = None
    email: str | None = None


class Participant(TypedDict, total=False):
    """A user who takes part in an assignment; blind marking makes the name ``Participant N`` (``participants.blind``).

    ``groupid`` is the team's, where there are teams (``participants.team``).
    """

    id: Required[int]
    fullname: str | None
    groupid: int


class Mapping(TypedDict):
    """The number behind the ``Participant N`` of a blind-marked assignment."""

    id: int
    userid: int


class File(Record):
    """A stored file; ``filepath`` is its folder, ``filesize`` is in bytes."""

    filename: str = ""
    filepath: str = "/"
    filesize: int = 0
    fileurl: str = ""
    timemodified: int = 0
    mimetype: str | None = None


class FileArea(Record):
    """The files of one area of a plugin, such as ``submission_files``."""

    area: str = ""
    files: Several[File] = ()


class EditorField(Record):
    """A text of a plugin with its format (0 Moodle, 1 HTML, 2 plain, 4 Markdown)."""

    name: str = ""
    text: str = ""
    format: int = 0


class Plugin(Record):
    """A submission or feedback plugin and what it holds."""

    type: str = ""
    fileareas: Several[FileArea] = ()
    editorfields: Several[EditorField] = ()


class Submission(Record):
    """The latest attempt of a user, or of a team: then ``userid`` is 0 (``submissions.team``)."""

    userid: int
    id: int = 0
    attemptnumber: int = 0
    status: str = ""
    gradingstatus: str = ""
    groupid: int = 0
    timemodified: int = 0
    plugins: Several[Plugin] = ()


class Notice(_Answer):
    """What Moodle left out and why, beside an answer of 200."""

    item: str = ""
    itemid: int | None = None
    warningcode: str = ""
    message: str = ""

    def plain(self, token: SecretStr) -> "Notice":
        """Return it with words that are fit for a person and without the token, as those of errors are."""
        words = {name: plain(getattr(self, name), token) for name in ("item", "warningcode", "message")}
        return self.model_copy(update=words)


async def told(notices: Sequence[Notice], token: SecretStr) -> list[Notice]:
    """Return what Moodle left out in words that are fit for a person, as many notices as anybody looks at."""
    return [notice.plain(token) async for notice in unhurried(notices[:_MOST_NOTICES])]


class Config(_Answer):
    """One setting of a plugin of an assignment."""

    plugin: str = ""
    subtype: str = ""
    name: str = ""
    value: str | None = ""


def _flag(value: Any) -> bool:
    try:
        return bool(int(value or 0))
    except (TypeError, OverflowError):
        raise ValueError("should be 0 or 1") from None


Flag = Annotated[bool, BeforeValidator(_flag)]


class Assignment(_Answer):
    """An assignment: ``id`` is the instance id that functions want, ``cmid`` the number in the page's URL.

    ``grade`` is the maximum in points, the negated id of a scale, or 0 for an assignment without grades.
    """

    id: int
    cmid: int
    course: int = 0
    name: str = ""
    duedate: int | None = 0
    grade: int = 0
    teamsubmission: Flag = False
    teamsubmissiongroupingid: int = 0
    blindmarking: Flag = False
    revealidentities: Flag = False
    attemptreopenmethod: str = "none"
    maxattempts: int = -1
    markingworkflow: Flag = False
    sendstudentnotifications: Flag = True
    configs: Several[Config] = ()

    @property
    def anonymous(self) -> bool:
        """Whether marking is blind and identities are not revealed yet."""
        return self.blindmarking and not self.revealidentities

    @property
    def attempts(self) -> int:
        """How many attempts a user may have; -1 for any number."""
        return 1 if self.attemptreopenmethod == "none" else self.maxattempts

    def enabled(self, subtype: Literal["assignsubmission", "assignfeedback"]) -> list[str]:
        """List the plugins that are switched on, such as ``comments`` of ``assignfeedback``."""
        return [
            config.plugin
            for config in self.configs
            if config.subtype == subtype and config.name == "enabled" and config.value == "1"
        ]

    def has(self, subtype: Literal["assignsubmission", "assignfeedback"], plugin: str) -> bool:
        """Tell whether a plugin is switched on."""
        return plugin in self.enabled(subtype)


class Course(_Answer):
    """A course with its assignments; ``left_out`` names those hidden from the account (``assignments.as_student``)."""

    id: int
    fullname: str = ""
    shortname: str = ""
    assignments: Several[Assignment] = ()
    left_out: tuple[Notice, ...] = ()


class Assignments(_Answer):
    """The answer of ``mod_assign_get_assignments``."""

    courses: Several[Course] = ()
    warnings: Several[Notice] = ()


class AssignmentMappings(_Answer):
    """The user mappings of one assignment."""

    assignmentid: int
    mappings: Rows[Mapping] = []


class UserMappings(_Answer):
    """The answer of ``mod_assign_get_user_mappings``; no assignment while nobody has submitted (``mappings.empty``)."""

    assignments: Several[AssignmentMappings] = ()
    warnings: Several[Notice] = ()


class AssignmentSubmissions(TypedDict, total=False):
    """The submissions of one assignment."""

    assignmentid: Required[int]
    submissions: Rows[Submission]


class Submissions(TypedDict, total=False):
    """The answer of ``mod_assign_get_submissions``; ``warnings`` say what was left out."""

    assignments: Rows[AssignmentSubmissions]
    warnings: Rows[dict[str, Any]]


class Function(_Answer):
    """A function that a token may call."""

    name: str = ""


class SiteInfo(_Answer):
    """Who a token is and what it may do (``site.info_care``)."""

    sitename: str = ""
    userid: int = 0
    fullname: str = ""
    release: str = ""
    downloadfiles: Flag = False
    uploadfiles: Flag = False
    usermaxuploadfilesize: int = 0
    functions: Several[Function] = ()


class Stored(TypedDict, total=False):
    """A file in a draft area after an upload (``upload.ok``); ``filesize`` in bytes."""

    itemid: int
    filename: str
    filepath: str
    error: str
    filesize: int
