"""Tokens, logging in, and what the administrator can do to the site."""

import json

import aiohttp
import pytest

from rpc_moodle.sandbox import Mode, Sandbox
from rpc_moodle.sandbox.people import User
from tests.sandbox.conftest import Caller

INFO = "core_webservice_get_site_info"
ENROLLED = "core_enrol_get_enrolled_users"


async def test_a_token_is_the_same_in_every_run() -> None:
    one, other = Sandbox(), Sandbox(users=0, release="4.4")

    assert one.token("teacher_care") == other.token("teacher_care")
    assert len(one.token("teacher_care")) == 32
    assert int(one.token("teacher_care"), 16)
    with pytest.raises(KeyError):
        one.token("nobody")


async def test_an_expired_token_is_refused_in_two_ways(call: Caller) -> None:
    codes = [(await call(ENROLLED, {"courseid": 2}, as_="teacher_expired"))["errorcode"] for _ in range(2)]

    assert codes == ["accessexception", "invalidtoken"]


async def test_the_site_lists_what_the_token_may_call(sandbox: Sandbox, call: Caller) -> None:
    listed = {one["name"] for one in (await call(INFO))["functions"]}

    assert listed == sandbox.site.services["full"].functions
    for name in listed:
        answer = await call(name, as_="admin_full")
        assert not isinstance(answer, dict) or answer.get("errorcode") in {None, "invalidparameter"}


async def test_logging_in_makes_a_token_that_works(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    form = {"username": "tutor1", "password": "Tutor.1234", "service": "full"}
    async with http.post(f"{sandbox.url}/login/token.php", data=form) as response:
        token = (await response.json())["token"]
    async with http.post(f"{sandbox.url}/login/token.php", data=form) as response:
        assert (await response.json())["token"] == token

    head = {"wstoken": token, "wsfunction": INFO, "moodlewsrestformat": "json"}
    async with http.post(f"{sandbox.url}/webservice/rest/server.php", data=head) as response:
        assert (await response.json())["username"] == "tutor1"


async def test_nobody_logs_in_without_a_password(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.site.users[99] = User(99, "ghost", "G", "Host", "ghost@example.com")
    form = {"username": "ghost", "password": "", "service": "full"}

    async with http.post(f"{sandbox.url}/login/token.php", data=form) as response:
        assert (await response.json())["errorcode"] == "invalidlogin"


async def test_an_administrator_works_on_through_maintenance(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.mode = Mode.MAINTENANCE

    assert (await call(INFO, as_="admin_full"))["username"] == "admin"
    assert (await call(INFO))["errorcode"] == "sitemaintenance"


async def test_a_json_body_is_not_read(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    body = {"wstoken": sandbox.token("teacher_care"), "wsfunction": ENROLLED, "moodlewsrestformat": "json"}

    async with http.post(f"{sandbox.url}/webservice/rest/server.php", json=body) as response:
        assert response.content_type == "application/xml"
        assert "<ERRORCODE>invalidtoken</ERRORCODE>" in await response.text()


async def test_a_call_may_come_in_the_url_or_as_multipart(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    head = {"wstoken": sandbox.token("teacher_full"), "wsfunction": INFO, "moodlewsrestformat": "json"}
    multipart = aiohttp.FormData(head, default_to_multipart=True)

    for response in (
        await http.get(f"{sandbox.url}/webservice/rest/server.php", params=head),
        await http.post(f"{sandbox.url}/webservice/rest/server.php", data=multipart),
    ):
        assert json.loads(await response.read())["userid"] == 3


async def test_pages_for_people_set_a_session_cookie_and_web_services_do_not(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{sandbox.url}/pluginfile.php/53/x", allow_redirects=False) as response:
        assert response.status == 303
        assert "MoodleSession" in response.cookies
    async with http.get(f"{sandbox.url}/login/index.php") as response:
        assert response.content_type == "text/html"
        assert "MoodleSession" in response.cookies
    async with http.get(f"{sandbox.url}/webservice/rest/server.php") as response:
        assert not response.cookies
