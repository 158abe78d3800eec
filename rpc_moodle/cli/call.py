"""``rpc-moodle call``: one call without a server, for harnesses, scripts and a look at what a method answers."""

import base64
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from rpc_moodle.app import create_dispatcher, create_http, create_tickets
from rpc_moodle.cli.start import refuse, run, settings
from rpc_moodle.publications import Publications
from rpc_moodle.settings import Settings
from rpc_moodle.trace import Trace
from utils.codec import decode
from utils.contract import Envelope
from utils.logs import configure

_KEYS = "RPC_MOODLE_TICKET_KEYS is not set, so"
_BARE = f"{_KEYS} the links to files carry no ticket: a download call has to bring options.url and options.apiKey."
_VAIN = f"{_KEYS} no service can open this archive's path: set it to what the service has."


def call(
    event: Annotated[str, typer.Argument(help="The method, such as getUsersFromCourse.")],
    payload: Annotated[
        Path | None, typer.Argument(help="A file with the JSON payload; standard input without one.")
    ] = None,
) -> None:
    """Run one method and print its reply; the exit status is 0 when it succeeded, 1 when it failed."""
    chosen = settings()
    if not chosen.ticket_keys and chosen.file_urls == "sealed":
        # A ticket sealed with a key that ends with this process would open nothing.
        chosen = chosen.model_copy(update={"file_urls": "none"})
    configure(chosen)
    reply = run(call_once(chosen, event, read(payload)))
    text = as_json(reply)
    typer.echo(text)
    if not chosen.ticket_keys and chosen.file_urls == "none" and "/pluginfile.php" in text:
        typer.echo(_BARE, err=True)
    if not chosen.ticket_keys and '"/archives/' in text:
        typer.echo(_VAIN, err=True)
    raise typer.Exit(0 if reply["success"] else 1)


def read(payload: Path | None) -> object:
    """Read the payload from a file or standard input; ends the command where it is none."""
    if payload is None and sys.stdin.isatty():
        typer.echo("Waiting for the JSON payload on standard input; end it with Ctrl-D.", err=True)
    try:
        text = sys.stdin.buffer.read() if payload is None else payload.read_bytes()
        return json.loads(text) if text.strip() else {}
    except OSError as error:
        refuse([f"{payload} cannot be read: {error.strerror}."])
    except json.JSONDecodeError as error:
        refuse([f"The payload is no JSON: line {error.lineno}, column {error.colno}: {error.msg}."])
    except ValueError:
        refuse(["The payload is no JSON: it is not written in UTF-8."])


async def call_once(settings: Settings, event: str, payload: object) -> Envelope:
    """Run one method in process and give its reply as it would come over a socket."""
    async with create_http(settings, Trace()) as http, Publications() as publications:
        dispatcher = create_dispatcher(settings, http, create_tickets(settings), publications)
        reply = await dispatcher.dispatch(event, [payload])
        assert reply.encoded is not None  # noqa: S101 - the dispatcher encodes every reply
        return Envelope(decode(reply.encoded))


def as_json(reply: Envelope) -> str:
    """Write a reply for a terminal: indented, and binaries as ``{"base64": …}``."""
    return json.dumps(reply, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot be shown")
