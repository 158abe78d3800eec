"""The commands, put together: ``python -m rpc_moodle COMMAND``."""

import json
import sys
from collections.abc import Coroutine
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import uvloop
from pydantic import ValidationError

from rpc_moodle import sandbox as in_memory_moodle
from rpc_moodle.app import create_app
from rpc_moodle.cli import demo as demonstration
from rpc_moodle.cli import doctor as cli_doctor
from rpc_moodle.cli import download as cli_download
from rpc_moodle.cli import login as cli_login
from rpc_moodle.cli import publish as cli_publish
from rpc_moodle.cli.generated import add_commands
from rpc_moodle.cli.naming import command_of
from rpc_moodle.cli.once import as_json, call_once
from rpc_moodle.methods import METHODS
from rpc_moodle.settings import Settings
from utils.auth import reason_not_to_start
from utils.logs import configure
from utils.server import serve as serve_app

T = TypeVar("T")

cli = typer.Typer(
    help="Moodle for platforms: users, submissions and feedback over Socket.IO.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # it shows local variables, and one of them can be a token
)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop."""
    return uvloop.run(main)


def settings() -> Settings:
    """Read the settings, or end with a sentence that names the variable and what is wrong with it."""
    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            name = "RPC_MOODLE_" + "_".join(str(part) for part in problem["loc"]).upper()
            typer.echo(f"{name}: {problem['msg']}", err=True)
        raise typer.Exit(2) from None


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"rpc-moodle {metadata.version('rpc-moodle')}")
        raise typer.Exit


@cli.callback()
def everything(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Moodle for platforms and people: users, courses, submissions, grades and feedback."""


@cli.command()
def methods() -> None:
    """List the events, each with its command and what it does."""
    for method in METHODS:
        first, _, _ = method.doc.partition("\n")
        typer.echo(f"{method.name}\t{' '.join(command_of(method.name))}\t{first}")


@cli.command()
def serve() -> None:
    """Start the service; settings come from the environment (RPC_MOODLE_…)."""
    chosen = settings()
    if reason := reason_not_to_start(chosen):
        typer.echo(reason, err=True)
        raise typer.Exit(2)
    configure(chosen)
    run(serve_app(create_app(chosen), chosen))


@cli.command()
def sandbox(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8090,
    users: Annotated[int, typer.Option(min=0, help="Students of the large course.")] = 50,
    latency: Annotated[float, typer.Option(min=0, help="Seconds before every answer.")] = 0.0,
    release: Annotated[str, typer.Option(help="Moodle release to behave as: 4.4, 4.5 or 5.0.")] = "4.5",
) -> None:
    """Start a small Moodle that lives in memory."""
    run(in_memory_moodle.run(host, port, users=users, latency=latency, release=release))


@cli.command()
def demo() -> None:
    """Start sandbox and service, call every published method as a backend would, and show what came back."""
    configure(Settings(log_level="warning"))
    run(demonstration.run())


@cli.command()
def call(
    event: Annotated[str, typer.Argument(help="The method, such as getUsersFromCourse.")],
    payload: Annotated[
        Path | None, typer.Argument(help="A file with the JSON payload; standard input without one.")
    ] = None,
) -> None:
    """Run one method and print its reply; the exit status is 0 when it succeeded, 1 when it failed."""
    chosen = settings()
    configure(chosen)
    try:
        text = sys.stdin.buffer.read() if payload is None else payload.read_bytes()
        value = json.loads(text) if text.strip() else {}
    except OSError as error:
        raise typer.BadParameter(f"cannot read {payload}: {error.strerror}") from None
    except ValueError:
        raise typer.BadParameter("the payload is no JSON") from None
    reply = run(call_once(chosen, event, value))
    typer.echo(as_json(reply))
    raise typer.Exit(0 if reply["success"] else 1)


cli.command()(cli_download.download)
cli.command()(cli_login.login)
cli.command()(cli_login.logout)
cli.command()(cli_login.accounts)
cli.command()(cli_doctor.doctor)
cli.command()(cli_publish.publish)
add_commands(cli, METHODS, settings)


def main() -> None:
    """Run the command line."""
    cli()
