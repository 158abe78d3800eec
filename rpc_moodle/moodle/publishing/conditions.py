"""What is read once of an assignment: how it is graded, its form, and the grade to pass."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment, Rows
from rpc_moodle.moodle.publishing.entries import Criterion, Filling
from rpc_moodle.moodle.publishing.grading import Form, FormCriterion, Scheme
from rpc_moodle.moodle.values import decimal
from rpc_moodle.moodle.wire import Params

_READY = 20
"""The status of a definition that graders can use; before that Moodle grades directly."""

_ACTIVE = 1
"""The status of the filling that counts."""


_LONGEST_SCALE = 20_000
"""Characters of a scale's items; of one that is longer nothing is read."""

_MOST_CRITERIA = 500
"""Criteria of a form: each filling is held against all of them. Of a form with more nothing is read."""


class _Area(TypedDict, total=False):
    area: str
    method: str | None


class _Module(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, defer_build=True)

    scale: str | None = None
    gradepass: str | float | None = None
    advancedgrading: Rows[_Area] | None = None


class _ModuleAnswer(BaseModel):
    cm: _Module


class _Definitions(BaseModel):
    class Area(BaseModel):
        """A gradable area, the method that is used there, and its forms."""

        activemethod: str | None = None
        definitions: Rows[dict[str, Any]] = []

    areas: Rows[Area] = []


class _Instances(BaseModel):
    instances: Rows[dict[str, Any]] = []


async def scheme(moodle: MoodleClient, assignment: Assignment) -> Scheme:
    """Read how an assignment is graded, as far as the token may.

    The method stands in ``core_course_get_course_module`` for who may manage activities (``course.module``),
    else in ``core_grading_get_definitions``, which has the form; the scale's items and the grade to pass in
    the former.

    Raises MoodleError, but not for a function that the token may not call.
    """
    module = await _module(moodle, assignment)
    method: str | None = None
    form: Form | None = None
    if module.advancedgrading is not None:
        areas = (each.get("method") for each in module.advancedgrading if each.get("area") == "submissions")
        method = next(areas, None) or ""
    if method != "":
        method, form = await _form(moodle, assignment, method)
    pass_grade = decimal(module.gradepass)
    if assignment.grade == 0:
        return Scheme(method=method, form=form, pass_grade=pass_grade)
    if assignment.grade > 0:
        return Scheme(maximum=Decimal(assignment.grade), method=method, form=form, pass_grade=pass_grade)
    written = module.scale or ""
    items = tuple(item.strip() for item in written.split(",") if item.strip()) if len(written) <= _LONGEST_SCALE else ()
    return Scheme(is_scale=True, items=items, method=method, form=form, pass_grade=pass_grade)


async def fillings(moodle: MoodleClient, form: Form) -> dict[int, Filling] | None:
    """Return the filling that counts of each grade, by the grade's id; None where the token may not ask.

    Remarks are read as stored: Moodle would clean them as HTML, and they are sent back beside a text.

    Raises MoodleError.
    """
    function = "core_grading_get_gradingform_instances"
    params: Params = {"definitionid": form.id, "since": 0, "moodlewssettingraw": True}
    try:
        answer = await moodle.call(function, params, into=_Instances, fresh=True)
    except errors.MoodleException as refused:
        _unless_fatal(refused)
        return None
    return {each["itemid"]: _filling(form, each) for each in answer.instances if each.get("status") == _ACTIVE}


def _filling(form: Form, instance: dict[str, Any]) -> Filling:
    rows = (instance.get(form.method) or {}).get("criteria") or []
    return Filling(
        "rubric" if form.method == "rubric" else "guide",
        tuple(
            Criterion(
                row["criterionid"],
                row.get("levelid"),
                decimal(row.get("score")),
                row.get("remark") or "",
            )
            for row in rows
        ),
    )


async def _module(moodle: MoodleClient, assignment: Assignment) -> _Module:
    function = "core_course_get_course_module"
    try:
        return (await moodle.call(function, {"cmid": assignment.cmid}, into=_ModuleAnswer)).cm
    except errors.MoodleException as refused:
        _unless_fatal(refused)
        return _Module()


async def _form(moodle: MoodleClient, assignment: Assignment, method: str | None) -> tuple[str | None, Form | None]:
    """Return the method and its form; a form that is not ready yet is none, and Moodle grades directly."""
    function = "core_grading_get_definitions"
    params: Params = {"cmids": [assignment.cmid], "areaname": "submissions", "activeonly": True}
    try:
        areas = (await moodle.call(function, params, into=_Definitions)).areas
    except errors.MoodleException as refused:
        _unless_fatal(refused)
        return method, None
    if not areas:
        return method, None
    active = areas[0].activemethod or ""
    ready = [each for each in areas[0].definitions if each.get("method") == active and each.get("status") == _READY]
    if not ready:
        return "", None
    return active, _read(active, ready[0])


def _read(method: str, definition: dict[str, Any]) -> Form | None:
    rows = (definition.get(method) or {}).get(f"{method}_criteria") or []
    if len(rows) > _MOST_CRITERIA:
        return None
    return Form(
        definition["id"],
        method,
        tuple(
            FormCriterion(
                row["id"],
                str(row.get("shortname") or row.get("description") or "")[:60],
                {level["id"]: str(level.get("definition") or "")[:60] for level in row.get("levels") or []},
                decimal(row.get("maxscore")),
            )
            for row in rows
        ),
    )


def _unless_fatal(refused: errors.MoodleException) -> None:
    """Pass on what makes every further call useless; a function that is missing or refused is no such thing."""
    if isinstance(refused, errors.InvalidToken):
        raise refused
