"""Every way of calling every method: with what, and what else than the usual is right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr
from yarl import URL

from rpc_moodle.downloads.links import CONTEXT, ArchiveAccess, ArchiveLinks, FileLinks
from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.examples import EXAMPLES, Example
from rpc_moodle.sandbox.work import Grade
from tests.everything import OF_PANEL, PLAIN, PLAIN_READ, PLAIN_WRITE
from tests.faults.troubles import BAD, OK, SHORT, TIMEOUT, TROUBLES, UNAVAILABLE, UNREACHABLE, Door, Trouble
from utils.tickets import Tickets

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
    trouble, by its name, means something else to it. ``struck``: the pattern of the functions that a fault strikes.
    ``first``: a way that is gone before, at the healthy site. ``least``: seconds that it
    needs to get as far as the fault. ``untrue``: finds what a reply says that is not so. ``example`` is what is called
    in place of the ids and ``more``; ``once``, whether what is done cannot be done again.
    """

    name: str
    event: str
    more: Callable[[Sandbox, str], Mapping[str, Any]] = lambda _sandbox, _url: {}
    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    asks: Asks = Asks.FUNCTIONS
    struck: str = "*"
    first: "Way | None" = None
    least: float = 0
    untrue: Callable[[Sandbox, Mapping[str, Any]], list[str]] = lambda _sandbox, _reply: []
    example: Example | None = None
    once: bool = False

    def payload(self, sandbox: Sandbox, url: str, seconds: float) -> dict[str, Any]:
        """What to send."""
        who = self.example.who if self.example else "teacher_full"
        timeout = round(1000 * max(seconds, self.least))
        options = {"url": url, "apiKey": sandbox.token(who), "timeoutMs": timeout}
        if self.example:
            return {**self.example.at(url), "options": options}
        ids = {} if self.event.startswith("moopanel.") else {"courseID": COURSE, "assignmentID": ESSAY}
        return {**ids, "options": options, **self.more(sandbox, url)}

    @property
    def path(self) -> Callable[[Sandbox, str], str] | None:
        """For a way over plain HTTP: what makes the path to get."""
        return _PATHS.get(self.event)

    def meets(self, trouble: Trouble) -> bool:
        """Whether it can be tried: over HTTP it is the client who decides how long to wait for what never ends."""
        return self.path is None or not (trouble.seconds == SHORT or trouble.heavy)

    def leaves_a_write(self, trouble: Trouble) -> bool:
        """Whether a write may still hang at the site when the call is over; the next to the assignment waits for it."""
        return self.struck == SAVES and trouble.seconds == SHORT

    def right(self, trouble: Trouble) -> frozenset[str]:
        """The codes that a trouble has to give."""
        codes = self.codes.get(trouble.name)
        if self.struck == SAVES and trouble.door is Door.OPEN:
            return (codes or trouble.codes) | WRITTEN
        if self.asks is Asks.NOTHING or (self.asks is Asks.FILES and trouble.functions_only):
            return codes or OK
        return codes or trouble.codes


def _tickets() -> Tickets:
    return Tickets((KEY,), context=CONTEXT)


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
    return [FileLinks(_tickets()).of(URL(url), SecretStr(sandbox.token("teacher_full"))).link(bare[0]), bare[1]]


DOWNLOAD = "downloadSubmissionsFromUser"
_FILES = {
    "endless body": frozenset({"too_large", "timeout"}),  # of one reply
    "gzip bomb": frozenset({"too_large", "timeout"}),
    "truncated": BAD | TIMEOUT,  # a file is resumed for as long as there is time
}

BROKEN = "broken off"
"""What stands for the code where bytes have been sent already: HTTP can then only break off."""


def _file_path(sandbox: Sandbox, url: str) -> str:
    return "/files/" + URL(files(sandbox, url)[0]).query["ticket"]


def _archive_path(sandbox: Sandbox, url: str) -> str:
    access = ArchiveAccess(URL(url), SecretStr(sandbox.token("teacher_full")), COURSE, ESSAY)
    return "/archives/" + ArchiveLinks(_tickets()).seal(access)


_PATHS: Mapping[str, Callable[[Sandbox, str], str]] = {"GET /files": _file_path, "GET /archives": _archive_path}
_SENT = {"truncated": frozenset({BROKEN})}

SAVES = "mod_assign_save_grade*"
WRITTEN = OK | TIMEOUT | frozenset({"outcome_unknown"})
"""What may become of a write besides the fault's own code: what was read back decides, and the time."""

DONE = frozenset({"moodle_error"})
"""What Moodle says of what was done already."""

