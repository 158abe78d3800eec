"""A site that lists files of somewhere else: the caller's key is never sealed for them, and never sent there."""

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from tests.moodle.faulty import TOKEN, FaultySite
from utils.client import connected

PATH = "webservice/pluginfile.php/5/assignsubmission_file/submission_files/1"


class Elsewhere:
    """Another host, which notes whatever comes."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append(f"{request.path_qs} {await request.text()}")
        return web.Response(headers={"ETag": f'"{"a" * 40}"'})


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    other = Elsewhere()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", other.answer)
    async with TestServer(app) as server:
        other.url = str(server.make_url("/"))
        yield other


@asynccontextmanager
async def listing(*urls: str) -> AsyncIterator[str]:
    """A site whose one submission has these files; ``{base}`` stands for the site itself."""
    site = FaultySite(content=b"mine", mimetype="text/plain")

    async def rest(request: web.Request) -> web.Response:
        form = await request.post()
        files = [{"filename": f"{n}.txt", "fileurl": url.format(base=site.base)} for n, url in enumerate(urls)]
        plugins = [{"type": "file", "fileareas": [{"area": "submission_files", "files": files}]}]
        rows = [{"id": 1, "userid": 5, "plugins": plugins}]
        answers: dict[object, Any] = {
            "mod_assign_get_assignments": {"courses": [{"id": 2, "assignments": [{"id": 1, "cmid": 8}]}]},
            "mod_assign_get_submissions": {"assignments": [{"assignmentid": 1, "submissions": rows}]},
        }
        return web.json_response(answers.get(form["wsfunction"], []))

    app = web.Application()
    app.router.add_post("/webservice/rest/server.php", rest)
    app.router.add_post("/webservice/pluginfile.php/{path:.*}", site.handle)
    async with TestServer(app) as server:
        site.base = str(server.make_url("/")).rstrip("/")
        yield site.base


async def test_a_file_of_another_site_is_listed_without_a_link_and_archived_as_missing(
    service: str, elsewhere: Elsewhere
) -> None:
    foreign = f"{elsewhere.url}{PATH}/stolen.txt"
    async with listing(f"{{base}}/{PATH}/own.txt", foreign, "nonsense", "") as base, connected(service) as backend:
        payload = {
            "courseID": 2,
            "assignmentID": 8,
            "options": {"url": base, "apiKey": TOKEN.get_secret_value()},
        }
        reply = await backend.call("getSubmissionsInfosFromAssignment", payload)
        archive = await backend.call("createSubmissionsArchive", payload)
        async with aiohttp.ClientSession() as browser, browser.get(service + archive["data"]["path"]) as response:
            zipped = zipfile.ZipFile(io.BytesIO(await response.read()))
    own, *others = reply["data"][0]["files"]
    assert "ticket=" in own["fileurl"]
    assert "problem" not in own
    assert [file["fileurl"] for file in others] == ["", "", ""]
    assert "another scheme, host, port or path" in others[0]["problem"]
    assert "names no file" in others[1]["problem"]
    assert [each["fileurl"] for each in reply["data"][0]["submissionURLs"]] == [own["fileurl"]]
    assert zipped.namelist() == ["user_5/0.txt", "_errors.txt"]
    assert zipped.read("user_5/0.txt") == b"mine"
    assert b"user_5/1.txt\tThe site lists this file at another" in zipped.read("_errors.txt")
    assert elsewhere.seen == []


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_file_under_another_scheme_is_one_of_another_site(service: str, scheme: str) -> None:
    async with listing("{base}" + f"/{PATH}/own.txt") as base, connected(service) as backend:
        url = str(URL(base).with_scheme(scheme))
        options = {"url": url, "apiKey": TOKEN.get_secret_value(), "timeoutMs": 5000}
        reply = await backend.call(
            "downloadSubmissionsFromUser", {"fileUrls": [f"{base}/{PATH}/own.txt"], "options": options}
        )
    assert reply["success"] == (scheme == "http")
    if not reply["success"]:
        assert reply["error"]["code"] == "invalid_request"


@pytest.mark.parametrize(
    "path", ["..%2f..%2flogin/token.php?username=a&password=b", "%2e%2e/%2e%2e/%2e%2e/x", "a%00", "1?%74oken=s3cret"]
)
async def test_a_path_out_of_pluginfile_php_is_refused_and_never_sent(
    service: str, elsewhere: Elsewhere, path: str
) -> None:
    async with connected(service) as backend:
        url = f"{elsewhere.url}webservice/pluginfile.php/{path}"
        options = {"apiKey": TOKEN.get_secret_value()}
        reply = await backend.call("downloadSubmissionsFromUser", {"fileUrls": [url], "options": options})
    assert reply["error"]["code"] == "invalid_request"
    assert "s3cret" not in str(reply)
    assert elsewhere.seen == []
