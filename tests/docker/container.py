"""The container from outside: built, started, called by Node, stopped. Run by ``make docker-test``, needs Docker."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from rpc_moodle.sandbox.seed import token_value
from tests.integration.node_caller import SCRIPTS, run_script
from utils.client import connected

ROOT = Path(__file__).parents[2]
MOODLE = "http://sandbox:8090"
ENVIRONMENT = {
    "COMPOSE_PROJECT_NAME": f"rpc_moodle_test_{os.getpid()}",
    "COMPOSE_PROFILES": "sandbox",
    "RPC_MOODLE_PUBLISH": "127.0.0.1:0",
    "RPC_MOODLE_SANDBOX_PUBLISH": "127.0.0.1:0",
    # As in the environment of a platform, where they say how its backend reaches the service.
    "RPC_MOODLE_HOST": "rpc_moodle",
    "RPC_MOODLE_PORT": "4711",
    "RPC_MOODLE_ALLOW_PRIVATE": "true",
}

pytestmark = pytest.mark.timeout(900)


def docker(*arguments: str, stdin: str = "", status: int = 0) -> str:
    """Run the docker command line; give its output. Raises AssertionError when its status is another."""
    done = subprocess.run(  # noqa: S603 - arguments of this file
        ["docker", *arguments],  # noqa: S607 - wherever it is installed
        cwd=ROOT,
        env=os.environ | ENVIRONMENT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, f"docker {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def inspect(container: str, what: str) -> str:
    return docker("inspect", "--format", f"{{{{{what}}}}}", container)


def published(container: str, port: int) -> str:
    return f"http://{docker('port', container, f'{port}/tcp').splitlines()[0]}"


@asynccontextmanager
async def container(*arguments: str, name: str) -> AsyncIterator[str]:
    """A container of its own, by ``docker compose run``; yields its name."""
    try:
        await asyncio.to_thread(docker, "compose", "run", "--detach", "--no-deps", "--name", name, *arguments)
        yield name
    finally:
        await asyncio.to_thread(docker, "rm", "--force", "--volumes", name)


async def until(url: str, condition: Callable[[dict[str, Any]], bool]) -> None:
    """Ask ``/readyz`` until its answer is as wanted; pytest's time limit ends it otherwise."""
    async with ClientSession(raise_for_status=True) as session:
        while True:
            with suppress(ClientError):
                async with session.get(f"{url}/readyz") as response:
                    if condition(await response.json()):
                        return
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def containers() -> Iterator[dict[str, str]]:
    """The running service and sandbox: container ids by service name."""
    try:
        docker("compose", "up", "--build", "--detach", "--wait", "--wait-timeout", "120")
        ids = {name: docker("compose", "ps", "--quiet", name) for name in ("rpc_moodle", "sandbox")}
        yield ids
        docker("compose", "stop")
        assert inspect(ids["rpc_moodle"], ".State.ExitCode") == "0"
    except AssertionError as error:
        error.add_note(docker("compose", "logs"))
        raise
    finally:
        docker("compose", "down", "--volumes", "--remove-orphans", "--rmi", "local")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_a_node_backend_gets_right_answers_from_the_container(script: Path, containers: dict[str, str]) -> None:
    await run_script(
        script,
        service=published(containers["rpc_moodle"], 8081),
        moodle=MOODLE,
        moodle_from_here=published(containers["sandbox"], 8090),
        html=f"{MOODLE}/nowhere",
    )


@pytest.mark.usefixtures("containers")
def test_one_call_takes_its_payload_from_standard_input() -> None:
    payload = {"courseID": 2, "options": {"url": MOODLE, "apiKey": token_value("teacher_care")}}
    call = ("compose", "run", "--rm", "-T", "rpc_moodle", "call", "getUsersFromCourse")
    reply = json.loads(docker(*call, stdin=json.dumps(payload)))
    assert reply["success"]
    assert len(reply["data"]) == 34

    refused = json.loads(docker(*call, stdin="{}", status=1))
    assert refused["error"]["code"] == "invalid_request"


def test_the_container_is_healthy(containers: dict[str, str]) -> None:
    assert {inspect(each, ".State.Health.Status") for each in containers.values()} == {"healthy"}


