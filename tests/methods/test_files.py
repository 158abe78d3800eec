import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from rpc_moodle.app import create_tickets
from rpc_moodle.downloads.links import FileLinks
from rpc_moodle.downloads.reply import DownloadLimits
from rpc_moodle.downloads.stream import CHUNK, chunked
from rpc_moodle.errors import translate
from rpc_moodle.methods import METHODS
from rpc_moodle.moodle import Http
from rpc_moodle.moodle.files.url import file_url, site_of
from rpc_moodle.sandbox import Sandbox, StoredFile
from rpc_moodle.settings import Settings
from tests.methods.conftest import Call
from tests.moodle import faulty
from tests.moodle.faulty import TOKEN, FaultySite
from utils.contract import Envelope
from utils.dispatch import Dispatcher
from utils.testing import FakeCaller, call

DOWNLOAD = "downloadSubmissionsFromUser"
FILES = {"courseID": 2, "assignmentID": 8}


@pytest.fixture
async def links(ask: Call) -> list[dict[str, Any]]:
    """The files of the sandbox's first assignment, as the service lists them."""
    reply = await ask("getSubmissionsInfosFromAssignment", **FILES)
    return [file for row in reply["data"] for file in row["files"]]


def originals(sandbox: Sandbox) -> list[StoredFile]:
    assignment = sandbox.site.by_cmid(8)
    assert assignment is not None
    return [file for submission in assignment.submissions.values() if submission.latest for file in submission.files]


def bytes_of(file: StoredFile) -> bytes:
    return file.content[0 : file.size]


@pytest.fixture
def fetch(dispatcher: Dispatcher) -> Callable[..., Any]:
    """Call the download method without credentials."""

    async def fetch(caller: FakeCaller | None = None, **payload: Any) -> Envelope:
        return await call(dispatcher, DOWNLOAD, payload, caller=caller)

    return fetch


Fetch = Callable[..., Any]


async def test_sealed_urls_are_enough_and_every_name_comes_byte_for_byte(
    fetch: Fetch, links: list[dict[str, Any]], sandbox: Sandbox
) -> None:
    stored = originals(sandbox)
    assert [file.filename for file in stored] == [link["filename"] for link in links]
    some = links[:10]
    assert {"Größe  Übung (final) #1.pdf", "räw data+100%.csv", "empty.txt", "李小龍.docx"} <= {
        link["filename"] for link in some
    }
    reply = await fetch(fileUrls=[link["fileurl"] for link in some])
    assert reply["success"], reply["message"]
    assert reply["data"] == [bytes_of(file) for file in stored[:10]]


@pytest.mark.parametrize("event", [DOWNLOAD, "downloadSubmissionsFromUrl"])
@pytest.mark.parametrize("key", ["submission_infos", "fileUrls"])
@pytest.mark.parametrize("form", [str, "fileurl", "fileUrl", "url"])
async def test_every_dialect_is_understood(
    dispatcher: Dispatcher, links: list[dict[str, Any]], event: str, key: str, form: Any
) -> None:
    url = links[0]["fileurl"]
    reply = await call(dispatcher, event, {key: [url if form is str else {form: url, "filename": "x"}]})
    assert [len(content) for content in reply["data"]] == [links[0]["filesize"]]


async def test_bare_urls_are_opened_with_the_credentials_of_the_call(ask: Call, links: list[dict[str, Any]]) -> None:
    bare = links[0]["fileurl"].partition("?")[0]
    reply = await ask(DOWNLOAD, fileUrls=[bare, bare.replace("/webservice", "")])
    assert [len(content) for content in reply["data"]] == [links[0]["filesize"]] * 2


