"""The sandbox's plugin answers and reports as the recorded one did."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp

from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.moopanel import cron, seed
from tests.moopanel.recorded import exchanges, whole

LEFT_OUT = {
    "index_php_style": "a page of the web server",
    "page_fetch_updates_anon": "a page for people",
    "page_index_anon": "a page for people",
    "before_footer_empty_table": "a page for people",
    "dashboard_head": "aiohttp, too, sends no body",
}
"""What is not compared, and why; all else of the plugin is."""

OF_ONE_SITE = {
    **dict.fromkeys(("plugins", "update_log", "plugininfo", "pluginconfig"), "the recorded site has 447 plugins"),
    **dict.fromkeys(("last_check_for_updates", "update_available"), "its update checker was filled by hand"),
    **dict.fromkeys(("timecreated", "timemodified", "lastip"), "when it was made, and from where"),
    **dict.fromkeys(("trace", "file", "url", "site_fullname"), "where it is"),
    **dict.fromkeys(("online", "password", "moodle_job_id"), "random, or a count of its own"),
}
"""Keys whose values belong to the recorded site: only their types are compared."""

BEFORE: dict[str, dict[str, Any]] = {
    "fresh_install_disabled_nokey": {"enabled": False},
    "enabled_empty_apikey_nokey": {"enabled": True, "api_key": ""},
    "auth_nokey": {"api_key": "API_KEY"},
    "moodle_core_update_none": {"updates": {}},
    "moodle_core": {"updates": {}},
    "auth_loose_compare": {"api_key": "0e123456"},
    "maintenance_mode": {"api_key": "API_KEY"},
    "disabled_goodkey": {"enabled": False},
    "backups_post_unreachable": {"enabled": True},
    "backups_delete_ok": {"failing": {"backup_course_delete"}},
    "backups_delete_ok2": {"failing": set()},
    "plugins_installzip_ok": {"writable": False},
    "plugins_installzip_ok2": {"writable": True},
    "plugins_seeded": {
        "updates": {
            **seed.updates(),
            "local_mplab": [seed.update("local_mplab", download="https://panel.example.edu/zips/local_mplab_v2.zip")],
        }
    },
}
"""What the administrator did before an exchange."""


def like(recorded: Any, answered: Any, path: str = "") -> Iterator[str]:
    """Say where an answer is not as recorded."""
    if isinstance(recorded, dict) and isinstance(answered, dict):
        yield from (f"{path}.{name}" for name in recorded.keys() ^ answered.keys())
        for name in recorded.keys() & answered.keys():
            if name not in OF_ONE_SITE:
                yield from like(recorded[name], answered[name], f"{path}.{name}")
            elif type(recorded[name]) is not type(answered[name]) and None not in {recorded[name], answered[name]}:
                yield f"{path}.{name} is {answered[name]!r}"
    elif isinstance(recorded, list) and isinstance(answered, list):
        if len(recorded) != len(answered):
            yield f"{path} has {len(answered)} items"
        for index, (one, other) in enumerate(zip(recorded, answered, strict=False)):
            yield from like(one, other, f"{path}[{index}]")
    elif type(recorded) is not type(answered) or normal(recorded) != normal(answered):
        yield f"{path} is {answered!r} instead of {recorded!r}"


def normal(value: Any) -> Any:
    """Take out what differs from run to run: the key, times, hosts, what was cut."""
    if not isinstance(value, str):
        return value
    value = re.sub(r"__\d{4}(_\d\d){4}(_\d+)?", "__TIME", value)
    value = value.partition("\n")[0] if value.startswith("Execute adhoc task") else value
    return value.replace("http://panel", "https://panel").replace(seed.HASH, "PASSWORD_HASH")


class Replay:
    """Sends the recorded requests in their order to one sandbox whose cron runs when a report was recorded."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.panel = sandbox.site.panel
        self.panel.seconds = None
        self.panel.queue, self.panel.made = [], 0
        self._url = sandbox.url
        self._session = session
        self._tasks: dict[str, str] = {}
        self._links: dict[str, str] = {}
        self._reports: list[tuple[str, Any]] = []
        self._passwords: dict[str, str] = {}

    async def unlike(self, name: str, exchange: dict[str, Any]) -> list[str]:
        """Replay one exchange and say what is not as recorded."""
        for attribute, value in BEFORE.get(name, {}).items():
            setattr(self.panel, attribute, value)
        if name == "tasks_check_failed_rowgone":
            self._cleaned()
        if name.startswith("callback /zips/"):
            return []
        if name.startswith("callback "):
            return await self._report(exchange)
        if name.endswith(("_seeded", "_done", "_check_failed")) or "_after" in name:
            await self._cron()
        return await self._request(exchange)

    async def _cron(self) -> None:
        await cron.run(self.panel)
        self._reports += self.panel.sent
        self.panel.sent.clear()

    def _cleaned(self) -> None:
        for task in [task for task in self.panel.queue if task.failed]:
            self.panel.queue.remove(task)
            self.panel.logs[task.id] = (
                f"Execute adhoc task: local_moopanel\\task\\{task.type}\nAdhoc task id: {task.id}\n"
            )

    async def _report(self, exchange: dict[str, Any]) -> list[str]:
        path, body = exchange["request"]["path"], exchange["request"]["body"]
        if not any(one == path for one, _ in self._reports):
            await self._cron()
        found = next(((one, said) for one, said in self._reports if one == path), None)
        if found is None:
            return [f"no report to {path}"]
        self._reports.remove(found)
        if isinstance(body, str):
            return [] if str(found[1]).startswith("<?xml") else ["no XML"]
        if "link" in body:
            self._links[body["link"] + body["password"]] = found[1]["link"]
            self._passwords[body["password"]] = found[1]["password"]
        return [*like({**body, "filesize": 0}, {**found[1], "filesize": 0})]

    async def _request(self, exchange: dict[str, Any]) -> list[str]:
        request, recorded = exchange["request"], exchange["response"]
        body = request["body"]
        text = body if isinstance(body, str) or body is None else json.dumps(self._mapped(body))
        query = re.sub(
            r"(?<=^id=)\d+(?=&type=)", lambda found: self._tasks.get(found[0], found[0]), request["query"] or ""
        )
        url = f"{self._url}{request['path']}" + (f"?{query}" if query else "")
        async with self._session.request(
            request["method"], url, data=text, headers=request["headers"], allow_redirects=False
        ) as response:
            answered = await response.text()
        problems = [] if response.status == recorded["status"] else [f"status {response.status}: {answered[:200]}"]
        if isinstance(recorded["body"], str):
            return problems
        wanted, found = whole(recorded["body"]), json.loads(answered)
        self._pair(wanted, found)
        return [*problems, *like(wanted, found)]

    def _mapped(self, body: dict[str, Any]) -> dict[str, Any]:
        """Put the sandbox's own links and passwords in place of the recorded ones."""
        data = body.get("data")
        if isinstance(data, dict) and "link" in data:
            password = data.get("password", "")
            link = self._links.get(data["link"] + password) or self._own(data["link"])
            data = {**data, "link": link, "password": self._passwords.get(password, password)}
        elif isinstance(data, dict) and "backups" in data:
            rows = data["backups"]
            data = {**data, "backups": [{**row, "link": self._own(row["link"])} for row in rows]}
        return {**body, "data": data} if "data" in body else body

    def _own(self, link: str) -> str:
        return next((mine for theirs, mine in self._links.items() if theirs.startswith(link)), link)

    def _pair(self, recorded: Any, found: Any) -> None:
        """Remember which task of the sandbox is which recorded one."""
        if isinstance(recorded, dict) and isinstance(found, dict):
            if recorded.get("moodle_job_id") and found.get("moodle_job_id"):
                self._tasks.setdefault(recorded["moodle_job_id"], found["moodle_job_id"])
            for name in recorded.keys() & found.keys():
                self._pair(recorded[name], found[name])
        elif isinstance(recorded, list) and isinstance(found, list):
            for one, other in zip(recorded, found, strict=False):
                self._pair(one, other)


async def test_every_recorded_exchange_goes_as_it_was_recorded() -> None:
    problems: dict[str, list[str]] = {}
    kinds: Counter[str] = Counter()
    async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
        replay = Replay(sandbox, session)
        for name, exchange in exchanges().items():
            if name in LEFT_OUT:
                continue
            kinds[" ".join(name.split("/")[:2]) if name.startswith("callback") else "request"] += 1
            if found := await replay.unlike(name, exchange):
                problems[name] = found
    assert not problems
    assert kinds == {"request": 210, "callback  api": 24, "callback  zips": 7}
