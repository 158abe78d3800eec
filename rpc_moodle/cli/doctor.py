"""``rpc-moodle doctor``: whether a site and a token are set up, and what to write to the administrator if not."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rpc_moodle.cli.access import TokenFileOption, UrlOption, access
from rpc_moodle.cli.generated import JsonOption
from rpc_moodle.cli.naming import command_of
from rpc_moodle.cli.show import as_json
from rpc_moodle.errors import sentence
from rpc_moodle.methods import METHODS
from rpc_moodle.methods.setup import wants_of
from rpc_moodle.moodle import MoodleClient, MoodleError
from rpc_moodle.moodle.diagnosis import Diagnosis, Finding, Status, diagnose
from rpc_moodle.moodle.setup import examine

_MARKS = {Status.OK: "[green]✓[/]", Status.MISSING: "[red]✗[/]", Status.UNKNOWN: "[yellow]?[/]"}
IN_ORDER, SOMETHING_MISSING, NOT_REACHABLE = 0, 1, 2


def doctor(
    *,
    course: Annotated[int | None, typer.Option(min=1, help="Check the rights in this course, too.")] = None,
    assignment: Annotated[
        int | None, typer.Option(min=1, help="And in this assignment: the number in its page's address.")
    ] = None,
    url: UrlOption = None,
    token_file: TokenFileOption = None,
    json_output: JsonOption = None,
) -> None:
    """Check whether a site and a token are set up, and say what an administrator has to do if not.

    It changes nothing. The exit status is 0 when all is in order, 1 when something is missing, 2 when the site cannot
    be reached.
    """
    if assignment and not course:
        raise typer.BadParameter("an assignment needs its course, too", param_hint="--course")
    allowed = access(url, token_file)

    async def work() -> Diagnosis:
        wants = wants_of(METHODS)
        async with MoodleClient(allowed.url, allowed.token) as moodle:
            return diagnose(await examine(moodle, wants.every, course_id=course, cmid=assignment), wants)

    try:
        found = asyncio.run(work())
    except MoodleError as error:
        typer.echo(sentence(error), err=True)
        raise typer.Exit(NOT_REACHABLE) from None
    if json_output or (json_output is None and not sys.stdout.isatty()):
        typer.echo(as_json(found.model_dump(mode="json")))
    else:
        report(Console(), found)
    raise typer.Exit(IN_ORDER if found.complete else SOMETHING_MISSING if found.reachable else NOT_REACHABLE)


def report(console: Console, found: Diagnosis) -> None:
    """Print a diagnosis: the site, what was looked at, what can be used, and a text for the administrator."""
    release = f"Moodle {found.release}" if found.release else "release unknown"
    console.print(f"[bold]{escape(found.sitename or found.url)}[/]  {escape(found.url)}  {escape(release)}")
    for finding in found.findings:
        console.print(f"{_MARKS[finding.status]} {escape(finding.message)}")
    if found.capabilities:
        console.print(_capabilities(found))
    if text := letter(found.url, found.findings):
        console.rule("for the administrator")
        console.print(escape(text), highlight=False)


def _capabilities(found: Diagnosis) -> Table:
    table = Table("", "command", "lacks", box=None, pad_edge=False, header_style="bold")
    for each in found.capabilities:
        mark = _MARKS[Status.OK if each.usable else Status.MISSING]
        table.add_row(mark, " ".join(command_of(each.event)), escape(", ".join(each.missing)))
    return table


def letter(url: str, findings: Sequence[Finding]) -> str:
    """Return what an administrator has to do, as a text to paste into a mail; empty where nothing is to be done."""
    steps = [each for each in findings if each.status is Status.MISSING and each.remedy]
    if not steps:
        return ""
    lines = [f"{number}. {each.message}\n   {each.remedy}" for number, each in enumerate(steps, start=1)]
    return "\n".join([f"For the web services of {url}, please:", *lines])
