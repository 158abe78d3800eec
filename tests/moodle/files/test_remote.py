import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from rpc_moodle.moodle import Http, errors
from rpc_moodle.moodle.files.remote import Prefix, RemoteFile, open_file
from rpc_moodle.moodle.files.wire import Head, head, one_range
from rpc_moodle.transport.sites import Limits
from tests.moodle import faulty
from tests.moodle.faulty import TOKEN, FaultySite
from tests.support import VERSIONS, exchanges


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(read_seconds=5) as pool:
        yield pool


@pytest.fixture
async def site() -> AsyncIterator[FaultySite]:
    async with faulty.serving(FaultySite()) as running:
        yield running


@asynccontextmanager
async def opened(http: Http, site: FaultySite, **how: object) -> AsyncIterator[RemoteFile]:
    async with open_file(http, site.url, TOKEN, **how) as file:  # type: ignore[arg-type] # passed on
        yield file


async def content_of(http: Http, site: FaultySite) -> bytes:
    async with opened(http, site) as file:
        return b"".join([piece async for piece in file.pieces()])


async def collect(file: RemoteFile, into: list[bytes]) -> None:
    async for piece in file.pieces():
        into.append(piece)  # noqa: PERF401 - what came before the error is what counts


def start_of(asked: str) -> int:
    """Return where a Range begins: what had come when the connection broke, perhaps without the last of it."""
    return int(asked.removeprefix("bytes=").removesuffix("-"))


async def test_a_file_comes_whole_with_all_that_is_known_of_it(http: Http, site: FaultySite) -> None:
    async with opened(http, site) as file:
        assert (file.name, file.head.mimetype, file.head.size) == ("essay.pdf", "application/pdf", len(site.content))
        content = b"".join([piece async for piece in file.pieces()])
    assert content == site.content
    assert (file.received, file.sha1) == (len(site.content), site.sha1)


async def test_no_piece_is_longer_than_a_few_buffers(http: Http, site: FaultySite) -> None:
    async with opened(http, site) as file:
        assert max([len(piece) async for piece in file.pieces()]) <= 1024 * 1024


async def test_an_empty_file_is_a_file(http: Http, site: FaultySite) -> None:
    site.content = b""
    async with opened(http, site) as file:
        assert [piece async for piece in file.pieces()] == []
    assert file.sha1 == hashlib.sha1(b"", usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("mimetype", "content"),
    [
        ("application/json", b'{"exception":"moodle_exception","errorcode":"invalidtoken","message":"x"}'),
        ("application/json", b'{"error":"x","errorcode":"invalidtoken","debuginfo":null}'),
        ("text/html", b"<!DOCTYPE html><html><body>login</body></html>"),
    ],
)
async def test_a_submitted_file_that_looks_like_an_error_is_a_file(
    http: Http, site: FaultySite, mimetype: str, content: bytes
) -> None:
    site.mimetype, site.content = mimetype, content
    assert await content_of(http, site) == content


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (faulty.moodle_error("invalidtoken"), errors.InvalidToken),
        (faulty.moodle_error("accessexception"), errors.FunctionDenied),
        (faulty.moodle_error("missingparam"), errors.MoodleException),
        (faulty.moodle_error("filenotfound", 404), errors.NotFound),
        (faulty.moodle_error("sitemaintenance"), errors.SiteUnavailable),
        (faulty.answer(403, ""), errors.SiteUnavailable),
        (faulty.answer(503, "<html>", Retry_After="300"), errors.ServerFault),
        (faulty.answer(429, ""), errors.SiteBusy),
        (faulty.answer(303, "<html>", Location="http://h/login/index.php"), errors.BadResponse),
        (faulty.answer(302, "", Location="http://elsewhere.example.edu/"), errors.BadResponse),
        (faulty.answer(200, "<!DOCTYPE html><html>welcome to the café</html>"), errors.BadResponse),
        (faulty.answer(200, "<html>cached</html>", ETag='"5f3c-1a2b"'), errors.BadResponse),
        (faulty.answer(200, "it broke", Content_Type="text/plain"), errors.BadResponse),
        (faulty.answer(200, ""), errors.BadResponse),
        (faulty.answer(200, b"%PDF-1.4", Content_Disposition="attachment"), errors.BadResponse),
        (faulty.answer(404, "<html>nginx</html>"), errors.BadResponse),
        (faulty.answer(206, "x", ETag='"' + "a" * 40 + '"'), errors.BadResponse),
    ],
)
async def test_an_error_in_disguise_is_not_a_file(
    http: Http, site: FaultySite, step: faulty.Step, kind: type[errors.MoodleError]
) -> None:
    site.plan = [step] * 3  # some are asked for again
    with pytest.raises(errors.MoodleError) as refused:
        await content_of(http, site)
    assert type(refused.value) is kind
    assert TOKEN.get_secret_value() not in str(refused.value)


