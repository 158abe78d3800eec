"""A second service on the kit, which knows nothing of the first; ``python -m tests.utils.calculator``."""

import asyncio

from utils.call import Call
from utils.contract import Request
from utils.dispatch import Dispatcher
from utils.logs import configure
from utils.registry import Registry
from utils.server import create_server, serve
from utils.settings import KitSettings

methods = Registry()


class Numbers(Request):
    """What to calculate with."""

    numbers: list[int]


@methods.method("add", "plus")
async def add(request: Numbers, call: Call) -> int:
    """Add numbers."""
    return sum(request.numbers)


@methods.method("tally", binary=True)
async def tally(request: Numbers, call: Call) -> list[bytes]:
    """Show each number as that many strokes."""
    return [b"|" * number for number in request.numbers]


@methods.method("addSlowly")
async def add_slowly(request: Numbers, call: Call) -> int:
    """Add numbers and say how far it is."""
    total = 0
    for done, number in enumerate(request.numbers, start=1):
        total += number
        await call.progress(done, len(request.numbers))
    return total


@methods.method("addAsked")
async def add_asked(request: Numbers, call: Call) -> int:
    """Add numbers, each after the caller has confirmed it."""
    assert call.caller is not None
    return sum([number for number in request.numbers if await call.caller.ask("confirm", number, 10)])


@methods.method("echo", binary=True)
async def echo(request: object, call: Call) -> object:
    """Return the payload."""
    return request


def main() -> None:
    settings = KitSettings(host="127.0.0.1", port=0, log_format="json", log_level="debug")
    configure(settings)
    asyncio.run(serve(create_server(Dispatcher(methods), settings), settings))


if __name__ == "__main__":
    main()
