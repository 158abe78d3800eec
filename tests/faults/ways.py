"""Every way of calling every method: with what, and what else than the usual is right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr
from yarl import URL

from rpc_moodle.app import METHODS
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.tickets import ArchiveAccess, Tickets
from tests.faults.troubles import BAD, OK, SHORT, TIMEOUT, UNAVAILABLE, Trouble

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

    @property
    def path(self) -> Callable[[Sandbox, str], str] | None:
        """For a way over plain HTTP: what makes the path to get."""
        return _PATHS.get(self.event)

    def meets(self, trouble: Trouble) -> bool:
        """Whether it can be tried: over HTTP it is the client who decides how long to wait for what never ends."""
        if self.event == "GET /archives" and trouble.wait is not None:
            return False  # see test_a_client_of_an_archive_does_not_wait_as_long_as_the_site_says
        return self.path is None or not (trouble.seconds == SHORT or trouble.heavy)

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

BROKEN = "broken off"
"""What stands for the code where bytes have been sent already: HTTP can then only break off."""


def _file_path(sandbox: Sandbox, url: str) -> str:
    return "/files/" + URL(files(sandbox, url)[0]).query["ticket"]


def _archive_path(sandbox: Sandbox, url: str) -> str:
    access = ArchiveAccess(URL(url), SecretStr(sandbox.token("teacher_full")), COURSE, ESSAY)
    return "/archives/" + Tickets((KEY,)).seal_archive(access)


_PATHS: Mapping[str, Callable[[Sandbox, str], str]] = {"GET /files": _file_path, "GET /archives": _archive_path}
_SENT = {"truncated": frozenset({BROKEN}), "503 once": OK | UNAVAILABLE}

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
    Way("file by HTTP", "GET /files", codes=_SENT, asks=Asks.FILES),
    Way("archive by HTTP", "GET /archives"),
)


def missing(ways: Sequence[Way]) -> set[str]:
    """The methods that none of the ways calls, and names that are no method's."""
    return {way.event for way in ways if way.path is None} ^ {method.name for method in METHODS}
