import asyncio

import pytest
from yarl import URL

from rpc_moodle.moodle import errors
from rpc_moodle.transport import sites
from rpc_moodle.transport.sites import Limits, Sites

SITE = URL("https://moodle.example.edu/x")


async def fail(known: Sites, error: Exception) -> None:
    with pytest.raises(type(error)):
        async with known.of(SITE).turn():
            raise error


async def test_no_more_than_the_limit_run_at_a_time_per_site() -> None:
    known = Sites(Limits(parallel=3))
    most = 0

    async def request(url: URL) -> None:
        nonlocal most
        async with known.of(url).turn():
            most = max(most, known.of(SITE).running)
            await asyncio.sleep(0)

    await asyncio.gather(
        *(request(SITE) for _ in range(20)), *(request(URL("https://other.example")) for _ in range(3))
    )
    assert most == 3
    assert known.state() == {"known": 2, "running": 0, "waiting": 0, "open": []}


async def test_a_full_queue_refuses_instead_of_growing() -> None:
    known = Sites(Limits(parallel=1, waiting=2))
    release = asyncio.Event()

    async def hold() -> None:
        async with known.of(SITE).turn():
            await release.wait()

    holders = [asyncio.create_task(hold()) for _ in range(3)]
    await asyncio.sleep(0)
    await fail(known, errors.QueueFull("full"))
    release.set()
    await asyncio.gather(*holders)


async def test_a_site_that_is_down_is_left_alone() -> None:
    known = Sites(Limits(failures=2, open_seconds=60))
    for error in (errors.ServerFault("503"), errors.SiteTimeout("silent")):
        await fail(known, error)
    await fail(known, errors.CircuitOpen("open"))
    assert known.state()["open"] == ["https://moodle.example.edu"]
    async with known.of(URL("https://other.example/")).turn():
        pass


@pytest.mark.parametrize(
    "error",
    [errors.InvalidToken("no", function="f"), errors.BadResponse("html"), errors.SiteBusy("429"), ValueError("a bug")],
)
async def test_an_answer_of_the_site_does_not_count_against_it(error: Exception) -> None:
    known = Sites(Limits(failures=1))
    await fail(known, error)
    assert known.state()["open"] == []


async def test_a_cancelled_request_frees_its_slot_and_its_place_in_the_queue() -> None:
    known = Sites(Limits(parallel=1))
    async with known.of(SITE).turn():
        waiting = asyncio.create_task(fail(known, ValueError("never")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert known.state() == {"known": 1, "running": 0, "waiting": 0, "open": []}


async def test_the_pace_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Sites(Limits(per_second=2))
    taken: list[float] = []

    async def acquire(self: object, amount: float = 1) -> None:
        taken.append(amount)

    monkeypatch.setattr("aiolimiter.AsyncLimiter.acquire", acquire)
    async with known.of(SITE).turn():
        pass
    assert taken == [1]


async def test_only_so_many_sites_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "_REMEMBERED", 10)
    known = Sites()
    async with known.of(SITE).turn():
        for number in range(50):
            known.of(URL(f"https://m{number}.example"))
        assert known.state()["known"] == 10
        assert known.state()["running"] == 1
