import asyncio

import pytest
from yarl import URL

from rpc_moodle.moodle import errors
from rpc_moodle.transport import sites
from rpc_moodle.transport.sites import Limits, Sites
from rpc_moodle.transport.tenant import Tenant

SITE = URL("https://moodle.example.edu/x")
OTHER = URL("https://other.example")
ONE, TWO, STRANGER = (Tenant(SITE, key) for key in (b"one", b"two", b"stranger"))


def sites_with(limits: Limits | None = None) -> Sites:
    """Sites where all but the stranger's key have proven good."""
    known = Sites(limits)
    known.prove(ONE)
    known.prove(TWO)
    return known


async def fail(known: Sites, error: Exception, tenant: Tenant = ONE, *, transfer: bool = False) -> None:
    with pytest.raises(type(error)):
        async with known.asked(tenant, transfer=transfer):
            raise error


async def works(known: Sites, tenant: Tenant, *, transfer: bool = False) -> bool:
    try:
        async with known.asked(tenant, transfer=transfer):
            return True
    except errors.CircuitOpen:
        return False


async def test_no_more_than_the_limit_run_at_a_time_per_site() -> None:
    known = sites_with(Limits(parallel=3))
    most = 0

    async def request(tenant: Tenant) -> None:
        nonlocal most
        async with known.asked(tenant):
            most = max(most, known.of(SITE).calls.running)
            await asyncio.sleep(0)

    await asyncio.gather(*(request(ONE) for _ in range(20)), *(request(Tenant(OTHER)) for _ in range(3)))
    assert most == 3
    assert known.state() == {"known": 2, "running": 0, "waiting": 0, "open": []}


async def test_a_full_queue_refuses_instead_of_growing() -> None:
    known = sites_with(Limits(parallel=1, waiting=2))
    release = asyncio.Event()

    async def hold() -> None:
        async with known.asked(ONE):
            await release.wait()

    holders = [asyncio.create_task(hold()) for _ in range(3)]
    await asyncio.sleep(0)
    await fail(known, errors.QueueFull("full"))
    assert await works(known, TWO)
    release.set()
    await asyncio.gather(*holders)


async def test_a_site_that_is_down_is_left_alone() -> None:
    known = sites_with(Limits(failures=2, open_seconds=60))
    for error in (errors.ServerFault("503"), errors.SiteTimeout("silent")):
        await fail(known, error)
    await fail(known, errors.CircuitOpen("open"))
    assert known.state()["open"] == ["https://moodle.example.edu"]
    assert await works(known, Tenant(OTHER))


async def test_a_site_that_fails_for_two_keys_is_left_alone_by_all() -> None:
    known = sites_with(Limits(failures=2, open_seconds=60))
    third = Tenant(SITE, b"three")
    known.prove(third)
    await fail(known, errors.ServerFault("500"), ONE)
    await fail(known, errors.ServerFault("500"), TWO)
    assert not await works(known, third)


@pytest.mark.parametrize(
    ("culprit", "transfer"), [(STRANGER, False), (STRANGER, True), (ONE, True), (ONE, False)], ids=str
)
async def test_one_who_makes_a_site_fail_shuts_out_himself_alone(culprit: Tenant, transfer: bool) -> None:
    known = sites_with(Limits(failures=3, open_seconds=60))
    for _ in range(3):
        await fail(known, errors.ServerFault("500"), culprit, transfer=transfer)
    assert not await works(known, culprit, transfer=transfer)
    assert await works(known, TWO)
    assert await works(known, TWO, transfer=True)
    assert await works(known, Tenant(SITE, b"new"))


async def test_sites_of_one_host_are_told_apart() -> None:
    known = sites_with(Limits(failures=1, open_seconds=60))
    await fail(known, errors.ServerFault("500"))
    assert not await works(known, ONE)
    assert await works(known, Tenant(URL("https://moodle.example.edu/y"), ONE.key))


async def test_keys_that_a_caller_makes_up_stand_in_line_as_one() -> None:
    known = sites_with(Limits(parallel=1))
    order: list[bytes] = []
    release = asyncio.Event()

    async def ask(tenant: Tenant) -> None:
        async with known.asked(tenant):
            order.append(tenant.key)
            await release.wait()

    made_up = [Tenant(SITE, bytes([number]), "stranger") for number in range(20)]
    tasks = [asyncio.create_task(ask(tenant)) for tenant in made_up]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(ask(tenant)) for tenant in (ONE, TWO)]
    release.set()
    await asyncio.gather(*tasks)
    assert max(order.index(b"one"), order.index(b"two")) <= 4


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidToken("no", function="f"),
        errors.BadResponse("html"),
        errors.SiteBusy("429"),
        errors.PassingFault("a lock"),
        errors.OverBudget("too many"),
        errors.HostNotAllowed("no"),
        ValueError("a bug"),
    ],
)
async def test_an_answer_of_the_site_does_not_count_against_it(error: Exception) -> None:
    known = sites_with(Limits(failures=1))
    await fail(known, error)
    assert known.state()["open"] == []


async def test_a_cancelled_request_frees_its_slot_and_its_place_in_the_queue() -> None:
    known = sites_with(Limits(parallel=1))
    async with known.asked(ONE):
        waiting = asyncio.create_task(fail(known, ValueError("never")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert known.state() == {"known": 1, "running": 0, "waiting": 0, "open": []}


async def test_the_pace_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    known = sites_with(Limits(per_second=2))
    taken: list[float] = []

    async def acquire(self: object, amount: float = 1) -> None:
        taken.append(amount)

    monkeypatch.setattr("aiolimiter.AsyncLimiter.acquire", acquire)
    async with known.asked(ONE):
        pass
    assert taken == [1]


async def test_only_so_many_sites_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "_REMEMBERED", 10)
    known = sites_with()
    async with known.asked(ONE):
        for number in range(50):
            known.of(URL(f"https://m{number}.example"))
        assert known.state()["known"] == 10
        assert known.state()["running"] == 1


async def test_where_all_that_are_remembered_are_busy_one_more_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "_REMEMBERED", 10)
    known = Sites()
    release = asyncio.Event()

    async def hold(number: int) -> None:
        async with known.asked(Tenant(URL(f"https://m{number}.example"))):
            await release.wait()

    holders = [asyncio.create_task(hold(number)) for number in range(10)]
    await asyncio.sleep(0)
    for _ in range(3):
        assert await works(known, Tenant(OTHER))
    release.set()
    await asyncio.gather(*holders)


async def test_of_what_works_no_circuit_is_kept() -> None:
    known = sites_with()
    for number in range(20):
        assert await works(known, Tenant(SITE, bytes([number])))
    assert not known.of(SITE)._own  # one for every key ever seen would be a leak


async def test_only_so_many_keys_are_remembered_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "_PROVEN", 3)
    known = Sites()
    tenants = [Tenant(SITE, bytes([number])) for number in range(5)]
    for tenant in tenants:
        known.prove(tenant)
    assert [known.is_proven(tenant) for tenant in tenants] == [False, False, True, True, True]
    known.prove(Tenant(SITE))
    assert not known.is_proven(Tenant(SITE))
