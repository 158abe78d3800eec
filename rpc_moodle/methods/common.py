"""What all requests share: credentials and ids, in both dialects of the callers in the wild."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, model_validator

from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.moodle.wire import check_token
from rpc_moodle.transport.address import site_url
from utils.call import Call
from utils.contract import Options, Request

_MAX_ID = 2**63 - 1  # what a database of Moodle can number


def _moodle_id(value: object) -> object:
    if isinstance(value, bool | bytes):
        raise ValueError("must be a number, or a string of digits")  # noqa: TRY004 - pydantic wants ValueError
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[0-9]{1,19}\s*", value):
            raise ValueError("must be a number, or a string of digits")
        return int(value)
    return value


MoodleId = Annotated[int, BeforeValidator(_moodle_id), Field(ge=1, le=_MAX_ID)]
"""An id of Moodle's: a number from 1, or a string of digits."""


SiteAddress = Annotated[str, AfterValidator(lambda text: str(site_url(text)))]
"""The address of a Moodle site as pasted, normalised."""

ApiKey = Annotated[SecretStr, AfterValidator(check_token)]
"""The token of a Moodle web service."""


Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,3}$")]
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


def moodle_of(request: MoodleRequest, call: Call) -> MoodleClient:
    """Make the client of a call: its own site and key, the service's connections.

    Raises InvalidSite or InvalidCredential.
    """
    return MoodleClient(
        request.options.url,
        request.options.api_key,
        http=call.shared(Http),
        language=request.options.language,
        remaining=call.deadline.remaining,
        caller=call.caller.id if call.caller else None,
    )
