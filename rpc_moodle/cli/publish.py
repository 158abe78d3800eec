"""``rpc-moodle publish``: grades and texts out of a CSV, shown before they are written."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rpc_moodle.cli.access import Access, TokenFileOption, UrlOption, access
from rpc_moodle.cli.call import call_once
from rpc_moodle.cli.folder import given, read_folder, with_files
from rpc_moodle.cli.generated import OF_A_PERSON
from rpc_moodle.cli.participants import Numbers, numbers
from rpc_moodle.cli.sheet import Line, NoSheet, read_sheet, resolve
from rpc_moodle.cli.untouched import decimals_of, without_repeated
from rpc_moodle.errors import sentence
from rpc_moodle.moodle import MoodleError
from rpc_moodle.moodle.text import plain_name
from rpc_moodle.settings import Settings
from utils.contract import Envelope
from utils.logs import configure

_TEXT = 40
_FILES = 4
_COLOURS = {"published": "green", "unchanged": "dim", "failed": "red"}


def publish(  # noqa: PLR0913 - the options of a command
    sheet: Annotated[
        Path | None, typer.Argument(help="A CSV with a column userid, username or email, and grade or text.")
    ] = None,
    *,
    course: Annotated[int, typer.Option(min=1, help="The number in the course page's address.")],
    assignment: Annotated[int, typer.Option(min=1, help="The number in the assignment page's address.")],
    files: Annotated[
        Path | None,
        typer.Option(
            "--files",
            file_okay=False,
            exists=True,
            help="A folder of feedback files: each, or its folder, named by user id, user name or e-mail, or as Moodle "
            "names what it gives out.",
        ),
    ] = None,
    replace_files: Annotated[
        bool, typer.Option("--replace-files", help="Put the files in the place of those that are there.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before writing.")] = False,
    url: UrlOption = None,
    token_file: TokenFileOption = None,
) -> None:
    """Publish grades and feedback texts from a CSV, or from Moodle's own grading worksheet, and files from a folder.

    Of a worksheet, what it only repeats is not published: it has comments without their markup, and rounded grades.
    What would change is shown first, and confirmed. The exit status is 0 when all is published, 1 when somebody's
    failed or nobody confirmed, 2 when the file cannot be used.
    """
    if sheet is None and files is None:
        raise typer.BadParameter("give a CSV, a folder with --files, or both", param_hint="SHEET")
    lines = [] if sheet is None else _lines(sheet)
    allowed = access(url, token_file)
    where = {"courseID": course, "assignmentID": assignment}
    people = _data(call(allowed, "getUsersFromAssignment", where))
    items, wrong = resolve(lines, people)
    if files is not None:
        items, unmatched = _with_files(items, files, people, allowed, where)
        wrong += unmatched
    for text in wrong:
        typer.echo(text, err=True)
    if not items:
        hint = "SHEET" if sheet else "--files"
        raise typer.BadParameter("it names nobody who takes part and has anything to publish", param_hint=hint)
    payload: dict[str, object] = {**where, "grades": items, "replaceFiles": replace_files}
    planned = call(allowed, "publishGrades", {**payload, "dryRun": True})
    if (maxima := [line.maximum for line in lines if line.maximum]) and "data" in planned:
        payload["grades"] = without_repeated(items, planned["data"]["results"], max(map(decimals_of, maxima)))
        if not payload["grades"]:
            typer.echo("The worksheet holds nothing that is not in Moodle already.")
            raise typer.Exit(1 if wrong else 0)
        planned = call(allowed, "publishGrades", {**payload, "dryRun": True})
    names = {each["id"]: each["fullname"] for each in people}
    report(Console(), "what would change" if dry_run else "what will change", planned, names)
    if dry_run:
        raise typer.Exit(1 if wrong or not planned["success"] else 0)
    if not yes and not (sys.stdin.isatty() and typer.confirm("Publish this?", err=True)):
        typer.echo("Nothing was written; --yes publishes without a question.", err=True)
        raise typer.Exit(1)
    done = call(allowed, "publishGrades", payload)
    report(Console(), "published", done, names)
    raise typer.Exit(1 if wrong or not done["success"] else 0)


def _lines(sheet: Path) -> list[Line]:
    try:
        return read_sheet(sheet.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {sheet}: {error}", param_hint="SHEET") from None
    except NoSheet as error:
        raise typer.BadParameter(str(error), param_hint="SHEET") from None


def _with_files(
    items: list[dict[str, object]], folder: Path, people: Any, allowed: Access, where: Mapping[str, int]
) -> tuple[list[dict[str, object]], list[str]]:
    """Add the files of a folder; the participants' numbers are asked for where a name or a line has one."""
    try:
        found = read_folder(folder)
    except OSError as error:
        raise typer.BadParameter(f"cannot read {folder}: {error}", param_hint="--files") from None
    known = Numbers({}, teams=False)
    if any(each.number is not None for each in found) or any("participant" in item for item in items):
        try:
            known = numbers(allowed, where["courseID"], where["assignmentID"])
        except MoodleError as error:
            typer.echo(sentence(error), err=True)
            raise typer.Exit(1) from None
    files, wrong = given(found, people, known.users, teams=known.teams)
    return with_files(items, files, known.users), wrong


def call(allowed: Access, event: str, payload: Mapping[str, object]) -> Envelope:
    """Call a method as a person does, with the patience of one."""
    settings = Settings().model_copy(update=OF_A_PERSON)
    configure(settings)
    options = {"url": allowed.url, "apiKey": allowed.token.get_secret_value(), "timeoutMs": 600_000}
    return asyncio.run(call_once(settings, event, {**payload, "options": options}))


def _data(reply: Envelope) -> Any:
    if not reply["success"]:
        typer.echo(reply["message"], err=True)
        raise typer.Exit(1)
    return reply["data"]


def report(console: Console, title: str, reply: Envelope, names: dict[int, str]) -> None:
    """Print a report of a publication, a row per user; an error without one goes to standard error."""
    if "data" not in reply:
        typer.echo(reply["message"], err=True)
        raise typer.Exit(1)
    found = reply["data"]
    planned = any("after" in row for row in found["results"])
    columns = ("user", "name", "status", *(("before", "after") if planned else ()), "why")
    table = Table(*columns, title=title, box=None, pad_edge=False, header_style="bold")
    for row in found["results"]:
        colour = _COLOURS.get(row["status"], "")
        status = f"[{colour}]{row['status']}[/]" if colour else row["status"]
        name, why = names.get(row["extId"], ""), row["message"] if row["status"] == "failed" else row["code"]
        change = (_seen(row.get("before")), _seen(row.get("after"))) if planned else ()
        who = f"Participant {row['participant']}" if "participant" in row else str(row["extId"])
        table.add_row(who, escape(name), status, *map(escape, change), escape(str(why)))
    console.print(table)
    console.print(f"{found['published']} published, {found['unchanged']} unchanged, {found['failed']} failed")


def _seen(seen: Mapping[str, Any] | None) -> str:
    """Return grade, beginning of the text, workflow state and files in a line; of a text as HTML, its words."""
    if seen is None:
        return ""
    text = shorten(plain_name(seen["text"] or ""), _TEXT, placeholder="…")
    files = [path.removeprefix("/") for path in seen.get("files") or ()]
    more = [f"{len(files) - _FILES} more files"] if len(files) > _FILES else []
    shown = (seen["grade"], text and f"“{text}”", seen["workflowState"], *files[:_FILES], *more)
    return ", ".join(each for each in shown if each) or "-"
