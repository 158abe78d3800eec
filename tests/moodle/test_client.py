import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from rpc_moodle.moodle import Http, MoodleClient, assignments, errors, participants, submissions, users, wire
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.users import PAGE
from rpc_moodle.transport.allowance import AnswerLimits
from tests.moodle.conftest import REST, SITE, TOKEN
from tests.support import VERSIONS, body_of, exchanges

Fields = dict[str, list[str]]


@pytest.fixture
async def limited(site: aioresponses) -> AsyncIterator[MoodleClient]:
    """A client that takes 1,000 bytes, 20 rows, 3 pages and 5 files at the most."""
    limits = AnswerLimits(bytes=1000, rows=20, pages=3, files=5)
    async with Http(answers=limits) as http, MoodleClient(SITE, TOKEN, http=http) as client:
        yield client


def answering(answer: Callable[[Fields], Any], seen: list[Fields] | None = None) -> Callable[..., CallbackResult]:
    """A site that computes its answer from the form it gets."""

    def callback(_url: URL, *, data: bytes, **_: Any) -> CallbackResult:
        fields = parse_qs(data.decode())
        if seen is not None:
            seen.append(fields)
        return CallbackResult(status=200, payload=answer(fields))

    return callback


def replay(site: aioresponses, version: str, case: str) -> None:
    exchange = exchanges(version)[case]
    site.post(REST, status=exchange["response"]["status"], body=body_of(exchange))


def start_of(fields: Fields) -> int:
    names = {key: fields[key][0] for key in fields}
    number = next(key for key, value in names.items() if value == "limitfrom").removesuffix("[name]")
    return int(names[f"{number}[value]"])


def course_of(size: int, hidden: AbstractSet[int] = frozenset()) -> Callable[[Fields], list[dict[str, int]]]:
    def page(fields: Fields) -> list[dict[str, int]]:
        start = start_of(fields)
        return [{"id": n} for n in range(start, min(size, start + PAGE)) if n not in hidden]

    return page


@pytest.mark.parametrize("size", [0, 1, PAGE - 1, PAGE, PAGE + 1, 5 * PAGE + 7])
async def test_a_course_of_any_size_is_read_whole_and_in_order(
    site: aioresponses, moodle: MoodleClient, size: int
) -> None:
    site.post(REST, callback=answering(course_of(size)), repeat=True)
    assert [user.id async for user in users.enrolled(moodle, 2)] == list(range(size))


async def test_a_short_page_is_not_the_end(site: aioresponses, moodle: MoodleClient) -> None:
    hidden = set(range(PAGE - 5))
    site.post(REST, callback=answering(course_of(2 * PAGE + 1, hidden)), repeat=True)
    assert len([user async for user in users.enrolled(moodle, 2)]) == 2 * PAGE + 1 - len(hidden)


async def test_a_site_that_ignores_paging_does_not_loop(site: aioresponses, moodle: MoodleClient) -> None:
    site.post(REST, callback=answering(lambda _: [{"id": 1}, {"id": 2}]), repeat=True)
    assert [user.id async for user in users.enrolled(moodle, 2)] == [1, 2]


async def test_the_first_page_is_asked_for_alone(site: aioresponses, moodle: MoodleClient) -> None:
    """Two at once collide where an account is new."""
    running: list[int] = []
    at_once = 0

    async def callback(_url: URL, *, data: bytes, **_: Any) -> CallbackResult:
        nonlocal at_once
        at_once += 1
        await asyncio.sleep(0.001)
        running.append(at_once)
        at_once -= 1
        return CallbackResult(status=200, body=json.dumps(course_of(3 * PAGE)(parse_qs(data.decode()))))

    site.post(REST, callback=callback, repeat=True)
    assert len([user async for user in users.enrolled(moodle, 2)]) == 3 * PAGE
    assert running[0] == 1
    assert max(running) == 4