async def test_a_site_that_fails_to_give_files_is_left_alone(site: FaultySite) -> None:
    async with Http(limits=Limits(failures=1)) as http:
        site.plan = [faulty.answer(503, "<html>")]
        with pytest.raises(errors.CircuitOpen):
            await content_of(http, site)
        assert http.sites.counts() == {"known": 1, "running": 0, "waiting": 0, "open": 1}


async def test_an_endless_error_page_is_not_read_to_its_end(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.answer(200, b"<html>" + b"x" * 20_000_000)]
    with pytest.raises(errors.BadResponse, match="an HTML page"):
        await content_of(http, site)


async def test_other_content_than_announced_is_noticed_before_its_last_piece(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.corrupted(site.content[:-1] + b"!")]
    async with opened(http, site) as file:
        came: list[bytes] = []
        with pytest.raises(errors.Unproven):
            await collect(file, came)
    assert sum(map(len, came)) < len(site.content)


async def test_an_interrupted_file_is_resumed_where_it_broke_off(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.cut(1_000_000), faulty.cut(2_000_000)]
    assert await content_of(http, site) == site.content
    first, *rest = site.asked
    assert first == ""
    assert 0 < start_of(rest[0]) <= 1_000_000
    assert start_of(rest[0]) < start_of(rest[1]) <= 3_000_000


async def test_an_interrupted_file_is_read_over_again_where_ranges_are_refused(http: Http, site: FaultySite) -> None:
    site.ranges, site.plan = False, [faulty.cut(1_000_000), faulty.cut(600_000), faulty.cut(1_500_000)]
    assert await content_of(http, site) == site.content


async def test_a_range_that_a_web_server_refuses_is_dropped(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.cut(1_000_000), faulty.answer(416, "")]
    assert await content_of(http, site) == site.content
    first, rest, whole = site.asked
    assert (first, whole) == ("", "")
    assert 0 < start_of(rest) <= 1_000_000


async def test_a_connection_that_breaks_before_the_first_byte_is_tried_again(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.hang_up]
    assert await content_of(http, site) == site.content


async def test_a_site_that_is_down_for_a_moment_during_a_transfer_is_waited_for(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.cut(500_000), faulty.answer(503, "<html>"), faulty.hang_up, faulty.answer(502, "")]
    assert await content_of(http, site) == site.content


async def test_a_site_that_breaks_off_again_and_again_is_given_up(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.cut(1000)] + [faulty.cut(0)] * 10
    with pytest.raises(errors.BadResponse, match="broke off"):
        await content_of(http, site)
    assert len(site.asked) == 5


async def test_a_long_file_may_break_off_any_number_of_times_as_long_as_it_gets_on(
    http: Http, site: FaultySite
) -> None:
    site.plan = [faulty.cut(500_000)] * 20
    assert await content_of(http, site) == site.content


@pytest.mark.parametrize("mimetype", ["application/pdf", "text/plain"])
async def test_a_file_that_changes_between_two_ranges_is_noticed(http: Http, site: FaultySite, mimetype: str) -> None:
    site.mimetype, site.ranges = mimetype, mimetype != "text/plain"
    site.plan = [faulty.then_changes(faulty.cut(1_000_000), site.content[::-1])]
    with pytest.raises(errors.Unproven, match="changed"):
        await content_of(http, site)


async def test_a_token_that_dies_during_a_transfer_is_told(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.cut(1_000_000), faulty.moodle_error("invalidtoken")]
    with pytest.raises(errors.InvalidToken):
        await content_of(http, site)


async def test_a_silent_site_is_not_waited_for_for_ever(site: FaultySite) -> None:
    async def silent(site: FaultySite, request: object) -> object:
        await asyncio.Event().wait()
        return None

    site.plan = [silent] * 10  # type: ignore[list-item] # never answers
    async with Http(read_seconds=0.05) as http:
        with pytest.raises(errors.SiteTimeout):
            await content_of(http, site)


async def test_an_unchanged_file_is_not_sent(http: Http, site: FaultySite) -> None:
    async with opened(http, site, if_none_match=f'"{site.sha1}"') as file:
        assert file.head.unchanged
        assert [piece async for piece in file.pieces()] == []


