"""Completion of activities and of a course."""

from typing import Literal

from pydantic import AliasChoices, Field

from rpc_moodle.methods.common import CourseRequest, MoodleId, MoodleRequest, moodle_of
from rpc_moodle.methods.fields import OneUser
from rpc_moodle.moodle import completion
from rpc_moodle.moodle.completion import ActivityCompletion, CourseCompletion, State
from utils.call import Call
from utils.registry import Registry

methods = Registry()


class CompletionRequest(CourseRequest):
    """Whose completion to read."""

    user_id: OneUser


class OverrideCompletionRequest(MoodleRequest):
    """What to set for whom."""

    activity_id: MoodleId = Field(
        validation_alias=AliasChoices("activityID", "activityId", "activity_id", "cmid"),
        description="The number in the activity page's address (the course-module id).",
    )
    user_id: OneUser
    state: Literal["complete", "incomplete"] = Field(description="What to set.")


@methods.method("getCompletionOfActivities", needs=["core_completion_get_activities_completion_status"])
async def get_completion_of_activities(request: CompletionRequest, call: Call) -> list[ActivityCompletion]:
    """List how far a user is with each activity of a course whose completion is tracked."""
    async with moodle_of(request, call) as moodle:
        return await completion.activities(moodle, request.course_id, request.user_id)


@methods.method("getCompletionOfCourse", needs=["core_completion_get_course_completion_status"])
async def get_completion_of_course(request: CompletionRequest, call: Call) -> CourseCompletion:
    """Tell how far a user is with a course, criterion by criterion; a course may have none."""
    async with moodle_of(request, call) as moodle:
        return await completion.course(moodle, request.course_id, request.user_id)


@methods.method("overrideCompletion", writes=True, needs=["core_completion_override_activity_completion_status"])
async def override_completion(request: OverrideCompletionRequest, call: Call) -> ActivityCompletion:
    """Set an activity complete or incomplete for a user, whatever Moodle has computed."""
    async with moodle_of(request, call) as moodle:
        return await completion.override(moodle, request.activity_id, request.user_id, State(request.state))
