"""The walk of the documentation, as it stands there."""

import asyncio
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rpc_moodle.cli.commands import cli
from rpc_moodle.sandbox import Sandbox

PAGE = Path(__file__).parent.parent.parent / "docs" / "commands.md"


async def test_the_walk_of_the_documentation_can_be_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    sheet = re.search(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert sheet is not None
    (tmp_path / "grades.csv").write_text(sheet[1])
    (tmp_path / "feedback").mkdir()
    (tmp_path / "feedback" / "9.txt").write_text("See the margins.")
    walk = text.partition("<!-- walk: begin -->")[2].partition("<!-- walk: end -->")[0]
    steps = [shlex.split(line)[1:] for line in walk.splitlines() if line.startswith("rpc-moodle ")]
    assert len(steps) > 10
    async with Sandbox(users=5, wider=True) as site:
        variables = {"RPC_MOODLE_URL": site.url, "RPC_MOODLE_TOKEN": site.token("teacher_more")}
        for step in steps:
            result = await asyncio.to_thread(CliRunner().invoke, cli, step, env=variables)
            assert result.exit_code == 0, (step, result.output)
    assert any((tmp_path / "essays").rglob("essay.pdf"))