async def test_a_small_course_costs_two_requests(site: aioresponses, moodle: MoodleClient) -> None:
    seen: list[Fields] = []
    site.post(REST, callback=answering(course_of(30), seen), repeat=True)
    _ = [user async for user in users.enrolled(moodle, 2)]
    assert len(seen) == 2


STUDENT, TEACHER = [{"shortname": "student"}], [{"shortname": "teacher"}, {"shortname": "student"}]
NOBODY: list[object] = []


@pytest.mark.parametrize(
    ("students", "others", "one"),
    [
        ([STUDENT] * 30, [TEACHER] * 3, True),  # whoever sees so many students sees everyone
        ([STUDENT] * 10, [], False),  # some can be oneself, or mentored
        ([STUDENT] * 30, [TEACHER] * 40, False),
        ([STUDENT] * 30, [NOBODY] * 40, False),
        ([TEACHER] * 30, [], False),
        ([STUDENT] * PAGE, [], False),  # a full page is never the end
    ],
)
async def test_a_course_costs_one_request_where_its_page_shows_everyone(
    site: aioresponses, moodle: MoodleClient, students: list[object], others: list[object], one: bool
) -> None:
    rows = [{"id": number, "roles": roles} for number, roles in enumerate([*others, *students], 1)]
    seen: list[Fields] = []
    site.post(REST, callback=answering(lambda fields: rows[start_of(fields) :][:PAGE], seen), repeat=True)
    assert len([user async for user in users.enrolled(moodle, 2)]) == len(rows)
    assert (len(seen) == 1) is one


@pytest.mark.parametrize("version", VERSIONS)
async def test_withheld_fields_are_absent_and_nothing_breaks(
    site: aioresponses, moodle: MoodleClient, version: str
) -> None:
    rows = [row for row in exchanges(version)["users.course.as_student"]["response"]["body"] if isinstance(row, dict)]
    site.post(REST, callback=answering(lambda fields: rows if start_of(fields) == 0 else []), repeat=True)
    found = [user async for user in users.enrolled(moodle, 2)]
    assert len(found) == len(rows)
    assert next(user for user in found if user.id == 7).email is None


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_assignment_is_found_by_the_number_in_its_page_url(
    site: aioresponses, moodle: MoodleClient, version: str
) -> None:
    exchange = exchanges(version)["assignments.course"]
    body = exchange["response"]["body"]
    course = body["courses"][0] | {"assignments": [a for a in body["courses"][0]["assignments"] if isinstance(a, dict)]}
    site.post(REST, payload={"courses": [course], "warnings": []}, repeat=True)
    assert (await assignments.assignment(moodle, 2, 8)).id == 1
    assert (await assignments.assignment(moodle, 2, 15)).id == 8
    assert (await assignments.assignment(moodle, 2, 12)).anonymous
    assert not (await assignments.assignment(moodle, 2, 18)).has("assignfeedback", "comments")
    with pytest.raises(errors.NotFound, match="1 is the instance id of the assignment 8"):
        await assignments.assignment(moodle, 2, 1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["assignments.unknown_course", "assignments.admin_not_enrolled"])
