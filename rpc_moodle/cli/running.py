"""``rpc-moodle serve``, ``sandbox`` and ``demo``: what runs until it is stopped, and what shows both at work."""

from enum import StrEnum
from typing import Annotated

import structlog
import typer

from rpc_moodle.app import create_app
from rpc_moodle.cli.start import refuse, run, settings, settings_to_listen
from utils.logs import configure
from utils.server import serve as serve_app
from utils.starting import effective


class Release(StrEnum):
    """A Moodle release that the sandbox can behave as."""

    V44 = "4.4"
    V45 = "4.5"
    V50 = "5.0"


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on, in place of RPC_MOODLE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, in place of RPC_MOODLE_PORT.")] = None,
) -> None:
    """Start the service; settings come from the environment (RPC_MOODLE_…)."""
    chosen = settings_to_listen(host=host, port=port)
    configure(chosen)
    structlog.get_logger("rpc_moodle").info("settings", **effective(chosen))
    try:
        run(serve_app(create_app(chosen), chosen))
    except OSError as error:
        refuse([_cannot_listen(chosen.host, chosen.port, error)])


def sandbox(  # noqa: PLR0913 - options of a command
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8090,
    users: Annotated[int, typer.Option(min=0, help="Students of the large course.")] = 50,
    latency: Annotated[float, typer.Option(min=0, help="Seconds before every answer.")] = 0.0,
    release: Annotated[Release, typer.Option(help="Moodle release to behave as.")] = Release.V45,
    plugin: Annotated[list[str] | None, typer.Option(help="A plugin that it has, such as local_wsfunc.")] = None,
) -> None:
    """Start a small Moodle that lives in memory."""
    from rpc_moodle import sandbox as in_memory_moodle  # noqa: PLC0415 - a service starts without it

    installed = plugin or []
    if unknown := [name for name in installed if name not in in_memory_moodle.PLUGINS]:
        refuse([f"There is no plugin {unknown[0]} here; there are: {', '.join(in_memory_moodle.PLUGINS)}."])
    try:
        run(in_memory_moodle.run(host, port, users=users, latency=latency, release=release.value, installed=installed))
    except OSError as error:
        refuse([_cannot_listen(host, port, error)])
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def demo() -> None:
    """Start sandbox and service, call the published methods as a backend would, and show what came back."""
    from rpc_moodle.cli import demo as demonstration  # noqa: PLC0415 - likewise

    chosen = settings(log_level="error", allow_private=True)
    configure(chosen)
    run(demonstration.run(chosen))


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    why = (error.strerror or type(error).__name__).rpartition(": ")[2]
    return (
        f"Nothing can listen on {host}, port {port} ({why}): another program may have it; choose another with --port."
    )
