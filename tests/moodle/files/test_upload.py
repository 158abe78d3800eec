"""Uploads and logins, against a server on a real socket that reads forms as PHP does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import BodyPartReader, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from rpc_moodle.moodle import AccessDenied, Disconnected, FunctionDenied, InvalidCredential, MoodleClient, Upload
from rpc_moodle.moodle.wire import Fields
from tests.support import VERSIONS, body_of, exchanges

TOKEN = "0123456789abcdef0123456789abcdef"


class Scripts:
    """``upload.php`` and ``token.php``: what came, and the recorded answers."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str | None, bytes]] = []
        self.length: int | None = None
        self.answer = b"[]"
        self.url = ""

    async def upload(self, request: web.Request) -> web.Response:
        self.length = request.content_length
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            self.fields.append((part.name or "", part.filename, bytes(await part.read())))
        return web.Response(body=self.answer, content_type="text/plain")

    async def login(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.fields = [(name, None, str(value).encode()) for name, value in form.items()]
        return web.Response(body=self.answer, content_type="application/json")


@asynccontextmanager
async def serving() -> AsyncIterator[Scripts]:
    scripts = Scripts()
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/webservice/upload.php", scripts.upload)
    app.router.add_post("/login/token.php", scripts.login)
    async with TestServer(app) as server:
        scripts.url = str(server.make_url("/"))
        yield scripts


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b"x" * 300_000


@pytest.mark.parametrize("version", VERSIONS)
async def test_files_are_sent_whole_and_in_order_after_the_token(version: str, tmp_path: Path) -> None:
    path = tmp_path / "on disk.bin"
    path.write_bytes(bytes(range(256)) * 3000)
    files = (
        Upload('rä"port\r\n.txt', b"hello"),
        Upload("on disk.bin", path),
        Upload("pieces", pieces(), size=900_000, mimetype="video/mp4\r\nX: y"),
    )
    async with serving() as site, MoodleClient(site.url, TOKEN) as moodle:
        site.answer = json.dumps(exchanges(version)["upload.ok"]["response"]["body"]).encode()
        stored = await moodle.upload(*files, itemid=7)
    assert stored[0]["filename"] == "räport 1.txt"
    assert stored[0]["itemid"] > 0
    own = [("token", TOKEN.encode()), ("filearea", b"draft"), ("itemid", b"7"), ("filepath", b"/")]
    assert site.fields[:4] == [(name, None, value) for name, value in own]
    assert [(name, content) for name, _, content in site.fields[4:]] == [
        ("file_0", b"hello"),
        ("file_1", path.read_bytes()),
        ("file_2", b"x" * 900_000),
    ]
    assert site.fields[5][1] == "on disk.bin"
    assert site.length


async def test_a_file_that_is_not_as_long_as_said_ends_the_request() -> None:
    async with serving() as site, MoodleClient(site.url, TOKEN) as moodle:
        for size in (10, 10_000_000):
            with pytest.raises(Disconnected):
                await moodle.upload(Upload("pieces", pieces(), size=size))
        with pytest.raises(ValueError, match="size"):
            await moodle.upload(Upload("pieces", pieces()))


async def test_an_upload_that_moodle_refuses_is_its_error() -> None:
    async with serving() as site, MoodleClient(site.url, TOKEN) as moodle:
        site.answer = body_of(exchanges("4.5")["upload.service_without_upload"])
        with pytest.raises(FunctionDenied):
            await moodle.upload(Upload("a", b"x"))


async def test_a_login_needs_no_token_and_its_password_stands_in_no_message() -> None:
    fields: Fields = [("username", "teacher1"), ("password", SecretStr("s3cret-word")), ("service", "full")]
    async with serving() as site, MoodleClient(site.url) as moodle:
        site.answer = body_of(exchanges("4.5")["login.ok"])
        answer: Any = await moodle.script("login/token.php", fields)
        assert answer["token"] == "TOKEN_issued"
        assert site.fields == [
            ("username", None, b"teacher1"),
            ("password", None, b"s3cret-word"),
            ("service", None, b"full"),
        ]
        site.answer = json.dumps({"error": "no s3cret-word", "errorcode": "invalidlogin", "debuginfo": None}).encode()
        with pytest.raises(AccessDenied) as refused:
            await moodle.script("login/token.php", fields)
        assert "s3cret" not in str(refused.value)
        with pytest.raises(InvalidCredential):
            await moodle.call("core_webservice_get_site_info")
