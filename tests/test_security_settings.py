"""Who may call a service, by its settings: started as an operator starts it."""

import re
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from rpc_moodle.sandbox import Sandbox
from rpc_moodle.settings import Settings
from tests.cli.test_commands import run
from tests.service_process import ANY_ADDRESS, refusing, serving
from utils.client import connected


async def outcome(url: str, token: str | None = None) -> str:
    async with connected(url, transports=["websocket"], token=token) as backend:
        reply = await backend.call("call", {})
    return "ok" if reply["success"] else str(reply["error"]["code"])


async def test_a_service_that_all_can_reach_does_not_start_unless_told_who_may_call() -> None:
    status, said = await refusing(RPC_MOODLE_HOST=ANY_ADDRESS)
    assert status == 2
    assert "RPC_MOODLE_AUTH_TOKENS" in said
    assert "RPC_MOODLE_AUTH=off" in said
    assert len(said.splitlines()) == 1


async def test_a_service_of_this_machine_alone_asks_nobody_and_says_so_in_its_log() -> None:
    async with serving() as service:
        warning = await service.until_logged("authentication_off")
        assert warning["level"] == "warning"
        assert "on this machine" in warning["hint"]
        assert "RPC_MOODLE_AUTH_TOKENS" in warning["hint"]
        assert await outcome(service.url) == "ok"


async def test_a_service_that_is_told_to_ask_nobody_says_so_in_its_log() -> None:
    async with serving(RPC_MOODLE_HOST=ANY_ADDRESS, RPC_MOODLE_AUTH="off") as service:
        assert "reaches this address" in (await service.until_logged("authentication_off"))["hint"]
        assert await outcome(service.url) == "ok"


@pytest.mark.parametrize("auth", ["required", "off"])
async def test_tokens_are_asked_for_wherever_there_are_some(auth: str) -> None:
    tokens = "an-old-5ecret-of-16, a-new-5ecret-of-16"
    async with serving(RPC_MOODLE_HOST=ANY_ADDRESS, RPC_MOODLE_AUTH=auth, RPC_MOODLE_AUTH_TOKENS=tokens) as service:
        shown = [None, "a-wrong-5ecret", "an-old-5ecret-of-16", "a-new-5ecret-of-16"]
        assert [await outcome(service.url, token) for token in shown] == ["unauthorized", "unauthorized", "ok", "ok"]
        service.process.terminate()
        await service.until_logged("stopped")
    assert "5ecret" not in str(service.logged)
    assert "authentication_off" not in {line["event"] for line in service.logged}


async def test_a_link_is_opened_by_its_ticket_alone() -> None:
    async with (
        Sandbox() as moodle,
        serving(RPC_MOODLE_AUTH_TOKENS="a-5ecret-of-16-characters") as service,
        aiohttp.ClientSession() as web,
    ):
        options = {"url": moodle.url, "apiKey": moodle.token("teacher_care")}
        async with connected(service.url, token="a-5ecret-of-16-characters") as backend:
            ids = {"courseID": 2, "assignmentID": 8}
            reply = await backend.call("getSubmissionsInfosFromAssignment", {**ids, "options": options})
        link = URL(reply["data"][0]["files"][0]["fileurl"])
        for ticket, status in (
            (link.query["ticket"], 200),
            ("of-another-service", 403),
            ("a-5ecret-of-16-characters", 403),
        ):
            async with web.get(f"{service.url}/files/{ticket}") as response:
                assert response.status == status


async def test_the_command_that_calls_once_concerns_nobody_else() -> None:
    everywhere = {"RPC_MOODLE_HOST": ANY_ADDRESS, "RPC_MOODLE_AUTH_TOKENS": "a-5ecret-of-16-characters"}
    status, out, _ = await run("call", "call", stdin="{}", env=everywhere)
    assert (status, "Hello World!" in out) == (0, True)


def test_the_page_about_security_names_settings_that_exist() -> None:
    page = (Path(__file__).parent.parent / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"RPC_MOODLE_([A-Z_]+)", page))
    assert named <= {name.upper() for name in Settings.model_fields}
    assert {"AUTH", "AUTH_TOKENS", "TICKET_KEYS", "ALLOW_PRIVATE"} <= named
