"""A site as its MooPanel plugin knows it: plain attributes that tests read and change."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from rpc_moodle.sandbox.moopanel import seed

CORE_TASKS: Final = (1, 2)
"""Tasks of Moodle's own that wait in the queue (``tasks_check_core_task``)."""


@dataclass
class Task:
    """A task in the queue; ``report`` is the path below the panel's address that its report goes to."""

    id: int
    type: str
    report: str
    data: dict[str, Any]
    failed: bool = False


@dataclass
class Panel:
    """The plugin's settings and what it works on.

    ``panel_url`` is where it reports to; without one, and with ``reports`` off, nobody learns of an outcome. The queue
    is worked off ``seconds`` after something was put into it, None for when a test calls ``cron``; an update of
    ``local_slow`` takes ``slow_seconds``, one of ``local_broken`` fails, one of ``local_silent`` never reports.
    ``failing`` names types of tasks that fail; ``writable`` says whether plugins can be installed.
    """

    api_key: str = field(default_factory=seed.key)
    enabled: bool = True
    panel_url: str = ""
    reports: bool = True
    seconds: float | None = 0.05
    slow_seconds: float = 2.0
    failing: set[str] = field(default_factory=set)
    writable: bool = True
    expiration: object = 0
    users: list[dict[str, Any]] = field(default_factory=seed.users)
    plugins: list[dict[str, Any]] = field(default_factory=seed.plugins)
    updates: dict[str, list[dict[str, Any]]] = field(default_factory=seed.updates)
    courses: dict[int, int] = field(default_factory=lambda: {1: 0, 2: 1, 3: 1})
    unchanged: set[int] = field(default_factory=set)
    backups: dict[str, str] = field(default_factory=dict)
    queue: list[Task] = field(default_factory=list)
    logs: dict[int, str] = field(default_factory=dict)
    sent: deque[tuple[str, object]] = field(default_factory=lambda: deque(maxlen=1000))
    last_task: int = CORE_TASKS[-1]
    made: int = 0
    core_tasks: tuple[int, ...] = CORE_TASKS
    working: set[asyncio.Task[None]] = field(default_factory=set)

    def plugin(self, component: str) -> dict[str, Any] | None:
        """Find an installed plugin."""
        return next((one for one in self.plugins if one["component"] == component), None)

    def put(self, type_: str, report: str, data: dict[str, Any]) -> Task:
        """Put a task into the queue."""
        self.last_task += 1
        task = Task(self.last_task, type_, report, data)
        self.queue.append(task)
        return task

    def first(self, type_: str) -> Task | None:
        """Find the task of a type that is the first in the queue."""
        return next((task for task in self.queue if task.type == type_), None)
