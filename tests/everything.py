"""Which methods are nothing but a call of a function or two, and what of a payload a method takes."""

from typing import Any

from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox.examples import EXAMPLES, PANEL

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

OF_PANEL = frozenset(event for event, example in EXAMPLES.items() if example.who == PANEL)
"""MooPanel's methods, all of which go through one function that reads and one that writes."""

PLAIN = frozenset(method.name for method in METHODS) - _OF_THEIR_OWN - OF_PANEL
"""Methods that ask a function or two and pass on the answer: what the client does with faults they share."""

NOT_A_TEACHERS = frozenset(event for event in PLAIN if EXAMPLES[event].who != "teacher_more")
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
