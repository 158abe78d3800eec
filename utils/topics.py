"""Events by topic, kept for a while: whoever was away reads on where it stopped.

:class:`Topics` is what a store has to offer; :class:`MemoryTopics` keeps it in this process, and another could keep it
where several processes see it.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

from utils.codec import encode


class Event(NamedTuple):
    """An event of a topic; numbers grow, also over a restart of the service, and have gaps."""

    number: int
    data: Any


class TopicsFull(Exception):
    """No room for another topic: all are in use."""


class Topics(ABC):
    """A bounded store of events; a topic is opened before it takes any."""

    @abstractmethod
    async def open(self, topic: str, owner: str) -> int:
        """Keep the events of a topic from now on, on the account of ``owner``; return the number that it is at.

        Open already, it stays as it is. Raises TopicsFull.
        """

    @abstractmethod
    async def names(self, prefix: str) -> list[str]:
        """List the open topics whose name begins so."""

    @abstractmethod
    async def publish(self, topic: str, data: object) -> int:
        """Add an event and return its number; raises KeyError where the topic is not open."""

    @abstractmethod
    async def after(self, topic: str, number: int) -> list[Event]:
        """List the events that are kept and have a greater number, oldest first; none where the topic is not open."""

    @abstractmethod
    async def wait(self, topic: str, number: int, seconds: float) -> None:
        """Return once the topic has an event with a greater number, or when the seconds have passed."""


class _Topic:
    def __init__(self, owner: str, number: int, now: float) -> None:
        self.owner = owner
        self.number = number
        self.used = now
        self.events: deque[tuple[float, int, Event]] = deque()
        self.bytes = 0
        self.changed = asyncio.Event()

    def drop(self) -> int:
        """Drop the oldest event and return how many bytes that freed."""
        _, size, _ = self.events.popleft()
        self.bytes -= size
        return size


class MemoryTopics(Topics):
    """Topics of one process; all that is kept is lost when it ends.

    Events are kept for ``seconds``, ``events`` and ``topic_bytes`` of each topic at most. Beyond ``total_bytes`` the
    topic that holds the most loses its oldest; beyond ``topics``, the owner of the most loses the one that nobody has
    used for longest. So nobody's events make way for another's who has more.
    """

    def __init__(  # noqa: PLR0913 - its limits
        self,
        *,
        seconds: float = 24 * 3600,
        events: int = 200,
        topic_bytes: int = 8 * 1024 * 1024,
        total_bytes: int = 64 * 1024 * 1024,
        topics: int = 10_000,
        idle_seconds: float = 60,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Start with none; a topic that was used within ``idle_seconds`` never makes way for a new one."""
        self._seconds = seconds
        self._events = events
        self._topic_bytes = topic_bytes
        self._total_bytes = total_bytes
        self._limit = topics
        self._idle = idle_seconds
        self._clock = clock
        self._bytes = 0
        self._topics: OrderedDict[str, _Topic] = OrderedDict()
        self._owners: Counter[str] = Counter()

    async def open(self, topic: str, owner: str) -> int:
        """Keep the events of a topic from now on."""
        found = self._used(topic)
        if found is None:
            if len(self._topics) >= self._limit:
                self._make_room()
            # Microseconds: greater than before a restart, and exact in JavaScript.
            found = self._topics[topic] = _Topic(owner, int(self._clock() * 1_000_000), self._clock())
            self._owners[owner] += 1
        return found.number

    async def names(self, prefix: str) -> list[str]:
        """List the open topics whose name begins so."""
        return [name for name in self._topics if name.startswith(prefix)]

    async def publish(self, topic: str, data: object) -> int:
        """Add an event and wake whoever waits for one."""
        found = self._used(topic)
        if found is None:
            raise KeyError("the topic is not open")
        size = len(encode(data).text)
        found.number = max(found.number + 1, int(self._clock() * 1_000_000))
        found.events.append((self._clock(), size, Event(found.number, data)))
        found.bytes += size
        self._bytes += size
        while len(found.events) > self._events or (found.bytes > self._topic_bytes and len(found.events) > 1):
            self._bytes -= found.drop()
        while self._bytes > self._total_bytes:
            self._bytes -= max(self._topics.values(), key=lambda each: each.bytes).drop()
        changed, found.changed = found.changed, asyncio.Event()
        changed.set()
        return found.number

    async def after(self, topic: str, number: int) -> list[Event]:
        """List what is kept and not too old."""
        found = self._used(topic)
        if found is None:
            return []
        while found.events and found.events[0][0] < self._clock() - self._seconds:
            self._bytes -= found.drop()
        return [event for _, _, event in found.events if event.number > number]

    async def wait(self, topic: str, number: int, seconds: float) -> None:
        """Wait for the next event."""
        found = self._used(topic)
        if found is None:
            await asyncio.sleep(seconds)
        elif found.number <= number or not found.events:
            try:
                async with asyncio.timeout(seconds):
                    await found.changed.wait()
            except TimeoutError:
                return

    def _used(self, topic: str) -> _Topic | None:
        found = self._topics.get(topic)
        if found is not None:
            found.used = self._clock()
            self._topics.move_to_end(topic)
        return found

    def _make_room(self) -> None:
        """Close the longest unused topic of the owner who has the most and is not using all of them."""
        oldest: dict[str, str] = {}
        for name, topic in self._topics.items():
            if topic.used >= self._clock() - self._idle:
                break  # they stand in the order of their use
            oldest.setdefault(topic.owner, name)
        if not oldest:
            raise TopicsFull
        owner = max(oldest, key=lambda each: self._owners[each])
        gone = self._topics.pop(oldest[owner])
        self._bytes -= gone.bytes
        self._owners[owner] -= 1
        if not self._owners[owner]:
            del self._owners[owner]
        gone.changed.set()
