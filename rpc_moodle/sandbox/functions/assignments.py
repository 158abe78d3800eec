"""``mod_assign_get_assignments`` and ``mod_assign_get_user_mappings``."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.functions.base import Call, function, gradable, warning
from rpc_moodle.sandbox.params import Many, boolean, integer, text
from rpc_moodle.sandbox.people import CAPABILITY_NAMES, REVEAL, Course
from rpc_moodle.sandbox.texts import name_shown
from rpc_moodle.sandbox.work import Assignment


@function(
    "mod_assign_get_assignments",
    courseids=Many(integer(), []),
    capabilities=Many(text(), []),
    includenotenrolledcourses=boolean(default=False),
)
def get_assignments(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """List the assignments of courses (``assignments.*``): courses of others are a warning, so are hidden ones."""
    site, wanted = call.site, params["courseids"]
    mine = {course.id: course for course in site.courses_of(call.user.id)}
    courses: list[Course] = []
    warnings = []
    for course_id in wanted or mine:
        course = mine.get(course_id)
        if course is None and params["includenotenrolledcourses"]:
            course = site.courses.get(course_id)
            if course and not site.can_enter(call.user, course):
                course = None
        if course is None:
            message = "User is not enrolled or does not have requested capability"
            warnings.append(warning("course", course_id, "2", message))
        elif all(site.may(call.user, CAPABILITY_NAMES.get(name, name), course) for name in params["capabilities"]):
            courses.append(course)
    shown = []
    for course in courses:
        inside = [one for one in site.assignments.values() if one.courseid == course.id]
        warnings += [
            warning("module", one.cmid, "1", "No access rights in module context")
            for one in inside
            if not call.can_enter(one)
        ]
        shown.append(
            {
                "id": course.id,
                "fullname": course.fullname,
                "shortname": course.shortname,
                "timemodified": course.timemodified,
                "assignments": [_shown(call, one) for one in inside if call.can_enter(one)],
            }
        )
    return {"courses": shown, "warnings": warnings}


def _shown(call: Call, one: Assignment) -> dict[str, Any]:
    return {
        "id": one.id,
        "cmid": one.cmid,
        "course": one.courseid,
        "name": name_shown(one.name, raw=call.raw, filtered=call.filter),
        "nosubmissions": int(one.nosubmissions),
        "submissiondrafts": int(one.submissiondrafts),
        "sendnotifications": 0,
        "sendlatenotifications": 0,
        "sendstudentnotifications": 1,
        "duedate": one.duedate,
        "allowsubmissionsfromdate": one.allowsubmissionsfromdate,
        "grade": one.grade,
        "timemodified": one.timemodified,
        "completionsubmit": 0,
        "cutoffdate": one.cutoffdate,
        "gradingduedate": one.gradingduedate,
        "teamsubmission": int(one.teamsubmission),
        "requireallteammemberssubmit": 0,
        "teamsubmissiongroupingid": one.teamsubmissiongroupingid,
        "blindmarking": int(one.blindmarking),
        "hidegrader": 0,
        "revealidentities": int(one.revealidentities),
        "attemptreopenmethod": one.attemptreopenmethod,
        "maxattempts": one.maxattempts,
        "markingworkflow": int(one.markingworkflow),
        "markingallocation": 0,
        "markinganonymous": 0,
        "requiresubmissionstatement": int(one.requiresubmissionstatement),
        "preventsubmissionnotingroup": 0,
        "configs": _configs(one),
        "intro": one.intro,
        "introformat": 1,
        "introfiles": [],
        "introattachments": [attached(call, one, file) for file in one.introattachments],
        "timelimit": 0,
        "submissionattachments": 0,
    }


def attached(call: Call, one: Assignment, file: StoredFile) -> dict[str, Any]:
    """Give a file of the introduction (``dated.locked_status``)."""
    return {
        "filename": file.filename,
        "filepath": file.filepath,
        "filesize": file.size,
        "fileurl": f"{call.url}/webservice/pluginfile.php{file.intro_path(one.contextid)}",
        "timemodified": file.timemodified,
        "mimetype": file.mimetype,
        "isexternalfile": False,
        "icon": file.icon,
    }


def _configs(one: Assignment) -> list[dict[str, str]]:
    rows = []
    if one.file_submissions:
        rows += [("file", "assignsubmission", "enabled", "1"), ("file", "assignsubmission", "maxfilesubmissions", "20")]
        rows.append(("file", "assignsubmission", "maxsubmissionsizebytes", "536870912"))
        rows.append(("file", "assignsubmission", "filetypeslist", ""))
    if one.text_submissions:
        rows.append(("onlinetext", "assignsubmission", "enabled", "1"))
        rows += [("onlinetext", "assignsubmission", name, "0") for name in ("wordlimit", "wordlimitenabled")]
    rows.append(("comments", "assignsubmission", "enabled", "0"))
    if one.feedback_files:
        rows.append(("file", "assignfeedback", "enabled", "1"))
    if one.comments_enabled:
        rows.append(("comments", "assignfeedback", "enabled", "1"))
        rows.append(("comments", "assignfeedback", "commentinline", str(int(one.comment_inline))))
    return [dict(zip(("plugin", "subtype", "name", "value"), row, strict=True)) for row in rows]


@function("mod_assign_get_user_mappings", assignmentids=Many(integer()))
def get_user_mappings(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """List blind-marking numbers; an assignment without any is left out with warning 3 (``mappings.*``)."""
    found, warnings = gradable(call, params["assignmentids"], REVEAL)
    numbered = {one.id: one for one in found if one.mappings}
    refused = {one["itemid"] for one in warnings}
    warnings += [
        warning("assignment", instance, "3", "No mappings found")
        for instance in params["assignmentids"]
        if instance not in numbered and instance not in refused
    ]
    return {
        "assignments": [
            {
                "assignmentid": one.id,
                "mappings": [{"id": number, "userid": userid} for userid, number in one.mappings.items()],
            }
            for one in numbered.values()
        ],
        "warnings": warnings,
    }


FUNCTIONS = (get_assignments, get_user_mappings)
