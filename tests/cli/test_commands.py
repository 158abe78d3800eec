import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rpc_moodle.cli.commands import cli
from rpc_moodle.healthcheck import alive
from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox import Fault, Sandbox
from tests.service_process import serving


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
    assert "no JSON: line 1, column 2" in err


async def test_a_wrong_setting_is_named_without_its_value() -> None:
    status, _, err = await run("serve", env={"RPC_MOODLE_PORT": "hunter2"})
    assert status == 2
    assert "RPC_MOODLE_PORT" in err
    assert "hunter2" not in err


async def test_the_demonstration_shows_every_method_and_ends_by_itself() -> None:
    status, out, err = await run("demo")
    assert (status, err) == (0, "")
    shown = {line.split(" ")[0] for line in out.splitlines()}
    assert {method.name for method in METHODS} - shown == set()


def test_the_health_check_sees_that_nothing_listens(unused_tcp_port: int) -> None:
    assert not alive("127.0.0.1", unused_tcp_port)


@pytest.mark.parametrize("command", ["serve", "sandbox", "demo", "call", "download"])
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "--help"])
    assert (result.exit_code, "Usage" in result.stdout) == (0, True)


async def test_the_version_is_told() -> None:
    status, out, _ = await run("--version")
    assert (status, out.startswith("rpc_moodle ")) == (0, True)


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        (["serve"], {"RPC_MOODLE_AUTH_TOKEN": "a-5ecret-of-16-characters"}),
        (["serve"], {"RPC_MOODLE_AUTH_TOKENS": "a-5ecret"}),
        (["serve"], {"RPC_MOODLE_TICKET_KEYS": "a-5ecret"}),
        (["serve"], {"RPC_MOODLE_AUTH": "off", "RPC_MOODLE_PUBLISH": "8081"}),
        (["serve"], {"RPC_MOODLE_AUTH": "off", "RPC_MOODLE_PUBLISH": "0.0.0.0:8081"}),
        (["serve"], {"RPC_MOODLE_ALLOWED_HOSTS": "https://moodle.example.edu"}),
        (["serve"], {"RPC_MOODLE_CA_FILE": "/nowhere"}),
        (["serve"], {"RPC_MOODLE_PROXY": "proxy:3128"}),
        (["demo"], {"RPC_MOODLE_LOG_FORMAT": "loud"}),
        (["call", "call"], {"RPC_MOODLE_TICKET_KEYS_FILE": "/nowhere"}),
        (["download", "--course", "2", "--assignment", "8", "--url", "x", "here"], {"RPC_MOODLE_PORT": "x"}),
    ],
)
def test_what_cannot_start_ends_in_one_sentence(command: list[str], variables: dict[str, str]) -> None:
    result = CliRunner().invoke(cli, command, env=variables)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1), result.stderr
    assert all(name.removesuffix("_FILE") in result.stderr for name in variables if name != "RPC_MOODLE_AUTH")
    assert "5ecret" not in result.stderr


@pytest.mark.parametrize("command", ["serve", "sandbox"])
async def test_a_port_that_is_taken_is_told_in_one_sentence(command: str) -> None:
    async with Sandbox() as sandbox:
        status, _, err = await run(
            command, "--port", sandbox.url.rpartition(":")[2], env={"RPC_MOODLE_LOG_LEVEL": "error"}
        )
    assert (status, len(err.splitlines())) == (2, 1), err
    assert "address already in use" in err


def test_an_unknown_release_is_told_with_those_there_are() -> None:
    result = CliRunner().invoke(cli, ["sandbox", "--release", "3.9"])
    assert (result.exit_code, "4.5" in result.stderr, "Traceback" in result.stderr) == (2, True, False)


async def test_the_settings_in_force_are_one_line_of_the_log_without_secrets() -> None:
    secret = "a-5ecret-of-16-characters"
    async with serving(
        RPC_MOODLE_AUTH_TOKENS=secret, RPC_MOODLE_TIMEOUT_MS="12s", RPC_MOODLE_LOG_LEVEL="INFO"
    ) as service:
        line = await service.until_logged("settings")
    assert (line["timeout_ms"], line["auth_tokens_lengths"], line["log_level"]) == (12000, [len(secret)], "info")
    assert secret not in str(service.logged)


async def test_links_that_a_later_call_could_not_open_are_not_sealed(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        ids = {"courseID": 2, "assignmentID": 8}
        options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care")}
        allowed = {"RPC_MOODLE_ALLOW_PRIVATE": "true"}
        listing = ["call", "getSubmissionsInfosFromAssignment"]
        status, out, err = await run(*listing, stdin=json.dumps({**ids, "options": options}), env=allowed)
        url = json.loads(out)["data"][0]["files"][0]["fileurl"]
        assert (status, "ticket=" in url) == (0, False)
        assert "RPC_MOODLE_TICKET_KEYS" in err
        download = {"fileUrls": [url], "options": options}
        status, out, _ = await run("call", "downloadSubmissionsFromUser", stdin=json.dumps(download), env=allowed)
        assert status == 0, out
        keys = {**allowed, "RPC_MOODLE_TICKET_KEYS": "a-5ecret-of-16-characters"}
        status, out, err = await run(*listing, stdin=json.dumps({**ids, "options": options}), env=keys)
        assert "ticket=" in json.loads(out)["data"][0]["files"][0]["fileurl"]
        assert "RPC_MOODLE_TICKET_KEYS" not in err


async def test_each_request_to_a_site_is_a_line_of_its_call_in_the_log() -> None:
    async with Sandbox() as sandbox:
        given = json.loads(payload(sandbox))
        given["options"]["callId"] = "job-7"
        environment = {
            "RPC_MOODLE_ALLOW_PRIVATE": "true",
            "RPC_MOODLE_LOG_LEVEL": "debug",
            "RPC_MOODLE_LOG_FORMAT": "json",
        }
        _, out, err = await run("call", "getUsersFromCourse", stdin=json.dumps(given), env=environment)
    requests = [line for line in map(json.loads, err.splitlines()) if line["event"] == "request"]
    assert json.loads(out)["callId"] == "job-7"
    assert {
        (line["call_id"], line["function"], line["status"], line["host"], line["attempt"]) for line in requests
    } == {("job-7", "core_enrol_get_enrolled_users", 200, "127.0.0.1", 1)}
    assert all(line["bytes"] > 0 and line["duration_ms"] > 0 for line in requests)
    assert sandbox.token("teacher_care") not in err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_download_that_is_interrupted_says_that_the_next_one_goes_on(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    async with Sandbox() as sandbox:
        sandbox.site.fault = lambda seen: Fault.HANG_BEFORE if "pluginfile" in seen.path else Fault.NONE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rpc_moodle", "download", "--url", sandbox.url),
            *("--course", "2", "--assignment", "8", str(tmp_path)),
            env={**os.environ, "RPC_MOODLE_TOKEN": sandbox.token("teacher_care")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        while not any("pluginfile" in seen.path for seen in sandbox.requests):  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)
        process.send_signal(number)
        out, err = await process.communicate()
    assert (process.returncode, out) == (status, b"")
    assert b"The same command goes on where this one stopped" in err
    assert b"Traceback" not in err


def test_somebody_at_a_terminal_is_told_that_the_command_waits() -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "rpc_moodle", "call", "call"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.write(ours, b"{}\n\x04")
    out, err = process.communicate()
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, b"Ctrl-D" in err, b"Hello World!" in out) == (0, True, True)