async def test_a_course_that_is_left_out_is_not_found(
    site: aioresponses, moodle: MoodleClient, version: str, case: str
) -> None:
    replay(site, version, case)
    with pytest.raises(errors.NotFound, match="not enrolled"):
        await assignments.course(moodle, 9999 if "unknown" in case else 2)


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_mappings_are_no_mappings(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    replay(site, version, "mappings.empty")
    assert await participants.user_mappings(moodle, Assignment(id=3, cmid=10)) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "kind"), [("submissions.as_student", errors.AccessDenied), ("submissions.unknown", errors.NotFound)]
)
async def test_submissions_that_are_left_out_are_an_error(
    site: aioresponses, moodle: MoodleClient, version: str, case: str, kind: type[errors.MoodleError]
) -> None:
    replay(site, version, case)
    with pytest.raises(kind):
        await submissions.latest(moodle, Assignment(id=1, cmid=8))


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_submissions_are_an_empty_list(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    replay(site, version, "submissions.empty")
    assert await submissions.latest(moodle, Assignment(id=3, cmid=10)) == []


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (TimeoutError(), errors.SiteTimeout),
        (aiohttp.ServerTimeoutError(), errors.SiteTimeout),
        (aiohttp.ConnectionTimeoutError(), errors.Unreachable),
        (aiohttp.ClientPayloadError(), errors.BadResponse),
        (aiohttp.ServerDisconnectedError(), errors.Unreachable),
        (aiohttp.ClientOSError(), errors.Unreachable),
        (aiohttp.InvalidURL("x"), errors.InvalidSite),
        (aiohttp.TooManyRedirects(None, ()), errors.BadResponse),  # type: ignore[arg-type]  # no request is needed
        (aiohttp.ClientError(), errors.Unreachable),
        (ConnectionResetError(), errors.Unreachable),
    ],
)
async def test_no_lower_exception_escapes_unmapped(
    site: aioresponses, moodle: MoodleClient, raised: Exception, kind: type[errors.MoodleError]
) -> None:
    site.post(REST, exception=raised)
    with pytest.raises(kind) as caught:
        await moodle.call("f", {"x": "y"})
    assert TOKEN not in str(caught.value) + repr(caught.value)


async def test_the_token_travels_in_the_body_and_never_in_the_url(site: aioresponses, moodle: MoodleClient) -> None:
    site.post(REST, payload=[])
    await moodle.call("f")
    ((method, url), (call,)) = next(iter(site.requests.items()))
    assert (method, str(url)) == ("POST", REST)
    assert TOKEN.encode() in call.kwargs["data"]
    assert call.kwargs["allow_redirects"] is False


async def test_no_cookie_of_a_site_is_remembered() -> None:
    async with Http() as http:
        assert isinstance(http._session.cookie_jar, aiohttp.DummyCookieJar)  # type: ignore[union-attr]  # it is open


async def test_an_answer_without_end_is_cut_off(site: aioresponses, limited: MoodleClient) -> None:
    site.post(REST, body=b"[" + b" " * 2000)
    with pytest.raises(errors.AnswerTooLarge, match="1,000 bytes"):
        await limited.call("f")


async def test_an_answer_of_more_rows_than_may_be_is_not_even_read(site: aioresponses, limited: MoodleClient) -> None:
    site.post(REST, body=b"[" + b"{}," * 200 + b"nonsense")
    with pytest.raises(errors.AnswerTooLarge, match="20 rows"):
        await limited.call("f")


@pytest.mark.parametrize(("page", "limit"), [(1, "3 pages"), (9, "20 rows"), (4, "3 pages")])
async def test_pages_without_end_are_given_up(site: aioresponses, limited: MoodleClient, page: int, limit: str) -> None:
    site.post(
        REST,
        callback=answering(lambda fields: [{"id": start_of(fields) + n} for n in range(page)]),
        repeat=True,
    )
    with pytest.raises(errors.AnswerTooLarge, match=limit):
        _ = [user async for user in users.enrolled(limited, 2)]


async def test_the_bytes_of_all_pages_count_together(site: aioresponses, limited: MoodleClient) -> None:
    seen: list[Fields] = []
    row = {"fullname": "x" * 600}
    site.post(REST, callback=answering(lambda fields: [row | {"id": start_of(fields)}], seen), repeat=True)
    with pytest.raises(errors.AnswerTooLarge, match="1,000 bytes"):
        _ = [user async for user in users.enrolled(limited, 2)]
    assert len(seen) == 2


@pytest.mark.parametrize(("files", "limit"), [(6, "5 files"), (0, "20 rows")])
async def test_more_submissions_or_files_than_may_be_are_given_up(
    site: aioresponses, limited: MoodleClient, files: int, limit: str
) -> None:
    plugins: list[Any] = [{"fileareas": [{"files": [{}] * files}]}]
    rows = [{"userid": 1, "plugins": plugins if files else []}] * (1 if files else 21)
    site.post(REST, payload={"assignments": [{"assignmentid": 1, "submissions": rows}]})
    with pytest.raises(errors.AnswerTooLarge, match=limit):
        await submissions.latest(limited, Assignment(id=1, cmid=8))


