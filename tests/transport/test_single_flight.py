import asyncio

import pytest

from rpc_moodle.transport import single_flight as module
from rpc_moodle.transport.single_flight import Sharing


class Question:
    def __init__(self, result: str | Exception = "answer") -> None:
        self.asked = 0
        self.cancelled = 0
        self.release = asyncio.Event()
        self.result = result

    async def __call__(self) -> str:
        self.asked += 1
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


async def start(sharing: Sharing[str], key: str, question: Question, count: int) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(sharing.ask(key, question)) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_the_same_question_in_flight_is_asked_once() -> None:
    sharing, question = Sharing[str](), Question()
    tasks = await start(sharing, "a", question, 5)
    question.release.set()
    assert await asyncio.gather(*tasks) == ["answer"] * 5
    assert question.asked == 1


async def test_another_question_is_asked_by_itself() -> None:
    sharing, first, second = Sharing[str](), Question("1"), Question("2")
    tasks = [*await start(sharing, "a", first, 1), *await start(sharing, "b", second, 1)]
    first.release.set()
    second.release.set()
    assert await asyncio.gather(*tasks) == ["1", "2"]


async def test_nothing_is_kept_after_the_answer() -> None:
    sharing, question = Sharing[str](), Question()
    question.release.set()
    await sharing.ask("a", question)
    await sharing.ask("a", question)
    assert question.asked == 2


async def test_an_error_reaches_everyone() -> None:
    sharing, question = Sharing[str](), Question(ValueError("no"))
    tasks = await start(sharing, "a", question, 3)
    question.release.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, ValueError) for outcome in outcomes)


async def test_one_who_goes_does_not_take_the_answer_from_the_others() -> None:
    sharing, question = Sharing[str](), Question()
    first, second = await start(sharing, "a", question, 2)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    question.release.set()
    assert await second == "answer"


async def test_an_old_question_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JOINED_SECONDS", -1)
    sharing, question = Sharing[str](), Question()
    tasks = await start(sharing, "a", question, 3)
    question.release.set()
    assert await asyncio.gather(*tasks) == ["answer"] * 3
    assert question.asked == 3


async def test_when_the_last_one_goes_the_request_is_given_up() -> None:
    sharing, question = Sharing[str](), Question()
    for task in await start(sharing, "a", question, 2):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert question.cancelled == 1
    fresh = Question("new")
    fresh.release.set()
    assert await sharing.ask("a", fresh) == "new"


@pytest.mark.parametrize("again", range(3))
async def test_a_question_asked_while_the_answer_arrives_is_not_lost(again: int) -> None:
    sharing, question = Sharing[str](), Question()
    tasks = await start(sharing, "a", question, 1)
    question.release.set()
    for _ in range(again):
        await asyncio.sleep(0)
    assert await sharing.ask("a", question) == "answer"
    assert await tasks[0] == "answer"
