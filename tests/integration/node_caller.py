"""Runs the Node scripts against a service and a sandbox, wherever these are."""

import asyncio
import os
import re
import shutil
from pathlib import Path

from rpc_moodle.sandbox.seed import token_value

NODE = Path(__file__).parent / "node"
SCRIPTS = sorted(NODE.glob("*.test.mjs"))
LOWEST_COUNTS = {"badinput": 30, "downloads": 15, "events": 50, "feedback": 9, "load": 3, "moopanel": 4}
"""Tests that each script has at least: what does not run proves nothing."""


def installed() -> bool:
    """Tell whether Node and the packages of the lock are there."""
    return shutil.which("node") is not None and (NODE / "node_modules" / "socket.io-client").is_dir()


async def run_script(script: Path, *, service: str, moodle: str, moodle_from_here: str, html: str) -> int:
    """Run one script with Node's test runner and return how many of its tests passed.

    ``moodle`` is the sandbox's URL as the service reaches it, ``html`` that of a site which answers HTML.
    Raises AssertionError with Node's output when a test failed, was skipped or is missing.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "SERVICE_URL": service,
        "MOODLE_URL": moodle,
        "MOODLE_URL_FROM_HERE": moodle_from_here,
        "HTML_URL": html,
        "MOODLE_TOKEN": token_value("teacher_full"),
        "MOODLE_TOKEN_MINIMUM": token_value("teacher_care"),
    }
    process = await asyncio.create_subprocess_exec(
        "node",
        "--test",
        "--test-reporter=spec",
        script.name,
        cwd=NODE,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    counts = {name: int(count) for name, count in re.findall(r"^ℹ (pass|fail|skipped|todo) (\d+)$", text, re.MULTILINE)}  # noqa: RUF001 - as Node prints it
    failures = text.partition("failing tests:")[2] or text
    passed = counts.pop("pass", 0)
    assert process.returncode == 0, failures
    assert not any(counts.values()), text
    assert passed >= LOWEST_COUNTS[script.name.partition(".")[0]], text
    return passed
