"""``rpc-moodle download``: all that was submitted to an assignment into a folder, and later only what has changed."""

import asyncio
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from rpc_moodle.app import create_http
from rpc_moodle.cli.access import TokenFileOption, UrlOption, access
from rpc_moodle.cli.start import run, settings
from rpc_moodle.downloads.names import Names
from rpc_moodle.downloads.tree import SubmittedFile, submitted_files
from rpc_moodle.errors import sentence
from rpc_moodle.moodle import MoodleClient, MoodleError

_SIDE_BY_SIDE = 4
_INTERRUPTED = 128  # to which a shell adds the signal's number

Advance = Callable[[int], None]
"""Is told how many more bytes are there."""


@dataclass
class Outcome:
    """What became of the files: how many came, how many were there already, and path and reason of each that failed."""

    fetched: int = 0
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    def complaints(self) -> list[str]:
        """Say why files failed: a reason that several share is said once, with their number."""
        shared = Counter(reason for _, reason in self.failed)
        several = [f"{count} files: {reason}" for reason, count in shared.items() if count > 1]
        return several + [f"{path}: {reason}" for path, reason in self.failed if shared[reason] == 1]


def download(
    directory: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")],
    *,
    course: Annotated[int, typer.Option(min=1, help="The number in the course page's address.")],
    assignment: Annotated[int, typer.Option(min=1, help="The number in the assignment page's address.")],
    url: UrlOption = None,
    token_file: TokenFileOption = None,
) -> None:
    """Download what was submitted to an assignment; files that are there and unchanged are not fetched again.

    Online texts come as onlinetext.html. An interrupted download is resumed by the next one. The exit status is 0 when
    all files are there, 1 when some could not be fetched, 2 when they could not even be listed.
    """
    chosen = settings(allow_private=True)
    allowed = access(url, token_file)
    console = Console(stderr=True)

    async def work(bar: Progress) -> Outcome:
        task = bar.add_task("listing", total=None)
        async with create_http(chosen) as http, MoodleClient(allowed.url, allowed.token, http=http) as moodle:
            # No file gets the name that the .part of another has.
            files = await submitted_files(moodle, course, assignment, names=Names(beside=".part"))
            bar.update(task, description=f"{len(files)} files", total=sum(file.size for file in files))
            return await fetch_all(moodle, files, directory, lambda count: bar.advance(task, count))

    try:
        with Progress(*columns(), console=console) as bar:
            outcome = run(until_told(work(bar)))
    except MoodleError as error:
        typer.echo(sentence(error), err=True)
        raise typer.Exit(2) from None
    except Interrupted as told:
        typer.echo(f"Interrupted. The same command goes on where this one stopped: {directory}", err=True)
        raise typer.Exit(_INTERRUPTED + told.signal) from None
    for complaint in outcome.complaints():
        typer.echo(complaint, err=True)
    typer.echo(summary(outcome, directory))
    raise typer.Exit(1 if outcome.failed else 0)


def columns() -> tuple[ProgressColumn, ...]:
    """Return what the progress of a download shows."""
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )


def summary(outcome: Outcome, directory: Path) -> str:
    """Return the line that a download ends with."""
    return f"{outcome.fetched} fetched, {outcome.unchanged} unchanged, {len(outcome.failed)} failed: {directory}"


class Interrupted(Exception):
    """Somebody has told the command to stop: Ctrl-C, or SIGTERM."""

    def __init__(self, number: int) -> None:
        """Take the number of the signal."""
        super().__init__(number)
        self.signal = number


async def until_told(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Do the work until it is done; a signal ends it in good order, so that what has come is kept.

    Raises Interrupted.
    """
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    told: list[int] = []

    def stop(number: int) -> None:
        told.append(number)
        task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM) if _can_listen() else ()
    for number in signals:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        raise Interrupted(told[0] if told else signal.SIGINT) from None
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _can_listen() -> bool:
    """Tell whether signals can be heard: in the main thread, and not on Windows."""
    return threading.current_thread() is threading.main_thread() and sys.platform != "win32"


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
                if isinstance(file.source, MoodleError):
                    raise file.source
                await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
                if isinstance(file.source, bytes):
                    size, changed = file.size, await asyncio.to_thread(_written, path, file.source)
                else:
                    saved = await moodle.download(str(file.source), path, progress=progress)
                    size, changed = saved.size, saved.changed
            except MoodleError as error:
                outcome.failed.append((file.path, sentence(error)))
            except OSError as error:
                outcome.failed.append((file.path, error.strerror or type(error).__name__))
            else:
                progress(size, size)
                outcome.fetched += changed
                outcome.unchanged += not changed

    await asyncio.gather(*map(one, files))
    return outcome


def _written(path: Path, content: bytes) -> bool:
    """Write a file whole or not at all; tell whether it was another before."""
    if path.is_file() and path.read_bytes() == content:
        return False
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
    return True