def test_the_container_has_no_rights(containers: dict[str, str]) -> None:
    service = containers["rpc_moodle"]
    assert inspect(service, ".HostConfig.ReadonlyRootfs") == "true"
    look = "import os; print(os.getuid(), os.getgid(), *os.listdir('/app')); print(open('/proc/1/status').read())"
    users, _, status = docker("exec", service, "python", "-c", look).partition("\n")
    assert users.split()[:2] == ["10001", "10001"]
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(facts["CapEff"], 16) == int(facts["CapBnd"], 16) == 0
    assert facts["NoNewPrivs"] == "1"
    assert "0" not in facts["Uid"].split()
    for path in ("/app", "/opt/venv", "/var/tmp", "/"):  # noqa: S108 - that nothing can be put there is the point
        docker("exec", service, "python", "-c", f"open('{path}/file', 'w')", status=1)


def test_the_container_has_limits_and_no_programs_but_python(containers: dict[str, str]) -> None:
    for each in containers.values():
        assert int(inspect(each, ".HostConfig.Memory")) > 0
        assert int(inspect(each, ".HostConfig.NanoCpus")) > 0
        assert int(inspect(each, ".HostConfig.PidsLimit")) > 0
        assert inspect(each, 'index .HostConfig.LogConfig.Config "max-size"') == "10m"
    look = "import os; print(*[name for folder in ('/usr/bin', '/usr/sbin') for name in os.listdir(folder)])"
    assert all(
        name.startswith("python3") for name in docker("exec", containers["rpc_moodle"], "python", "-c", look).split()
    )
    docker("exec", containers["rpc_moodle"], "python", "-c", "import pip", status=1)


@pytest.mark.usefixtures("containers")
async def test_a_running_call_is_finished_before_the_container_stops() -> None:
    slow, late = ("--host", "0.0.0.0", "--port", "8090", "--latency", "3"), f"{os.getpid()}_slow_moodle"  # noqa: S104 - inside a container
    async with (
        container("sandbox", "sandbox", *slow, name=late),
        container("--publish", "127.0.0.1:0:8081", "rpc_moodle", name=f"{os.getpid()}_stopped") as service,
    ):
        url = published(service, 8081)
        await until(url, lambda status: status["status"] == "ready")
        async with connected(url) as backend:
            options = {"url": f"http://{late}:8090", "apiKey": token_value("teacher_care")}
            call = asyncio.create_task(backend.call("getUsersFromCourse", {"courseID": 2, "options": options}))
            await until(url, lambda status: status["running"] == 1)
            await asyncio.to_thread(docker, "stop", service)
            reply = await call
        assert reply["success"], reply["message"]
        assert inspect(service, ".State.ExitCode") == "0"


# Said of the client's own request, which is large on purpose: more than nginx takes unless it is told to.
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
@pytest.mark.usefixtures("containers")
async def test_behind_nginx_calls_work_by_both_transports() -> None:
    proxy = f"{os.getpid()}_nginx"
    network = f"{ENVIRONMENT['COMPOSE_PROJECT_NAME']}_default"
    conf = ROOT / "tests" / "docker" / "nginx.conf"
    mounted = ("--volume", f"{conf}:/etc/nginx/nginx.conf:ro", "--publish", "127.0.0.1:0:8080", "nginx:1")
    try:
        await asyncio.to_thread(docker, "run", "--detach", "--network", network, "--name", proxy, *mounted)
        url = published(proxy, 8080)
        await until(url, lambda status: status["status"] == "ready")
        options = {"url": MOODLE, "apiKey": token_value("teacher_care")}
        for transports in (["polling"], ["websocket"], ["polling", "websocket"]):
            async with connected(url, transports=transports) as backend:
                large = {"courseID": 2, "options": options, "progressId": "p", "ignored": "x" * 2_000_000}
                reply = await backend.call("getUsersFromCourse", large)
                assert reply["success"], reply["message"]
        async with connected(url) as backend:
            ids = {"courseID": 2, "assignmentID": 8}
            files = await backend.call("createSubmissionsArchive", {**ids, "options": options})
        async with ClientSession() as session, session.get(f"{url}{files['data']['path']}") as archive:
            assert (await archive.read())[:2] == b"PK"
    finally:
        await asyncio.to_thread(docker, "rm", "--force", "--volumes", proxy)
