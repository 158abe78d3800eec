"""What is reported of one user's files, and why they are refused; decided without I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.feedback_files import Arrangement, Placed, There, gone
from rpc_moodle.moodle.publishing.report import Code, FileResult, FileState, Outcome, Result

_UPLOAD = "webservice/upload.php"
_MAY_NOT_UPLOAD = (
    'The API key may not upload files: an administrator has to switch on "Can upload files" in its web service '
    "(Site administration, Server, Web services, External services, Edit, Show more)."
)
_UNKNOWN = (
    "There may be feedback files that cannot be read, and giving others would remove them: "
    'enable mod_assign_get_submission_status and "Can download files" in the web service of the API key, release the '
    "feedback where the marking workflow holds it back, or pass replaceFiles."
)


@dataclass
class Attached:
    """The files of one entry on their way: ``there`` are those before, None where nobody can read them.

    ``expected`` is what the draft area holds, by path: bytes and SHA-1; empty where nothing has to be written.
    ``seen`` says that the caller's files were seen to be there although nothing lists them.
    """

    entry: Entry
    arrangement: Arrangement
    there: tuple[There, ...] | None
    seen: bool = False
    expected: dict[str, tuple[int, str]] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict)

    @property
    def mine(self) -> tuple[Placed, ...]:
        """The caller's files, as they are to be there."""
        return (*self.arrangement.unchanged, *self.arrangement.added)

    @property
    def changes(self) -> bool:
        """Whether files have to be written; where nothing tells which are there, they have."""
        return self.arrangement.changes or (self.there is None and not self.seen)

    @property
    def attempt(self) -> int:
        """The attempt whose files they are."""
        return self.entry.attempt or 0

    def begin(self) -> None:
        """Forget what a draft area holds that was not filled to its end."""
        self.expected.clear()
        self._paths.clear()

    def is_to_be(self, path: str, size: int, sha1: str, *, instead_of: str) -> None:
        """Note what a file is in the draft area, where Moodle may have given it another path than was asked for."""
        self.expected[path] = size, sha1
        self._paths[instead_of] = path

    def told(self, result: Result) -> Result:
        """Add the files to a result of which nothing was written: those that are there, and those that would be."""
        planned = FileState.PLANNED if result.code is Code.DRY_RUN else FileState.UNCHANGED
        states = {each.path: planned for each in self.arrangement.added}
        return self._with_files(result, states)

    def settled(self, result: Result, there: Sequence[There] | None, proofs: Mapping[str, bool | None]) -> Result:
        """Say what became of the files that were written, told from what is listed afterwards.

        ``proofs``: by path, whether the site says that its SHA-1 is that of what was sent; None where nobody can tell.
        """
        missing = (
            set() if there is None else set(gone({path: size for path, (size, _) in self.expected.items()}, there))
        )
        missing |= {path for path, proof in proofs.items() if proof is False}
        states = {each.path: self._state(each, missing, proofs) for each in self.mine}
        result = self._with_files(result, states)
        if result.outcome is Outcome.FAILED:
            return result
        kept = [path for each in self.arrangement.kept if (path := self._paths.get(each.path, each.path)) in missing]
        lost = [each.name for each in self.mine if states[each.path] is FileState.NOT_STORED]
        if kept:
            said = (
                f"Files that were there before are others now, or gone: {_named(kept)}. Somebody may have changed them."
            )
            return replace(result, outcome=Outcome.FAILED, code=Code.CHANGED_MEANWHILE, message=said)
        if lost:
            said = f"Moodle took the files and did not store them as they were sent: {_named(lost)}."
            return replace(result, outcome=Outcome.FAILED, code=Code.NOT_STORED, message=said)
        if FileState.NOT_VERIFIED in states.values():
            said = "Moodle gives no way to read the files back with this API key, or before the workflow releases them."
            return replace(result, code=Code.NOT_VERIFIED, message=said)
        return result

    def _state(self, placed: Placed, missing: set[str], proofs: Mapping[str, bool | None]) -> FileState:
        path = self._paths.get(placed.path, placed.path)
        if path in missing:
            return FileState.NOT_STORED
        if not proofs.get(path):
            return FileState.NOT_VERIFIED
        return FileState.UNCHANGED if placed in self.arrangement.unchanged else FileState.STORED

    def _with_files(self, result: Result, states: Mapping[str, FileState]) -> Result:
        files = tuple(
            FileResult(
                each.held.given,
                self._paths.get(each.path, each.path).removeprefix("/"),
                each.held.size,
                each.held.sha1,
                states.get(each.path, FileState.UNCHANGED),
            )
            for each in self.mine
        )
        change = result.change
        if change is not None:
            before = None if self.there is None else tuple(sorted(file.path for file in self.there))
            change = replace(
                change,
                before=replace(change.before, files=before),
                after=replace(change.after, files=tuple(self.arrangement.paths)),
            )
        return replace(result, files=files, change=change)


