"""Whose address a call is counted under when proxies stand in between."""

from ipaddress import ip_network

import aiohttp
import pytest

from tests.utils.conftest import Logs, Serve
from utils.server.forwarded import caller_behind

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("::1")]


@pytest.mark.parametrize(
    ("remote", "forwarded", "caller"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # no proxy of ours says so
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),  # the first is made up by the caller
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, <script>"], "10.0.0.1"),
        (None, ["198.51.100.1"], None),
    ],
)
def test_only_what_a_proxy_of_ours_says_is_believed(
    remote: str | None, forwarded: list[str], caller: str | None
) -> None:
    assert caller_behind(remote, forwarded, TRUSTED) == caller


@pytest.mark.parametrize(("proxies", "remote"), [((), "127.0.0.1"), (("127.0.0.1",), "198.51.100.1")])
@pytest.mark.parametrize("transport", ["websocket"])
async def test_a_caller_is_logged_under_its_own_address(
    serve: Serve, logs: Logs, proxies: tuple[str, ...], remote: str, transport: str
) -> None:
    url = await serve(auth_tokens=("a-5ecret-of-the-test",), trusted_proxies=proxies)
    address = f"{url}/socket.io/?EIO=4&transport={transport}"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, headers={"X-Forwarded-For": "198.51.100.1"}) as socket,
    ):
        await socket.receive()
        await socket.send_str("40")
        await socket.receive()
    assert [line["remote"] for line in logs.lines if line["event"] == "unauthorized"] == [remote]


async def test_the_endpoint_has_the_path_that_the_operator_chose(serve: Serve) -> None:
    url = await serve(socketio_path="/moodle/socket.io/")
    async with aiohttp.ClientSession() as session:
        for path, status in (("/moodle/socket.io/", 200), ("/socket.io/", 404)):
            async with session.get(f"{url}{path}?EIO=4&transport=polling") as response:
                assert response.status == status
