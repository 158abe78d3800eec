"""Completion: how far a user is with the activities of a course, and with the course."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Several
from rpc_moodle.moodle.values import Known, Name, Row, When, numbered


class State(StrEnum):
    """How far a user is with an activity (``completion.activities.*``)."""

    INCOMPLETE = "incomplete"
    COMPLETE = "complete"
    PASSED = "passed"
    FAILED = "failed"


class Tracking(StrEnum):
    """Who says that an activity is complete: nobody, the user, or Moodle."""

    NONE = "none"
    MANUAL = "manual"
    AUTOMATIC = "automatic"


class Aggregation(StrEnum):
    """Whether all criteria have to be met, or any."""

    ALL = "all"
    ANY = "any"


_STATES = (State.INCOMPLETE, State.COMPLETE, State.PASSED, State.FAILED)
StateValue = Annotated[State, numbered(dict(enumerate(_STATES)))]
TrackingValue = Annotated[Tracking, numbered({0: Tracking.NONE, 1: Tracking.MANUAL, 2: Tracking.AUTOMATIC})]
AggregationValue = Annotated[Aggregation, numbered({1: Aggregation.ALL, 2: Aggregation.ANY})]


class ActivityCompletion(Row):
    """How far a user is with one activity; ``overrideby`` is who set it by hand, null for nobody.

    ``istrackeduser`` is false for who is not enrolled as one whose completion is tracked: Moodle gives
    states all the same (``completion.activities.not_enrolled``).
    """

    cmid: int
    modname: str = ""
    state: StateValue
    tracking: TrackingValue
    timecompleted: When = None
    overrideby: int | None = None
    istrackeduser: Known = None


class Criterion(Row):
    """One condition of a course's completion, by its title and what it asks for."""

    title: Name = ""
    criteria: Name = ""
    requirement: Name = ""
    complete: bool = False
    timecompleted: When = None

    @model_validator(mode="before")
    @classmethod
    def _lift_details(cls, data: Any) -> Any:
        details = data.get("details") if isinstance(data, dict) else None
        return {**details, **data} if isinstance(details, dict) else data


class CourseCompletion(Row):
    """How far a user is with a course; without criteria ``hascriteria`` is false, and nothing else is known."""

    hascriteria: bool = True
    completed: bool = False
    aggregation: AggregationValue | None = None
    criteria: Annotated[Several[Criterion], Field(validation_alias="completions")] = ()


class _Statuses(Row):
    statuses: Several[ActivityCompletion] = ()


class _Course(Row):
    completionstatus: CourseCompletion


async def activities(moodle: MoodleClient, course_id: int, user_id: int) -> list[ActivityCompletion]:
    """Return the state of each activity of a course whose completion is tracked.

    Raises AccessDenied for another's without ``report/progress:view``, and any other MoodleError.
    """
    params = {"courseid": course_id, "userid": user_id}
    function = "core_completion_get_activities_completion_status"
    return list((await moodle.call(function, params, into=_Statuses, fresh=True)).statuses)


async def course(moodle: MoodleClient, course_id: int, user_id: int) -> CourseCompletion:
    """Return how far a user is with a course; that a course has no criteria is an answer (``nocriteriaset``).

    Raises AccessDenied for another's without ``report/completion:view``, and any other MoodleError.
    """
    params = {"courseid": course_id, "userid": user_id}
    try:
        answer = await moodle.call("core_completion_get_course_completion_status", params, into=_Course, fresh=True)
    except errors.MoodleException as refused:
        if refused.errorcode == "nocriteriaset":
            return CourseCompletion(hascriteria=False)
        raise
    return answer.completionstatus


async def override(moodle: MoodleClient, cmid: int, user_id: int, state: State) -> ActivityCompletion:
    """Set an activity complete or incomplete for a user, whatever Moodle has computed (``completion.override``).

    Raises AccessDenied without ``moodle/course:overridecompletion``, and any other MoodleError.
    """
    params = {"userid": user_id, "cmid": cmid, "newstate": _STATES.index(state)}
    function = "core_completion_override_activity_completion_status"
    return await moodle.call(function, params, into=ActivityCompletion)
