"""A running sandbox and a caller for it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from rpc_moodle.sandbox import Sandbox

Caller = Callable[..., Awaitable[Any]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def call(sandbox: Sandbox, http: aiohttp.ClientSession) -> Caller:
    async def post(function: str, form: dict[str, Any] | None = None, *, as_: str = "teacher_full") -> Any:
        head = {"wstoken": sandbox.token(as_), "wsfunction": function, "moodlewsrestformat": "json"}
        fields = {name: str(value) for name, value in (head | (form or {})).items()}
        async with http.post(f"{sandbox.url}/webservice/rest/server.php", data=fields) as response:
            assert response.status == 200
            return await response.json()

    return post


def marks(assignment: int, user: int, **changed: Any) -> dict[str, Any]:
    """The form of a ``mod_assign_save_grade`` call with comment ``<p>NEW</p>``, as the recordings send it."""
    form = {
        "assignmentid": assignment,
        "userid": user,
        "grade": -1,
        "attemptnumber": -1,
        "addattempt": 0,
        "workflowstate": "",
        "applytoall": 0,
        "plugindata[assignfeedbackcomments_editor][text]": "<p>NEW</p>",
        "plugindata[assignfeedbackcomments_editor][format]": 1,
    }
    return form | changed


def without_comment(form: dict[str, Any]) -> dict[str, Any]:
    """The same form without feedback."""
    return {name: value for name, value in form.items() if not name.startswith("plugindata")}
