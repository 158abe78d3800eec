"""Attacks by names that take their time to resolve."""

import asyncio
import sys
from collections.abc import Sequence
from itertools import count

from rpc_moodle.cli.commands import main
from rpc_moodle.transport import resolver
from tests.attack.frame import Attack, Family, Scene


class SlowNames(resolver.SystemNames):
    """The system's names, and those below ``slow.example``, whose server never answers."""

    async def addresses(self, host: str) -> Sequence[str]:
        if host.endswith(".slow.example"):
            await asyncio.Event().wait()
        return await super().addresses(host)


async def slow_names(scene: Scene, names: int) -> None:
    numbers = count()
    async with scene.caller() as client:

        async def one() -> None:
            while True:
                options = scene.options(f"https://m{next(numbers)}.slow.example")
                reply = await client.call("getUsersFromCourse", {"courseID": 2, "options": options}, seconds=60)
                if not reply["success"] and reply["error"]["code"] == "rate_limited":
                    await asyncio.sleep(0.05)

        await asyncio.gather(*(one() for _ in range(names)))


async def eight(scene: Scene) -> None:
    await slow_names(scene, 8)


async def forty(scene: Scene) -> None:
    await slow_names(scene, 40)


LIMIT = "asynchronous lookups with a deadline, 16 for one caller"
FAMILY = Family(
    "names",
    (Attack("8 slow names", LIMIT, eight), Attack("40 slow names", LIMIT, forty)),
    command=("-m", "tests.attack.names"),
)

if __name__ == "__main__":  # the service, with these names
    resolver.SystemNames = SlowNames  # type: ignore[misc] # nothing else replaces it from outside
    sys.argv[1:] = ["serve"]
    main()
