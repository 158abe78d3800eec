"""``rpc-moodle download``: all submitted files of an assignment into a folder, and later only what has changed."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from rpc_moodle.downloads.names import Names
from rpc_moodle.downloads.tree import SubmittedFile, submitted_files
from rpc_moodle.errors import sentence
from rpc_moodle.moodle import MoodleClient, MoodleError

TOKEN_VARIABLE = "RPC_MOODLE_TOKEN"  # noqa: S105 - the name of a variable, not a token
_SIDE_BY_SIDE = 4

Advance = Callable[[int], None]
"""Is told how many more bytes are there."""


@dataclass
class Outcome:
    """What became of the files: how many came, how many were there already, and path and reason of each that failed."""

    fetched: int = 0
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def download(
    directory: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")],
    *,
    course: Annotated[int, typer.Option(min=1, help="The number in the course page's address.")],
    assignment: Annotated[int, typer.Option(min=1, help="The number in the assignment page's address.")],
    url: Annotated[str, typer.Option(envvar="RPC_MOODLE_URL", help="The Moodle site's address.")],
    token_file: Annotated[
        Path | None,
        typer.Option(
            help=f"A file with the API key; without it, {TOKEN_VARIABLE} or a question is where it comes from."
        ),
    ] = None,
) -> None:
    """Download what was submitted to an assignment; files that are there and unchanged are not fetched again.

    An interrupted download is resumed by the next one. The exit status is 0 when all files are there, 1 when some
    could not be fetched, 2 when they could not even be listed.
    """
    token = read_token(token_file)
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )

    async def work(bar: Progress) -> Outcome:
        task = bar.add_task("listing", total=None)
        async with MoodleClient(url, token) as moodle:
            # No file gets the name that the .part of another has.
            files = await submitted_files(moodle, course, assignment, names=Names(beside=".part"))
            bar.update(task, description=f"{len(files)} files", total=sum(file.size for file in files))
            return await fetch_all(moodle, files, directory, lambda count: bar.advance(task, count))

    try:
        with Progress(*columns, console=console) as bar:
            outcome = asyncio.run(work(bar))
    except MoodleError as error:
        typer.echo(sentence(error), err=True)
        raise typer.Exit(2) from None
    for path, reason in outcome.failed:
        typer.echo(f"{path}: {reason}", err=True)
    typer.echo(f"{outcome.fetched} fetched, {outcome.unchanged} unchanged, {len(outcome.failed)} failed: {directory}")
    raise typer.Exit(1 if outcome.failed else 0)


def read_token(token_file: Path | None) -> SecretStr:
    """Take the API key from a file, the environment or a question: on the command line everybody could read it."""
    if token_file is not None:
        try:
            return SecretStr(token_file.read_text().strip())
        except (OSError, ValueError):
            raise typer.BadParameter(f"cannot read {token_file}") from None
    text = os.environ.get(TOKEN_VARIABLE) or typer.prompt("API key", hide_input=True, err=True)
    return SecretStr(str(text).strip())


async def fetch_all(moodle: MoodleClient, files: list[SubmittedFile], directory: Path, advance: Advance) -> Outcome:
    """Fetch files into their places below a folder, a few side by side; one that fails does not end the others."""
    outcome = Outcome()
    turns = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(file: SubmittedFile) -> None:
        there = 0

        def progress(size: int, _total: int | None) -> None:
            nonlocal there
            advance(size - there)
            there = size

        async with turns:
            path = directory / file.path
            try:
                if isinstance(file.url, MoodleError):
                    raise file.url
                await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
                saved = await moodle.download(str(file.url), path, progress=progress)
            except MoodleError as error:
                outcome.failed.append((file.path, sentence(error)))
            except OSError as error:
                outcome.failed.append((file.path, error.strerror or type(error).__name__))
            else:
                progress(saved.size, saved.size)
                outcome.fetched += saved.changed
                outcome.unchanged += not saved.changed

    await asyncio.gather(*map(one, files))
    return outcome