async def test_a_window_of_a_file_comes_as_asked(http: Http, site: FaultySite) -> None:
    async with opened(http, site, window="bytes=100-199") as file:
        content = b"".join([piece async for piece in file.pieces()])
    assert content == site.content[100:200]
    assert (file.head.partial, file.head.start, file.head.length, file.head.size) == (
        True,
        100,
        100,
        len(site.content),
    )
    assert file.sha1 is None


async def test_the_rest_of_a_file_is_proven_together_with_its_beginning(http: Http, site: FaultySite) -> None:
    prefix = Prefix()
    prefix.digest.update(site.content[:5000])
    prefix.size = 5000
    async with opened(http, site, prefix=prefix) as file:
        content = b"".join([piece async for piece in file.pieces()])
    assert content == site.content[5000:]
    assert file.sha1 == site.sha1


async def test_a_beginning_that_cannot_be_proven_is_not_built_upon(http: Http, site: FaultySite) -> None:
    site.etag = '"5f3c-1a2b"'
    async with opened(http, site, prefix=Prefix(5000)) as file:
        assert file.head.start == 0
        assert b"".join([piece async for piece in file.pieces()]) == site.content


async def test_a_web_server_that_serves_files_itself_is_believed_by_name_and_length(
    http: Http, site: FaultySite
) -> None:
    site.etag = '"5f3c-1a2b"'
    async with opened(http, site) as file:
        assert b"".join([piece async for piece in file.pieces()]) == site.content
    assert file.sha1 == site.sha1


@pytest.mark.parametrize("etag", ['W/"{}"', '"{}-gzip"', 'W/"{};br"'])
async def test_an_etag_that_a_proxy_has_touched_still_proves_the_file(http: Http, site: FaultySite, etag: str) -> None:
    site.etag = etag.format("0" * 40)
    with pytest.raises(errors.Unproven):
        await content_of(http, site)
    site.etag = etag.format(site.sha1)
    assert await content_of(http, site) == site.content


async def test_leaving_in_the_middle_gives_the_turn_back(site: FaultySite) -> None:
    async with Http(limits=Limits(parallel=2, files=1)) as http:
        async with opened(http, site) as file:
            async for _ in file.pieces():
                break
        assert await content_of(http, site) == site.content


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recorded_answer_for_a_file_is_told_from_the_recorded_errors(version: str) -> None:
    seen = 0
    for exchange in file_exchanges(version):
        response = exchange["response"]
        known = head(response["status"], response["headers"])
        is_file = "ETag" in response["headers"]
        assert (known is not None) == is_file, exchange["id"]
        seen += 1
    assert seen >= 15


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["file.ok_post", *(f"file.names.{n}" for n in range(6)), "file.range_past_end"])
def test_the_size_and_the_sha1_of_recorded_files_are_read(version: str, name: str) -> None:
    response = exchanges(version)[name]["response"]
    known = head(200, response["headers"])
    assert known is not None
    assert known.size == int(response["headers"]["Content-Length"])
    assert f'"{known.sha1}"' == response["headers"]["ETag"]


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_parts_are_read(version: str) -> None:
    part = head(206, exchanges(version)["file.range"]["response"]["headers"])
    assert part is not None
    assert (part.start, part.length, part.size, part.partial) == (100, 100, 20009, True)
    same = head(304, exchanges(version)["file.if_none_match"]["response"]["headers"])
    assert isinstance(same, Head)
    assert same.unchanged


def file_exchanges(version: str) -> Iterator[dict[str, Any]]:
    return (each for name, each in exchanges(version).items() if name.startswith("file."))


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=5-10", "bytes=-500", " bytes=1-2 "])
def test_one_range_is_passed_on(header: str) -> None:
    assert one_range(header) == header.strip()


@pytest.mark.parametrize("header", [None, "", "bytes=0-1,5-6", "items=0-1", "bytes=-", "bytes=1-2\r\nX: y", "x"])
def test_any_other_range_is_ignored(header: str | None) -> None:
    assert one_range(header) is None


async def test_a_token_that_a_site_repeats_is_not_passed_on(http: Http, site: FaultySite) -> None:
    message = f"bad {TOKEN.get_secret_value()}"
    site.plan = [faulty.answer(200, json.dumps({"error": message, "errorcode": "weird", "debuginfo": ""}))]
    with pytest.raises(errors.MoodleException) as refused:
        await content_of(http, site)
    assert TOKEN.get_secret_value() not in str(refused.value)
