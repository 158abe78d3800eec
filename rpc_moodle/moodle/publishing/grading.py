"""How an assignment is graded, and what a given grade is there."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment, Rows
from rpc_moodle.moodle.wire import Params

_STORED = Decimal("0.00001")  # Moodle's column has five decimals


class OutOfRange(ValueError):
    """A grade that the assignment cannot have; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How an assignment is graded.

    ``maximum`` in points, None where there are none; ``is_scale`` with ``items`` from the lowest up,
    empty where they could not be read; ``method`` is ``""`` for direct grading, ``rubric`` or
    ``guide``, None where it could not be read.
    """

    maximum: Decimal | None = None
    is_scale: bool = False
    items: tuple[str, ...] = ()
    method: str | None = None

    @property
    def is_graded(self) -> bool:
        """Whether there are grades at all."""
        return self.is_scale or self.maximum is not None

    def resolve(self, given: Decimal | str, max_grade: Decimal | None = None) -> Decimal:
        """Turn a given grade into the number that Moodle stores.

        ``given`` is points, the number of a scale's item counted from 1, or an item's name; with
        ``max_grade``, points of that maximum, converted to the assignment's and rounded to five decimals.

        Raises OutOfRange.
        """
        if not self.is_graded:
            raise OutOfRange("The assignment has no grades.")
        if self.is_scale:
            return self._item(given, max_grade)
        points = given if isinstance(given, Decimal) else _number(given)
        if points is None or self.maximum is None:
            raise OutOfRange(f"The grade is no number; the assignment has points up to {self.maximum}.")
        top = self.maximum if max_grade is None else max_grade
        if not points.is_finite() or not 0 <= points <= top:
            raise OutOfRange(f"The grade is not between 0 and {top}.")
        value = points if max_grade is None else points * self.maximum / max_grade
        return value.quantize(_STORED, ROUND_HALF_UP)

    def _item(self, given: Decimal | str, max_grade: Decimal | None) -> Decimal:
        if isinstance(given, str):
            wanted = given.strip().casefold()
            for position, name in enumerate(self.items, start=1):
                if name.casefold() == wanted:
                    return Decimal(position)
        value = _number(given) if isinstance(given, str) else given
        if value is None:
            known = f"; it has {', '.join(self.items)}" if self.items else ", whose items this key may not read"
            raise OutOfRange(f"The grade is no item of the assignment's scale{known}.")
        if max_grade is not None:
            raise OutOfRange("The assignment is graded by a scale: points cannot be converted, name the item.")
        top = len(self.items)
        if not value.is_finite() or value != value.to_integral_value() or value < 1 or (top and value > top):
            raise OutOfRange(f"The grade is not the number of an item of the scale, 1 to {top or 'the last'}.")
        return value.to_integral_value()


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


class _Area(TypedDict, total=False):
    area: str
    method: str | None


class _Module(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    scale: str | None = None
    advancedgrading: Rows[_Area] | None = None


class _ModuleAnswer(BaseModel):
    cm: _Module


class _Definitions(BaseModel):
    class Area(BaseModel):
        """A gradable area and the method that is used there."""

        activemethod: str | None = None

    areas: Rows[Area] = []


async def scheme(moodle: MoodleClient, assignment: Assignment) -> Scheme:
    """Read how an assignment is graded, as far as the token may.

    The method stands in ``core_course_get_course_module`` for who may manage activities
    (``course.module``), else in ``core_grading_get_definitions``; the scale's items in the former.

    Raises MoodleError, but not for a function that the token may not call.
    """
    module = await _module(moodle, assignment)
    method: str | None = None
    if module.advancedgrading is not None:
        areas = (each.get("method") for each in module.advancedgrading if each.get("area") == "submissions")
        method = next(areas, None) or ""
    else:
        method = await _active_method(moodle, assignment)
    if assignment.grade == 0:
        return Scheme(method=method)
    if assignment.grade > 0:
        return Scheme(maximum=Decimal(assignment.grade), method=method)
    items = tuple(item.strip() for item in (module.scale or "").split(",") if item.strip())
    return Scheme(is_scale=True, items=items, method=method)


async def _module(moodle: MoodleClient, assignment: Assignment) -> _Module:
    function = "core_course_get_course_module"
    try:
        return (await moodle.call(function, {"cmid": assignment.cmid}, into=_ModuleAnswer)).cm
    except errors.MoodleException as refused:
        _unless_fatal(refused)
        return _Module()


async def _active_method(moodle: MoodleClient, assignment: Assignment) -> str | None:
    function = "core_grading_get_definitions"
    params: Params = {"cmids": [assignment.cmid], "areaname": "submissions", "activeonly": True}
    try:
        areas = (await moodle.call(function, params, into=_Definitions)).areas
    except errors.MoodleException as refused:
        _unless_fatal(refused)
        return None
    return (areas[0].activemethod or "") if areas else None


def _unless_fatal(refused: errors.MoodleException) -> None:
    """Pass on what makes every further call useless; a function that is missing or refused is no such thing."""
    if isinstance(refused, errors.InvalidToken):
        raise refused
