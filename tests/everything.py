"""A payload that every method can be called with, and which methods are nothing but a call of a function or two."""

from typing import Any

from rpc_moodle.methods import METHODS

WIDER: dict[str, Any] = {
    "courseIDs": [2],
    "categoryID": 1,
    "userID": 5,
    "userIDs": [5],
    "criteria": {"lastname": "Last9"},
    "field": "id",
    "value": "2",
    "values": ["5"],
    "activityID": 8,
    "state": "complete",
    "date": 4_000_000_000,
    "text": "Essay",
    "function": "core_course_get_categories",
}
"""What the methods want that stand in :data:`PLAIN`, besides ids."""

_OF_THEIR_OWN = {
    "call",
    "getUsersFromCourse",
    "getUsersFromAssignment",
    "getAssignmentInfoFromCourse",
    "getSubmissionsInfosFromAssignment",
    "downloadSubmissionsFromUser",
    "createSubmissionsArchive",
    "publishAssignmentTextFeedback",
    "publishGrades",
    "getPublication",
    "checkSetup",
}

PLAIN_READ, PLAIN_WRITE = "getCoursesOfUser", "lockSubmissions"
"""Those that stand for the other plain ones where trying all would only take long."""

PLAIN = frozenset(method.name for method in METHODS if method.name not in _OF_THEIR_OWN and "." not in method.name)
"""Methods that ask a function or two and pass on the answer: what the client does with faults they share. MooPanel's
have a dot in their names."""

NOT_A_TEACHERS = frozenset({"getCohorts", "saveSubmission", "submitSubmission", "removeSubmission", "getGradeTotals"})
"""Those that a teacher may not use, or not for a student."""


def fitting(event: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Return of a payload what an event takes: a call that writes refuses a key that resembles one of its own."""
    method = METHODS.find(event)
    if method is None or method.request_model is None:
        return payload
    names = {"options", "progressId"}
    for name, field in method.request_model.model_fields.items():
        choices = field.validation_alias
        names |= {str(each) for each in getattr(choices, "choices", [choices or field.alias or name])}
    return {key: value for key, value in payload.items() if key in names}
