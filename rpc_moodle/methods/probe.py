"""The liveness probe of existing backends."""

from utils.call import Call
from utils.registry import Registry

methods = Registry()


@methods.method("call")
async def probe(request: object, call: Call) -> str:  # noqa: ARG001 - every handler takes both
    """Answer, whatever was sent."""
    return "Hello World!"
