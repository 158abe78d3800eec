"""Any function of Moodle, by its name."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from rpc_moodle.methods.common import MoodleRequest, moodle_of
from rpc_moodle.moodle import functions
from utils.call import Call
from utils.registry import Registry

methods = Registry()


_MOST, _DEEPEST, _LONGEST = 20_000, 20, 200
"""Values of parameters, how deep they may stand, and characters of a name, which is repeated for each value below it.

PHP itself reads a thousand values of a request, and what is nested 64 times, unless a site says otherwise."""


def _fit(parameters: dict[str, Any]) -> dict[str, Any]:
    left = _MOST
    floor: list[dict[str, Any] | list[Any]] = [parameters]
    for _ in range(_DEEPEST):
        left -= sum(map(len, floor))
        if left < 0:
            raise ValueError(f"has more than {_MOST} values; split them over several calls")
        below: list[dict[str, Any] | list[Any]] = []
        for each in floor:
            if isinstance(each, dict) and any(len(name) > _LONGEST for name in each):
                raise ValueError(f"has a name of more than {_LONGEST} characters")
            values = list(each.values()) if isinstance(each, dict) else each
            if any(isinstance(value, bytes) for value in values):
                raise ValueError("holds binary data, which no function of Moodle takes; send it as text")
            below += [value for value in values if isinstance(value, dict | list)]
        floor = below
    if floor:
        raise ValueError(f"is nested deeper than {_DEEPEST} times")
    return parameters


class CallFunctionRequest(MoodleRequest):
    """What to call."""

    function: str = Field(
        pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$",
        max_length=255,
        description="The name of a web service function, such as `core_course_get_contents`.",
    )
    parameters: Annotated[dict[str, Any], AfterValidator(_fit)] = Field(
        default_factory=dict, description="Its parameters, nested as Moodle's own documentation has them."
    )


@methods.method("callFunction", writes=True, gains_by=["core_webservice_get_site_info"])
async def call_function(request: CallFunctionRequest, call: Call) -> object:
    """Call any function of the site that the API key may call, and give what it answers."""
    async with moodle_of(request, call) as moodle:
        return await functions.call_any(moodle, request.function, request.parameters)
