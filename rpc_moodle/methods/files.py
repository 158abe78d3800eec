"""The files of submissions: in a reply, as a stream of events, or as links that HTTP clients open."""

import asyncio
import re
import secrets
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field
from typing_extensions import TypedDict
from yarl import URL

from rpc_moodle.downloads.links import ArchiveAccess, ArchiveLinks, FileLinks
from rpc_moodle.downloads.reply import DownloadLimits, FileReport, Wanted, collect, count
from rpc_moodle.downloads.stream import stream
from rpc_moodle.downloads.tree import submitted_files
from rpc_moodle.errors import CODES
from rpc_moodle.methods.common import ApiKey, AssignmentRequest, SiteAddress, moodle_of
from rpc_moodle.moodle import Http, InvalidSite, MoodleError
from utils.call import Call
from utils.contract import Options, Request
from utils.errors import CODES as KIT_CODES
from utils.errors import INVALID_REQUEST, PARTIAL_FAILURE, RpcError
from utils.registry import Registry

methods = Registry()

_SLICE = 20
"""Tickets after which others get their turn."""


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
    files: list[FileReference] = Field(
        validation_alias=AliasChoices("submission_infos", "fileUrls"),
        description="File URLs, or objects with `fileurl`, `fileUrl` or `url`.",
    )
    detailed: bool = Field(default=False, description="Report each file with its name, size, type and SHA-1.")
    stream: bool = Field(default=False, description="Send the files as `file` events, any number of any size.")
    stream_id: str | None = Field(
        default=None, max_length=200, description="The `streamId` of the events; without it the service makes one."
    )


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
    count(request.files, limits, stream=request.stream)
    files = []
    for number, text in enumerate(request.files, 1):
        files.append(_wanted(text, request.options, links))
        if number % _SLICE == 0:
            await asyncio.sleep(0)  # opening tickets never waits by itself
    if request.stream:
        if call.caller is None:
            raise RpcError(INVALID_REQUEST, "A stream needs a socket to send the files to; leave out stream: true.")
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


@methods.method("createSubmissionsArchive")
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


def _refusal(broken: list[dict[str, Any]], total: int) -> RpcError:
    first = broken[0]["error"]["code"]
    code = next(code for code in (*KIT_CODES, *CODES) if code.name == first)
    retryable = all(each["error"]["retryable"] for each in broken)
    return RpcError(code, _sentence(broken, total), details={"files": broken}, retryable=retryable)


def _sentence(broken: list[dict[str, Any]], total: int) -> str:
    first = broken[0]["error"]["message"]
    return first if total == 1 else f"{len(broken)} of {total} files could not be fetched; the first of them: {first}"
