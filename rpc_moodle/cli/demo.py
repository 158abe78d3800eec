"""A demonstration: sandbox and service on this machine, every published method called as a backend would."""

from contextlib import AsyncExitStack
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from rpc_moodle.app import create_app
from rpc_moodle.sandbox import PLUGINS, Sandbox
from rpc_moodle.sandbox.examples import COURSE, ESSAY, EXAMPLES
from rpc_moodle.settings import Settings
from utils.client import Client, connected
from utils.contract import Envelope
from utils.server import listening

IN_DETAIL = frozenset(
    {
        "getUsersFromCourse",
        "getUsersFromAssignment",
        "getSubmissionsInfosFromAssignment",
        "downloadSubmissionsFromUser",
        "moopanel.getPlugins",
        "moopanel.updatePlugins",
        "moopanel.waitForJob",
    }
)
"""The methods that are shown with what one makes of the answer of another; all others have a line each."""

_LINE = 50
_ROWS = 6  # of a list, so that the whole demonstration fits on two screens


async def run(settings: Settings, console: Console | None = None) -> None:
    """Show it; raises RuntimeError when a call fails that should not."""
    console = console or Console()
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox(wider=True, installed=PLUGINS))
        url = await stack.enter_async_context(listening(create_app(settings), host="127.0.0.1", port=0))
        backend = await stack.enter_async_context(connected(url))
        sandbox.site.panel.panel_url = url
        console.print(f"A Moodle in memory at {sandbox.url}, the service at {url}, a backend connected to it.\n")
        await _Show(console, backend, {"url": sandbox.url, "apiKey": sandbox.token("teacher_full")}).all()
        lines = (Column("method", no_wrap=True), Column("answers", no_wrap=True))
        table = Table(*lines, box=None, pad_edge=False, header_style="dim")
        for event, example in EXAMPLES.items():
            if event in IN_DETAIL:
                continue
            options = {"url": sandbox.url, "apiKey": sandbox.key(example.who)}
            reply = await backend.call(event, {**example.at(sandbox.url), "options": options})
            if not reply["success"]:
                raise RuntimeError(f"{event}: {reply['message']}")
            table.add_row(f"[bold cyan]{event}[/]", escape(_short(reply["data"])))
        console.print(table)
        await _Show(console, backend, {"url": sandbox.url, "apiKey": sandbox.site.panel.api_key}).panel()


def _short(data: Any) -> str:
    """Say in a line what came back."""
    if isinstance(data, list):
        first = f", the first {_short(data[0])}" if data else ""
        return f"{len(data)} in all{first}"[:_LINE]
    if isinstance(data, dict):
        said = ((key, value) for key, value in data.items() if value not in ("", None, [], {}))
        return ", ".join(f"{key} {_short(value) if isinstance(value, dict) else value}" for key, value in said)[:_LINE]
    return str(data)[:_LINE]


class _Show:
    def __init__(self, console: Console, backend: Client, options: dict[str, str]) -> None:
        self._console = console
        self._backend = backend
        self._options = options

    async def all(self) -> None:
        """Call the five published methods, each with what the one before gave."""
        users = await self._data("getUsersFromCourse", courseID=COURSE)
        self._table(users, "id", "firstname", "lastname", "email", "roles")

        users = await self._data("getUsersFromAssignment", courseID=COURSE, assignmentID=ESSAY)
        self._table(users, "id", "fullname", "roles")

        submissions = await self._data("getSubmissionsInfosFromAssignment", courseID=COURSE, assignmentID=ESSAY)
        files = [
            {"user": submission["userid"], "status": submission["gradingstatus"], **file}
            for submission in submissions
            for file in submission["files"]
        ]
        self._table(files, "user", "status", "filename", "filesize", "mimetype")

        chosen = files[:3]
        contents = await self._data("downloadSubmissionsFromUser", fileUrls=[file["fileurl"] for file in chosen])
        self._table(
            [
                {"filename": file["filename"], "bytes": len(content), "begins with": repr(content[:12])}
                for file, content in zip(chosen, contents, strict=True)
            ],
            "filename",
            "bytes",
            "begins with",
        )

        graded = next(submission for submission in submissions if submission["gradingstatus"] == "graded")
        feedback = [
            {"extId": graded["userid"], "text": "Well argued. Your grade stays what it is."},
            {"extId": users[-1]["id"], "text": "Nothing submitted yet: the comment is stored all the same."},
            {"extId": 99999, "text": "Nobody has this number."},
        ]
        reply = await self._call(
            "publishAssignmentTextFeedback",
            courseID=COURSE,
            assignmentID=ESSAY,
            feedback=feedback,
        )
        self._console.print(f"[yellow]{escape(reply['message'])}[/]" if not reply["success"] else "")
        self._table(reply["data"]["results"], "extId", "status", "code", "message")

    async def panel(self) -> None:
        """Have plugins updated by a MooPanel site, of which one update fails, and wait for the outcome."""
        plugins = (await self._data("moopanel.getPlugins", updates=True))["plugins"]
        updates = [plugin["updates"][0] for plugin in plugins if plugin["updates"]]
        self._table(updates, "component", "version", "download")

        chosen = [update for update in updates if update["component"] != "local_silent"]
        keys = ("component", "version", "release", "download")
        rows = [{key: update[key] for key in keys} for update in chosen]
        started = await self._data("moopanel.updatePlugins", instanceId=1, updates=rows)
        (outcome,) = await self._data("moopanel.waitForJob", jobs=started["jobs"])
        self._table(outcome["report"]["items"], "component", "ok", "message")

    async def _data(self, event: str, **payload: object) -> Any:
        reply = await self._call(event, **payload)
        if not reply["success"]:
            raise RuntimeError(f"{event}: {reply['message']}")
        return reply["data"]

    async def _call(self, event: str, **payload: object) -> Envelope:
        self._console.print(f"[bold cyan]{event}[/]")
        return await self._backend.call(event, {**payload, "options": self._options})

    def _table(self, rows: list[dict[str, Any]], *columns: str) -> None:
        table = Table(*columns, box=None, pad_edge=False, header_style="dim")
        for row in rows[:_ROWS]:
            table.add_row(*(escape("" if row.get(column) is None else str(row[column])) for column in columns))
        self._console.print(table)
        if len(rows) > _ROWS:
            self._console.print(f"[dim]… and {len(rows) - _ROWS} more[/]")
        self._console.print()