async def test_a_long_answer_is_read_beside_the_event_loop(
    site: aioresponses, moodle: MoodleClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    read = wire.read

    def noted(*given: Any) -> Any:
        threads.append(threading.current_thread().name)
        return read(*given)

    monkeypatch.setattr(wire, "read", noted)
    monkeypatch.setattr("rpc_moodle.transport.http.LONG", 1000)
    for length in (10, 2000):
        site.post(REST, payload=["x" * length])
        assert await moodle.call("f") == ["x" * length]
    assert [name == threading.main_thread().name for name in threads] == [True, False]


async def test_a_site_that_drips_is_given_up_after_the_total_time(monkeypatch: pytest.MonkeyPatch) -> None:
    never = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        await never.wait()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with (
            Http(total_seconds=0.05) as http,
            MoodleClient(f"http://127.0.0.1:{port}", TOKEN, http=http) as moodle,
        ):
            with pytest.raises(errors.SiteTimeout, match="took too long to answer f"):
                await moodle.call("f")
    finally:
        never.set()
        server.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
async def test_a_site_that_is_not_there_is_unreachable(url: str) -> None:
    async with MoodleClient(url, TOKEN) as moodle:
        with pytest.raises(errors.Unreachable):
            await moodle.call("f")


async def test_a_client_outside_its_block_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await MoodleClient(SITE, TOKEN).call("f")


async def test_identical_reads_share_one_request_unless_they_must_be_fresh(
    site: aioresponses, moodle: MoodleClient
) -> None:
    seen: list[Fields] = []
    site.post(REST, callback=answering(lambda _: [], seen), repeat=True)
    await asyncio.gather(*(moodle.call("core_x_get_y", {"a": 1}) for _ in range(5)))
    assert len(seen) == 1
    await asyncio.gather(*(moodle.call("core_x_get_y", {"a": 1}, fresh=True) for _ in range(5)))
    assert len(seen) == 6


async def test_reads_with_other_tokens_or_parameters_and_writes_are_never_shared(
    site: aioresponses, moodle: MoodleClient
) -> None:
    seen: list[Fields] = []
    site.post(REST, callback=answering(lambda _: [], seen), repeat=True)
    other = MoodleClient(SITE, "f" * 32, http=moodle.http)
    await asyncio.gather(
        moodle.call("core_x_get_y"),
        other.call("core_x_get_y"),
        moodle.call("core_x_get_y", {"a": 1}),
        moodle.call("mod_assign_save_grade"),
        moodle.call("mod_assign_save_grade"),
    )
    assert len(seen) == 5


async def test_a_read_is_tried_again_and_a_write_is_not(site: aioresponses, moodle: MoodleClient) -> None:
    site.post(REST, status=503)
    site.post(REST, payload=[1])
    assert await moodle.call("core_x_get_y") == [1]
    site.post(REST, status=503)
    site.post(REST, payload=[2])
    with pytest.raises(errors.ServerFault):
        await moodle.call("mod_assign_save_grade")


@pytest.mark.parametrize("status", [200, 408, 425])
async def test_a_read_is_asked_again_in_a_mood_of_moodles_and_a_write_is_not(
    site: aioresponses, moodle: MoodleClient, status: int
) -> None:
    mood = {"exception": "dml_write_exception", "errorcode": "dmlwriteexception", "message": "Error writing"}
    site.post(REST, status=status, payload=mood if status == 200 else {})
    site.post(REST, payload=[1])
    assert await moodle.call("core_x_get_y") == [1]
    site.post(REST, status=status, payload=mood if status == 200 else {})
    site.post(REST, payload=[2])
    with pytest.raises(errors.PassingFault):
        await moodle.call("mod_assign_save_grade")
