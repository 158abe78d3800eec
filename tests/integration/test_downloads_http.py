"""Files and archives over plain HTTP, from a site to a client through the service, all on real sockets."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest
from pydantic import SecretStr
from yarl import URL

from rpc_moodle.app import create_dispatcher, create_tickets
from rpc_moodle.downloads.links import CONTEXT, ArchiveAccess, ArchiveLinks, FileLinks
from rpc_moodle.downloads.routes import add_routes
from rpc_moodle.moodle import Http
from rpc_moodle.moodle.files.url import file_url, site_of
from rpc_moodle.sandbox import Fault, Repeated, Sandbox, StoredFile
from rpc_moodle.settings import Settings
from tests.integration.conftest import Logs
from tests.integration.endless import EndlessSite
from tests.moodle import faulty
from tests.moodle.faulty import TOKEN, FaultySite
from utils.client import connected
from utils.server import create_server
from utils.testing import running
from utils.tickets import Tickets

MIB = 1024 * 1024
GERMAN = "Größe  Übung (final) #1.pdf"


@pytest.fixture
def tickets() -> Tickets:
    return create_tickets(Settings())


@pytest.fixture
async def service(tickets: Tickets, logs: Logs) -> AsyncIterator[str]:
    """A service whose tickets the test can make."""
    settings = Settings()
    logs(settings)
    async with Http() as http:
        app = create_server(create_dispatcher(settings, http, tickets), settings)
        add_routes(app, http, FileLinks(tickets), ArchiveLinks(tickets), patience=1.5)
        async with running(app) as url:
            yield url


@pytest.fixture
async def browser(service: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(service) as session:
        yield session


@pytest.fixture
async def site() -> AsyncIterator[FaultySite]:
    async with faulty.serving(FaultySite()) as running_site:
        yield running_site


def essays(sandbox: Sandbox) -> list[tuple[str, StoredFile]]:
    """The files of the first assignment with their URLs."""
    assignment = sandbox.site.by_cmid(8)
    assert assignment is not None
    return [
        (f"{sandbox.url}/webservice/pluginfile.php{file.url_path(assignment.contextid, row.id)}", file)
        for row in assignment.submissions.values()
        for file in row.files
    ]


def path_of(tickets: Tickets, url: URL | str, token: SecretStr | str) -> str:
    links = FileLinks(tickets).of(site_of(file_url(str(url))), SecretStr(token) if isinstance(token, str) else token)
    sealed = links.link(str(url))
    return f"/files/{URL(sealed).query['ticket']}"


def saved_name(response: aiohttp.ClientResponse) -> str:
    return unquote(response.headers["Content-Disposition"].rpartition("filename*=UTF-8''")[2])


async def test_every_file_comes_with_its_name_its_type_and_its_bytes(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets
) -> None:
    names = set()
    for url, file in essays(sandbox):
        async with browser.get(path_of(tickets, url, sandbox.token("teacher_care"))) as response:
            assert response.status == 200
            assert await response.read() == file.content[0 : file.size]
            assert response.headers["ETag"] == f'"{file.sha1}"'
            assert response.headers["Content-Length"] == str(file.size)
            assert response.headers["Content-Type"] == file.content_type
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Disposition"].isascii()
            assert saved_name(response) == file.filename
            names.add(file.filename)
    assert {GERMAN, "räw data+100%.csv", "empty.txt", "李小龍.docx"} <= names


async def test_head_says_the_same_and_sends_nothing(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets
) -> None:
    path = path_of(tickets, site.url, TOKEN)
    async with browser.head(path) as head, browser.get(path) as get:
        for name in ("ETag", "Content-Length", "Content-Type", "Content-Disposition", "Accept-Ranges"):
            assert head.headers[name] == get.headers[name]
        assert head.status == 200
        assert await head.read() == b""


@pytest.mark.parametrize(
    ("asked", "start", "stop"), [("bytes=100-199", 100, 200), ("bytes=10239990-", 10_239_990, 10_240_000)]
)
async def test_a_part_of_a_file_can_be_asked_for(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets, asked: str, start: int, stop: int
) -> None:
    async with browser.get(path_of(tickets, site.url, TOKEN), headers={"Range": asked}) as response:
        assert response.status == 206
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(site.content)}"
        assert await response.read() == site.content[start:stop]


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=0-1,5-6", "lines=1-2"])
async def test_a_range_that_cannot_be_served_brings_the_whole_file(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets, asked: str
) -> None:
    async with browser.get(path_of(tickets, site.url, TOKEN), headers={"Range": asked}) as response:
        assert response.status == 200
        assert await response.read() == site.content


async def test_a_part_of_another_version_brings_the_whole_file(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets
) -> None:
    path = path_of(tickets, site.url, TOKEN)
    headers = {"Range": "bytes=100-", "If-Range": f'"{site.sha1}"'}
    async with browser.get(path, headers=headers) as response:
        assert response.status == 206
    async with browser.get(path, headers={**headers, "If-Range": f'"{"0" * 40}"'}) as response:
        assert response.status == 200
        assert await response.read() == site.content


async def test_what_the_client_has_is_not_sent_again(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets
) -> None:
    headers = {"If-None-Match": f'"{site.sha1}"'}
    async with browser.get(path_of(tickets, site.url, TOKEN), headers=headers) as response:
        assert response.status == 304
        assert await response.read() == b""


async def test_an_interrupted_transfer_is_mended_unseen(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets
) -> None:
    site.plan = [faulty.cut(3_000_000), faulty.cut(3_000_000)]
    async with browser.get(path_of(tickets, site.url, TOKEN)) as response:
        assert await response.read() == site.content


@pytest.mark.parametrize("wrong", ["corrupted", "changed", "lost"])
async def test_a_file_that_is_not_the_file_never_ends_well(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets, wrong: str
) -> None:
    site.plan = {
        "corrupted": [faulty.corrupted(site.content[::-1])],
        "changed": [faulty.then_changes(faulty.cut(3_000_000), site.content[::-1])],
        "lost": [faulty.cut(3_000_000)] + [faulty.cut(0)] * 9,
    }[wrong]
    async with browser.get(path_of(tickets, site.url, TOKEN)) as response:
        with pytest.raises(aiohttp.ClientError):
            await response.read()


@pytest.mark.parametrize(
    ("step", "status", "code"),
    [
        (faulty.moodle_error("invalidtoken"), 403, "invalid_token"),
        (faulty.moodle_error("accessexception"), 403, "access_denied"),
        (faulty.moodle_error("filenotfound", 404), 404, "not_found"),
        (faulty.answer(200, "<html>Log in</html>"), 502, "bad_response"),
        (faulty.answer(503, "<html>", Retry_After="300"), 503, "site_unavailable"),
        (faulty.answer(429, "", Retry_After="12"), 429, "rate_limited"),
    ],
)
async def test_an_error_of_the_site_is_a_status_and_an_envelope(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets, step: faulty.Step, status: int, code: str
) -> None:
    site.plan = [step] * 3
    async with browser.get(path_of(tickets, site.url, TOKEN)) as response:
        assert response.status == status
        answer = await response.json()
    assert (answer["success"], answer["error"]["code"]) == (False, code)
    assert ("Retry-After" in response.headers) == (status in {503, 429})


async def test_a_site_that_is_not_there_is_a_bad_gateway(browser: aiohttp.ClientSession, tickets: Tickets) -> None:
    url = "http://127.0.0.1:9/webservice/pluginfile.php/1/a/b/2/x.pdf"
    async with browser.get(path_of(tickets, url, TOKEN)) as response:
        assert response.status == 502


@pytest.mark.parametrize("place", ["files", "archives"])
async def test_a_wrong_a_foreign_and_an_expired_ticket_are_forbidden(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets, place: str
) -> None:
    foreign = path_of(create_tickets(Settings()), site.url, TOKEN)
    expired = path_of(Tickets(context=CONTEXT, seconds=-1), site.url, TOKEN)
    archive = ArchiveLinks(tickets).seal(ArchiveAccess(URL(site.base), TOKEN, 2, 8))
    other = archive if place == "files" else path_of(tickets, site.url, TOKEN)
    for ticket in ("x", "%00", "ü" * 10, foreign, expired, other):
        async with browser.get(f"/{place}/{ticket.removeprefix('/files/')}") as response:
            assert response.status == 403
            assert (await response.json())["error"]["code"] == "invalid_token"
    assert site.asked == []


async def test_neither_ticket_nor_token_nor_url_is_logged(
    browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets, logs: Logs
) -> None:
    stream = logs(Settings(log_level="debug"))
    path = path_of(tickets, site.url, TOKEN)
    site.plan = [faulty.whole, faulty.moodle_error("invalidtoken"), faulty.corrupted(b"x")]
    for _ in range(3):
        async with browser.get(path) as response:
            with suppress(aiohttp.ClientPayloadError):  # the corrupted one
                await response.read()
    async with browser.get(f"{path}x"):
        pass
    # The site runs in this process too, and keeps an access log, as sites do.
    ours = [line for line in stream.getvalue().splitlines() if "aiohttp.access" not in line]
    text = "\n".join(ours)
    outcomes = [line["outcome"] for line in map(json.loads, ours) if line["event"] == "download"]
    assert outcomes == ["ok", "invalid_token", "bad_response", "invalid_token"]
    for secret in (path.removeprefix("/files/"), TOKEN.get_secret_value(), "essay.pdf"):
        assert secret not in text


async def test_a_file_of_any_size_streams_through(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets
) -> None:
    huge = Repeated(hashlib.sha512(b"pattern").digest() * 4096, 1024 * MIB)
    url, sha1 = submitted(sandbox, StoredFile("huge.bin", huge))
    digest, size = hashlib.sha1(usedforsecurity=False), 0
    async with browser.get(path_of(tickets, url, sandbox.token("teacher_care"))) as response:
        async for piece in response.content.iter_any():
            digest.update(piece)
            size += len(piece)
    assert (size, digest.hexdigest()) == (1024 * MIB, sha1)


def submitted(sandbox: Sandbox, file: StoredFile) -> tuple[str, str]:
    """Hand a file in, into the first submission of the first assignment; give its URL and its SHA-1."""
    assignment = sandbox.site.by_cmid(8)
    assert assignment is not None
    row = next(iter(assignment.submissions.values()))
    row.files.append(file)
    return f"{sandbox.url}/webservice/pluginfile.php{file.url_path(assignment.contextid, row.id)}", file.sha1


async def archive_of(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets, cmid: int = 8
) -> tuple[zipfile.ZipFile, Any]:
    access = ArchiveAccess(URL(sandbox.url), SecretStr(sandbox.token("teacher_full")), 2, cmid)
    async with browser.get(f"/archives/{ArchiveLinks(tickets).seal(access)}") as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"] == "application/zip"
        return zipfile.ZipFile(io.BytesIO(await response.read())), response


async def test_an_archive_holds_every_file_under_the_name_of_who_submitted_it(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets
) -> None:
    archive, response = await archive_of(browser, sandbox, tickets)
    with archive:
        assert archive.testzip() is None
        contents = {name: archive.read(name) for name in archive.namelist()}
        stored = {info.filename: info.compress_type for info in archive.infolist()}
    expected = essays(sandbox)
    assert sorted(contents.values()) == sorted(file.content[0 : file.size] for _, file in expected)
    assert response.headers["X-Archive-Files"] == str(len(expected))
    (german,) = (name for name in contents if name.endswith(GERMAN))
    assert german.split("/")[0].endswith("_6")
    (nested,) = (name for name in contents if name.endswith("/data/nested/räw data+100%.csv"))
    assert stored[nested] == zipfile.ZIP_DEFLATED
    assert stored[german] == zipfile.ZIP_STORED
    assert "_errors.txt" not in contents
    assert saved_name(response) == "assignment_8.zip"


@pytest.mark.parametrize(("cmid", "folder"), [(11, "team_"), (12, "user_")])
async def test_teams_and_those_whose_names_are_withheld_have_folders_without_names(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets, cmid: int, folder: str
) -> None:
    archive, _ = await archive_of(browser, sandbox, tickets, cmid)
    with archive:
        assert archive.namelist()
        assert all(name.startswith(folder) for name in archive.namelist())


async def test_the_link_that_a_call_gives_leads_to_the_archive(
    service: str, browser: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    assignment = sandbox.site.by_cmid(8)
    assert assignment is not None
    row = next(iter(assignment.submissions.values()))
    row.files = [StoredFile(f"{number}.txt", b"%d" % number) for number in range(500)]
    options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care")}
    async with connected(service) as backend:
        payload = {"courseID": 2, "assignmentID": 8, "options": options}
        link = (await backend.call("createSubmissionsArchive", payload))["data"]
    async with browser.get(link["path"]) as response:
        with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
            assert len(archive.infolist()) == link["files"] > 500
            assert sum(info.file_size for info in archive.infolist()) == link["bytes"]


async def test_an_archive_of_nothing_is_an_empty_zip(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets
) -> None:
    archive, _ = await archive_of(browser, sandbox, tickets, 10)
    with archive:
        assert archive.namelist() == []


async def test_a_file_that_fails_is_named_in_the_archive_and_the_rest_is_there(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets
) -> None:
    sandbox.site.fault = lambda seen: Fault.HTML if seen.path.endswith("archive.zip") else Fault.NONE
    archive, _ = await archive_of(browser, sandbox, tickets)
    with archive:
        assert archive.testzip() is None
        names = archive.namelist()
        report = archive.read("_errors.txt").decode()
        assert archive.comment == f"1 of {len(essays(sandbox))} files are missing; see _errors.txt".encode()
    assert len(names) == len(essays(sandbox))
    assert not any(name.endswith("archive.zip") for name in names)
    (line,) = report.splitlines()
    path, reason = line.split("\t")
    assert path.endswith("/archive.zip")
    assert "HTML" in reason


async def test_an_archive_that_cannot_be_listed_is_an_error_and_no_zip(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets
) -> None:
    for token, cmid, status in (("teacher_care", 999, 404), ("teacher_expired", 8, 403)):
        access = ArchiveAccess(URL(sandbox.url), SecretStr(sandbox.token(token)), 2, cmid)
        async with browser.get(f"/archives/{ArchiveLinks(tickets).seal(access)}") as response:
            assert response.status == status


async def test_the_trailer_of_an_archive_counts_what_is_missing(
    service: str, sandbox: Sandbox, tickets: Tickets
) -> None:
    access = ArchiveAccess(URL(sandbox.url), SecretStr(sandbox.token("teacher_full")), 2, 8)
    for fault, missing in ((Fault.NONE, 0), (Fault.HTML, 1)):
        sandbox.site.fault = lambda seen, fault=fault: fault if seen.path.endswith("essay.pdf") else Fault.NONE
        raw = await raw_get(service, f"/archives/{ArchiveLinks(tickets).seal(access)}")
        assert b"\r\nTrailer: X-Archive-Missing\r\n" in raw
        assert raw.endswith(f"\r\n0\r\nX-Archive-Missing: {missing}\r\n\r\n".encode())


async def raw_get(service: str, path: str) -> bytes:
    """Read an HTTP answer to its last byte, trailers included, which clients do not show."""
    url = URL(service)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {url.host}\r\nConnection: close\r\n\r\n".encode())
    try:
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_leaves_ends_the_transfer_from_the_site(
    browser: aiohttp.ClientSession, tickets: Tickets
) -> None:
    endless = EndlessSite()
    async with endless.serving() as url:
        async with browser.get(path_of(tickets, url, TOKEN)) as response:
            await response.content.read(10)
        async with asyncio.timeout(10):
            await endless.ended.wait()
    assert endless.sent < 100 * MIB


async def test_a_client_that_stops_reading_ends_the_transfer_from_the_site(service: str, tickets: Tickets) -> None:
    endless = EndlessSite()
    async with endless.serving() as url:
        service_url = URL(service)
        _, writer = await asyncio.open_connection(service_url.host, service_url.port, limit=1024)
        writer.write(f"GET {path_of(tickets, url, TOKEN)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async with asyncio.timeout(10):
            await endless.ended.wait()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    assert endless.sent < 100 * MIB


async def test_any_number_of_files_and_archives_come_at_once(
    browser: aiohttp.ClientSession, sandbox: Sandbox, tickets: Tickets
) -> None:
    """More than there are places, through each way out."""
    url, file = essays(sandbox)[0]
    token = SecretStr(sandbox.token("teacher_care"))
    archive = ArchiveLinks(tickets).seal(ArchiveAccess(URL(sandbox.url), token, 2, 8))

    async def get(path: str) -> tuple[int, bytes]:
        async with browser.get(path) as response:
            return response.status, await response.read()

    paths = [path_of(tickets, url, token)] * 40 + [f"/archives/{archive}"] * 6
    answers = await asyncio.gather(*map(get, paths))
    assert [status for status, _ in answers] == [200] * len(paths)
    assert {content for _, content in answers[:40]} == {file.content[0 : file.size]}
    for _, content in answers[40:]:
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


async def hold(browser: aiohttp.ClientSession, path: str) -> None:
    """Ask for a file, and read nothing of it."""
    async with browser.get(path):
        await asyncio.Event().wait()


async def test_clients_that_leave_give_their_places_back(
    service: str, browser: aiohttp.ClientSession, site: FaultySite, tickets: Tickets
) -> None:
    endless = EndlessSite()
    async with endless.serving() as url:
        path = path_of(tickets, url, TOKEN)
        async with aiohttp.ClientSession(service) as leaving:
            asked = [asyncio.create_task(hold(leaving, path)) for _ in range(12)]
            await endless.started.wait()
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        async with asyncio.timeout(30), browser.get(path) as response:
            assert response.status == 200


async def test_readers_that_do_not_read_keep_another_key_s_download_from_nothing(
    browser: aiohttp.ClientSession, tickets: Tickets
) -> None:
    endless = EndlessSite()
    async with endless.serving() as url:
        slow = [
            asyncio.create_task(hold(browser, path_of(tickets, url, SecretStr(f"{hog:032x}"))))
            for hog in (1, 2, 3, 4, 5)
            for _ in range(4)
        ]
        await endless.started.wait()
        async with browser.get(path_of(tickets, url, TOKEN)) as response:
            assert await response.content.readexactly(1000) == bytes(1000)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_a_bug_is_logged_with_its_traceback(
    tickets: Tickets, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("rpc_moodle.downloads.routes.open_file", broken)
    settings = Settings(log_format="json")
    log = logs(settings)
    async with Http() as http:
        app = create_server(create_dispatcher(settings, http, tickets), settings)
        add_routes(app, http, FileLinks(tickets), ArchiveLinks(tickets))
        async with running(app) as url, aiohttp.ClientSession(url) as browser:
            path = path_of(tickets, "http://h/webservice/pluginfile.php/1/a", TOKEN)
            async with browser.get(path) as response:
                assert response.status == 500
    lines = [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == "internal_error"]
    assert "ZeroDivisionError" in str(lines)
    assert "Traceback" in str(lines) or "exception" in lines[0]
