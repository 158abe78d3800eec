import io
import struct
import zipfile
from collections.abc import AsyncIterator

import pytest

from rpc_moodle.downloads.archive import Archive
from rpc_moodle.downloads.tree import SubmittedFile
from rpc_moodle.downloads.zipstream import ZipStream, compressible
from rpc_moodle.moodle import Http
from tests.moodle import faulty
from tests.moodle.faulty import TOKEN, FaultySite

GIB = 1024**3


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as pool:
        yield pool


@pytest.fixture
async def site() -> AsyncIterator[FaultySite]:
    async with faulty.serving(FaultySite(content=b"0123456789" * 100_000)) as running:
        yield running


def listed(site: FaultySite, path: str) -> SubmittedFile:
    return SubmittedFile(site.url, path, len(site.content), "application/pdf", 1_700_000_000)


async def packed(archive: Archive) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join([chunk async for chunk in archive.chunks()])))


async def test_members_have_their_names_times_and_bytes(http: Http, site: FaultySite) -> None:
    archive = Archive(http, TOKEN, [listed(site, "Größe/李小龍 #1.pdf")], owner=None)
    with await packed(archive) as zipped:
        (member,) = zipped.infolist()
        assert zipped.read(member) == site.content
    assert member.filename == "Größe/李小龍 #1.pdf"
    assert member.date_time == (2023, 11, 14, 22, 13, 20)
    assert archive.failed == []


async def test_a_file_that_breaks_off_for_good_is_left_out_and_named(http: Http, site: FaultySite) -> None:
    files = [listed(site, f"{name}.pdf") for name in ("a", "b", "c")]
    site.plan = [faulty.corrupted(site.content[::-1])]
    archive = Archive(http, TOKEN, files, owner=None)
    with await packed(archive) as zipped:
        assert zipped.testzip() is None
        names = zipped.namelist()
        report = zipped.read("_errors.txt").decode()
    assert len(archive.failed) == 1
    lost = archive.failed[0][0]
    assert sorted(names) == sorted({"a.pdf", "b.pdf", "c.pdf", "_errors.txt"} - {lost})
    assert report.startswith(f"{lost}\t")


async def test_every_file_failing_still_makes_an_archive(http: Http, site: FaultySite) -> None:
    site.plan = [faulty.moodle_error("invalidtoken")] * 2
    archive = Archive(http, TOKEN, [listed(site, "a"), listed(site, "b")], owner=None)
    with await packed(archive) as zipped:
        assert zipped.namelist() == ["_errors.txt"]
        assert zipped.comment == b"2 of 2 files are missing; see _errors.txt"


async def test_leaving_in_the_middle_of_an_archive_leaves_nothing_open(site: FaultySite) -> None:
    async with Http() as http:
        archive = Archive(http, TOKEN, [listed(site, f"{n}") for n in range(20)], owner=None)
        chunks = archive.chunks()
        await anext(chunks)
        await chunks.aclose()
        assert http.sites.counts()["running"] == 0  # a place that is never given back would stop the site's downloads


async def test_chunks_stay_small_whatever_the_size(http: Http, site: FaultySite) -> None:
    site.content = bytes(50_000_000)
    archive = Archive(http, TOKEN, [listed(site, "big.bin")], owner=None)
    assert max([len(chunk) async for chunk in archive.chunks()]) < 2_000_000


@pytest.mark.parametrize(
    ("size", "zip64"), [(10, False), (1 * GIB, False), (4 * GIB, True), (20 * GIB, True), (None, True)]
)
def test_zip64_is_used_where_sizes_need_it_or_are_not_known(size: int | None, zip64: bool) -> None:
    zipped = ZipStream()
    zipped.begin("a.bin", size=size)
    (version,) = struct.unpack_from("<H", zipped.take(), 4)
    zipped.abandon()
    assert (version >= zipfile.ZIP64_VERSION) == zip64


@pytest.mark.parametrize("seconds", [-1, 0, 10**18, 1_700_000_000])
def test_any_time_can_be_written(seconds: int) -> None:
    zipped = ZipStream()
    zipped.begin("a", size=0, modified=seconds)
    zipped.end()
    zipped.close()
    with zipfile.ZipFile(io.BytesIO(zipped.take())) as archive:
        assert 1980 <= archive.infolist()[0].date_time[0] <= 2107


@pytest.mark.parametrize(
    ("path", "mimetype", "worth"),
    [
        ("a.txt", "", True),
        ("a.CSV", "text/csv;charset=UTF-8", True),
        ("a", "application/json", True),
        ("a.svg", "image/svg+xml", True),
        ("main.py", "document/unknown", True),
        ("a.zip", "application/zip", False),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", False),
        ("a.jpg", "image/jpeg", False),
        ("a.pdf", "application/pdf", False),
        ("a.bin", "application/octet-stream", False),
        ("a", "", False),
    ],
)
def test_only_what_shrinks_is_deflated(path: str, mimetype: str, worth: bool) -> None:
    assert compressible(path, mimetype) is worth
