"""Fuzz everything for a while: ``python -m tests.fuzz SECONDS``; ends with status 1 at the first finding."""

import os
import subprocess
import sys
import time
from importlib.util import find_spec

EXAMPLES = 2000
GUIDED_SECONDS = 60


def run(*arguments: str, **variables: str) -> None:
    """Run Python; raises CalledProcessError when it fails."""
    subprocess.run([sys.executable, *arguments], env=os.environ | variables, check=True)  # noqa: S603 - our own


def main(seconds: float) -> None:
    """Take turns until the time is over: the parser by coverage, then payloads, sites and packets by chance."""
    end = time.monotonic() + seconds
    rounds = 0
    guided = find_spec("atheris") is not None
    if not guided:
        sys.stderr.write("atheris is not installed: the answer parser is fuzzed without looking at coverage.\n")
    while (left := end - time.monotonic()) > 0:
        if guided:
            run("-m", "tests.fuzz.guided", str(max(1, int(min(GUIDED_SECONDS, left / 4)))))
        examples = str(max(20, min(EXAMPLES, int(left * 3))))
        run("-m", "pytest", "-q", "--timeout=0", "tests/fuzz", FUZZ_EXAMPLES=examples)
        rounds += 1
        sys.stdout.write(f"{rounds} rounds, {max(0, end - time.monotonic()):.0f} s left, nothing found\n")


if __name__ == "__main__":
    try:
        main(float(sys.argv[1]))
    except subprocess.CalledProcessError as failed:
        sys.exit(f"Found by: {' '.join(failed.cmd)}")