def refusal(assignment: Assignment, entry: Entry, *, uploads: bool | None) -> Result | None:
    """Refuse files that cannot be given whatever is stored; ``uploads`` None is a key of which nothing tells."""
    if not entry.files:
        return None
    if not assignment.has("assignfeedback", "file"):
        text = (
            "Feedback files are switched off in the assignment: switch on Feedback files under Feedback types in its "
            "settings."
        )
        return _failed(entry, Code.FILES_DISABLED, text)
    return _failed(entry, Code.MAY_NOT_UPLOAD, _MAY_NOT_UPLOAD) if uploads is False else None


def refused(entry: Entry, error: errors.MoodleError) -> Result | None:
    """Return the failure that an error of an upload or a download is, None for any other."""
    if not isinstance(error, errors.AccessDenied):
        return None
    if error.function == _UPLOAD:
        return _failed(entry, Code.MAY_NOT_UPLOAD, _MAY_NOT_UPLOAD)
    return unknown(entry) if error.function.startswith("webservice/pluginfile.php") else None


def unknown(entry: Entry) -> Result:
    """Refuse files beside others that cannot be read and so not be kept."""
    return _failed(entry, Code.FILES_UNKNOWN, _UNKNOWN)


def unreadable(entry: Entry, number: int, error: Exception) -> Result:
    """Refuse files of which one, counted from 0, does not come."""
    reason = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
    field = f"files.{number}.content ({entry.files[number].name})"
    return _failed(entry, Code.INVALID_ENTRY, f"{field} cannot be read: {reason[:200] or type(error).__name__}.")


def too_large(entry: Entry, arrangement: Arrangement, limit: int) -> Result:
    """Refuse files of which Moodle would leave some out: those of the caller, or those that are there already."""
    sizes = [(each.name, each.held.size) for each in (*arrangement.unchanged, *arrangement.added)]
    sizes += [(file.name, file.size) for file in arrangement.kept]
    names = [name for name, size in sizes if size > limit]
    text = f"The course or the site takes files of {limit:,} bytes at most, and Moodle leaves larger ones out: "
    return _failed(entry, Code.FILE_TOO_LARGE, f"{text}{_named(names)}.")


def file_refused(entry: Entry, error: errors.NotDone) -> Result:
    """Report that Moodle did not take a file; nothing was written."""
    return _failed(entry, Code.FILE_REFUSED, f"{error} Nothing was written.")


def renamed(entry: Entry, file: There) -> Result:
    """Refuse files beside one that Moodle has and would no longer take under its name."""
    text = (
        f"{file.path.removeprefix('/')} is there, and its name has characters that Moodle takes out of uploads, so "
        "that it could not stay as it is: rename it in Moodle, or pass replaceFiles. Nothing was written."
    )
    return _failed(entry, Code.FILE_REFUSED, text)


def changed_meanwhile(entry: Entry) -> Result:
    """Refuse to write over files that came or went while the others were uploaded."""
    text = "The user's files changed while the others were uploaded, and nothing was written; call again."
    return _failed(entry, Code.CHANGED_MEANWHILE, text)


def _failed(entry: Entry, code: Code, message: str) -> Result:
    return Result(entry.user_id, Outcome.FAILED, code, message, participant=entry.participant)


def _named(names: Iterable[str]) -> str:
    return ", ".join(name.removeprefix("/") for name in names)
