"""Files beyond the recorded exchanges."""

from hashlib import sha1

import aiohttp
import pytest
from yarl import URL

from rpc_moodle.sandbox import Repeated, Sandbox, StoredFile

GIB = 1 << 30


def url_of(sandbox: Sandbox, assignment: int, submission: int, file: StoredFile) -> URL:
    path = file.url_path(sandbox.site.assignments[assignment].contextid, submission)
    return URL(f"{sandbox.url}/webservice/pluginfile.php{path}", encoded=True)


def hand_in(sandbox: Sandbox, file: StoredFile) -> URL:
    sandbox.site.assignments[1].submissions[1].files.append(file)
    return url_of(sandbox, 1, 1, file)


@pytest.mark.parametrize(
    "name", ["a#b.pdf", "100%.txt", "a+b c.zip", 'it\'s "quoted".bin', "李小龍 😀.docx", "?x=1&y.csv", "..%2F..txt"]
)
async def test_a_file_of_any_name_comes_back_as_it_was(
    sandbox: Sandbox, http: aiohttp.ClientSession, name: str
) -> None:
    content = name.encode() * 7
    url = hand_in(sandbox, StoredFile(name, content, "/folder/deeper/"))

    async with http.post(url, data={"token": sandbox.token("teacher_care")}) as response:
        assert response.status == 200
        assert await response.read() == content
        assert response.headers["ETag"] == f'"{sha1(content, usedforsecurity=False).hexdigest()}"'


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("bytes=2-4", b"234"),
        ("bytes=7-", b"789"),
        ("bytes=-2", b"89"),
        ("bytes=8-99", b"89"),
        ("bytes=10-", None),
        ("bytes=20-30", None),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("items=1-2", None),
    ],
)
async def test_a_range_gives_its_part_or_else_the_whole_file(
    sandbox: Sandbox, http: aiohttp.ClientSession, asked: str, wanted: bytes | None
) -> None:
    url = hand_in(sandbox, StoredFile("digits.bin", b"0123456789"))

    async with http.post(url, data={"token": sandbox.token("teacher_care")}, headers={"Range": asked}) as response:
        assert response.status == (206 if wanted else 200)
        assert await response.read() == (wanted or b"0123456789")


async def test_text_knows_no_ranges(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    url = hand_in(sandbox, StoredFile("notes.txt", b"0123456789"))

    async with http.post(
        url, data={"token": sandbox.token("teacher_care")}, headers={"Range": "bytes=2-4"}
    ) as response:
        assert (response.status, response.headers["Accept-Ranges"]) == (200, "none")
        assert await response.read() == b"0123456789"


async def test_a_part_of_a_huge_file_needs_no_memory_for_the_rest(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    file = StoredFile("huge.bin", Repeated(b"0123456789", 3 * GIB))
    file.__dict__["sha1"] = "0" * 40  # hashing three gibibytes would take seconds
    url = hand_in(sandbox, file)

    headers = {"Range": f"bytes={2 * GIB}-{2 * GIB + 4}"}
    async with http.post(url, data={"token": sandbox.token("teacher_care")}, headers=headers) as response:
        assert response.headers["Content-Range"] == f"bytes {2 * GIB}-{2 * GIB + 4}/{3 * GIB}"
        assert await response.read() == bytes(b"0123456789"[(2 * GIB + at) % 10] for at in range(5))


async def test_the_end_of_an_empty_file_is_the_whole_of_it(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    url = hand_in(sandbox, StoredFile("empty.bin", b""))

    async with http.post(url, data={"token": sandbox.token("teacher_care")}, headers={"Range": "bytes=-5"}) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, "0")


def test_a_repeated_file_is_the_same_as_its_bytes() -> None:
    lazy = StoredFile("lazy.bin", Repeated(b"abc", 600_001))
    plain = StoredFile("plain.bin", (b"abc" * 200_001)[:600_001])

    assert lazy.size == plain.size
    assert lazy.sha1 == plain.sha1
    assert b"".join(lazy.pieces(0, lazy.size)) == plain.content
    assert b"".join(lazy.pieces(299_999, 600_000)) == plain.content[299_999:600_000]


async def test_a_head_request_tells_the_length_only(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    url = hand_in(sandbox, StoredFile("digits.bin", b"0123456789"))

    async with http.head(url.with_query(token=sandbox.token("teacher_care"))) as response:
        assert response.headers["Content-Length"] == "10"
        assert await response.read() == b""


@pytest.mark.parametrize(
    ("assignment", "submission", "status"), [(1, 1, 200), (1, 4, 404), (4, 15, 200), (4, 21, 404), (10, 45, 404)]
)
async def test_a_student_reads_the_own_and_the_teams_files(
    sandbox: Sandbox, http: aiohttp.ClientSession, assignment: int, submission: int, status: int
) -> None:
    file = sandbox.site.assignments[assignment].submissions[submission].files[0]

    async with http.post(
        url_of(sandbox, assignment, submission, file), data={"token": sandbox.token("student_full")}
    ) as response:
        assert response.status == status


@pytest.mark.parametrize("path", ["", "/53", "/53/x/y/1/a.pdf", "/999/assignsubmission_file/submission_files/1/a.pdf"])
async def test_a_path_to_nothing_is_not_found(sandbox: Sandbox, http: aiohttp.ClientSession, path: str) -> None:
    url = f"{sandbox.url}/webservice/pluginfile.php{path}/"

    async with http.post(url, data={"token": sandbox.token("teacher_care")}) as response:
        assert response.status == 404
        assert (await response.json())["errorcode"] == "filenotfound"
