import asyncio
from contextlib import AsyncExitStack

import pytest

from rpc_moodle.transport.fair_queue import Turns


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Work:
    """A transfer that holds its turn until it is told to end."""

    def __init__(self, turns: Turns, log: list[str], owner: str, site: str = "s") -> None:
        self.end = asyncio.Event()
        self.task = asyncio.create_task(self._run(turns, log, owner, site))

    async def _run(self, turns: Turns, log: list[str], owner: str, site: str) -> None:
        async with turns.turn(site, owner):
            log.append(owner)
            await self.end.wait()


async def end(*works: Work) -> None:
    for work in works:
        work.end.set()
    await asyncio.gather(*(work.task for work in works), return_exceptions=True)


async def test_only_so_many_run_at_a_site_at_a_time() -> None:
    turns, log = Turns(2), list[str]()
    works = [Work(turns, log, "a") for _ in range(5)]
    await settle()
    assert len(log) == 2
    await end(works[0])
    assert len(log) == 3
    await end(*works)
    assert len(log) == 5


async def test_sites_do_not_wait_for_each_other() -> None:
    turns, log = Turns(1), list[str]()
    works = [Work(turns, log, "a", site) for site in ("one", "two")]
    await settle()
    assert len(log) == 2
    await end(*works)


async def test_one_file_does_not_wait_for_another_callers_five_hundred() -> None:
    turns, log = Turns(2), list[str]()
    many = [Work(turns, log, "many") for _ in range(500)]
    await settle()
    one = Work(turns, log, "one")
    await settle()
    await end(many[0])
    await end(many[1])
    assert log.index("one") <= 4
    await end(one, *many)


async def test_those_who_wait_are_served_one_owner_after_the_other() -> None:
    turns, log = Turns(1), list[str]()
    works = [Work(turns, log, owner) for owner in ("x", "a", "a", "a", "b", "b", "c")]
    await settle()
    for work in works:
        work.end.set()
    await asyncio.gather(*(work.task for work in works))
    assert log == ["x", "a", "b", "c", "a", "b", "a"]


async def test_who_gives_up_waiting_takes_no_turn() -> None:
    turns, log = Turns(1), list[str]()
    works = [Work(turns, log, owner) for owner in ("a", "b", "c")]
    await settle()
    works[1].task.cancel()
    await settle()
    await end(works[0])
    assert log == ["a", "c"]
    await end(*works)


async def test_who_gives_up_in_the_moment_of_the_turn_passes_it_on() -> None:
    turns, log = Turns(1), list[str]()
    works = [Work(turns, log, owner) for owner in ("a", "b", "c")]
    await settle()
    works[0].end.set()
    await asyncio.sleep(0)  # a ends and hands over to b, which has not run yet
    works[1].task.cancel()
    await settle()
    assert "c" in log
    await end(*works)


async def test_a_failure_gives_the_turn_back() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with turns.turn("s", "a"):
                raise ZeroDivisionError
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(turns.turn("s", "a"))


async def test_nothing_is_kept_of_a_site_where_nothing_runs() -> None:
    turns, log = Turns(1), list[str]()
    works = [Work(turns, log, "a") for _ in range(3)]
    await settle()
    await end(*works)
    assert turns._lines == {}  # memory of every site ever asked would be a leak
