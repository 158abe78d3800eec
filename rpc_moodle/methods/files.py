"""The files of submissions: in a reply, as a stream of events, or as links that HTTP clients open."""

import re
import secrets
from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, model_validator
from typing_extensions import TypedDict
from yarl import URL

from rpc_moodle.downloads.links import ArchiveAccess, ArchiveLinks, CallLinks, FileAccess, FileLinks
from rpc_moodle.downloads.reply import DownloadLimits, FileReport, Wanted, collect, count
from rpc_moodle.downloads.stream import stream
from rpc_moodle.downloads.tree import SubmittedFile, submitted_files
from rpc_moodle.errors import CODES
from rpc_moodle.methods.common import ApiKey, AssignmentRequest, MoodleId, SiteAddress, lifted, moodle_of
from rpc_moodle.moodle import Http, InvalidSite, MoodleClient, MoodleError
from rpc_moodle.transport.unhurried import unhurried
from utils.call import Call
from utils.contract import Options, Request
from utils.errors import CODES as KIT_CODES
from utils.errors import INVALID_REQUEST, PARTIAL_FAILURE, RpcError
from utils.registry import Registry

methods = Registry()


def _reference(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    for name in ("fileurl", "fileUrl", "url"):
        if value.get(name):
            return value[name]
    raise ValueError("must be a URL, or an object with fileurl, fileUrl or url")


FileReference = Annotated[str, BeforeValidator(_reference)]
"""A file URL, or an object that has one as ``fileurl``, ``fileUrl`` or ``url``."""

_Absent = BeforeValidator(lambda value: None if value == "" else value)


class FileOptions(Options):
    """Site and key for file URLs that carry none of their own."""

    url: Annotated[SiteAddress | None, _Absent] = Field(
        default=None,
        validation_alias=AliasChoices("url", "apiUrl"),
        description="The Moodle site's address; when given, all files must be of that site.",
    )
    api_key: Annotated[ApiKey | None, _Absent] = Field(
        default=None,
        validation_alias=AliasChoices("apiKey", "token"),
        description="The token of the Moodle web service, for file URLs without ticket or token.",
    )


class DownloadRequest(Request):
    """Which files to fetch, and how they come."""

    options: FileOptions = FileOptions()
    files: list[FileReference] | None = Field(
        default=None,
        validation_alias=AliasChoices("fileUrls", "submission_infos"),
        description="File URLs, or objects with `fileurl`, `fileUrl` or `url`.",
    )
    course_id: MoodleId | None = Field(
        default=None,
        validation_alias=AliasChoices("courseID", "courseId", "course_id"),
        description="In place of `fileUrls`, with `assignmentID`: the course of an assignment, all of whose "
        "submissions are wanted, online texts included.",
    )
    assignment_id: MoodleId | None = Field(
        default=None,
        validation_alias=AliasChoices("assignmentID", "assignmentId", "assignment_id"),
        description="The number in the assignment page's address.",
    )
    detailed: bool = Field(default=False, description="Report each file with its name, size, type and SHA-1.")
    stream: bool = Field(default=False, description="Send the files as `file` events, any number of any size.")
    stream_id: str | None = Field(
        default=None, max_length=200, description="The `streamId` of the events; without it the service makes one."
    )

    in_options: ClassVar[tuple[str, ...]] = ("courseID", "courseId", "assignmentID", "assignmentId")

    @model_validator(mode="before")
    @classmethod
    def _lift_ids(cls, data: Any) -> Any:
        return lifted(lifted(data, "courseID", "courseId"), "assignmentID", "assignmentId")


class ArchiveLink(TypedDict):
    """Where the ZIP of an assignment is, below the service's address, and what will be in it; ``bytes`` unpacked."""

    path: str
    files: int
    bytes: int


class ArchiveRequest(AssignmentRequest):
    """Whose submissions to pack."""


@methods.method("downloadSubmissionsFromUser", "downloadSubmissionsFromUrl", binary=True)
async def download_submissions_from_user(request: DownloadRequest, call: Call) -> list[bytes] | list[FileReport]:
    """Fetch submitted files, each proven to be the file: as a list of binaries in the order asked.

    ``detailed``: a list of reports instead, with contents; ``stream``: reports without contents, the files
    before it as ``file`` events, each to be acknowledged.
    """
    http, limits = call.shared(Http), call.shared(DownloadLimits)
    links = call.shared(FileLinks)
    if request.stream and call.caller is None:
        raise RpcError(INVALID_REQUEST, "A stream needs a socket to send the files to; leave out stream: true.")
    files = await _asked(request, call, links, limits)
    hosts = sorted({wanted.access.url.host or "" for wanted in files if isinstance(wanted.access, FileAccess)})
    call.note(host=", ".join(hosts[:3]) or None)
    if request.stream and call.caller is not None:
        stream_id = request.stream_id or secrets.token_hex(8)
        reports = await stream(http, files, call.caller, call, stream_id=stream_id, patience=limits.patience)
    else:
        reports = await collect(http, files, limits, call)
    broken: list[dict[str, Any]] = [
        {"index": index, **report} for index, report in enumerate(reports) if "error" in report
    ]
    if broken and not (request.stream or request.detailed):
        raise _refusal(broken, len(reports))
    if broken:
        again = any(report["error"]["retryable"] for report in broken)
        raise RpcError(
            PARTIAL_FAILURE, _sentence(broken, len(reports)), details={"files": broken}, data=reports, retryable=again
        )
    return reports if request.stream or request.detailed else [report["content"] for report in reports]


@methods.method(
    "createSubmissionsArchive",
    needs=["core_enrol_get_enrolled_users", "mod_assign_get_assignments", "mod_assign_get_submissions"],
)
async def create_submissions_archive(request: ArchiveRequest, call: Call) -> ArchiveLink:
    """Give the path of a ZIP of all submitted files of an assignment; an HTTP GET of it streams the ZIP."""
    async with moodle_of(request, call) as moodle:
        files = await submitted_files(moodle, request.course_id, request.assignment_id)
        access = ArchiveAccess(moodle.site, moodle.token, request.course_id, request.assignment_id)
    return {
        "path": f"/archives/{call.shared(ArchiveLinks).seal(access)}",
        "files": len(files),
        "bytes": sum(file.size for file in files),
    }


def _wanted(text: str, options: FileOptions, links: FileLinks) -> Wanted:
    shown = re.sub(r"//[^/@]*@", "//", re.sub(r"(?<=[?&])(?:ws)?token=[^&#]*&?", "", text)).rstrip("?&")
    try:
        access = links.resolve(text, site=URL(options.url) if options.url else None, token=options.api_key)
    except InvalidSite as error:  # in what cannot be read, nobody knows where a token stands
        return Wanted(shown.partition("?")[0], error)
    except (MoodleError, RpcError) as error:
        return Wanted(shown, error)
    return Wanted(shown, access)


async def _asked(request: DownloadRequest, call: Call, links: FileLinks, limits: DownloadLimits) -> list[Wanted]:
    """Find out which files are meant; raises RpcError `too_large` before a ticket is opened."""
    if request.files is None:
        found = await _of_assignment(request, call, links)
        count(found, limits, stream=request.stream)
        return found
    count(request.files, limits, stream=request.stream)
    return [_wanted(text, request.options, links) async for text in unhurried(request.files)]


async def _of_assignment(request: DownloadRequest, call: Call, links: FileLinks) -> list[Wanted]:
    """List all that was submitted to the assignment that the call names in place of files."""
    options = request.options
    needed = {
        "fileUrls": request.course_id or request.assignment_id,
        "courseID": request.course_id,
        "assignmentID": request.assignment_id,
        "options.url": options.url,
        "options.apiKey": options.api_key,
    }
    missing = next((name for name, value in needed.items() if not value), None)
    if missing or not (request.course_id and request.assignment_id and options.url and options.api_key):
        fields = [{"path": missing, "problem": "is missing"}]
        instead = ", or courseID and assignmentID in its place" if missing == "fileUrls" else ""
        text = f"{missing} is missing; add it to the payload{instead}."
        raise RpcError(INVALID_REQUEST, text, details={"fields": fields})
    token = options.api_key
    async with MoodleClient(options.url, token, http=call.shared(Http), remaining=call.deadline.remaining) as moodle:
        found = await submitted_files(moodle, request.course_id, request.assignment_id)
        of_call = links.of(moodle.site, token)
    return [_placed(file, token, of_call) async for file in unhurried(found)]


def _placed(file: SubmittedFile, token: SecretStr, links: CallLinks) -> Wanted:
    if not isinstance(file.source, URL):
        return Wanted("", file.source, file.path)
    return Wanted(links.link(str(file.source)), FileAccess(file.source, token), file.path)


def _refusal(broken: list[dict[str, Any]], total: int) -> RpcError:
    first = broken[0]["error"]["code"]
    code = next(code for code in (*KIT_CODES, *CODES) if code.name == first)
    retryable = all(each["error"]["retryable"] for each in broken)
    return RpcError(code, _sentence(broken, total), details={"files": broken}, retryable=retryable)


def _sentence(broken: list[dict[str, Any]], total: int) -> str:
    first: str = broken[0]["error"]["message"]
    if total == 1:
        return first
    same = all(each["error"]["message"] == first for each in broken)
    return f"{len(broken)} of {total} files could not be fetched{'' if same else '; the first of them'}: {first}"
