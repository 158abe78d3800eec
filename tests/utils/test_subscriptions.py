import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from utils import subscriptions as module
from utils.subscriptions import Subscriptions, TooManySubscriptions
from utils.testing import FakeCaller
from utils.topics import MemoryTopics


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)


@pytest.fixture
async def topics() -> MemoryTopics:
    made = MemoryTopics()
    await made.open("t", "owner")
    return made


@pytest.fixture
async def made(topics: MemoryTopics) -> AsyncIterator[Subscriptions]:
    async with Subscriptions(topics, "news", per_caller=2) as subscriptions:
        yield subscriptions


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; pytest's time limit ends it otherwise."""
    while not condition():  # noqa: ASYNC110 - a caller has no event for what it was sent
        await asyncio.sleep(0.001)


def heard(caller: FakeCaller) -> list[object]:
    return [data["text"] for _, data in caller.events]


async def test_events_come_in_order_with_their_numbers(topics: MemoryTopics, made: Subscriptions) -> None:
    caller = FakeCaller()
    made.subscribe(caller, "t", 0)
    numbers = [await topics.publish("t", {"text": text}) for text in ("one", "two")]
    await until(lambda: len(caller.events) == 2)
    assert caller.events == [
        ("news", {"text": "one", "number": numbers[0]}),
        ("news", {"text": "two", "number": numbers[1]}),
    ]


async def test_an_event_that_is_not_acknowledged_comes_again_before_the_next(
    topics: MemoryTopics, made: Subscriptions
) -> None:
    patience = iter([TimeoutError(), TimeoutError()])

    def answer(_event: str, _data: object) -> object:
        if (error := next(patience, None)) is not None:
            raise error
        return True

    caller = FakeCaller(answer=answer)
    made.subscribe(caller, "t", 0)
    for text in ("one", "two"):
        await topics.publish("t", {"text": text})
    await until(lambda: len(caller.events) == 4)
    assert heard(caller) == ["one", "one", "one", "two"]


async def test_a_caller_that_was_away_reads_on_where_it_stopped(topics: MemoryTopics, made: Subscriptions) -> None:
    before = FakeCaller()
    made.subscribe(before, "t", 0)
    number = await topics.publish("t", {"text": "one"})
    await until(lambda: bool(before.events))
    before.connected = False
    for text in ("two", "three"):
        await topics.publish("t", {"text": text})
    again = FakeCaller()
    again.id = "again"
    made.subscribe(again, "t", number)
    await until(lambda: len(again.events) == 2)
    assert (heard(before), heard(again)) == (["one"], ["two", "three"])


async def test_each_caller_has_its_own_place(topics: MemoryTopics, made: Subscriptions) -> None:
    slow, quick = FakeCaller(answer=_never), FakeCaller()
    slow.id = "slow"
    made.subscribe(slow, "t", 0)
    made.subscribe(quick, "t", 0)
    for text in ("one", "two"):
        await topics.publish("t", {"text": text})
    await until(lambda: len(quick.events) == 2)
    assert set(heard(slow)) <= {"one"}


def _never(_event: str, _data: object) -> object:
    raise TimeoutError


async def test_a_caller_that_has_gone_is_forgotten(topics: MemoryTopics, made: Subscriptions) -> None:
    caller = FakeCaller()
    made.subscribe(caller, "t", 0)
    caller.connected = False
    await until(lambda: not made.unsubscribe(caller, "t"))


async def test_an_ended_subscription_is_silent(topics: MemoryTopics, made: Subscriptions) -> None:
    caller, other = FakeCaller(), FakeCaller()
    other.id = "other"
    made.subscribe(caller, "t", 0)
    made.subscribe(other, "t", 0)
    assert made.unsubscribe(caller, "t")
    assert not made.unsubscribe(caller, "t")
    await topics.publish("t", {"text": "one"})
    await until(lambda: bool(other.events))
    assert caller.events == []


async def test_a_second_subscription_takes_the_place_of_the_first(topics: MemoryTopics, made: Subscriptions) -> None:
    caller = FakeCaller()
    await topics.publish("t", {"text": "one"})
    made.subscribe(caller, "t", 2**53)
    made.subscribe(caller, "t", 0)
    await until(lambda: bool(caller.events))
    await topics.publish("t", {"text": "two"})
    await until(lambda: len(caller.events) == 2)
    assert heard(caller) == ["one", "two"]


async def test_a_caller_has_so_many_subscriptions(topics: MemoryTopics, made: Subscriptions) -> None:
    caller, other = FakeCaller(), FakeCaller()
    other.id = "other"
    for topic in ("t", "u"):
        made.subscribe(caller, topic, 0)
    with pytest.raises(TooManySubscriptions):
        made.subscribe(caller, "v", 0)
    made.subscribe(caller, "u", 0)  # its own again
    made.subscribe(other, "v", 0)
