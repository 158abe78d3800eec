"""What all requests share: credentials and ids, in both dialects of the callers in the wild."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, model_validator

from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.moodle.errors import InvalidCredential, InvalidSite
from rpc_moodle.moodle.wire import check_token
from rpc_moodle.transport.address import site_url
from utils.call import Call
from utils.contract import Options, Request

_MAX_ID = 2**63 - 1  # what a database of Moodle can number


def _moodle_id(value: object) -> object:
    number: object = value
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,19}\s*", value):
        number = int(value)
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= _MAX_ID:
        raise ValueError("must be a whole number from 1, or a string of its digits")
    return number


MoodleId = Annotated[int, BeforeValidator(_moodle_id)]
"""An id of Moodle's: a number from 1, or a string of digits."""


def _problem(text: str, name: str) -> str:
    """Make of the adapter's sentence what is said of a field: it names the field itself."""
    return text.removeprefix(name).strip().rstrip(".")


def _site(text: str) -> str:
    try:
        return str(site_url(text))
    except InvalidSite as error:
        raise ValueError(_problem(str(error), "The Moodle URL")) from None


def _key(value: SecretStr) -> SecretStr:
    try:
        return check_token(value)
    except InvalidCredential as error:
        raise ValueError(_problem(str(error).partition(";")[0], "The API key")) from None


SiteAddress = Annotated[str, AfterValidator(_site)]
"""The address of a Moodle site as pasted, normalised."""

ApiKey = Annotated[SecretStr, AfterValidator(_key)]
"""The token of a Moodle web service."""


def _language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,3}", text):
        raise ValueError("must be a language as Moodle names it, such as de or pt_br")
    return text


Language = Annotated[str, AfterValidator(_language)]
"""A language as Moodle names it: ``de``, ``pt_br``."""


class MoodleOptions(Options):
    """Which site, and with which key; kept nowhere after the call."""

    url: SiteAddress = Field(
        validation_alias=AliasChoices("url", "apiUrl"), description="The Moodle site's address, as pasted."
    )
    api_key: ApiKey = Field(
        validation_alias=AliasChoices("apiKey", "token"), description="The token of the Moodle web service."
    )
    language: Language | None = Field(
        default=None,
        description="The language of names that a site holds in several, such as `de`; without it, the one in which "
        "the site shows them to the account, else English.",
    )


class MoodleRequest(Request):
    """A call that goes to a Moodle site."""

    options: MoodleOptions


class CourseRequest(MoodleRequest):
    """A call about a course; ``courseID`` stands at the top level or inside ``options``."""

    in_options: ClassVar[tuple[str, ...]] = ("courseID", "courseId")

    course_id: MoodleId = Field(
        validation_alias=AliasChoices("courseID", "courseId", "course_id"),
        description="The number in the course page's address.",
    )

    @model_validator(mode="before")
    @classmethod
    def _lift_ids(cls, data: Any) -> Any:
        return lifted(data, "courseID", "courseId")


class AssignmentRequest(CourseRequest):
    """A call about an assignment of a course."""

    in_options: ClassVar[tuple[str, ...]] = (*CourseRequest.in_options, "assignmentID", "assignmentId")

    assignment_id: MoodleId = Field(
        validation_alias=AliasChoices("assignmentID", "assignmentId", "assignment_id"),
        description="The number in the assignment page's address (the course-module id).",
    )

    @model_validator(mode="before")
    @classmethod
    def _lift_assignment(cls, data: Any) -> Any:
        return lifted(data, "assignmentID", "assignmentId")


def lifted(data: Any, *names: str) -> Any:
    """Copy keys that one dialect keeps inside ``options`` to the top level, where the other has them."""
    if not isinstance(data, dict) or not isinstance(options := data.get("options"), dict):
        return data
    if any(name in data for name in names):
        return data
    return data | {name: options[name] for name in names if name in options}


def moodle_of(request: MoodleRequest, call: Call, *, counting: bool = False) -> MoodleClient:
    """Make the client of a call: its own site and key, the service's connections.

    ``counting``: the users that a listing brings are the call's progress.

    Raises InvalidSite or InvalidCredential.
    """

    async def listed(users: int) -> None:
        await call.progress(users, None)

    moodle = MoodleClient(
        request.options.url,
        request.options.api_key,
        http=call.shared(Http),
        language=request.options.language,
        remaining=call.deadline.remaining,
        listed=listed if counting else None,
        caller=call.caller.id if call.caller else None,
    )
    call.note(host=moodle.site.host)
    return moodle
