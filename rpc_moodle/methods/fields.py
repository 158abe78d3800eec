"""Fields that many requests share: users, texts to look for, moments."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, AwareDatetime, BeforeValidator, Field

from rpc_moodle.methods.common import MoodleId
from utils.contract import Model

_MANY = 1000
_LAST = 4_102_444_800  # 2100

OwnUser = Annotated[
    MoodleId | None,
    Field(
        validation_alias=AliasChoices("userID", "userId", "user_id"),
        description="The user's id in Moodle; without it, the account of the API key itself.",
    ),
]
"""A user, or oneself."""

AnyUser = Annotated[
    MoodleId | None,
    Field(
        validation_alias=AliasChoices("userID", "userId", "user_id"),
        description="The user's id in Moodle; without it, everybody.",
    ),
]
"""A user, or everybody."""

OneUser = Annotated[
    MoodleId,
    Field(validation_alias=AliasChoices("userID", "userId", "user_id"), description="The user's id in Moodle."),
]
"""One user."""

Users = Annotated[
    list[MoodleId],
    Field(
        min_length=1,
        max_length=_MANY,
        validation_alias=AliasChoices("userIDs", "userIds", "user_ids"),
        description="The users' ids in Moodle.",
    ),
]
"""Some users."""

SearchText = Annotated[str, AfterValidator(str.strip), Field(min_length=1, max_length=200)]
"""A text to look for."""


class FileItem(Model):
    """A file to be stored in Moodle."""

    filename: str = Field(min_length=1, max_length=255, pattern=r"^[^/\x00-\x1f]+$", description="Its name there.")
    content: bytes = Field(description="What is in it.")


def _moment(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(  # noqa: TRY004 - pydantic wants ValueError
            "must be Unix seconds, or a time with its offset, such as 2026-01-31T23:59:00+01:00"
        )
    if isinstance(value, int | float) and not 0 <= value <= _LAST:
        raise ValueError("must be Unix seconds")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A time: Unix seconds, or ISO 8601 with its offset from UTC."""

Since = Annotated[
    Moment | None,
    Field(description="Only what has changed since then: Unix seconds, or ISO 8601 with an offset."),
]
"""From when on."""


def seconds(moment: datetime | None) -> int:
    """Return Unix seconds, 0 for no time."""
    return 0 if moment is None else int(moment.timestamp())
