"""Any function of Moodle, by its name."""

from typing import Any

from pydantic import Field

from rpc_moodle.methods.common import MoodleRequest, moodle_of
from rpc_moodle.moodle import functions
from utils.call import Call
from utils.registry import Registry

methods = Registry()


class CallFunctionRequest(MoodleRequest):
    """What to call."""

    function: str = Field(
        pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$",
        max_length=255,
        description="The name of a web service function, such as `core_course_get_contents`.",
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Its parameters, nested as Moodle's own documentation has them."
    )


@methods.method("callFunction", writes=True, gains_by=["core_webservice_get_site_info"])
async def call_function(request: CallFunctionRequest, call: Call) -> object:
    """Call any function of the site that the API key may call, and give what it answers."""
    async with moodle_of(request, call) as moodle:
        return await functions.call_any(moodle, request.function, request.parameters)
