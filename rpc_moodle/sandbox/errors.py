"""Moodle's errors as data: the error code is the meaning, class name and shape depend on release and endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RELOCATED = frozenset(
    {
        "coding_exception",
        "invalid_parameter_exception",
        "invalid_response_exception",
        "moodle_exception",
        "require_login_exception",
        "required_capability_exception",
    }
)
"""Classes that Moodle 4.5 moved into the namespace ``core\\exception`` (``token.unknown`` of both recordings)."""


@dataclass
class MoodleError(Exception):
    """A refusal, as Moodle reports it: always HTTP 200, except where ``status`` says otherwise (``file.missing``).

    A fault of PHP itself has no ``errorcode`` (``visible.empty``).
    """

    kind: str
    errorcode: str
    message: str
    status: int = 200

    def for_service(self, release: str) -> dict[str, Any]:
        """Give the shape of the REST server: ``{exception, errorcode, message}``."""
        moved = self.kind in RELOCATED and not release.startswith("4.4")
        return {
            "exception": f"core\\exception\\{self.kind}" if moved else self.kind,
            **({"errorcode": self.errorcode} if self.errorcode else {}),
            "message": self.message,
        }

    def for_script(self) -> dict[str, Any]:
        """Give the shape of login/token.php and webservice/pluginfile.php: ``{error, errorcode, stacktrace, …}``."""
        return {
            "error": self.message,
            "errorcode": self.errorcode,
            "stacktrace": None,
            "debuginfo": None,
            "reproductionlink": None,
        }


def access_denied() -> MoodleError:
    """Refuse a function outside the service, an expired token or a wrong address, in the same words (``token.*``)."""
    return MoodleError("webservice_access_exception", "accessexception", "Access control exception")


def invalid_token() -> MoodleError:
    """Refuse a token that nobody has (``token.unknown``)."""
    return MoodleError("moodle_exception", "invalidtoken", "Invalid token - token not found")


def invalid_parameter() -> MoodleError:
    """Refuse a parameter that is missing, unexpected or of the wrong type (``users.course.bad_id``)."""
    return MoodleError("invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected")


def missing_record(table: str) -> MoodleError:
    """Report that there is no such row (``save.unknown_assignment``)."""
    message = f"Can't find data record in database table {table}."
    return MoodleError("dml_missing_record_exception", "invalidrecord", message)


def not_written() -> MoodleError:
    """Report that the database has refused a write (seen on Moodle 4.5 where a comment is to be replaced by none)."""
    return MoodleError("dml_write_exception", "dmlwriteexception", "Error writing to database")


def unreadable_response() -> MoodleError:
    """Report an answer that Moodle itself finds invalid (``scale_markup.module``)."""
    return MoodleError("invalid_response_exception", "invalidresponse", "Invalid response value detected")


def grades_not_visible() -> MoodleError:
    """Refuse somebody else's grades (``grades.items.other_as_student``)."""
    return MoodleError("moodle_exception", "nopermissiontoviewgrades", "Cannot view grades.")


def missing_unknown_record() -> MoodleError:
    """Report the same without naming the table (``course.module_unknown``; an unknown course on Moodle 5.0)."""
    message = "Can't find data record in database."
    return MoodleError("dml_missing_record_exception", "invalidrecordunknown", message)


def missing_user() -> MoodleError:
    """Report that there is no such user (``status.unknown_user``)."""
    return MoodleError("dml_missing_record_exception", "invaliduser", "Invalid user")


def no_permission(capability: str) -> MoodleError:
    """Refuse for lack of a capability, given by its readable name (``save.as_student``)."""
    message = f"Sorry, but you do not currently have permissions to do that ({capability})."
    return MoodleError("required_capability_exception", "nopermissions", message)


def sees_nobody() -> MoodleError:
    """Refuse who may see no grades: without the right, or in no group where groups are separate (live 4.5)."""
    return MoodleError("required_capability_exception", "nopermission", "error/nopermission")


def course_not_accessible(course_id: int) -> MoodleError:
    """Refuse a course that the caller may not enter (``users.course.notenrolled``)."""
    message = (
        f"You cannot execute functions in the course context (course id:{course_id}). "
        "The context error message was: Course or activity not accessible."
    )
    return MoodleError("moodle_exception", "errorcoursecontextnotvalid", message)


def login_required() -> MoodleError:
    """Refuse an activity that the caller may not enter."""
    return MoodleError("require_login_exception", "requireloginerror", "Course or activity not accessible.")


def missing_argument(name: str) -> MoodleError:
    """Report that a script's own parameter is missing (``login.missing``, ``file.no_token``)."""
    return MoodleError("moodle_exception", "missingparam", f"A required parameter ({name}) was missing")


def file_not_found() -> MoodleError:
    """Report that there is no such file, or not for this user (``file.missing``, ``file.of_other_student``)."""
    return MoodleError("moodle_exception", "filenotfound", "Sorry, the requested file could not be found", status=404)


def maintenance() -> MoodleError:
    """Refuse because maintenance mode was set on the web page (``site.maintenance_web``)."""
    message = "The site is undergoing maintenance and is currently not available"
    return MoodleError("moodle_exception", "sitemaintenance", message)
