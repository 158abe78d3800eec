"""``rpc-moodle worksheet``: Moodle's grading worksheet filled in, for sites that give no token."""

from pathlib import Path
from typing import Annotated

import typer

from rpc_moodle.cli.cells import read_cells
from rpc_moodle.cli.filling import columns, fill
from rpc_moodle.cli.sheet import NoSheet, read_sheet


def worksheet(  # noqa: PLR0913 - the options of a command
    sheet: Annotated[Path, typer.Argument(help="The grading worksheet as Moodle gives it out.")],
    grades: Annotated[
        Path, typer.Argument(help="A CSV with a column identifier, email or username, and grade or text.")
    ],
    *,
    out: Annotated[Path, typer.Option(help="Where the worksheet to upload is written.")],
    identifier_column: Annotated[
        str, typer.Option(help="What the site calls the participants' column.")
    ] = "Identifier",
    grade_column: Annotated[str, typer.Option(help="What it calls that of grades.")] = "Grade",
    text_column: Annotated[str, typer.Option(help="And that of texts.")] = "Feedback comments",
) -> None:
    """Fill grades and texts into Moodle's grading worksheet, for sites that give no token.

    It holds the rows of those who are given something, and no others: uploading a worksheet as it is takes the markup
    out of everybody's comments. The exit status is 0 when all is filled in, 1 when somebody's is not, 2 when a file
    cannot be used.
    """
    try:
        cells = read_cells(_read(sheet, "SHEET"))
        found = columns(cells, identifier=identifier_column, grade=grade_column, text=text_column)
    except NoSheet as error:
        raise typer.BadParameter(str(error), param_hint="SHEET") from None
    try:
        filled = fill(cells, found, read_sheet(_read(grades, "GRADES")))
    except NoSheet as error:
        raise typer.BadParameter(str(error), param_hint="GRADES") from None
    for problem in filled.wrong:
        typer.echo(problem, err=True)
    if not filled.rows:
        raise typer.BadParameter("it fills in nothing", param_hint="GRADES")
    try:
        with out.open("x", encoding="utf-8", newline="") as file:
            file.write(filled.content)
    except OSError as error:
        raise typer.BadParameter(f"cannot write {out}: {error.strerror}", param_hint="--out") from None
    typer.echo(f"{out} has {filled.rows} rows; in Moodle, choose Upload grading worksheet in the assignment.")
    raise typer.Exit(1 if filled.wrong else 0)


def _read(path: Path, hint: str) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {path}: {error}", param_hint=hint) from None
