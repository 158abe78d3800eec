"""What the plugin answers, in this service's words: only the keys that are named here, hence no key and no hash.

The plugin's own names stand in the aliases; both forms where its description and its answers differ.
"""

from typing import Annotated, Literal, NotRequired, Required

from pydantic import AliasChoices, Field
from typing_extensions import TypedDict

from rpc_moodle.moopanel.values import Number, OptionalNumber, Rows, Text


class PanelSite(TypedDict):
    """What a site says of itself; ``shortname`` and ``logoCompact`` are the dashboard's alone."""

    url: Text
    fullname: Annotated[Text, Field(validation_alias="site_fullname")]
    shortname: NotRequired[Annotated[Text, Field(validation_alias="site_shortname")]]
    logo: Text
    logoCompact: NotRequired[Annotated[Text, Field(validation_alias="logocompact")]]
    theme: Text
    moodleVersion: Annotated[Text, Field(validation_alias="moodle_version")]


class ApiKeyStatus(TypedDict):
    """Until when the site's API key is meant to be used; the plugin accepts it after that as well.

    ``validity`` is ``unset`` where nobody has ever set it. ``expiresAt`` in Unix seconds where the plugin says so;
    ``localTime`` in the site's own time, whose zone it does not tell.
    """

    validity: Literal["unset", "permanent", "dated"]
    expiresAt: int | None
    localTime: str | None


class PanelUser(TypedDict, total=False):
    """A user of the site, under Moodle's own names of the columns: those that were asked for."""

    id: Required[Number]
    auth: Text
    confirmed: OptionalNumber
    deleted: OptionalNumber
    suspended: OptionalNumber
    username: Text
    idnumber: Text
    firstname: Text
    lastname: Text
    middlename: Text
    alternatename: Text
    email: Text
    emailstop: OptionalNumber
    phone1: Text
    phone2: Text
    institution: Text
    department: Text
    address: Text
    city: Text
    country: Text
    lang: Text
    timezone: Text
    description: Text
    firstaccess: OptionalNumber
    lastaccess: OptionalNumber
    lastlogin: OptionalNumber
    currentlogin: OptionalNumber
    timecreated: OptionalNumber
    timemodified: OptionalNumber


UserColumn = Literal[
    "id", "auth", "confirmed", "deleted", "suspended", "username", "idnumber", "firstname", "lastname", "middlename",
    "alternatename", "email", "emailstop", "phone1", "phone2", "institution", "department", "address", "city",
    "country", "lang", "timezone", "description", "firstaccess", "lastaccess", "lastlogin", "currentlogin",
    "timecreated", "timemodified",
]  # fmt: skip
"""A column of a user that can be asked for; none of them holds a secret."""


class PanelUsers(TypedDict):
    """Users of a site, and how many there are."""

    total: int
    users: list[PanelUser]


class UsersOnline(TypedDict):
    """How many users a site has, and how many of them are online; the plugin's numbers differ from call to call."""

    total: Annotated[Number, Field(validation_alias="all_users")]
    online: Number


class AvailableUpdate(TypedDict):
    """An update that the site's update checker knows of; ``type`` is ``plugin``, ``core-minor`` or ``core-major``."""

    component: Annotated[Text, Field(validation_alias=AliasChoices("component", "compotent"))]
    version: Text
    release: NotRequired[Text]
    type: NotRequired[Text]
    maturity: NotRequired[OptionalNumber]
    url: NotRequired[Text]
    download: NotRequired[Text]
    md5: NotRequired[Annotated[Text, Field(validation_alias="downloadmd5")]]


class UpdateLogEntry(TypedDict):
    """A line of the upgrade log; ``time`` in Unix seconds, ``userId`` null for what ran on the command line."""

    id: Number
    component: Annotated[Text, Field(validation_alias="plugin")]
    version: Text
    targetVersion: Annotated[Text, Field(validation_alias="targetversion")]
    info: Text
    details: Text
    userId: Annotated[OptionalNumber, Field(validation_alias="userid")]
    username: Text
    time: Annotated[OptionalNumber, Field(validation_alias="timemodified")]


class PanelPlugin(TypedDict):
    """An installed plugin; ``updates`` and ``updateLog`` only where they were asked for."""

    component: Text
    type: Annotated[Text, Field(validation_alias="plugintype")]
    name: Annotated[Text, Field(validation_alias="plugin")]
    displayName: Annotated[Text, Field(validation_alias="display_name")]
    version: Text
    enabled: bool | None
    standard: Annotated[bool, Field(validation_alias="is_standard")]
    hasUpdates: Annotated[bool, Field(validation_alias="has_updates")]
    directory: Text
    updates: NotRequired[Annotated[Rows[AvailableUpdate], Field(validation_alias="update_available")]]
    updateLog: NotRequired[Annotated[Rows[UpdateLogEntry], Field(validation_alias="update_log")]]


class PanelPlugins(TypedDict):
    """The plugins of a site; ``lastCheck`` is when it last looked for updates, in Unix seconds."""

    lastCheck: Annotated[OptionalNumber, Field(validation_alias="last_check_for_updates")]
    plugins: Rows[PanelPlugin]


class PluginDetails(TypedDict):
    """One plugin; ``config`` without secrets, whose names stand in ``withheld``."""

    component: str
    type: str
    name: str
    displayName: str
    source: str
    release: str
    versionOnDisk: str
    versionInDatabase: str
    requires: str
    lastCheck: int | None
    updates: list[AvailableUpdate]
    updateLog: list[UpdateLogEntry]
    config: dict[str, str]
    withheld: list[str]


class CoreStatus(TypedDict):
    """Moodle itself: its version, the updates to it and its upgrade log; ``lastCheck`` in Unix seconds."""

    version: Annotated[Text, Field(validation_alias="current_version")]
    release: Annotated[Text, Field(validation_alias="current_release")]
    lastCheck: Annotated[OptionalNumber, Field(validation_alias="last_check_for_updates")]
    updates: Annotated[Rows[AvailableUpdate], Field(validation_alias="update_available")]
    updateLog: Annotated[Rows[UpdateLogEntry], Field(validation_alias="update_log")]


class PanelCourse(TypedDict):
    """A course and its category."""

    id: Number
    category: Number
    name: Text


class PanelCategory(TypedDict):
    """A course category; ``parent`` is 0 at the top."""

    id: Number
    parent: Number
    name: Text
    sort: Number
    path: Text
    depth: Number


class PanelCourses(TypedDict):
    """How many courses and categories a site has, and those that were asked for."""

    totalCourses: Annotated[Number, Field(validation_alias="number_of_courses")]
    totalCategories: Annotated[Number, Field(validation_alias="number_of_categories")]
    courses: NotRequired[Rows[PanelCourse]]
    categories: NotRequired[Rows[PanelCategory]]


class TaskStatus(TypedDict):
    """What the site's queue says of a task: ``queued`` (or running), ``failed``, or ``gone`` from the queue.

    ``gone`` tells nothing of the outcome: the plugin gives the same status for a success as for an unknown task, and
    another, which its description calls a success, for a failure. ``status`` is the plugin's own number.
    """

    state: Literal["queued", "failed", "gone"]
    status: int
    message: str
