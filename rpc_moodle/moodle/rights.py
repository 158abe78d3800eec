"""Which capability each function of Moodle asks for, and where: facts of Moodle's source, seen in refusals."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Where = Literal["site", "course", "assignment"]


class Right(NamedTuple):
    """A capability, where it has to be given, and for what if not always."""

    capability: str
    where: Where
    only_for: str = ""


REST = Right("webservice/rest:use", "site")
"""What every call needs."""

_GRADE = (Right("mod/assign:grade", "assignment"),)
_VIEW_GRADES = (Right("mod/assign:viewgrades", "assignment"),)
_SUBMIT = (Right("mod/assign:submit", "assignment"),)
_GROUPS = (Right("moodle/course:managegroups", "course"),)
_COHORTS = (Right("moodle/cohort:view", "site"),)
_DETAILS = (Right("moodle/user:viewdetails", "course"),)

RIGHTS: Mapping[str, tuple[Right, ...]] = MappingProxyType(
    {
        "core_enrol_get_enrolled_users": (Right("moodle/course:viewparticipants", "course"), *_DETAILS),
        "core_enrol_get_users_courses": (Right("moodle/course:viewparticipants", "course", "others"),),
        "core_course_get_categories": (Right("moodle/category:viewhiddencategories", "site", "hidden ones"),),
        "core_course_get_courses_by_field": (Right("moodle/course:viewhiddencourses", "course", "hidden ones"),),
        "core_course_search_courses": (Right("moodle/course:viewhiddencourses", "course", "hidden ones"),),
        "core_user_get_users": _DETAILS,
        "core_user_get_users_by_field": _DETAILS,
        "core_user_get_course_user_profiles": _DETAILS,
        "core_group_get_course_groups": _GROUPS,
        "core_group_get_group_members": _GROUPS,
        "core_group_get_course_groupings": _GROUPS,
        "core_group_get_course_user_groups": (Right("moodle/course:managegroups", "course", "others"),),
        "core_cohort_get_cohorts": _COHORTS,
        "core_cohort_get_cohort_members": _COHORTS,
        "core_cohort_search_cohorts": _COHORTS,
        "core_completion_get_activities_completion_status": (Right("report/progress:view", "course", "others"),),
        "core_completion_get_course_completion_status": (Right("report/completion:view", "course", "others"),),
        "core_completion_override_activity_completion_status": (Right("moodle/course:overridecompletion", "course"),),
        "gradereport_user_get_grade_items": (
            Right("gradereport/user:view", "course"),
            Right("moodle/grade:viewall", "course", "others"),
        ),
        "gradereport_overview_get_course_grades": (Right("moodle/grade:viewall", "site", "others"),),
        "mod_assign_get_assignments": (Right("mod/assign:view", "assignment"),),
        "mod_assign_list_participants": _VIEW_GRADES,
        "mod_assign_get_participant": _VIEW_GRADES,
        "mod_assign_get_submissions": _VIEW_GRADES,
        "mod_assign_get_grades": _VIEW_GRADES,
        "mod_assign_get_user_flags": _GRADE,
        "mod_assign_get_submission_status": (Right("mod/assign:viewgrades", "assignment", "others"),),
        "mod_assign_get_user_mappings": (Right("mod/assign:revealidentities", "assignment"),),
        "mod_assign_save_grade": _GRADE,
        "mod_assign_save_grades": _GRADE,
        "mod_assign_submit_grading_form": _GRADE,
        "mod_assign_save_user_extensions": (Right("mod/assign:grantextension", "assignment"),),
        "mod_assign_lock_submissions": _GRADE,
        "mod_assign_unlock_submissions": _GRADE,
        "mod_assign_revert_submissions_to_draft": _GRADE,
        "mod_assign_save_submission": _SUBMIT,
        "mod_assign_submit_for_grading": _SUBMIT,
        "mod_assign_remove_submission": (
            *_SUBMIT,
            Right("mod/assign:editothersubmission", "assignment", "others"),
        ),
    }
)
"""The rights of each function; one that is not named asks for none beyond being let in."""


def rights(function: str) -> tuple[Right, ...]:
    """Return what a function asks for."""
    return RIGHTS.get(function, ())
