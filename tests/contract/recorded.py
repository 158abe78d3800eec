"""The recorded exchanges with real sites, and which of them the sandbox has to answer alike."""

from __future__ import annotations

from typing import Any

from tests.support import recording

REPLAYED = 163
"""Exchanges replayed per version; raised by hand when the sandbox learns more, so that it cannot shrink unseen."""

NOT_ITS_JOB = {
    "upload.": "the wider recordings show uploads into areas that are used afterwards",
    "sso.launch": "signing in with a browser is not done by a service",
    "users.search_forbidden": "the recorded account had failed to log in before, which it is told",
    "gradeitems": "the sandbox has no ungraded items in its gradebook; the wider recordings show the rest",
    "course.contents": "course pages belong to no published method",
    "course.edit_module": "editing course pages belongs to no published method",
    "submit.": "it needs an upload; the wider recordings show all of it",
}
"""What is not replayed, by the beginning of its id, and why."""


def exchanges(version: str) -> list[dict[str, Any]]:
    """Give the exchanges to replay, in recorded order."""
    return [one for one in recording(version)["exchanges"] if is_its_job(one["id"])]


def is_its_job(exchange_id: str) -> bool:
    """Tell whether the sandbox has to answer this exchange as the real site did."""
    return not exchange_id.startswith(tuple(NOT_ITS_JOB))
