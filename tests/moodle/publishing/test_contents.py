from collections.abc import AsyncIterator
from hashlib import sha1
from pathlib import Path

import pytest

from rpc_moodle.moodle.publishing.contents import Contents
from rpc_moodle.moodle.publishing.feedback_files import FeedbackFile


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_path_is_known_and_stays_a_path(tmp_path: Path) -> None:
    path = tmp_path / "essay.pdf"
    path.write_bytes(b"x" * 3_000_000)
    async with Contents() as contents:
        found = await contents.held(FeedbackFile("e:ssay.pdf", path))
    assert (found.given, found.name, found.content, found.size) == ("e:ssay.pdf", "essay.pdf", path, 3_000_000)
    assert found.sha1 == sha1(b"x" * 3_000_000, usedforsecurity=False).hexdigest()


async def test_pieces_that_come_once_are_kept_for_all_who_get_them_and_then_removed() -> None:
    source = pieces(b"one ", b"two")
    async with Contents() as contents:
        first = await contents.held(FeedbackFile("a.txt", source))
        second = await contents.held(FeedbackFile("b.txt", source))
        assert isinstance(first.content, Path)
        assert first.content.read_bytes() == b"one two"
        assert (second.content, second.name, second.sha1) == (first.content, "b.txt", first.sha1)
        assert first.size == 7
    assert not first.content.parent.exists()


async def test_nothing_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    async with Contents() as contents:
        for content in (tmp_path / "empty", pieces()):
            with pytest.raises(ValueError, match="nothing in it"):
                await contents.held(FeedbackFile("a.txt", content))
        with pytest.raises(FileNotFoundError):
            await contents.held(FeedbackFile("a.txt", tmp_path / "nowhere"))
