"""The one list of how methods are called: every method is in it, and each of its calls succeeds."""

import pytest

from rpc_moodle.app import create_app
from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox import PLUGINS, Sandbox
from rpc_moodle.sandbox.examples import EXAMPLES
from rpc_moodle.settings import Settings
from utils.client import connected
from utils.testing import running


def test_every_method_has_an_example() -> None:
    assert set(EXAMPLES) == {method.name for method in METHODS}, "add it to rpc_moodle/sandbox/examples.py"


@pytest.mark.usefixtures("quick_looks")
async def test_all_examples_succeed_one_after_the_other() -> None:
    settings = Settings(allow_private=True)
    async with (
        Sandbox(users=3, wider=True, installed=PLUGINS) as sandbox,
        running(create_app(settings)) as url,
        connected(url) as backend,
    ):
        for event, example in EXAMPLES.items():
            options = {"url": sandbox.url, "apiKey": sandbox.key(example.who)}
            reply = await backend.call(event, {**example.at(sandbox.url), "options": options})
            assert reply["success"], f"{event}: {reply['message']}"
            assert not reply.get("warnings"), f"{event}: {reply['warnings']}"
