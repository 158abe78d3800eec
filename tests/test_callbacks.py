"""What anyone can do at ``/api/…``, and what only a site with the right key can."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from rpc_moodle import callbacks
from rpc_moodle.callbacks import add_routes, topic_of, topic_shown
from rpc_moodle.moopanel.callbacks import MAX_JSON
from tests.moopanel.recorded import KEY, report_of, reports
from utils.topics import MemoryTopics

OTHER = SecretStr("another-panels-key")
BACKUP = "/api/backups/courses/666"
DONE = {"status": True, "courseid": 2, "link": "auto/x.zip", "password": "archive", "filesize": 1}


@pytest.fixture
async def topics() -> MemoryTopics:
    made = MemoryTopics()
    for instance in (123, 666, 667, 1234):
        await made.open(topic_of(instance, KEY), "https://moodle.example.edu")
    await made.open(topic_of(666, OTHER), "https://other.example.edu")
    return made


@pytest.fixture
async def client(topics: MemoryTopics) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    add_routes(app, topics)
    async with TestClient(TestServer(app)) as made:
        yield made


Client = TestClient[web.Request, web.Application]


async def kept(topics: MemoryTopics, instance: int, key: SecretStr) -> list[Any]:
    return [event.data for event in await topics.after(topic_of(instance, key), 0)]


async def send(client: Client, path: str, body: Any, key: str | None = "API_KEY") -> int:
    headers = {} if key is None else {"X-API-KEY": key}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with client.post(path, data=data, headers=headers) as response:
        assert (await response.json())["status"] is (response.status == 200)
        return response.status


async def test_every_recorded_report_is_received_and_kept(client: Client, topics: MemoryTopics) -> None:
    for exchange in reports().values():
        request = exchange["request"]
        async with client.post(request["path"], data=report_of(exchange), headers=request["headers"]) as response:
            assert (response.status, await response.json()) == (200, {"status": True})
    counts = {instance: len(await kept(topics, instance, KEY)) for instance in (123, 666, 667, 1234)}
    assert counts == {123: 4, 666: 17, 667: 1, 1234: 2}
    assert await kept(topics, 666, OTHER) == []


@pytest.mark.parametrize("key", [None, "", "wrong", "api_key", "API_KEYx", "API_KE", "0e999999", "x" * 5000])
async def test_without_the_instances_key_nothing_is_received(
    client: Client, topics: MemoryTopics, key: str | None
) -> None:
    assert await send(client, BACKUP, DONE, key) in {400, 401}  # aiohttp itself refuses a header that is too long
    assert await kept(topics, 666, KEY) == []


async def test_a_key_that_php_takes_for_the_same_number_is_another(client: Client, topics: MemoryTopics) -> None:
    await topics.open(topic_of(5, SecretStr("0e123456")), "owner")
    assert await send(client, "/api/backups/courses/5", DONE, "0e999999") == 401
    assert await send(client, "/api/backups/courses/5", DONE, "0e123456") == 200


async def test_a_key_of_one_instance_is_none_of_another(client: Client) -> None:
    assert await send(client, "/api/backups/courses/667", DONE, OTHER.get_secret_value()) == 401
    assert await send(client, "/api/backups/courses/4711", DONE) == 401


async def test_two_panels_that_give_the_same_number_get_their_own_reports(client: Client, topics: MemoryTopics) -> None:
    await send(client, BACKUP, DONE)
    await send(client, BACKUP, {**DONE, "courseid": 7}, OTHER.get_secret_value())
    assert [report["courseId"] for report in await kept(topics, 666, KEY)] == [2]
    assert [report["courseId"] for report in await kept(topics, 666, OTHER)] == [7]


async def test_all_keys_of_an_instance_are_compared_and_in_constant_time(
    topics: MemoryTopics, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert await topic_shown(topics, 666, KEY) == topic_of(666, KEY)
    assert [one for one, _ in compared] == [topic_of(666, KEY), topic_of(666, OTHER)]
    assert len({len(text) for pair in compared for text in pair}) == 1


def test_the_name_of_a_topic_does_not_tell_the_key() -> None:
    assert "API_KEY" not in topic_of(666, KEY)
    assert topic_of(666, KEY) != topic_of(66, SecretStr("6API_KEY"))


@pytest.mark.parametrize("path", ["/api/", "/api/backups/courses/abc", "/api/users/1", "/api/backups/courses/666/x"])
async def test_there_is_nothing_at_other_paths(client: Client, path: str) -> None:
    assert await send(client, path, DONE) == 404


async def test_reports_come_by_post_alone(client: Client) -> None:
    async with client.get(BACKUP, headers={"X-API-KEY": "API_KEY"}) as response:
        assert response.status == 405


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"courseid": "secret words"}', b"\xff\xfe"])
async def test_what_is_no_report_is_refused(client: Client, topics: MemoryTopics, body: bytes) -> None:
    assert await send(client, BACKUP, body) == 400
    assert await kept(topics, 666, KEY) == []


async def test_an_entity_is_not_expanded(client: Client, topics: MemoryTopics) -> None:
    bomb = b'<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><PRESET>&b;</PRESET>'
    assert await send(client, "/api/instances/1234/admin_preset", bomb) == 400
    assert await kept(topics, 1234, KEY) == []


async def test_a_report_that_is_too_large_is_refused_announced_or_not(client: Client, topics: MemoryTopics) -> None:
    large = b" " * (MAX_JSON + 1)
    assert await send(client, BACKUP, large) == 413

    async def pieces() -> AsyncIterator[bytes]:
        yield large

    async with client.post(BACKUP, data=pieces(), headers={"X-API-KEY": "API_KEY"}) as response:
        assert response.status == 413
    assert await kept(topics, 666, KEY) == []


async def test_a_stranger_is_refused_before_a_body_has_come(client: Client) -> None:
    never = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    async with client.post(BACKUP, data=pieces(), headers={"X-API-KEY": "wrong"}) as response:
        assert (response.status, response.headers["Connection"]) == (401, "close")


async def test_a_report_that_does_not_come_to_its_end_is_given_up(
    client: Client, topics: MemoryTopics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "BODY_SECONDS", 0.05)
    never = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    async with client.post(BACKUP, data=pieces(), headers={"X-API-KEY": "API_KEY"}) as response:
        assert response.status == 408
    assert await send(client, BACKUP, DONE) == 200


async def test_a_slow_instance_holds_up_no_other(client: Client) -> None:
    let_go = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        await let_go.wait()
        yield b"}"

    async def slowly() -> int:
        async with client.post(BACKUP, data=pieces(), headers={"X-API-KEY": "API_KEY"}) as response:
            return response.status

    slow = asyncio.create_task(slowly())
    assert await send(client, BACKUP, DONE, OTHER.get_secret_value()) == 200
    assert await send(client, "/api/backups/courses/667", DONE) == 200
    assert not slow.done()
    let_go.set()
    assert await slow == 200


async def test_the_log_tells_the_outcome_and_no_secret(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    await send(client, BACKUP, DONE)
    await send(client, BACKUP, DONE, "wrong-secret")
    said = capsys.readouterr().out
    assert "ok" in said
    assert "key_refused" in said
    assert [secret for secret in ("API_KEY", "archive", "wrong-secret") if secret in said] == []
