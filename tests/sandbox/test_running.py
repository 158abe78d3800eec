"""The sandbox as a server that others start."""

import asyncio

import aiohttp
import pytest

from rpc_moodle.sandbox import Sandbox, run, running
from tests.sandbox.conftest import Caller


async def test_requests_are_kept_for_looking_at(sandbox: Sandbox, call: Caller) -> None:
    await call("core_enrol_get_enrolled_users", {"courseid": 2}, as_="teacher_care")

    seen = sandbox.requests[-1]
    assert (seen.method, seen.path) == ("POST", "/webservice/rest/server.php")
    assert (seen.function, seen.token) == ("core_enrol_get_enrolled_users", sandbox.token("teacher_care"))
    assert seen.form["courseid"] == "2"


async def test_each_answer_waits_as_long_as_was_asked(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def note(delay: float) -> None:
        waited.append(delay)

    async with Sandbox(latency=2.5) as sandbox:
        monkeypatch.setattr("rpc_moodle.sandbox.server.asyncio.sleep", note)
        await http.get(f"{sandbox.url}/login/index.php")

    assert 2.5 in waited


async def test_requests_for_a_costly_function_wait_for_each_other(
    sandbox: Sandbox, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []

    async def note(delay: float) -> None:
        served.append(f"begins {delay}")
        await other_turns(0)
        served.append("ends")

    other_turns = asyncio.sleep
    monkeypatch.setattr("rpc_moodle.sandbox.server.asyncio.sleep", note)
    sandbox.site.costs["mod_assign_get_submission_status"] = 0.033
    form = {"assignid": 1, "userid": 5}
    await asyncio.gather(*(call("mod_assign_get_submission_status", form) for _ in range(3)))
    await call("mod_assign_get_grades", {"assignmentids[0]": 1})

    assert served == ["begins 0.033", "ends"] * 3


async def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not '3\.9'"):
        Sandbox(release="3.9")


async def test_two_sandboxes_share_nothing() -> None:
    async with Sandbox() as one, Sandbox() as other:
        del one.site.courses[2]

        assert one.url != other.url
        assert 2 in other.site.courses


async def test_the_command_tells_address_assignments_and_tokens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()
    describe = running.describe

    def tell(sandbox: Sandbox) -> str:
        told.set()
        return describe(sandbox)

    monkeypatch.setattr(running, "describe", tell)
    serving = asyncio.create_task(run("127.0.0.1", 0, users=3, latency=0.0, release="4.5"))
    await told.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving

    printed = capsys.readouterr().out
    assert "http://127.0.0.1:" in printed
    assert "assignment 8   Essay (files)" in printed
    assert Sandbox().token("teacher_care") in printed
