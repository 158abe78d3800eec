"""The methods of MooPanel against the sandbox, as callers see them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rpc_moodle.methods import METHODS
from rpc_moodle.methods.panel import PanelChange
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.moopanel import seed
from utils.contract import Envelope
from utils.dispatch import Dispatcher
from utils.testing import FakeCaller, call

Ask = Callable[..., Awaitable[Envelope]]


@pytest.fixture
def ask(sandbox: Sandbox, dispatcher: Dispatcher) -> Ask:
    """Call a method of MooPanel in process, with the sandbox's key."""

    async def ask(event: str, key: str | None = None, caller: FakeCaller | None = None, **payload: Any) -> Envelope:
        options = {"url": sandbox.url, "apiKey": key or sandbox.site.panel.api_key}
        return await call(dispatcher, f"moopanel.{event}", {"options": options, **payload}, caller=caller)

    return ask


async def test_a_site_tells_what_it_is(ask: Ask) -> None:
    found = (await ask("getDashboard"))["data"]
    assert (found["fullname"], found["shortname"], found["logo"]) == ("Reference Moodle", "ref44", "")
    assert "shortname" not in (await ask("testConnection"))["data"]


async def test_the_age_of_a_key_is_set_and_read(ask: Ask) -> None:
    assert (await ask("getApiKeyStatus"))["data"]["validity"] == "unset"
    assert (await ask("setApiKeyStatus", expiresAt=1234567899))["data"]["expiresAt"] == 1234567899
    assert (await ask("getApiKeyStatus"))["data"]["localTime"] == "2009-02-13T23:31:39"
    assert (await ask("setApiKeyStatus", expiresAt=None))["data"]["validity"] == "permanent"


async def test_the_age_of_a_key_has_to_be_said(ask: Ask) -> None:
    assert (await ask("setApiKeyStatus"))["error"]["details"]["fields"] == [
        {"path": "expiresAt", "problem": "is missing"}
    ]


async def test_users_come_with_the_columns_that_are_asked_for_and_their_id(ask: Ask) -> None:
    found = (await ask("getUsers", search="ko", fields=["email"]))["data"]
    assert found == {"total": 1, "users": [{"id": 4, "email": "u1@example.com"}]}
    backwards = (await ask("getUsers", sort="id", descending=True, fields=[]))["data"]["users"]
    assert [user["id"] for user in backwards] == [7, 6, 5, 4, 3, 2]
    assert (await ask("countUsers", search="nobody"))["data"] == 0
    assert (await ask("getUsersOnline"))["data"] == {"total": 17, "online": 8}


@pytest.mark.parametrize("field", ["password", "secret", "id, password", "1; DROP TABLE", "(SELECT password)", ""])
async def test_no_column_but_a_harmless_one_reaches_the_plugin(ask: Ask, sandbox: Sandbox, field: str) -> None:
    for payload in ({"fields": [field]}, {"sort": field}):
        assert (await ask("getUsers", **payload))["error"]["code"] == "invalid_request"
    assert not sandbox.requests


@pytest.mark.parametrize(
    "payload",
    [{"id": 4}, {"username": "BOR"}, {"upn": "bor"}, {"email": "U1@example.com"}],
    ids=str,
)
async def test_a_user_is_found_by_any_name_without_a_secret(ask: Ask, payload: dict[str, Any]) -> None:
    reply = await ask("getUser", **payload)
    assert reply["data"]["id"] == 4
    assert "password" not in reply["data"]
    assert seed.HASH not in repr(reply)


@pytest.mark.parametrize("payload", [{}, {"id": 4, "username": "bor"}])
async def test_a_user_is_asked_for_in_one_way(ask: Ask, payload: dict[str, Any]) -> None:
    assert "exactly one of" in (await ask("getUser", **payload))["message"]


async def test_a_user_who_is_not_there_is_not_found(ask: Ask) -> None:
    reply = await ask("getUser", id=99999)
    assert (reply["error"]["code"], "No user has this id." in reply["message"]) == ("not_found", True)


