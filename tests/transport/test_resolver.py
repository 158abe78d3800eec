import asyncio
from collections.abc import Sequence

import pytest

from rpc_moodle.transport.budget import Budget
from rpc_moodle.transport.errors import HostNotAllowed, OverBudget, Unreachable
from rpc_moodle.transport.guard import Guard
from rpc_moodle.transport.resolver import FAILED_SECONDS, KEPT_SECONDS, GuardedResolver, SystemNames, looking_up_for
from tests.transport.test_guard import PRIVATE


class FakeNames:
    """Fixed answers, the last of which stays; those of a name that begins with ``slow`` never come."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def addresses(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host.startswith("slow"):
            await asyncio.Event().wait()
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def close(self) -> None:
        self.answers.clear()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_resolves_to_an_address_inside_is_refused(address: str) -> None:
    resolver = GuardedResolver(Guard(private=False), FakeNames([address]))
    with pytest.raises(HostNotAllowed):
        await resolver.resolve("moodle.example.edu", 443)


async def test_of_several_addresses_only_the_allowed_ones_are_left() -> None:
    resolver = GuardedResolver(Guard(private=False), FakeNames(["10.0.0.1", "8.8.8.8"]))
    assert [each["host"] for each in await resolver.resolve("moodle.example.edu", 443)] == ["8.8.8.8"]


async def test_a_name_that_resolves_differently_the_second_time_is_checked_again() -> None:
    clock = Clock()
    resolver = GuardedResolver(Guard(private=False), FakeNames(["8.8.8.8"], ["127.0.0.1"]), clock=clock)
    assert await resolver.resolve("rebind.example", 80)
    clock.now = KEPT_SECONDS + 1
    with pytest.raises(HostNotAllowed):
        await resolver.resolve("rebind.example", 80)


async def test_names_of_this_machine_end_at_the_resolver() -> None:
    resolver = GuardedResolver(Guard(private=False))
    with pytest.raises((HostNotAllowed, OSError)):
        await resolver.resolve("localhost", 80)
    await resolver.close()


async def test_the_system_s_own_names_are_known_without_a_server() -> None:
    names = SystemNames()
    assert "127.0.0.1" in await names.addresses("localhost")
    with pytest.raises(OSError, match="not found"):
        await names.addresses("no-such-host.invalid")
    await names.close()


@pytest.mark.parametrize(("found", "seconds"), [(["8.8.8.8"], KEPT_SECONDS), ([], FAILED_SECONDS)])
async def test_addresses_and_their_absence_are_remembered_for_a_while(found: list[str], seconds: float) -> None:
    clock, names = Clock(), FakeNames(found)
    resolver = GuardedResolver(Guard(), names, clock=clock)
    for moment in (0, seconds - 1, seconds + 1):
        clock.now = moment
        try:
            assert await resolver.find("a.example") == tuple(found)
        except Unreachable:
            assert not found
    assert len(names.asked) == 2


async def test_a_name_without_an_answer_does_not_resolve_after_the_deadline() -> None:
    resolver = GuardedResolver(Guard(), FakeNames([]), seconds=0)
    with pytest.raises(Unreachable, match=r"slow\.example does not resolve"):
        await resolver.find("slow.example")
    with pytest.raises(OSError, match="does not resolve"):
        await resolver.resolve("slow.example")


async def test_who_looks_up_too_many_names_is_refused_and_nobody_else() -> None:
    names = FakeNames(["8.8.8.8"])
    resolver = GuardedResolver(Guard(), names, budget=Budget("lookups", each=3, total=5))
    with looking_up_for("greedy"):
        greedy = [asyncio.create_task(resolver.find(f"slow{number}.example")) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(OverBudget, match="This caller has 3 lookups"):
            await resolver.find("slow4.example")
        # What is being looked up already costs nobody a second lookup.
        joined = asyncio.create_task(resolver.find("slow0.example"))
    with looking_up_for("other"):
        assert await resolver.find("good.example") == ("8.8.8.8",)
    await asyncio.sleep(0)
    assert len(names.asked) == 4
    await resolver.close()
    await asyncio.gather(*greedy, joined, return_exceptions=True)
