"""Every error as a caller reads it: ``python -m tests.errors``."""

import asyncio
import io
import sys
import textwrap

from tests.errors.triggers import all_of
from utils.logs import configure
from utils.settings import KitSettings


def main() -> int:
    """Print what was done, the code, whether calling again can help, and the sentence; 1 where a code is another."""
    configure(KitSettings(log_level="error"), stream=io.StringIO())  # of the bug that is made
    wrong = 0
    for case, reply in asyncio.run(all_of()):
        error = reply.get("error") or {"code": "ok", "retryable": False}
        wrong += error["code"] != case.code
        again = ", again" if error["retryable"] else ""
        odd = "" if error["code"] == case.code else f"   EXPECTED {case.code}"
        sys.stdout.write(f"{case.done}  [{error['code']}{again}]{odd}\n")
        said = textwrap.fill(str(reply.get("message", reply.get("data"))), 110)
        sys.stdout.write(textwrap.indent(said, "    ") + "\n")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
