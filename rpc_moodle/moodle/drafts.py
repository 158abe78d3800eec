"""Draft areas: where files are put before something that is saved takes them from there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.files.upload import Upload


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft area of the account, named by ``itemid``.

    ``stored`` gives the bytes of each file in it, ``refused`` says of each other one why it is not.
    """

    itemid: int
    stored: Mapping[str, int]
    refused: Mapping[str, str]


async def upload(moodle: MoodleClient, files: Sequence[Upload], *, into: int = 0, folder: str = "/") -> Draft:
    """Put files into a draft area, a fresh one by default; one that Moodle refuses does not keep the others out.

    Files are streamed from their paths, whatever their size. ``folder`` is where in the area they are put, with a slash
    at both ends. Needs "Can upload files" in the token's service.

    Raises NotDone where Moodle took none of them, AccessDenied for a service without uploads
    (``upload.service_without_upload``), OSError for a file that cannot be read, and any other MoodleError.
    """
    rows = await moodle.upload(*files, itemid=into, folder=folder)
    refused = {row.get("filename", ""): row.get("error") or "refused" for row in rows if "itemid" not in row}
    placed = [row for row in rows if "itemid" in row]
    if not placed:
        reason = next(iter(refused.values()), "it answered with no file at all")
        raise errors.NotDone(f"Moodle took none of the files: {reason}", function="webservice/upload.php")
    stored = {f"{row.get('filepath', '/')}{row.get('filename', '')}".lstrip("/"): row["filesize"] for row in placed}
    return Draft(itemid=placed[0]["itemid"], stored=stored, refused=refused)
