"""Events of topics to the sockets that asked for them: in order, at least once, each acknowledged."""

import asyncio
from types import TracebackType
from typing import Self

import structlog

from utils.call import Caller
from utils.topics import Event, Topics

ACKNOWLEDGE_SECONDS = 15.0
"""How long a caller may take to acknowledge an event before it is sent again."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before an event that was not acknowledged is sent again, doubled each time."""

LOOK_SECONDS = 10.0
"""How often it is looked whether a caller that gets nothing is still there."""


class TooManySubscriptions(Exception):
    """A socket has as many subscriptions as it may have."""


class Subscriptions:
    """Delivers what is published, beginning after a number of the caller's choice.

    An event stays the next one until the caller has acknowledged it, or the store has dropped it. A caller that has
    gone loses its subscriptions; when it is back, it subscribes again after the number of the last event that it had.
    """

    def __init__(
        self, topics: Topics, event: str, *, per_caller: int = 1000, acknowledge_seconds: float = ACKNOWLEDGE_SECONDS
    ) -> None:
        """Take the store, the name under which events are sent, and how many subscriptions one socket may have."""
        self.topics = topics
        self._event = event
        self._per_caller = per_caller
        self._seconds = acknowledge_seconds
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._log = structlog.get_logger("utils.subscriptions")

    async def __aenter__(self) -> Self:
        """Be ready; there is nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all of them; what was not acknowledged is still in the store."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def subscribe(self, caller: Caller, topic: str, after: int) -> None:
        """Send a caller the events of a topic; in the place of its earlier subscription to it, if there is one.

        Raises TooManySubscriptions.
        """
        name = caller.id, topic
        if name not in self._tasks and sum(each == caller.id for each, _ in self._tasks) >= self._per_caller:
            raise TooManySubscriptions
        self.unsubscribe(caller, topic)
        task = self._tasks[name] = asyncio.create_task(self._deliver(caller, topic, after), name="subscription")
        task.add_done_callback(lambda task: self._ended(name, task))

    def unsubscribe(self, caller: Caller, topic: str) -> bool:
        """Send a caller no more events of a topic; tell whether it had subscribed."""
        task = self._tasks.pop((caller.id, topic), None)
        if task is not None:
            task.cancel()
        return task is not None

    def _ended(self, name: tuple[str, str], task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task:
            del self._tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("subscription_failed", exc_info=error)

    async def _deliver(self, caller: Caller, topic: str, number: int) -> None:
        pause = FIRST_PAUSE
        while caller.connected:
            events = await self.topics.after(topic, number)
            if not events:
                await self.topics.wait(topic, number, LOOK_SECONDS)
            elif await self._acknowledged(caller, events[0]):
                number, pause = events[0].number, FIRST_PAUSE
            elif caller.connected:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _acknowledged(self, caller: Caller, event: Event) -> bool:
        try:
            await caller.ask(self._event, {**event.data, "number": event.number}, self._seconds)
        except TimeoutError:
            return False
        return True
