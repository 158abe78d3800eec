"""Reports of publications in a folder, where they outlive the process: what became of whom, no text and no key."""

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from rpc_moodle.moodle.publishing import Code, Outcome, Report, Result

_MESSAGE_LENGTH = 500
_MESSAGE_OF_A_FAILED_CALL = "The request failed, and as far as could be seen nothing was stored; call again."
"""In place of what Moodle said, which may hold a part of what was sent."""


class ReportFiles:
    """A folder with one file per report, named by a digest that only site, key and the caller's name lead to.

    ``seconds`` is how long a report is kept, ``capacity`` how many are; the oldest make room.
    """

    def __init__(
        self, folder: Path, *, seconds: float = 3600, capacity: int = 1000, clock: Callable[[], float] = time.time
    ) -> None:
        """Take the folder, which is made where there is none; raises OSError where it cannot be written to."""
        self._folder = folder
        self._seconds = seconds
        self._capacity = capacity
        self._clock = clock
        self._log = structlog.get_logger("rpc_moodle.reports")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(folder / ".probe", "")
        (folder / ".probe").unlink()

    def keep(self, name: bytes, report: Report) -> None:
        """Write a report; a folder that cannot be written to is noted in the log, as the publication is done."""
        rows = [_row(result) for result in report.results]
        text = json.dumps({"expires": self._clock() + self._seconds, "results": rows})
        try:
            self._write(self._path(name), text)
            self._forget()
        except OSError as error:
            self._log.warning("report_not_kept", reason=type(error).__name__)

    def find(self, name: bytes) -> Report | None:
        """Read a report; None where there is none, or none any more."""
        try:
            found = json.loads(self._path(name).read_text(encoding="utf-8"))
            if found["expires"] <= self._clock():
                return None
            return Report([_result(row) for row in found["results"]])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._log.warning("report_not_read", reason=type(error).__name__)
            return None

    def _path(self, name: bytes) -> Path:
        return self._folder / f"{name.hex()}.json"

    def _write(self, path: Path, text: str) -> None:
        """Write a file whole or not at all, for this account's eyes alone."""
        part = path.with_suffix(f".{os.getpid()}.part")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - with its mode from the start
            file.write(text)
        part.replace(path)

    def _forget(self) -> None:
        """Remove what is too old, and the oldest while there are too many."""
        paths = sorted(self._folder.glob("*.json"), key=_age)
        for number, path in enumerate(paths):
            if len(paths) - number > self._capacity or _age(path) < self._clock() - self._seconds:
                path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _row(result: Result) -> Mapping[str, object]:
    message = _MESSAGE_OF_A_FAILED_CALL if result.code is Code.CALL_FAILED else result.message[:_MESSAGE_LENGTH]
    return {
        "user": result.user_id,
        "outcome": result.outcome,
        "code": result.code,
        "message": message,
        "via": result.via,
    }


def _result(row: Mapping[str, object]) -> Result:
    user, via = row["user"], row["via"]
    if not isinstance(user, int) or not (via is None or isinstance(via, int)):
        raise TypeError("no report")
    return Result(user, Outcome(str(row["outcome"])), Code(str(row["code"])), str(row["message"]), via=via)
