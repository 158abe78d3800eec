"""Planned faults lose the answer, and the work only where they strike before it."""

import asyncio

import aiohttp
import pytest

from rpc_moodle.sandbox import Fault, Sandbox
from tests.sandbox.conftest import Caller, marks

SAVE = "mod_assign_save_grade"


async def send(sandbox: Sandbox, http: aiohttp.ClientSession) -> aiohttp.ClientResponse:
    head = {"wstoken": sandbox.token("teacher_full"), "wsfunction": SAVE, "moodlewsrestformat": "json"}
    form = {name: str(value) for name, value in (head | marks(1, 9, grade=55)).items()}
    return await http.post(f"{sandbox.url}/webservice/rest/server.php", data=form)


def graded(sandbox: Sandbox) -> bool:
    return (9, 0) in sandbox.site.assignments[1].grades


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        (Fault.ERROR_BEFORE, 500, False),
        (Fault.ERROR_AFTER, 500, True),
        (Fault.RATE_LIMITED, 429, False),
        (Fault.HTML, 200, False),
        (Fault.NONE, 200, True),
    ],
)
async def test_a_wrong_answer_comes_before_or_after_the_work(
    sandbox: Sandbox, http: aiohttp.ClientSession, fault: Fault, status: int, *, done: bool
) -> None:
    sandbox.site.fault = lambda seen: fault

    response = await send(sandbox, http)

    assert (response.status, graded(sandbox)) == (status, done)


@pytest.mark.parametrize(("fault", "done"), [(Fault.CUT_BEFORE, False), (Fault.CUT_AFTER, True)])
async def test_a_cut_connection_gives_no_answer(
    sandbox: Sandbox, http: aiohttp.ClientSession, fault: Fault, *, done: bool
) -> None:
    sandbox.site.fault = lambda seen: fault

    with pytest.raises(aiohttp.ClientError):
        await send(sandbox, http)

    assert graded(sandbox) is done


async def test_a_truncated_answer_ends_in_the_middle(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.site.fault = lambda seen: Fault.TRUNCATED

    response = await send(sandbox, http)

    with pytest.raises(aiohttp.ClientError):
        await response.read()


@pytest.mark.parametrize(("fault", "done"), [(Fault.HANG_BEFORE, False), (Fault.HANG_AFTER, True)])
async def test_a_hanging_request_is_ended_with_the_sandbox(
    http: aiohttp.ClientSession, fault: Fault, *, done: bool
) -> None:
    async with Sandbox() as sandbox:
        arrived = asyncio.Event()

        def hang(seen: object) -> Fault:
            arrived.set()
            return fault

        sandbox.site.fault = hang
        sending = asyncio.create_task(send(sandbox, http))
        await arrived.wait()

    with pytest.raises(aiohttp.ClientError):
        await sending
    assert graded(sandbox) is done


async def test_a_fault_strikes_the_requests_it_chooses(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.fault = lambda seen: Fault.ERROR_BEFORE if seen.form.get("userid") == "6" else Fault.NONE

    assert await call(SAVE, marks(1, 5)) is None
    with pytest.raises(AssertionError):
        await call(SAVE, marks(1, 6))