async def test_plugins_are_told_without_their_secrets(ask: Ask, sandbox: Sandbox) -> None:
    own = (await ask("getPlugin", plugin="local_moopanel", config=True))["data"]
    assert (own["withheld"], "apienabled" in own["config"]) == (["apikey"], True)
    other = await ask("getPlugin", plugin="local_quick", config=True, updates=True, updateLog=True)
    assert other["data"]["withheld"] == ["clientsecret"]
    assert [secret for secret in (sandbox.site.panel.api_key, seed.SECRET) if secret in repr((own, other))] == []
    assert [update["version"] for update in other["data"]["updates"]] == [seed.NEW]


async def test_updates_and_logs_come_where_they_are_asked_for(ask: Ask) -> None:
    bare = (await ask("getPlugins"))["data"]["plugins"]
    full = (await ask("getPlugins", updates=True, updateLog=True))["data"]["plugins"]
    assert not any({"updates", "updateLog"} & set(plugin) for plugin in bare)
    assert [plugin["component"] for plugin in full if plugin["updates"]] == [
        "local_quick", "local_slow", "local_broken", "local_silent",
    ]  # fmt: skip


async def test_uninstalling_can_be_tried_first(ask: Ask, sandbox: Sandbox) -> None:
    assert (await ask("uninstallPlugin", plugin="local_quick", dryRun=True))["data"][
        "outcome"
    ] == "would be uninstalled"
    assert sandbox.site.panel.plugin("local_quick") is not None
    assert (await ask("uninstallPlugin", plugin="local_quick"))["data"]["outcome"] == "uninstalled"
    assert sandbox.site.panel.plugin("local_quick") is None
    assert (await ask("uninstallPlugin", plugin="local_quick", dryRun=True))["error"]["code"] == "not_found"


async def test_a_core_update_can_be_tried_first_and_names_the_versions_there_are(ask: Ask, sandbox: Sandbox) -> None:
    versions = [update["version"] for update in (await ask("getCore"))["data"]["updates"]]
    tried = await ask("updateCore", instanceId=1, version=versions[0], dryRun=True)
    assert (tried["data"]["jobs"], sandbox.site.panel.queue) == ([], [])
    missing = await ask("updateCore", instanceId=1, version="2099010100")
    assert missing["error"]["code"] == "not_found"
    assert versions[0] in missing["message"]


async def test_courses_are_counted_and_listed(ask: Ask) -> None:
    assert (await ask("getCourses"))["data"] == {"totalCourses": 2, "totalCategories": 1}
    found = (await ask("getCourses", courses=True, categories=True))["data"]
    assert ([course["id"] for course in found["courses"]], len(found["categories"])) == ([2, 3], 1)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"api_key": "another"}, "invalid_token"),
        ({"enabled": False}, "site_unavailable"),
        ({"expiration": "tomorrow"}, "moodle_error"),
    ],
)
async def test_a_refusal_of_the_plugin_has_a_code(ask: Ask, sandbox: Sandbox, state: dict[str, Any], code: str) -> None:
    key = sandbox.site.panel.api_key
    for name, value in state.items():
        setattr(sandbox.site.panel, name, value)
    reply = await ask("getApiKeyStatus", key)
    assert reply["error"]["code"] == code
    assert key not in repr(reply)


async def test_a_refused_request_says_what_the_plugin_said(ask: Ask) -> None:
    reply = await ask("getUsersOnline", since=1716796099, until=1716796022)
    assert (reply["error"]["code"], reply["error"]["details"]) == (
        "invalid_request",
        {"errorcode": "400", "function": "users/online"},
    )
    assert "StartTime must be less than endTime." in reply["message"]


def test_what_changes_a_site_is_marked_twice_alike() -> None:
    panel = [method for method in METHODS if method.name.startswith("moopanel.")]
    marked = {method.name for method in panel if method.writes}
    assert len(panel) == 25
    assert marked == {m.name for m in panel if m.request_model is not None and issubclass(m.request_model, PanelChange)}
    assert len(marked) == 9
