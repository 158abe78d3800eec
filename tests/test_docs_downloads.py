"""The page on downloads: its examples run, its figures are the code's."""

import hashlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rpc_moodle.app import create_app
from rpc_moodle.downloads.reply import DownloadLimits
from rpc_moodle.downloads.stream import CHUNK, FileEvent
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.settings import Settings
from tests.integration.node_caller import NODE, installed
from tests.test_docs import ROOT, blocks, output_of
from utils.testing import running

PAGE = "docs/downloads.md"


@pytest.fixture
async def environment() -> AsyncIterator[dict[str, str]]:
    """What the examples are told: where the service is, where the site, which token."""
    async with Sandbox() as sandbox, running(create_app(Settings(allow_private=True))) as service:
        yield {
            "PATH": os.environ["PATH"],
            "SERVICE_URL": service,
            "MOODLE_URL": sandbox.url,
            "MOODLE_TOKEN": sandbox.token("teacher_care"),
        }


@pytest.mark.skipif(not installed(), reason="Node or its packages are not installed")
async def test_the_stream_in_node_saves_what_its_manifest_says(environment: dict[str, str], tmp_path: Path) -> None:
    script = blocks(PAGE, "js")[0]
    (tmp_path / "stream.mjs").write_text(script)
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    lines = (await output_of("node", "stream.mjs", environment=environment, cwd=tmp_path)).splitlines()
    assert len(lines) > 10
    for line in lines:
        name = line.partition(": ")[0]
        content = (tmp_path / "downloads" / name).read_bytes()
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        assert line.endswith(f"{len(content)} bytes, {sha1}")
    assert list((tmp_path / "downloads").glob("*.part")) == []


@pytest.mark.skipif(not installed(), reason="Node or its packages are not installed")
async def test_the_stream_in_node_ends_with_1_when_nothing_can_be_listed(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "stream.mjs").write_text(blocks(PAGE, "js")[0])
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    with pytest.raises(AssertionError, match="does not know this API key"):
        await output_of("node", "stream.mjs", environment={**environment, "MOODLE_TOKEN": "0" * 32}, cwd=tmp_path)


async def test_the_download_in_python_saves_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    (script,) = blocks(PAGE, "python")
    output = await output_of(sys.executable, "-c", script, environment=environment, cwd=tmp_path)
    assert output == "essay.pdf: 20009 bytes\n"
    assert (tmp_path / "essay.pdf").stat().st_size == 20009


def test_the_limits_and_the_events_of_the_page_are_the_codes() -> None:
    text = (ROOT / PAGE).read_text()
    limits = DownloadLimits()
    assert f"{limits.files} files, {limits.bytes >> 20} MiB together" in text
    assert f"after {limits.patience:g} seconds" in text or f"after {limits.patience} seconds" in text
    assert f"pieces of {CHUNK >> 10} KiB" in text
    for name in FileEvent.__annotations__:
        assert name in text