async def test_a_bare_url_without_credentials_is_refused(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    bare = links[0]["fileurl"].partition("?")[0]
    assert (await fetch(fileUrls=[bare]))["error"]["code"] == "invalid_request"
    for options in ({}, {"url": "", "apiKey": ""}):
        assert (await fetch(fileUrls=[bare], options=options))["error"]["code"] == "invalid_request"


async def test_a_plain_token_in_the_url_is_accepted_and_never_repeated(
    fetch: Fetch, links: list[dict[str, Any]], sandbox: Sandbox
) -> None:
    bare, token = links[0]["fileurl"].partition("?")[0], sandbox.token("teacher_care")
    good, bad = f"{bare}?token={token}", f"{bare}x?forcedownload=1&token={token}"
    assert (await fetch(fileUrls=[good]))["success"]
    for how in ({}, {"detailed": True}):
        reply = await fetch(fileUrls=[good, bad], **how)
        assert not reply["success"]
        assert token not in str(reply)


async def test_no_files_are_no_problem(fetch: Fetch) -> None:
    assert (await fetch(fileUrls=[]))["data"] == []


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"fileUrls": "https://h/webservice/pluginfile.php/1/x"},
        {"fileUrls": [1]},
        {"fileUrls": [None]},
        {"fileUrls": [{"name": "x"}]},
        {"fileUrls": ["not a url"]},
        {"fileUrls": ["https://moodle.example.edu/login/index.php"]},
        {"fileUrls": [], "detailed": "perhaps"},
        {"fileUrls": [], "streamId": "x" * 201},
    ],
)
async def test_what_is_no_list_of_file_urls_is_an_invalid_request(fetch: Fetch, payload: dict[str, Any]) -> None:
    assert (await fetch(**payload))["error"]["code"] == "invalid_request"


async def test_a_forged_a_foreign_and_a_moved_ticket_are_invalid_tokens(
    fetch: Fetch, links: list[dict[str, Any]]
) -> None:
    url, ticket = links[0]["fileurl"].split("?ticket=")
    foreign = FileLinks(create_tickets(Settings())).of(site_of(file_url(url)), TOKEN).link(url)
    for wrong in (f"{url}?ticket=forged", foreign, f"{links[1]['fileurl'].partition('?')[0]}?ticket={ticket}"):
        reply = await fetch(fileUrls=[wrong])
        assert reply["error"]["code"] == "invalid_token"
        assert reply["error"]["retryable"] is False


