"""Every way of calling every method: with what, and what else than the usual is right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from rpc_moodle.app import METHODS
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.tickets import Tickets
from tests.faults.troubles import BAD, OK, TIMEOUT, UNAVAILABLE, Trouble

KEY = SecretStr("the-key-that-seals-tickets")
COURSE, ESSAY = 2, 8


class Asks(Enum):
    """What a way asks the site for."""

    NOTHING = "nothing"
    FUNCTIONS = "functions"
    FILES = "files"


@dataclass(frozen=True)
class Way:
    """A way of calling a method; ``more`` makes what its payload has besides ids and credentials.

    ``more`` takes the site and the URL of the door that the call knocks at. ``codes``: what is right where a
    trouble, by its name, means something else to it.
    """

    name: str
    event: str
    more: Callable[[Sandbox, str], Mapping[str, Any]] = lambda _sandbox, _url: {}
    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    asks: Asks = Asks.FUNCTIONS

    def payload(self, sandbox: Sandbox, url: str, seconds: float) -> dict[str, Any]:
        """What to send."""
        options = {"url": url, "apiKey": sandbox.token("teacher_full"), "timeoutMs": round(seconds * 1000)}
        return {"courseID": COURSE, "assignmentID": ESSAY, "options": options, **self.more(sandbox, url)}

    def right(self, trouble: Trouble) -> frozenset[str]:
        """The codes that a trouble has to give."""
        if self.asks is Asks.NOTHING or (self.asks is Asks.FILES and trouble.functions_only):
            return OK
        return self.codes.get(trouble.name, trouble.codes)


def files(sandbox: Sandbox, url: str) -> list[str]:
    """The URLs of two submitted files as seen from a door, the first sealed."""
    essay = sandbox.site.by_cmid(ESSAY)
    assert essay is not None
    bare = [
        f"{url}/webservice/pluginfile.php/{essay.contextid}/assignsubmission_file/submission_files/"
        f"{row.id}{quote(file.filepath + file.filename)}"
        for row in essay.submissions.values()
        for file in row.files
    ]
    return [Tickets((KEY,)).seal(bare[0], SecretStr(sandbox.token("teacher_full"))), bare[1]]


DOWNLOAD = "downloadSubmissionsFromUser"
_FILES = {
    "endless body": frozenset({"too_large", "timeout"}),  # of one reply
    "gzip bomb": frozenset({"too_large", "timeout"}),
    "truncated": BAD | TIMEOUT,  # a file is resumed for as long as there is time
    "503 once": OK | UNAVAILABLE,  # the beginning of a file is asked for again only where no answer came
}

WAYS = (
    Way("call", "call", asks=Asks.NOTHING),
    Way("users of course", "getUsersFromCourse"),
    Way("users of assignment", "getUsersFromAssignment"),
    Way("assignments", "getAssignmentInfoFromCourse"),
    Way("submissions", "getSubmissionsInfosFromAssignment"),
    Way("download", DOWNLOAD, lambda *at: {"fileUrls": files(*at)}, _FILES, Asks.FILES),
    Way("download, detailed", DOWNLOAD, lambda *at: {"fileUrls": files(*at), "detailed": True}, _FILES, Asks.FILES),
    Way("download, stream", DOWNLOAD, lambda *at: {"fileUrls": files(*at), "stream": True}, _FILES, Asks.FILES),
    Way("archive", "createSubmissionsArchive"),
)


def missing(ways: Sequence[Way]) -> set[str]:
    """The methods that none of the ways calls, and names that are no method's."""
    return {way.event for way in ways} ^ {method.name for method in METHODS}
