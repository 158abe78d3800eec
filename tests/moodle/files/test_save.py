from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rpc_moodle.moodle import Http, MoodleClient, errors
from tests.moodle import faulty
from tests.moodle.faulty import TOKEN, FaultySite


@pytest.fixture
async def site() -> AsyncIterator[FaultySite]:
    async with faulty.serving(FaultySite()) as running:
        yield running


@pytest.fixture
async def moodle(site: FaultySite) -> AsyncIterator[MoodleClient]:
    async with Http() as http, MoodleClient(site.base, TOKEN, http=http) as client:
        yield client


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "essay.pdf"


def part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


async def test_a_file_is_saved_whole_and_leaves_nothing_else(
    moodle: MoodleClient, site: FaultySite, there: Path
) -> None:
    saved = await moodle.download(str(site.url), there)
    assert there.read_bytes() == site.content
    assert (saved.path, saved.size, saved.sha1, saved.changed) == (there, len(site.content), site.sha1, True)
    assert list(there.parent.iterdir()) == [there]


async def test_an_empty_file_is_saved(moodle: MoodleClient, site: FaultySite, there: Path) -> None:
    site.content = b""
    assert (await moodle.download(str(site.url), there)).size == 0
    assert there.read_bytes() == b""


async def test_progress_ends_at_the_size_of_the_file(moodle: MoodleClient, site: FaultySite, there: Path) -> None:
    told: list[tuple[int, int | None]] = []
    await moodle.download(str(site.url), there, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(site.content), len(site.content))
    assert told == sorted(told)


async def test_a_later_run_fetches_only_the_rest(moodle: MoodleClient, site: FaultySite, there: Path) -> None:
    site.plan = [faulty.cut(6_000_000)] + [faulty.cut(0)] * 4
    with pytest.raises(errors.BadResponse):
        await moodle.download(str(site.url), there)
    assert not there.exists()
    begun = part_of(there).stat().st_size
    assert begun > 5_000_000
    site.asked.clear()
    await moodle.download(str(site.url), there)
    assert there.read_bytes() == site.content
    assert site.asked == [f"bytes={begun}-"]
    assert not part_of(there).exists()


async def test_a_part_of_another_version_is_not_built_upon(moodle: MoodleClient, site: FaultySite, there: Path) -> None:
    part_of(there).write_bytes(b"x" * 5_000_000)
    await moodle.download(str(site.url), there)
    assert there.read_bytes() == site.content


async def test_a_part_longer_than_the_file_is_not_built_upon(
    moodle: MoodleClient, site: FaultySite, there: Path
) -> None:
    part_of(there).write_bytes(b"x" * (len(site.content) + 1))
    await moodle.download(str(site.url), there)
    assert there.read_bytes() == site.content


async def test_a_part_that_is_the_whole_file_is_not_fetched_again(
    moodle: MoodleClient, site: FaultySite, there: Path
) -> None:
    part_of(there).write_bytes(site.content)
    saved = await moodle.download(str(site.url), there)
    assert there.read_bytes() == site.content
    assert saved.changed
    assert not part_of(there).exists()


async def test_a_part_is_fetched_over_again_where_ranges_are_refused(
    moodle: MoodleClient, site: FaultySite, there: Path
) -> None:
    site.ranges = False
    part_of(there).write_bytes(site.content[:1000])
    await moodle.download(str(site.url), there)
    assert there.read_bytes() == site.content


async def test_an_unchanged_file_is_not_fetched_again(moodle: MoodleClient, site: FaultySite, there: Path) -> None:
    await moodle.download(str(site.url), there)
    before = there.stat()
    saved = await moodle.download(str(site.url), there)
    assert not saved.changed
    assert saved.sha1 == site.sha1
    assert there.stat().st_mtime_ns == before.st_mtime_ns


async def test_a_changed_file_replaces_the_old_one(moodle: MoodleClient, site: FaultySite, there: Path) -> None:
    there.write_bytes(b"an older version")
    saved = await moodle.download(str(site.url), there)
    assert saved.changed
    assert there.read_bytes() == site.content


async def test_the_old_version_stays_until_the_new_one_is_proven(
    moodle: MoodleClient, site: FaultySite, there: Path
) -> None:
    there.write_bytes(b"an older version")
    site.plan = [faulty.corrupted(site.content[::-1])]
    with pytest.raises(errors.Unproven):
        await moodle.download(str(site.url), there)
    assert there.read_bytes() == b"an older version"
    assert not part_of(there).exists()


async def test_an_error_in_disguise_is_not_saved(moodle: MoodleClient, site: FaultySite, there: Path) -> None:
    site.plan = [faulty.moodle_error("invalidtoken")]
    with pytest.raises(errors.InvalidToken):
        await moodle.download(str(site.url), there)
    assert list(there.parent.iterdir()) == []


async def test_a_file_that_changes_while_it_is_fetched_leaves_no_mixture(
    moodle: MoodleClient, site: FaultySite, there: Path
) -> None:
    site.plan = [faulty.then_changes(faulty.cut(3_000_000), site.content[::-1])]
    with pytest.raises(errors.Unproven):
        await moodle.download(str(site.url), there)
    assert list(there.parent.iterdir()) == []
    await moodle.download(str(site.url), there)
    assert there.read_bytes() == site.content


async def test_a_file_of_another_site_never_gets_the_token(moodle: MoodleClient, there: Path) -> None:
    with pytest.raises(errors.InvalidSite):
        await moodle.download("https://evil.example.edu/webservice/pluginfile.php/1/a/b/2/x", there)
