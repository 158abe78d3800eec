"""Jobs of a site from the call that begins them to what became of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from rpc_moodle.app import create_app
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.moopanel import cron, seed
from rpc_moodle.settings import Settings
from utils.client import Client, connected
from utils.testing import running

INSTANCE = 666
Ask = Callable[..., Awaitable[Any]]


pytestmark = pytest.mark.usefixtures("quick_looks")


@pytest.fixture
async def service(sandbox: Sandbox) -> AsyncIterator[str]:
    async with running(create_app(Settings(allow_private=True))) as url:
        sandbox.site.panel.panel_url = url
        sandbox.site.panel.seconds = 0
        sandbox.site.panel.slow_seconds = 0.1
        yield url


@pytest.fixture
async def backend(service: str) -> AsyncIterator[Client]:
    async with connected(service, transports=["websocket"]) as client:
        yield client


@pytest.fixture
def ask(sandbox: Sandbox, backend: Client) -> Ask:
    async def ask(event: str, **payload: Any) -> Any:
        options = {"url": sandbox.url, "apiKey": sandbox.site.panel.api_key, **payload.pop("options", {})}
        reply = await backend.call(f"moopanel.{event}", {"options": options, **payload})
        if not reply["success"]:
            raise LookupError(reply["error"])
        return reply["data"]

    return ask


def acknowledging(take: Callable[[Any], None]) -> Callable[[Any], bool]:
    """Handle an event and acknowledge it."""

    def handle(report: Any) -> bool:
        take(report)
        return True

    return handle


def update(name: str, **more: Any) -> dict[str, Any]:
    found = seed.update(f"local_{name}")
    return {**{key: found[key] for key in ("component", "version", "release", "download")}, **more}


async def outcome(ask: Ask, started: dict[str, Any], **more: Any) -> Any:
    (found,) = await ask("waitForJob", jobs=started["jobs"], **more)
    return found


async def test_backups_are_made_restored_and_deleted(ask: Ask) -> None:
    started = await ask("createBackups", instanceId=INSTANCE, courses=[2, 3, 5, 2])
    assert [result["message"] for result in started["results"]] == ["Course not exist."]
    made = await ask("waitForJob", jobs=started["jobs"])
    assert [(each["outcome"], each["report"]["courseId"]) for each in made] == [("done", 2), ("done", 3)]

    kept = made[0]["report"]
    begun = await ask(
        "restoreBackup", instanceId=INSTANCE, courseId=2, link=kept["link"], password=kept["password"], userId=7
    )
    assert (await outcome(ask, begun))["message"] == "Backup restored."
    wrong = await ask("restoreBackup", instanceId=INSTANCE, courseId=2, link=kept["link"], password="wrong")
    assert (await outcome(ask, wrong))["message"] == "Password incorrect."

    links = [{"link": kept["link"]}, {"link": "manual/nofile.zip", "backupResultId": 4}, {"link": "x", "storage": "s3"}]
    begun = await ask("deleteBackups", instanceId=INSTANCE, backups=links)
    assert [each["outcome"] for each in await ask("waitForJob", jobs=begun["jobs"])] == ["done", "failed", "failed"]
    assert await ask("getBackups") == []


async def test_a_slow_update_is_waited_for_with_progress(ask: Ask, backend: Client) -> None:
    told: list[dict[str, Any]] = []
    backend.on("progress", told.append)
    updates = [await ask("updatePlugins", instanceId=INSTANCE, updates=[update(name)]) for name in ("quick", "slow")]
    jobs = [job for started in updates for job in started["jobs"]]
    assert [each["outcome"] for each in await ask("waitForJob", jobs=jobs, progressId="p")] == ["done", "done"]
    assert (told[-1]["done"], told[-1]["total"]) == (2, 2)


async def test_an_update_that_fails_says_why_and_does_not_hide_the_others(ask: Ask) -> None:
    started = await ask(
        "updatePlugins", instanceId=INSTANCE, updates=[update("quick"), update("broken", modelId=77)], username="me"
    )
    found = await outcome(ask, started)
    assert found["outcome"] == "partly"
    assert [(item["number"], item["message"]) for item in found["report"]["items"] if not item["ok"]] == [
        (77, "Cannot download zip file")
    ]


async def test_a_job_that_never_reports_is_told_apart_from_one_that_is_not_done(ask: Ask) -> None:
    started = await ask("updatePlugins", instanceId=INSTANCE, updates=[update("silent")])
    found = await outcome(ask, started)
    assert (found["outcome"], found["report"]) == ("unreported", None)


async def test_a_task_that_fails_in_the_queue_is_failed(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.site.panel.failing = {"core_update"}
    started = await ask("updateCore", instanceId=INSTANCE, version="2024042204")
    found = await outcome(ask, started)
    assert (found["outcome"], found["report"]) == ("failed", None)
    assert "Task was failed." in found["message"]


async def test_a_job_whose_report_names_another_task_is_found_all_the_same(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.site.panel.seconds = None
    first, second = [
        await ask("updateCore", instanceId=INSTANCE, version=version, updateId=number)
        for number, version in ((9, "2024042204"), (10, "2024100700"))
    ]
    assert first["jobs"][0]["taskId"] == second["jobs"][0]["taskId"]
    await cron.run(sandbox.site.panel)
    assert (await outcome(ask, second))["report"]["about"] == ["10"]


async def test_two_jobs_about_the_same_course_get_a_report_each(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.site.panel.seconds = None
    jobs = [
        *(await ask("createBackups", instanceId=INSTANCE, courses=[2]))["jobs"],
        *(await ask("createBackups", instanceId=INSTANCE, courses=[2]))["jobs"],
    ]
    await cron.run(sandbox.site.panel)
    found = await ask("waitForJob", jobs=jobs)
    assert len({each["report"]["link"] for each in found}) == 2


async def test_a_job_is_not_told_of_by_what_was_reported_before_it(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.site.panel.seconds = None
    jobs = []
    for _ in range(2):
        jobs += (await ask("createBackups", instanceId=INSTANCE, courses=[2]))["jobs"]
        await cron.run(sandbox.site.panel)
    later, earlier = await ask("waitForJob", jobs=[*reversed(jobs)])
    assert earlier["report"]["link"].endswith("_1.zip")
    assert later["report"]["link"].endswith("_2.zip")


async def test_plugins_are_installed_from_zips(ask: Ask) -> None:
    links = ["https://zips.example.edu/local_new_v1.zip", "https://zips.example.edu/broken.zip"]
    found = await outcome(ask, await ask("installPlugins", instanceId=INSTANCE, links=links))
    assert [item["message"] for item in found["report"]["items"]] == ["", "Invalid zip file."]
    assert (await ask("getPlugin", plugin="local_new"))["versionOnDisk"] == seed.OLD


async def test_exported_settings_come_without_secrets(ask: Ask, sandbox: Sandbox) -> None:
    found = await outcome(ask, await ask("createAdminPreset", instanceId=INSTANCE))
    assert "<SMTPUSER>mail</SMTPUSER>" in found["report"]["xml"]
    hidden = (seed.SECRET, sandbox.site.panel.api_key)
    assert [secret for secret in hidden if secret in found["report"]["xml"]] == []


async def test_a_job_that_is_not_done_in_time_can_be_waited_for_again(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.site.panel.seconds = None
    started = await ask("createBackups", instanceId=INSTANCE, courses=[2])
    with pytest.raises(LookupError) as caught:
        await outcome(ask, started, options={"timeoutMs": 200})
    error = caught.value.args[0]
    assert (error["code"], error["details"]["done"], error["details"]["total"]) == ("timeout", 0, 1)
    assert error["details"]["tasks"] == {str(started["jobs"][0]["taskId"]): "queued"}
    await cron.run(sandbox.site.panel)
    assert (await outcome(ask, started))["outcome"] == "done"


async def test_a_task_can_be_asked_about(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.site.panel.seconds = None
    started = await ask("createBackups", instanceId=INSTANCE, courses=[2])
    task = started["jobs"][0]["taskId"]
    assert (await ask("checkTask", taskId=task, kind="backup"))["state"] == "queued"
    assert await ask("getBackups") == [2]
    await cron.run(sandbox.site.panel)
    assert (await ask("checkTask", taskId=task, kind="backup"))["state"] == "gone"


async def test_jobs_of_two_instances_are_not_waited_for_together(ask: Ask) -> None:
    jobs = [{"kind": "backup", "instanceId": number, "about": ["2"]} for number in (1, 2)]
    with pytest.raises(LookupError, match="must be of one instance"):
        await ask("waitForJob", jobs=jobs)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("createBackups", {"instanceId": INSTANCE, "courses": [2]}),
        ("waitForJob", {"jobs": [{"kind": "backup", "instanceId": INSTANCE, "about": ["2"]}]}),
        ("subscribe", {"instanceId": INSTANCE}),
    ],
)
async def test_reports_are_kept_for_those_alone_whose_key_the_site_takes(
    ask: Ask, service: str, event: str, payload: dict[str, Any]
) -> None:
    wrong = "0" * 32
    with pytest.raises(LookupError, match="invalid_token"):
        await ask(event, **payload, options={"apiKey": wrong})
    headers = {"X-API-KEY": wrong}
    async with aiohttp.request(
        "POST", f"{service}/api/backups/courses/{INSTANCE}", json={"status": True, "courseid": 2}, headers=headers
    ) as response:
        assert response.status == 401


async def test_reports_come_to_who_subscribed_and_with_the_right_key_alone(
    ask: Ask, sandbox: Sandbox, service: str
) -> None:
    heard: list[Any] = []
    key = sandbox.site.panel.api_key
    async with connected(service, transports=["websocket"]) as stranger:
        stranger.on("moopanel", acknowledging(heard.append))
        wrong = {"url": sandbox.url, "apiKey": "0" * 32}
        reply = await stranger.call("moopanel.subscribe", {"instanceId": INSTANCE, "after": 0, "options": wrong})
        assert reply["error"]["code"] == "invalid_token"
        # A site of the stranger's own lets any key in; its reports are its own all the same.
        sandbox.site.panel.api_key = "0" * 32
        reply = await stranger.call("moopanel.subscribe", {"instanceId": INSTANCE, "after": 0, "options": wrong})
        assert reply["success"]
        sandbox.site.panel.api_key = key
        await outcome(ask, await ask("createBackups", instanceId=INSTANCE, courses=[2]))
        assert await asyncio.wait_for(_nothing(stranger), 5) == "Hello World!"
    assert heard == []


async def _nothing(client: Client) -> object:
    return (await client.call("call", {}))["data"]


async def test_a_subscriber_gets_each_report_and_none_after_it_has_left(ask: Ask, backend: Client) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()
    backend.on("moopanel", acknowledging(heard.put_nowait))
    await ask("subscribe", instanceId=INSTANCE)
    await ask("createBackups", instanceId=INSTANCE, courses=[2])
    report = await heard.get()
    assert (report["kind"], report["courseId"], report["number"] > 0) == ("backup", 2, True)
    assert await ask("unsubscribe", instanceId=INSTANCE) is True
    assert await ask("unsubscribe", instanceId=INSTANCE) is False
    await outcome(ask, await ask("createBackups", instanceId=INSTANCE, courses=[3]))
    assert heard.empty()


async def test_a_subscriber_that_was_away_gets_what_it_missed(ask: Ask, sandbox: Sandbox, service: str) -> None:
    options = {"url": sandbox.url, "apiKey": sandbox.site.panel.api_key}
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with connected(service, transports=["websocket"]) as first:
        first.on("moopanel", acknowledging(heard.put_nowait))
        await first.call("moopanel.subscribe", {"instanceId": INSTANCE, "options": options})
        await ask("createBackups", instanceId=INSTANCE, courses=[2])
        last = (await heard.get())["number"]
    await outcome(ask, await ask("createBackups", instanceId=INSTANCE, courses=[3]))
    async with connected(service, transports=["websocket"]) as again:
        again.on("moopanel", acknowledging(heard.put_nowait))
        await again.call("moopanel.subscribe", {"instanceId": INSTANCE, "after": last, "options": options})
        assert (await heard.get())["courseId"] == 3
