"""In somebody else's program the library says nothing that it was not asked."""

import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest

from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.faults import Fault
from rpc_moodle.sandbox.switchboard import Rule

PROGRAM = """
import asyncio, sys
from rpc_moodle.moodle import MoodleClient, MoodleError, site

async def main(url, token):
    async with MoodleClient(url, token) as moodle:
        try:
            await site.info(moodle)
        except MoodleError:
            sys.exit(7)

asyncio.run(main(*sys.argv[1:]))
"""
"""What a person writes who has set up no logging at all."""


@pytest.mark.parametrize(
    ("says", "fault", "times", "asked", "ends"),
    [
        ("a call that goes well", Fault.NONE, 1, 1, 0),
        ("a site that fails twice", Fault.ERROR_BEFORE, 2, 3, 0),
        ("a connection that is cut twice", Fault.CUT_BEFORE, 2, 3, 0),
        ("a site that fails for good", Fault.ERROR_BEFORE, 9, 3, 7),
    ],
)
async def test_nothing_is_written_to_either_stream(says: str, fault: Fault, times: int, asked: int, ends: int) -> None:
    async with Sandbox() as sandbox:
        sandbox.faults.set(Rule(fault=fault, times=times))
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, sandbox.url, sandbox.token("teacher_full"), stdout=PIPE, stderr=PIPE
        )
        out, err = await program.communicate()
        assert (out, err, program.returncode) == (b"", b"", ends), says
        assert len(sandbox.requests) == asked