TEXTS = {5: "A new comment for a graded user.", 9: "A comment for a user without any grade."}
POINTS = {5: 41.5, 9: 62.0}


def _untrue(stored: Callable[[Grade, int], bool], sandbox: Sandbox, reply: Mapping[str, Any]) -> list[str]:
    """Compare a report, if a reply has one, with what the site stores."""
    essay = sandbox.site.by_cmid(ESSAY)
    assert essay is not None
    problems = []
    for row in (reply.get("data") or {}).get("results", ()):
        grade = essay.grades.get((row["extId"], 0))
        there = grade is not None and stored(grade, row["extId"])
        if row["status"] == "failed" and there and row["code"] not in WRITTEN:
            problems.append(f"said to have failed, and is stored: {row}")
        if row["status"] != "failed" and not there:
            problems.append(f"said to be published, and is not: {row}")
    return problems


def _text_stored(grade: Grade, userid: int) -> bool:
    return grade.comment is not None and TEXTS[userid] in grade.comment.text


def _grade_stored(grade: Grade, userid: int) -> bool:
    return grade.grade == POINTS[userid]


_NOT_AGAIN = {"reset once": UNREACHABLE}  # a write of which nobody knows what became of it is not sent again
BACKUPS = "moopanel.createBackups"
_ONCE = {"reset once": UNREACHABLE, "503 once": UNAVAILABLE}
_OTHER_SITE = {"certificate": frozenset({"not_found"}), "nothing listens": frozenset({"not_found"})}

_TOLD = {each.name: OK | (each.codes & TIMEOUT) for each in TROUBLES}  # that a site fails is what was asked for

_FEEDBACK = Way(
    "feedback",
    "publishAssignmentTextFeedback",
    lambda *_: {"feedback": [{"extId": user, "text": text} for user, text in TEXTS.items()], "progressId": "p"},
    untrue=partial(_untrue, _text_stored),
)
_GRADES = Way(
    "grades",
    "publishGrades",
    lambda *_: {"grades": [{"extId": user, "grade": points} for user, points in POINTS.items()]},
    untrue=partial(_untrue, _grade_stored),
)
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
    _FEEDBACK,
    replace(_FEEDBACK, name="feedback, its writes", struck=SAVES, codes=_NOT_AGAIN, least=1.3),
    _GRADES,
    replace(_GRADES, name="grades, their writes", struck=SAVES, codes=_NOT_AGAIN, least=1.3),
    Way("a plain read", PLAIN_READ),
    Way("a plain write", PLAIN_WRITE, lambda *_: {"userIDs": [9]}),
    Way("setup", "checkSetup", codes=_TOLD),
    Way("publication", "getPublication", lambda *_: {"progressId": "p"}, _OTHER_SITE, Asks.NOTHING, first=_FEEDBACK),
    Way("panel, reading", "moopanel.getUsers"),
    Way("panel, writing", BACKUPS, lambda *_: EXAMPLES[BACKUPS].payload, _ONCE, struck="moopanel/backups"),
    Way("panel, subscribing", "moopanel.subscribe", lambda *_: EXAMPLES["moopanel.subscribe"].payload),
    Way("file by HTTP", "GET /files", codes=_SENT, asks=Asks.FILES),
    Way("archive by HTTP", "GET /archives"),
)
"""Those that are gone whenever the tests are run: of the plain methods, one that reads and one that writes."""


def _plain(event: str, struck: str = "*") -> Way:
    codes = _ONCE if struck != "*" or event in _AT_ONCE else {}
    name = event if struck == "*" else f"{event}, its write"
    return Way(name, event, codes=codes, struck=struck, example=EXAMPLES[event], once=event in _ONE_TIME)


_AT_ONCE = {"overrideCompletion"}
"""Those that write without having read, so that the first fault strikes the write."""

_ONE_TIME = {"submitSubmission", "removeSubmission", "revertSubmissions"}

EVERY = (
    *WAYS,
    *(_plain(event) for event in sorted(PLAIN - {PLAIN_READ, PLAIN_WRITE})),
    _plain("saveSubmission", "mod_assign_save_submission"),
    _plain("setExtensions", "mod_assign_save_user_extensions"),
)
"""Those of ``make faults``: besides, each plain method by itself."""


def missing(ways: Sequence[Way]) -> set[str]:
    """The methods that none of the ways calls, and names that are no method's.

    All of MooPanel's go through one function that reads and one that writes.
    """
    return ({way.event for way in ways if way.path is None} | OF_PANEL) ^ {method.name for method in METHODS}
