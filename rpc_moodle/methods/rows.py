"""The rows that publishing takes; one that cannot be read costs only itself."""

import re
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, FailFast, Field, ValidationError, WrapValidator, model_validator
from pydantic.json_schema import SkipJsonSchema

from rpc_moodle.methods.common import MoodleId
from rpc_moodle.moodle.publishing import Criterion, Entry, FeedbackFile, Filling, Result, TextFormat, invalid
from rpc_moodle.transport.unhurried import unhurried
from utils.contract import Model


def _decimal(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return Decimal(repr(value))
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,12}(\.[0-9]{1,20})?\s*", value):
        return Decimal(value.strip())
    raise ValueError("must be a number, or a string of digits with a point")


def _grade(value: object) -> object:
    if isinstance(value, str) and value.strip():
        try:
            return _decimal(value)
        except ValueError:
            return value
    if value is None or isinstance(value, str):
        return None  # a form without an entry
    return _decimal(value)


Points = Annotated[Decimal, BeforeValidator(_decimal)]
"""A number of points: a JSON number, or digits with a point."""

AttemptNumber = Annotated[int, Field(ge=0, le=10_000)]
"""The number of an attempt as Moodle counts them: 0 is the first."""

GradeValue = Annotated[Decimal | str | None, BeforeValidator(_grade)]
"""Points, the name of a scale's item, or its number counted from 1; empty for none."""


class CriterionFilling(Model):
    """The filling of one criterion: the level of a rubric, or the score of a marking guide."""

    criterion_id: MoodleId
    level_id: MoodleId | None = None
    score: Points | None = None
    remark: str = ""


class AdvancedGrading(Model):
    """A filled rubric or marking guide, from which Moodle computes the grade."""

    method: Literal["rubric", "guide"]
    criteria: Annotated[tuple[CriterionFilling, ...], FailFast(), Field(min_length=1, max_length=200)]

    def filling(self) -> Filling:
        """Give it as the adapter takes it."""
        criteria = (Criterion(each.criterion_id, each.level_id, each.score, each.remark) for each in self.criteria)
        return Filling(self.method, tuple(criteria))


def _content(value: Any, read: Any) -> Any:
    """Let a path through: a command hands it over in the same process, and nothing that comes over a wire is one."""
    return value if isinstance(value, Path) else read(value)


class FeedbackFileItem(Model):
    """A file to give as feedback."""

    filename: str = Field(description="Its name there, without a folder; what Moodle allows in no name is left out.")
    content: Annotated[bytes, WrapValidator(_content)] = Field(description="What is in it.")

    def file(self) -> FeedbackFile:
        """Give it as the adapter takes it."""
        return FeedbackFile(self.filename, self.content)


class GradeItem(Model):
    """One user's grade; the user is named by `extId`, or by `participant` where marking is blind."""

    ext_id: MoodleId | None = Field(default=None, description="The user's id in Moodle.")
    participant: MoodleId | None = Field(
        default=None, description="The number of `Participant N` in a blind-marked assignment, in place of `extId`."
    )
    text: str | None = Field(default=None, description="The comment, in place of the one that is there.")
    grade: GradeValue = Field(default=None, description="Points, or the name or number of the scale's item.")
    scale_item: MoodleId | None = Field(
        default=None, description="The number of the scale's item, counted from 1, and never its name."
    )
    attempt: AttemptNumber | None = Field(default=None, description="As the call's `attempt`, for this row alone.")
    advanced_grading: AdvancedGrading | None = Field(default=None, description="The filled rubric or marking guide.")
    files: Annotated[list[FeedbackFileItem], FailFast(), Field(max_length=1000)] = Field(
        default=[], description="Feedback files, beside those that are there; with `replaceFiles` in their place."
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if (self.ext_id is None) == (self.participant is None):
            raise ValueError("names nobody: extId is missing" if self.ext_id is None else "has extId and participant")
        return self

    def entry(self, text_format: TextFormat) -> Entry:
        """Return it as the adapter takes it."""
        return Entry(
            self.ext_id or 0,
            self.text,
            text_format,
            self.grade,
            self.advanced_grading.filling() if self.advanced_grading else None,
            self.scale_item,
            self.attempt,
            self.participant,
            tuple(each.file() for each in self.files),
        )


class FeedbackItem(GradeItem):
    """One user's feedback: a text, files, or both; without a grade, the grade stays."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and not self.files:
            raise ValueError("text is missing, and so are files")
        return self


class BadRow(Model):
    """A row that cannot be read: it fails, the others are done."""

    given: str | int | None
    participant: int | None
    problem: str


def _row_of(model: type[GradeItem]) -> WrapValidator:
    """Return what reads a row, and keeps what is wrong with it in its place."""

    def read(value: Any, _: Any) -> Any:
        if isinstance(value, model):
            return value
        if not isinstance(value, dict):
            return BadRow(given=None, participant=None, problem="The row is no object with extId and the like.")
        try:
            return model.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        problem = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        path = ".".join(str(part) for part in first["loc"])
        return BadRow(
            given=_shown(value.get("extId")),
            participant=_int(value.get("participant")),
            problem=f"{path} {problem}.".strip(),
        )

    return WrapValidator(read)


def _shown(value: object) -> str | int | None:
    """Return what a row gave as its user, so that its owner finds it; nothing long, nothing nested."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return value[:100] if isinstance(value, str) else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


FeedbackRow = Annotated[FeedbackItem | SkipJsonSchema[BadRow], _row_of(FeedbackItem)]
"""A row of texts, or what is wrong with it."""

GradeRow = Annotated[GradeItem | SkipJsonSchema[BadRow], _row_of(GradeItem)]
"""A row of grades, or what is wrong with it."""


async def sorted_out(rows: Sequence[GradeItem | BadRow], text_format: TextFormat) -> tuple[list[Entry], list[Result]]:
    """Split rows into entries and failures."""
    entries = [row.entry(text_format) async for row in unhurried(rows) if not isinstance(row, BadRow)]
    bad = [invalid(row.given, row.problem, participant=row.participant) for row in rows if isinstance(row, BadRow)]
    return entries, bad