async def test_a_file_of_another_site_than_the_call_names_is_refused(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    reply = await fetch(fileUrls=[links[0]["fileurl"]], options={"url": "https://other.example.edu"})
    assert reply["error"]["code"] == "invalid_request"
    assert "another site" in reply["message"]


async def test_ten_files_fit_into_a_reply_and_eleven_fetch_nothing(
    fetch: Fetch, links: list[dict[str, Any]], sandbox: Sandbox
) -> None:
    small = next(link["fileurl"] for link in links if link["filename"] == "essay.pdf")
    assert len((await fetch(fileUrls=[small] * 10))["data"]) == 10
    before = len(sandbox.requests)
    for how in ({}, {"detailed": True}):
        reply = await fetch(fileUrls=[small] * 11, **how)
        assert reply["error"]["code"] == "too_large"
        assert reply["error"]["details"] == {"maxFiles": 10, "maxBytes": 64 * 1024 * 1024}
        for way in ("stream: true", "/files/", "createSubmissionsArchive"):
            assert way in reply["message"]
    assert len(sandbox.requests) == before


async def test_one_file_that_fails_fails_the_call_and_is_named(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    good, bad = links[0]["fileurl"], f"{links[1]['fileurl'].partition('?')[0]}?ticket=x"
    reply = await fetch(fileUrls=[good, bad, good])
    assert not reply["success"]
    assert "data" not in reply
    (only,) = reply["error"]["details"]["files"]
    assert (only["index"], only["url"], only["error"]["code"]) == (1, bad, "invalid_token")
    assert reply["message"].startswith("1 of 3 files")


async def test_a_detailed_reply_describes_each_file(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    some = [link for link in links if link["filename"] in {"räw data+100%.csv", "empty.txt", "李小龍.docx"}]
    reply = await fetch(fileUrls=some, detailed=True)
    for link, row in zip(some, reply["data"], strict=True):
        assert row["url"] == link["fileurl"]
        assert (row["filename"], row["size"], row["mimetype"]) == (
            link["filename"],
            link["filesize"],
            link["mimetype"],
        )
        assert row["sha1"] == hashlib.sha1(row["content"], usedforsecurity=False).hexdigest()


async def test_a_detailed_reply_with_an_error_is_a_partial_failure_with_the_rest(
    fetch: Fetch, links: list[dict[str, Any]]
) -> None:
    reply = await fetch(fileUrls=[links[0], f"{links[1]['fileurl']}x"], detailed=True)
    assert reply["error"]["code"] == "partial_failure"
    assert len(reply["data"][0]["content"]) == links[0]["filesize"]
    assert set(reply["data"][1]) == {"url", "error"}
    assert reply["data"][1]["error"]["code"] == "invalid_token"


async def test_a_stream_sends_every_file_in_order_and_replies_with_the_manifest(
    fetch: Fetch, links: list[dict[str, Any]], sandbox: Sandbox
) -> None:
    caller = FakeCaller()
    reply = await fetch(caller, fileUrls=links, stream=True, streamId="mine")
    assert reply["success"], reply["message"]
    assert len(links) > 10
    contents: list[bytes] = [b""] * len(links)
    order = []
    for event, part in caller.events:
        assert event == "file"
        assert part["streamId"] == "mine"
        assert len(part["chunk"]) <= CHUNK
        order.append((part["index"], part["seq"]))
        contents[part["index"]] += part["chunk"]
    assert order == sorted(set(order))
    assert sum(part["last"] for _, part in caller.events) == len(links)
    assert contents == [bytes_of(file) for file in originals(sandbox)]
    for link, content, row in zip(links, contents, reply["data"], strict=True):
        assert (row["url"], row["size"], "content" in row) == (link["fileurl"], len(content), False)
        assert row["sha1"] == hashlib.sha1(content, usedforsecurity=False).hexdigest()


async def test_without_a_name_a_stream_gets_one(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    caller = FakeCaller()
    await fetch(caller, fileUrls=links[:2], stream=True)
    assert len({part["streamId"] for _, part in caller.events}) == 1
    assert caller.events[0][1]["streamId"]


async def test_a_stream_goes_on_after_a_file_that_fails(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    caller = FakeCaller()
    reply = await fetch(caller, fileUrls=[links[0], f"{links[1]['fileurl']}x", "nonsense", links[2]], stream=True)
    assert reply["error"]["code"] == "partial_failure"
    assert ["error" in row for row in reply["data"]] == [False, True, True, False]
    failed = [part for _, part in caller.events if "error" in part]
    assert [(part["index"], part["last"], part["chunk"]) for part in failed] == [(1, True, b""), (2, True, b"")]


async def test_a_stream_needs_somebody_to_send_it_to(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    reply = await fetch(fileUrls=links, stream=True)
    assert reply["error"]["code"] == "invalid_request"


async def test_a_caller_that_has_gone_ends_its_stream(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    caller = FakeCaller()
    caller.connected = False
    reply = await fetch(caller, fileUrls=links, stream=True)
    assert reply["error"]["code"] == "timeout"
    assert reply["error"]["details"]["done"] < len(links)


async def test_progress_counts_files_and_bytes(fetch: Fetch, links: list[dict[str, Any]]) -> None:
    for how in ({}, {"stream": True}):
        caller = FakeCaller()
        await fetch(caller, fileUrls=links[:5], progressId="p", **how)
        told = [data for event, data in caller.events if event == "progress"]
        total = sum(link["filesize"] for link in links[:5])
        assert (told[-1]["done"], told[-1]["total"], told[-1]["bytes"]) == (5, 5, total)


async def test_an_archive_link_counts_what_is_submitted(ask: Call, links: list[dict[str, Any]]) -> None:
    reply = await ask("createSubmissionsArchive", **FILES)
    assert reply["success"], reply["message"]
    assert reply["data"]["path"].startswith("/archives/")
    assert reply["data"]["files"] == len(links)
    assert reply["data"]["bytes"] == sum(link["filesize"] for link in links)


async def test_an_archive_of_an_unknown_assignment_is_not_found(ask: Call) -> None:
    reply = await ask("createSubmissionsArchive", courseID=2, assignmentID=999)
    assert reply["error"]["code"] == "not_found"


@pytest.mark.parametrize("sizes", [[], [1], [10], [3, 3, 3, 3], [25], [9, 1, 10, 11], [0, 5]])
async def test_pieces_are_cut_anew_into_chunks_of_one_size(sizes: list[int]) -> None:
    whole = bytes(range(256))

    async def pieces() -> AsyncIterator[bytes]:
        at = 0
        for size in sizes:
            yield whole[at : at + size]
            at += size

    chunks = [chunk async for chunk in chunked(pieces(), 10)]
    assert b"".join(chunks) == whole[: sum(sizes)]
    assert all(len(chunk) == 10 for chunk in chunks[:-1])
    assert not chunks or 0 < len(chunks[-1]) <= 10


class Faulty:
    """A dispatcher with narrow limits, beside a site where things go wrong."""

    def __init__(self, site: FaultySite, dispatcher: Dispatcher) -> None:
        self.site = site
        self.url = f"{site.url}?token={TOKEN.get_secret_value()}"
        self._dispatcher = dispatcher

    async def fetch(self, *urls: str, caller: FakeCaller | None = None, **how: Any) -> Envelope:
        return await call(self._dispatcher, DOWNLOAD, {"fileUrls": list(urls), **how}, caller=caller)


@pytest.fixture
async def narrow() -> AsyncIterator[Faulty]:
    limits = DownloadLimits(files=10, bytes=1_000_000, patience=5)
    async with faulty.serving(FaultySite(content=b"x" * 600_000)) as site, Http() as http:
        dispatcher = Dispatcher(
            METHODS, shared=(http, FileLinks(create_tickets(Settings())), limits), translate=translate
        )
        yield Faulty(site, dispatcher)


async def test_more_bytes_than_a_reply_holds_are_too_large(narrow: Faulty) -> None:
    assert (await narrow.fetch(narrow.url))["success"]
    assert (await narrow.fetch(narrow.url, narrow.url))["error"]["code"] == "too_large"


async def test_a_huge_file_is_refused_before_it_is_read(narrow: Faulty) -> None:
    narrow.site.plan = [faulty.announcing(20 * 1024**3)]
    assert (await narrow.fetch(narrow.url))["error"]["code"] == "too_large"
    assert narrow.site.asked == [""]


async def test_bytes_are_counted_where_the_site_does_not_announce_them(narrow: Faulty) -> None:
    narrow.site.plan = [faulty.chunked_body] * 2
    assert (await narrow.fetch(narrow.url, narrow.url))["error"]["code"] == "too_large"


async def test_an_error_page_in_mid_batch_fails_the_plain_call_with_what_it_is(narrow: Faulty) -> None:
    narrow.site.content = b"small"
    narrow.site.plan = [faulty.answer(200, "<!DOCTYPE html><title>Log in</title>")]
    reply = await narrow.fetch(narrow.url, narrow.url, narrow.url)
    assert reply["error"]["code"] == "bad_response"
    assert reply["error"]["retryable"] is False
    assert len(reply["error"]["details"]["files"]) == 1


async def test_an_error_page_in_mid_stream_is_told_of_its_file_alone(narrow: Faulty) -> None:
    narrow.site.content = b"small"
    narrow.site.plan = [faulty.whole, faulty.moodle_error("invalidtoken")]
    reply = await narrow.fetch(narrow.url, narrow.url, narrow.url, caller=FakeCaller(), stream=True)
    assert reply["error"]["code"] == "partial_failure"
    assert sum("error" in row for row in reply["data"]) == 1


async def test_a_file_that_changes_in_mid_stream_ends_with_an_error(narrow: Faulty) -> None:
    narrow.site.plan = [faulty.then_changes(faulty.cut(400_000), b"y" * 600_000)]
    caller = FakeCaller()
    reply = await narrow.fetch(narrow.url, caller=caller, stream=True)
    assert reply["data"][0]["error"]["code"] == "bad_response"
    last = caller.events[-1][1]
    assert (last["last"], last["chunk"], "error" in last) == (True, b"", True)
    assert sum(part["last"] for _, part in caller.events) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_files_are_counted_before_a_ticket_is_opened(
    monkeypatch: pytest.MonkeyPatch,
    stream: bool,
) -> None:
    links = FileLinks(create_tickets(Settings()))
    monkeypatch.setattr(links, "resolve", lambda *_, **__: pytest.fail("a ticket was opened"))
    dispatcher = Dispatcher(METHODS, shared=(Http(), links, DownloadLimits(streamed=500)), translate=translate)
    payload = {"fileUrls": ["https://moodle.example.edu/?ticket=x"] * 10_000, "stream": stream}
    reply = await call(dispatcher, DOWNLOAD, payload, caller=FakeCaller())
    assert reply["error"]["code"] == "too_large"
    assert reply["error"]["details"]["maxFiles"] == (500 if stream else 10)


async def test_a_whole_assignment_is_asked_for_by_its_ids_and_its_texts_are_among_the_files(ask: Call) -> None:
    reply = await ask(DOWNLOAD, courseID=2, assignmentID=9, detailed=True)
    assert [file["path"] for file in reply["data"]] == ["Müller_Zoë_5/onlinetext.html", "Żółć_Łukasz_6/onlinetext.html"]
    assert "<p>My <b>reflection</b> — ünïcode 😀</p>" in reply["data"][0]["content"].decode()
    assert (reply["data"][0]["mimetype"], reply["data"][0]["url"]) == ("text/html", "")
    assert reply["data"][0]["size"] == len(reply["data"][0]["content"])


async def test_files_and_texts_of_an_assignment_come_in_a_stream(dispatcher: Dispatcher, sandbox: Sandbox) -> None:
    caller = FakeCaller()
    options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care")}
    reply = Envelope()
    for cmid in (8, 9):
        caller.events.clear()
        payload = {"courseID": 2, "assignmentID": cmid, "stream": True, "options": options}
        reply = await call(dispatcher, DOWNLOAD, payload, caller=caller)
        assert reply["success"], reply["message"]
        assert [event["path"] for _, event in caller.events if event["last"]] == [row["path"] for row in reply["data"]]
    assert reply["data"][1]["path"] == "Żółć_Łukasz_6/onlinetext.html"


@pytest.mark.parametrize(
    ("payload", "missing"),
    [
        ({}, "fileUrls"),
        ({"courseID": 2}, "assignmentID"),
        ({"assignmentID": 8}, "courseID"),
        ({"options": {"courseID": 2, "assignmentID": 8}}, "options.url"),
        ({"courseID": 2, "assignmentID": 8, "options": {"url": "https://moodle.example.edu"}}, "options.apiKey"),
    ],
)
async def test_a_download_of_nothing_says_what_is_missing(fetch: Fetch, payload: dict[str, Any], missing: str) -> None:
    error = (await fetch(**payload))["error"]
    assert (error["code"], error["details"]["fields"]) == (
        "invalid_request",
        [{"path": missing, "problem": "is missing"}],
    )


async def test_a_key_that_may_not_fetch_files_is_told_which_box_is_not_ticked(
    ask: Call, links: list[dict[str, Any]]
) -> None:
    bare = links[0]["fileurl"].partition("?")[0]
    reply = await ask(DOWNLOAD, "teacher_nodownload", fileUrls=[bare, bare])
    assert reply["error"]["code"] == "access_denied"
    assert '"Can download files"' in reply["message"]
    assert "the first of them" not in reply["message"]
