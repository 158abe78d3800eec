import asyncio

import pytest

from utils.topics import MemoryTopics, TopicsFull


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def data_of(events: list[object]) -> list[object]:
    return [event.data for event in events]  # type: ignore[attr-defined] # they are events


async def test_events_are_read_after_a_number_and_in_order(clock: Clock) -> None:
    topics = MemoryTopics(clock=clock)
    before = await topics.open("a", "owner")
    first = await topics.publish("a", "one")
    second = await topics.publish("a", "two")
    assert before < first < second
    assert [event.data for event in await topics.after("a", before)] == ["one", "two"]
    assert [event.data for event in await topics.after("a", first)] == ["two"]
    assert await topics.after("a", second) == []


async def test_numbers_grow_over_a_restart_and_are_exact_in_javascript(clock: Clock) -> None:
    old = MemoryTopics(clock=clock)
    await old.open("a", "owner")
    number = await old.publish("a", "one")
    clock.now += 1
    assert await MemoryTopics(clock=clock).open("a", "owner") > number
    clock.now = 4_102_444_800  # the year 2100
    assert await old.publish("a", "two") < 2**53


async def test_a_topic_that_is_open_stays_as_it_is(clock: Clock) -> None:
    topics = MemoryTopics(clock=clock)
    await topics.open("a", "owner")
    number = await topics.publish("a", "one")
    assert await topics.open("a", "another") == number
    assert len(await topics.after("a", 0)) == 1


async def test_a_topic_that_is_not_open_takes_nothing_and_has_nothing() -> None:
    topics = MemoryTopics()
    with pytest.raises(KeyError):
        await topics.publish("a", "one")
    assert await topics.after("a", 0) == []
    assert await topics.names("") == []
    await topics.wait("a", 0, 0)


async def test_topics_are_found_by_the_beginning_of_their_names() -> None:
    topics = MemoryTopics()
    for name in ("x/1/a", "x/1/b", "x/11/a", "y/1/a"):
        await topics.open(name, "owner")
    assert await topics.names("x/1/") == ["x/1/a", "x/1/b"]


async def test_old_events_are_forgotten(clock: Clock) -> None:
    topics = MemoryTopics(seconds=60, clock=clock)
    await topics.open("a", "owner")
    await topics.publish("a", "old")
    clock.now += 61
    await topics.publish("a", "new")
    assert [event.data for event in await topics.after("a", 0)] == ["new"]


async def test_a_topic_keeps_so_many_events_and_bytes(clock: Clock) -> None:
    topics = MemoryTopics(events=2, topic_bytes=100, clock=clock)
    await topics.open("a", "owner")
    for text in ("one", "two", "three"):
        await topics.publish("a", text)
    assert [event.data for event in await topics.after("a", 0)] == ["two", "three"]
    await topics.publish("a", "x" * 99)
    assert [event.data for event in await topics.after("a", 0)] == ["x" * 99]


async def test_the_topic_that_holds_the_most_makes_room_for_another(clock: Clock) -> None:
    topics = MemoryTopics(total_bytes=1000, clock=clock)
    await topics.open("quiet", "b")
    await topics.open("loud", "a")
    await topics.publish("quiet", "y" * 200)
    for _ in range(3):
        await topics.publish("loud", "x" * 300)
    assert len(await topics.after("loud", 0)) == 2
    assert len(await topics.after("quiet", 0)) == 1


async def test_the_owner_of_the_most_topics_loses_the_one_unused_for_longest(clock: Clock) -> None:
    topics = MemoryTopics(topics=3, idle_seconds=10, clock=clock)
    for name, owner in (("small", "neighbour"), ("first", "greedy"), ("second", "greedy")):
        await topics.open(name, owner)
    clock.now += 11
    await topics.open("third", "greedy")
    assert await topics.names("") == ["small", "second", "third"]


async def test_topics_in_use_make_no_room(clock: Clock) -> None:
    topics = MemoryTopics(topics=1, idle_seconds=10, clock=clock)
    await topics.open("a", "owner")
    with pytest.raises(TopicsFull):
        await topics.open("b", "another")
    clock.now += 11
    await topics.after("a", 0)
    with pytest.raises(TopicsFull):
        await topics.open("b", "another")


async def test_whoever_waits_is_woken_by_an_event() -> None:
    topics = MemoryTopics()
    number = await topics.open("a", "owner")
    waiting = asyncio.create_task(topics.wait("a", number, 60))
    await asyncio.sleep(0)
    assert not waiting.done()
    await topics.publish("a", "one")
    await waiting
    await topics.wait("a", number, 60)  # an event that is there already is not waited for


async def test_nobody_waits_longer_than_asked() -> None:
    topics = MemoryTopics()
    number = await topics.open("a", "owner")
    await topics.wait("a", number, 0.01)
    assert await topics.after("a", number) == []


async def test_a_topic_whose_events_are_too_old_is_waited_for(clock: Clock) -> None:
    topics = MemoryTopics(seconds=1, clock=clock)
    await topics.open("a", "owner")
    await topics.publish("a", "old")
    clock.now += 2
    assert await topics.after("a", 0) == []
    waiting = asyncio.create_task(topics.wait("a", 0, 60))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
