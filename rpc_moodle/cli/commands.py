"""The commands, put together: ``rpc-moodle COMMAND``, or ``python -m rpc_moodle COMMAND``.

A list of commands is read from the sources; what a command is made of is imported when it runs.
"""

import gc
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from rpc_moodle.cli.naming import about, command_of
from rpc_moodle.cli.sources import first_line, published

WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "methods": "generated",
        "serve": "running",
        "sandbox": "running",
        "demo": "running",
        "call": "call",
        "download": "download",
        "login": "login",
        "logout": "login",
        "accounts": "login",
        "doctor": "doctor",
        "publish": "publish",
        "worksheet": "worksheet",
    }
)
"""The commands that are written by hand, each a function of its name, and the module of it; the others are methods."""


class Commands(TyperGroup):
    """All commands by name and first line, each of which is loaded when it is to run."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return their names."""
        self._read()
        return super().list_commands(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the name that was typed, its command, now loaded, and what else was typed."""
        if args[0] in WRITTEN:  # without a look at the sources, which a service has no time for when it starts
            return args[0], _loaded(args[0]), args[1:]
        self._read()
        name, _, others = super().resolve_command(ctx, args)
        return name, _loaded(name) if name else None, others

    def _read(self) -> None:
        for name, module in WRITTEN.items():
            self.add_command(TyperCommand(name, help=first_line(module, name)))
        for name in dict.fromkeys(command[0] for command in map(command_of, published()) if len(command) > 1):
            self.add_command(TyperCommand(name, help=about(name)))


cli = typer.Typer(
    cls=Commands,
    help="Moodle for platforms: users, submissions and feedback over Socket.IO.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # it shows local variables, and one of them can be a token
)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        typer.echo(f"rpc_moodle {version('rpc-moodle')}")
        raise typer.Exit


@cli.callback()
def common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Moodle for platforms: users, submissions and feedback over Socket.IO."""


def _loaded(name: str) -> Any:
    gc.disable()  # a fifth of the time of a start: what is imported here lives as long as the process
    try:
        if name not in WRITTEN:
            return import_module("rpc_moodle.cli.generated").group(name)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(name)(getattr(import_module(f"rpc_moodle.cli.{WRITTEN[name]}"), name))
        return get_command(alone)
    finally:
        gc.enable()


def main() -> None:
    """Run the command line."""
    cli()
