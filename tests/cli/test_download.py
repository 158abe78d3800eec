import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from rpc_moodle.cli.access import TOKEN_VARIABLE
from rpc_moodle.cli.download import download
from rpc_moodle.sandbox import Fault, Sandbox, StoredFile


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as site:
        yield site


async def run(sandbox: Sandbox, *arguments: str, token: str = "teacher_care", answer: str = "") -> Result:
    """Run the command in a thread, while the sandbox answers it here."""
    app = typer.Typer()
    app.command()(download)
    variables = {TOKEN_VARIABLE: sandbox.token(token) if token else "", "RPC_MOODLE_URL": sandbox.url}
    command = ["--course", "2", "--assignment", "8", *arguments]
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, command, env=variables, input=answer))


def originals(sandbox: Sandbox) -> list[StoredFile]:
    assignment = sandbox.site.by_cmid(8)
    assert assignment is not None
    return [file for row in assignment.submissions.values() for file in row.files]


def contents(directory: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def fetches(sandbox: Sandbox) -> int:
    return sum("pluginfile" in seen.path for seen in sandbox.requests)


async def test_every_submitted_file_comes_into_the_folder_of_who_submitted_it(sandbox: Sandbox, tmp_path: Path) -> None:
    result = await run(sandbox, str(tmp_path))
    assert result.exit_code == 0, result.output
    assert contents(tmp_path) == sorted(file.content[0 : file.size] for file in originals(sandbox))
    (nested,) = tmp_path.glob("*_6/data/nested/*")
    assert nested.name == "räw data+100%.csv"
    assert f"{len(originals(sandbox))} fetched, 0 unchanged, 0 failed" in result.output


async def test_a_second_run_fetches_only_what_has_changed(sandbox: Sandbox, tmp_path: Path) -> None:
    await run(sandbox, str(tmp_path))
    changed = originals(sandbox)[0]
    changed.content = b"a new version"
    del changed.sha1
    result = await run(sandbox, str(tmp_path))
    assert f"1 fetched, {len(originals(sandbox)) - 1} unchanged, 0 failed" in result.output
    assert b"a new version" in contents(tmp_path)


async def test_one_file_that_fails_does_not_keep_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.site.fault = lambda seen: Fault.HTML if seen.path.endswith("essay.pdf") else Fault.NONE
    result = await run(sandbox, str(tmp_path))
    assert result.exit_code == 1
    assert "essay.pdf: The site answered with an HTML page" in result.output
    assert len(contents(tmp_path)) == len(originals(sandbox)) - 1


async def test_a_list_that_cannot_be_had_says_why(sandbox: Sandbox, tmp_path: Path) -> None:
    result = await run(sandbox, str(tmp_path), "--assignment", "999")
    assert result.exit_code == 2
    assert "no assignment 999" in result.output
    result = await run(sandbox, str(tmp_path), token="teacher_expired")
    assert result.exit_code == 2
    assert "API key" in result.output


async def test_the_key_comes_from_a_file_or_a_question_too(sandbox: Sandbox, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{sandbox.token('teacher_care')}\n")
    by_file = await run(sandbox, str(tmp_path / "a"), "--token-file", str(key), token="teacher_expired")
    asked = await run(sandbox, str(tmp_path / "b"), token="", answer=f"{sandbox.token('teacher_care')}\n")
    assert (by_file.exit_code, asked.exit_code) == (0, 0)
    for result in (by_file, asked):
        assert sandbox.token("teacher_care") not in result.output


async def test_there_is_no_option_that_would_show_the_key_to_everybody(sandbox: Sandbox, tmp_path: Path) -> None:
    result = await run(sandbox, str(tmp_path), "--token", "x")
    assert result.exit_code == 2
    assert fetches(sandbox) == 0


async def test_a_key_file_that_cannot_be_read_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    result = await run(sandbox, str(tmp_path), "--token-file", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "cannot read" in result.output


async def test_a_folder_that_cannot_be_written_fails_file_by_file(sandbox: Sandbox, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    result = await run(sandbox, str(blocked))
    assert result.exit_code == 1
    assert "0 fetched" in result.output


async def test_two_files_of_one_name_both_come(sandbox: Sandbox, tmp_path: Path) -> None:
    assignment = sandbox.site.by_cmid(8)
    assert assignment is not None
    row = next(iter(assignment.submissions.values()))
    row.files = [StoredFile("Essay.pdf", b"one"), StoredFile("essay.PDF", b"two"), StoredFile("essay.pdf.part", b"3")]
    result = await run(sandbox, str(tmp_path))
    assert result.exit_code == 0, result.output
    assert {b"one", b"two", b"3"} <= set(contents(tmp_path))


async def test_texts_come_as_pages_and_are_unchanged_the_second_time(sandbox: Sandbox, tmp_path: Path) -> None:
    for counts in ("2 fetched, 0 unchanged", "0 fetched, 2 unchanged"):
        result = await run(sandbox, str(tmp_path), "--assignment", "9")
        assert (result.exit_code, counts in result.output) == (0, True), result.output
    page = (tmp_path / "Müller_Zoë_5" / "onlinetext.html").read_text()
    assert "<p>My <b>reflection</b> — ünïcode 😀</p>" in page


async def test_a_reason_that_all_files_share_is_said_once(sandbox: Sandbox, tmp_path: Path) -> None:
    result = await run(sandbox, str(tmp_path), token="teacher_nodownload")
    assert result.exit_code == 1
    assert result.output.count('"Can download files"') == 1
    assert f"{len(originals(sandbox))} files: Moodle does not let" in result.output


async def test_without_a_key_and_without_an_answer_it_ends_as_its_help_says(sandbox: Sandbox, tmp_path: Path) -> None:
    result = await run(sandbox, str(tmp_path), token="", answer="")
    assert result.exit_code == 2
    assert TOKEN_VARIABLE in result.output
