"""What a handler can do with its call."""

import pytest
import structlog

from utils.call import Call, Caller, Deadline, Shared
from utils.testing import FakeCaller


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def make_call(caller: Caller | None = None, clock: Clock | None = None, progress_id: str | None = "p") -> Call:
    return Call(
        id="1",
        method="work",
        deadline=Deadline(1),
        log=structlog.get_logger(),
        caller=caller,
        progress_id=progress_id,
        clock=clock or Clock(),
    )


def done(caller: FakeCaller) -> list[int]:
    return [event["done"] for name, event in caller.events if name == "progress"]


def test_a_deadline_counts_down_to_zero() -> None:
    clock = Clock()
    deadline = Deadline(2.5, clock=clock)
    clock.now += 2
    assert (deadline.remaining(), deadline.expired) == (0.5, False)
    clock.now += 2
    assert (deadline.remaining(), deadline.expired) == (0.0, True)


async def test_progress_is_told_ten_times_a_second_at_most() -> None:
    caller, clock = FakeCaller(), Clock()
    call = make_call(caller, clock)
    for number in range(1000):
        await call.progress(number, 1000)
        clock.now += 0.01
    assert 90 <= len(caller.events) <= 101


async def test_the_last_progress_is_always_told() -> None:
    caller = FakeCaller()
    call = make_call(caller)
    for number in range(1, 4):
        await call.progress(number, 3)
    assert done(caller) == [1, 3]


async def test_what_the_limit_held_back_is_told_at_the_end() -> None:
    caller = FakeCaller()
    call = make_call(caller)
    await call.progress(1, 5)
    await call.progress(2, 5)
    await call.flush_progress()
    await call.flush_progress()
    assert done(caller) == [1, 2]


async def test_without_a_progress_id_nothing_is_told_but_the_state_is_kept() -> None:
    caller = FakeCaller()
    call = make_call(caller, progress_id=None)
    await call.progress(1, 2, bytes=3, bytes_total=4)
    assert caller.events == []
    assert call.state == {"done": 1, "total": 2, "bytes": 3, "bytesTotal": 4}


async def test_a_caller_that_cannot_be_told_does_not_fail_the_work() -> None:
    class Broken(FakeCaller):
        async def emit(self, event: str, data: object) -> None:
            raise ConnectionError

    await make_call(Broken()).progress(1, 1)


async def test_a_fake_caller_answers_until_it_has_gone() -> None:
    caller = FakeCaller(answer=lambda event, data: (event, data))
    assert await caller.ask("more", 1, 1) == ("more", 1)
    caller.connected = False
    with pytest.raises(TimeoutError):
        await caller.ask("more", 1, 1)
    assert caller.events == [("more", 1)]


def test_shared_objects_are_found_by_type_and_by_base_class() -> None:
    clock = Clock()
    shared = Shared(["text", clock])
    assert shared.get(Clock) is clock
    assert shared.get(str) == "text"
    assert Shared([True]).get(int) is True


def test_a_missing_shared_object_is_named() -> None:
    with pytest.raises(LookupError, match="Clock"):
        make_call().shared(Clock)


def test_two_shared_objects_of_a_type_are_refused() -> None:
    with pytest.raises(ValueError, match="Clock"):
        Shared([Clock(), Clock()])
