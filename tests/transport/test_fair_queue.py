import asyncio
from contextlib import AsyncExitStack

import pytest

from rpc_moodle.transport.errors import QueueFull
from rpc_moodle.transport.fair_queue import FairQueue


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Work:
    """A transfer that holds its turn until it is told to end."""

    def __init__(self, queue: FairQueue, log: list[str], owner: str, tenant: str = "t") -> None:
        self.end = asyncio.Event()
        self.task = asyncio.create_task(self._run(queue, log, owner, tenant))

    async def _run(self, queue: FairQueue, log: list[str], owner: str, tenant: str) -> None:
        async with queue.place(tenant, owner):
            log.append(owner)
            await self.end.wait()


async def end(*works: Work) -> None:
    for work in works:
        work.end.set()
    await asyncio.gather(*(work.task for work in works), return_exceptions=True)


async def test_only_so_many_run_at_a_site_at_a_time() -> None:
    queue, log = FairQueue(2), list[str]()
    works = [Work(queue, log, "a") for _ in range(5)]
    await settle()
    assert len(log) == 2
    await end(works[0])
    assert len(log) == 3
    await end(*works)
    assert len(log) == 5


async def test_a_tenant_gets_no_more_than_its_share() -> None:
    queue, log = FairQueue(8, each=2), list[str]()
    works = [Work(queue, log, tenant, tenant) for tenant in ("one", "one", "one", "two", "two", "two")]
    await settle()
    assert log == ["one", "one", "two", "two"]
    await end(*works)


async def test_a_tenant_with_nothing_running_does_not_wait_for_a_neighbour_who_holds_all() -> None:
    queue, log = FairQueue(2, spare=1), list[str]()
    works = [Work(queue, log, tenant, tenant) for tenant in ("hog", "hog", "hog", "one", "two", "one")]
    await settle()
    assert log == ["hog", "hog", "one"]
    await end(works[3])
    await settle()
    assert log == ["hog", "hog", "one", "two"]
    await end(*works)
    assert (queue.running, queue.waiting) == (0, 0)


async def test_those_who_wait_are_served_one_tenant_after_the_other_and_then_its_owners() -> None:
    queue, log = FairQueue(1), list[str]()
    order = ("x", "x"), ("a", "1"), ("a", "1"), ("a", "2"), ("b", "1"), ("b", "1")
    works = [Work(queue, log, f"{tenant}{owner}", tenant) for tenant, owner in order]
    await settle()
    await end(*works)
    assert log == ["xx", "a1", "b1", "a2", "b1", "a1"]


async def test_a_tenant_s_full_queue_refuses_instead_of_growing() -> None:
    queue, log = FairQueue(1, waiting=2), list[str]()
    works = [Work(queue, log, "a") for _ in range(3)]
    await settle()
    with pytest.raises(QueueFull):
        async with queue.place("t"):
            pass
    other = Work(queue, log, "b", "other")
    await end(*works, other)
    assert log == ["a", "a", "b", "a"]


async def test_one_file_does_not_wait_for_another_callers_five_hundred() -> None:
    queue, log = FairQueue(2), list[str]()
    many = [Work(queue, log, "many") for _ in range(500)]
    await settle()
    one = Work(queue, log, "one")
    await settle()
    await end(many[0])
    await end(many[1])
    assert log.index("one") <= 4
    await end(one, *many)


async def test_those_who_wait_are_served_one_owner_after_the_other() -> None:
    queue, log = FairQueue(1), list[str]()
    works = [Work(queue, log, owner) for owner in ("x", "a", "a", "a", "b", "b", "c")]
    await settle()
    for work in works:
        work.end.set()
    await asyncio.gather(*(work.task for work in works))
    assert log == ["x", "a", "b", "c", "a", "b", "a"]


async def test_who_gives_up_waiting_takes_no_turn() -> None:
    queue, log = FairQueue(1), list[str]()
    works = [Work(queue, log, owner) for owner in ("a", "b", "c")]
    await settle()
    works[1].task.cancel()
    await settle()
    await end(works[0])
    assert log == ["a", "c"]
    await end(*works)


async def test_who_gives_up_in_the_moment_of_the_turn_passes_it_on() -> None:
    queue, log = FairQueue(1), list[str]()
    works = [Work(queue, log, owner) for owner in ("a", "b", "c")]
    await settle()
    works[0].end.set()
    await asyncio.sleep(0)  # a ends and hands over to b, which has not run yet
    works[1].task.cancel()
    await settle()
    assert "c" in log
    await end(*works)


async def test_a_failure_gives_the_turn_back() -> None:
    queue = FairQueue(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with queue.place("s", "a"):
                raise ZeroDivisionError
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(queue.place("s", "a"))


async def test_nothing_is_kept_of_a_tenant_of_whom_nothing_runs() -> None:
    queue, log = FairQueue(1), list[str]()
    works = [Work(queue, log, "a") for _ in range(3)]
    await settle()
    works[1].task.cancel()
    await end(*works)
    # Memory of everybody who ever asked would be a leak.
    assert (queue._lines, queue._held, queue._queued) == ({}, {}, {})
