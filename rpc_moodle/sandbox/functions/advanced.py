"""``core_grading_get_definitions`` and ``core_grading_get_gradingform_instances``: rubrics, guides, and fillings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rpc_moodle.sandbox.advanced import ACTIVE, GUIDE, Instance
from rpc_moodle.sandbox.errors import missing_record
from rpc_moodle.sandbox.functions.base import Call, function, warning
from rpc_moodle.sandbox.params import Many, boolean, integer, letters
from rpc_moodle.sandbox.people import GRADE
from rpc_moodle.sandbox.texts import HTML, MOODLE, shown
from rpc_moodle.sandbox.work import Assignment

_READY: Final = 20
"""The status of a definition that can be used."""
_ADMIN: Final = 2


@function("core_grading_get_definitions", cmids=Many(integer()), areaname=letters(), activeonly=boolean(default=False))
def get_definitions(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Give the rubric or guide of course modules (``rubric.definitions``, ``guide.definitions``).

    Without one, the area has neither definitions nor an active method (public source).
    """
    areas, warnings = [], []
    for cmid in params["cmids"]:
        one = call.site.by_cmid(cmid)
        if one is None or not call.can_enter(one) or not call.may(GRADE, one):
            warnings.append(warning("module", cmid, "1", "No access rights in module context"))
            continue
        area = {"cmid": cmid, "contextid": one.contextid, "component": "mod_assign", "areaname": params["areaname"]}
        area["definitions"] = []
        if one.advanced_grading:
            area |= {"activemethod": one.advanced_grading, "definitions": [_definition(call, one)]}
        areas.append(area)
    return {"areas": areas, "warnings": warnings}


def _definition(call: Call, one: Assignment) -> dict[str, Any]:
    words, is_guide = one.definition, one.advanced_grading == GUIDE
    criteria = [
        _criterion(call, one, place, criterion, levels, is_guide=is_guide)
        for place, (criterion, levels) in enumerate(one.criteria.items(), start=1)
    ]
    form = {"guide_criteria": criteria, "guide_comments": []} if is_guide else {"rubric_criteria": criteria}
    return {
        "id": definition_id(one),
        "method": one.advanced_grading,
        "name": words.name,
        "description": words.description,
        "descriptionformat": HTML,
        "status": _READY,
        "copiedfromid": None,
        "timecreated": words.timecreated,
        "usercreated": _ADMIN,
        "timemodified": words.timecreated,
        "usermodified": _ADMIN,
        "timecopied": 0,
        one.advanced_grading: form,
    }


def _criterion(  # noqa: PLR0913 - the columns of a criterion
    call: Call, one: Assignment, place: int, criterion: int, levels: Mapping[int, float], *, is_guide: bool
) -> dict[str, Any]:
    words = one.definition
    shape: dict[str, Any] = {
        "id": criterion,
        "sortorder": place,
        "description": words.criteria.get(criterion, f"Criterion {criterion}"),
        "descriptionformat": HTML,
    }
    if is_guide:
        markers, markers_format = shown(words.markers.get(criterion, ""), MOODLE, raw=call.raw)
        return shape | {
            "shortname": words.shortnames.get(criterion, f"C{criterion}"),
            "descriptionmarkers": markers,
            "descriptionmarkersformat": markers_format,
            "maxscore": _number(max(levels.values())),
        }
    shape["levels"] = [
        {
            "id": level,
            "score": _number(score),
            "definition": words.levels.get(level, f"Level {level}"),
            "definitionformat": HTML,
        }
        for level, score in levels.items()
    ]
    return shape


@function("core_grading_get_gradingform_instances", definitionid=integer(), since=integer(0))
def get_gradingform_instances(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Give what was filled in: the active instance of each grade, ``itemid`` (``rubric.instances``).

    One that a text alone has left behind is there, too, without a criterion (``rubric.4``).
    """
    with_forms = (one for one in call.site.assignments.values() if one.advanced_grading)
    one = next((each for each in with_forms if definition_id(each) == params["definitionid"]), None)
    if one is None:
        raise missing_record("grading_definitions")
    call.require(GRADE, call.assignment(one.id))
    rows = [
        _instance(call, one, row)
        for row in one.instances
        if row.status == ACTIVE and row.timemodified >= params["since"]
    ]
    return {"instances": rows, "warnings": []}


def definition_id(one: Assignment) -> int:
    """Give the id of an assignment's definition."""
    return one.definition.id or one.id


def _instance(call: Call, one: Assignment, row: Instance) -> dict[str, Any]:
    answer = "score" if one.advanced_grading == GUIDE else "levelid"
    criteria = []
    for criterion, filling in row.fillings.items():
        remark, remark_format = shown(filling.remark, MOODLE, raw=call.raw)
        shape = {"id": filling.id, "criterionid": criterion, answer: _number(filling.value)}
        criteria.append(shape | {"remark": remark, "remarkformat": remark_format})
    return {
        "id": row.id,
        "raterid": row.raterid,
        "itemid": row.itemid,
        "rawgrade": None,
        "status": row.status,
        "feedback": "",
        "feedbackformat": 0,
        "timemodified": row.timemodified,
        one.advanced_grading: {"criteria": criteria},
    }


def _number(value: float) -> int | float:
    """Write a number as PHP does: without decimals where it has none."""
    return int(value) if value == int(value) else value


FUNCTIONS = (get_definitions, get_gradingform_instances)
