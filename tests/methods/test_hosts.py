import pytest
from pydantic_settings import SettingsConfigDict

from rpc_moodle.app import create_dispatcher, create_http, create_tickets
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.settings import Settings
from utils.contract import Envelope
from utils.testing import call


class Unset(Settings):
    """Settings that no environment variable reaches."""

    model_config = SettingsConfigDict(env_prefix="NOT_SET_")


async def ask(settings: Settings, url: str, token: str = "f" * 32) -> Envelope:
    async with create_http(settings) as http:
        dispatcher = create_dispatcher(settings, http, create_tickets(settings))
        return await call(dispatcher, "getUsersFromCourse", {"courseID": 2, "options": {"url": url, "apiKey": token}})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0.0.0.0",  # noqa: S104 - nothing is bound here
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
    ],
)
async def test_no_way_to_write_an_address_inside_reaches_it(host: str) -> None:
    async with Sandbox() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        reply = await ask(Unset(), f"http://{host}:{port}")
        assert reply["error"]["code"] == "host_not_allowed"
        assert not sandbox.requests


async def test_a_refusal_tells_the_operator_what_to_set() -> None:
    reply = await ask(Unset(), "http://127.0.0.1:1")
    assert reply["error"]["code"] == "host_not_allowed"
    assert "RPC_MOODLE_ALLOWED_HOSTS" in reply["message"]
    assert "RPC_MOODLE_ALLOW_PRIVATE" in reply["message"]


@pytest.mark.parametrize(
    "url", ["http://user@127.0.0.1", "http://8.8.8.8@127.0.0.1/", "http://127.0.0.1\\@moodle.example/"]
)
async def test_tricks_with_user_names_are_no_urls(url: str) -> None:
    assert (await ask(Unset(), url))["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("settings", [{"allow_private": True}, {"allowed_hosts": ("127.0.0.1",)}])
async def test_the_operator_can_allow_it(settings: dict[str, object]) -> None:
    async with Sandbox() as sandbox:
        reply = await ask(Unset.model_validate(settings), sandbox.url, sandbox.token("teacher_care"))
        assert reply["success"], reply


async def test_a_list_of_hosts_leaves_out_all_others() -> None:
    async with Sandbox() as sandbox:
        reply = await ask(Unset(allowed_hosts=("moodle.example.edu",)), sandbox.url)
        assert reply["error"]["code"] == "host_not_allowed"
        assert not sandbox.requests
