"""A request that hangs holds up those who share it, and nobody who comes later."""

import asyncio

from rpc_moodle.moodle import MoodleClient, site
from rpc_moodle.sandbox import Fault, Sandbox
from rpc_moodle.sandbox.site import Seen


async def test_who_comes_after_somebody_gave_up_asks_anew() -> None:
    asked = asyncio.Event()

    def hang_once(_seen: Seen) -> Fault:
        if asked.is_set():
            return Fault.NONE
        asked.set()
        return Fault.HANG_BEFORE

    async with Sandbox(users=0) as sandbox, MoodleClient(sandbox.url, sandbox.token("teacher_full")) as moodle:
        sandbox.site.fault = hang_once
        impatient, patient = (asyncio.create_task(site.info(moodle)) for _ in range(2))
        await asked.wait()
        impatient.cancel()
        await asyncio.wait({impatient})
        try:
            async with asyncio.timeout(3):
                await site.info(moodle)
        finally:
            patient.cancel()
