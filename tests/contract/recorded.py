"""The recorded exchanges with real sites, and which of them the sandbox has to answer alike."""

from __future__ import annotations

from typing import Any

from tests.support import recording

REPLAYED = 154
"""Exchanges replayed per version; raised by hand when the sandbox learns more, so that it cannot shrink unseen."""

NOT_ITS_JOB = {
    "upload.": "uploads belong to no published method",
    "sso.launch": "signing in with a browser is not done by a service",
    "completion.": "activity completion belongs to no published method",
    "users.": "looking for users across the site belongs to no published method",
    "gradeitems": "the gradebook report belongs to no published method",
    "courses.": "looking for courses belongs to no published method",
    "course.contents": "course pages belong to no published method",
    "course.edit_module": "editing course pages belongs to no published method",
    "groups.": "listing groups belongs to no published method",
    "submit.": "handing in is the student's business",
}
"""What is not replayed, by the beginning of its id, and why."""

ITS_JOB = ("users.course.",)
"""What is replayed though the table above would leave it out."""


def exchanges(version: str) -> list[dict[str, Any]]:
    """Give the exchanges to replay, in recorded order."""
    return [one for one in recording(version)["exchanges"] if is_its_job(one["id"])]


def is_its_job(exchange_id: str) -> bool:
    """Tell whether the sandbox has to answer this exchange as the real site did."""
    return exchange_id.startswith(ITS_JOB) or not exchange_id.startswith(tuple(NOT_ITS_JOB))
