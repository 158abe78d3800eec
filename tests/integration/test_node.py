from pathlib import Path

import pytest

from rpc_moodle.sandbox import Sandbox
from tests.integration.node_caller import SCRIPTS, installed, run_script


@pytest.mark.skipif(not installed(), reason="the Node tests need Node and npm")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_a_node_backend_gets_right_answers(script: Path, sandbox: Sandbox, service: str, html_site: str) -> None:
    await run_script(script, service=service, moodle=sandbox.url, moodle_from_here=sandbox.url, html=html_site)
