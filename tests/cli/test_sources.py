import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rpc_moodle.cli.commands import WRITTEN, cli
from rpc_moodle.cli.naming import command_of
from rpc_moodle.cli.sources import first_line, published
from rpc_moodle.methods import METHODS


def test_the_sources_publish_what_the_registry_holds() -> None:
    assert sorted(published()) == sorted(method.name for method in METHODS)


def test_help_lists_a_command_or_a_group_for_every_method() -> None:
    listed = CliRunner().invoke(cli, ["--help"]).stdout
    for method in METHODS:
        assert f"│ {command_of(method.name)[0]} " in listed


@pytest.mark.parametrize("name", WRITTEN)
def test_the_line_in_the_list_is_the_commands_own(name: str) -> None:
    line = letters(first_line(WRITTEN[name], name))
    assert line in letters(CliRunner().invoke(cli, ["--help"]).stdout)
    assert line in letters(CliRunner().invoke(cli, [name, "--help"]).stdout)


def letters(text: str) -> str:
    return re.sub(r"[\s│]", "", text)


def test_a_function_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError, match="call has no function cal"):
        first_line("call", "cal")


def test_help_imports_neither_the_service_nor_what_it_is_built_on() -> None:
    # Importing them takes three times as long as all the rest of a start.
    program = (
        "import sys\nfrom rpc_moodle.cli.commands import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sorted({'aiohttp', 'pydantic', 'structlog', 'rpc_moodle.app', 'rpc_moodle.methods'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True)  # noqa: S603 - this program alone
    assert "publish" in done.stdout
    assert done.stdout.splitlines()[-1] == ""
