import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from rpc_moodle.healthcheck import alive
from rpc_moodle.sandbox import Sandbox


async def run(*arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rpc_moodle",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(env or {})},
    )
    out, err = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def payload(sandbox: Sandbox, token: str = "teacher_care") -> str:
    return json.dumps({"courseID": 2, "options": {"url": sandbox.url, "apiKey": sandbox.token(token)}})


async def test_one_call_prints_its_reply_and_nothing_else_on_standard_output(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        file = tmp_path / "payload.json"
        file.write_text(payload(sandbox))
        status, out, err = await run("call", "getUsersFromCourse", str(file))
        assert status == 0
        assert len(json.loads(out)["data"]) == 34
        assert sandbox.token("teacher_care") not in out + err


async def test_a_call_that_fails_exits_with_one_and_prints_the_envelope() -> None:
    async with Sandbox() as sandbox:
        status, out, _ = await run("call", "getUsersFromCourse", stdin=payload(sandbox, "teacher_expired"))
    assert status == 1
    assert json.loads(out)["error"]["code"] == "access_denied"


async def test_a_payload_that_is_no_json_says_so() -> None:
    status, _, err = await run("call", "getUsersFromCourse", stdin="{")
    assert status == 2
    assert "no JSON" in err


async def test_a_wrong_setting_is_named_without_its_value() -> None:
    status, _, err = await run("serve", env={"RPC_MOODLE_PORT": "hunter2"})
    assert status == 2
    assert "RPC_MOODLE_PORT" in err
    assert "hunter2" not in err


async def test_the_demonstration_calls_methods_of_both_kinds_and_ends_by_itself() -> None:
    status, out, err = await run("demo")
    assert (status, err) == (0, "")
    for method in (
        "getUsersFromCourse",
        "getUsersFromAssignment",
        "getSubmissionsInfosFromAssignment",
        "downloadSubmissionsFromUser",
        "publishAssignmentTextFeedback",
        "moopanel.updatePlugins",
        "moopanel.waitForJob",
    ):
        assert method in out


def test_the_health_check_sees_that_nothing_listens(unused_tcp_port: int) -> None:
    assert not alive("127.0.0.1", unused_tcp_port)


@pytest.mark.parametrize("command", ["serve", "sandbox", "demo", "call", "download"])
async def test_every_command_explains_itself(command: str) -> None:
    status, out, _ = await run(command, "--help")
    assert status == 0
    assert "Usage" in out
