"""Asking a site what a token can do there: as far as it may, and without changing anything."""

from collections.abc import Iterable

from rpc_moodle.moodle import assignments, errors, site
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.diagnosis import Facts
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.wire import Params
from rpc_moodle.transport.gather import together

_INFO = "core_webservice_get_site_info"
_LOGIN, _UPLOAD, _FILE = "login/token.php", "webservice/upload.php", "webservice/pluginfile.php/1/user/icon/none"


async def examine(
    moodle: MoodleClient, wanted: Iterable[str], *, course_id: int | None = None, cmid: int | None = None
) -> Facts:
    """Find out which of the wanted functions a token may call, and what is refused in a course and an assignment.

    A token that may not ask what it may call is tried out: Moodle refuses a function that is not in the service before
    it looks at the parameters, so a call without any changes nothing and tells the two apart.

    Never raises a MoodleError: what goes wrong is what was asked for.
    """
    names = frozenset(wanted)
    try:
        info = await site.info(moodle)
    except errors.FunctionDenied as denied:
        return await _by_trying(moodle, names, denied, course_id, cmid)
    except errors.MoodleError as refusal:
        return Facts(
            str(moodle.site.origin()),
            moodle.site.scheme == "https",
            refusal,
            webservices=await _webservices(moodle) if isinstance(refusal, errors.SiteUnavailable) else None,
        )
    known = frozenset(each.name for each in info.functions)
    tried = await _tried(moodle, names - known)
    return Facts(
        str(moodle.site.origin()),
        moodle.site.scheme == "https",
        info=info,
        webservices=True,
        functions=known,
        absent=frozenset(name for name, error in tried.items() if isinstance(error, errors.UnknownFunction)),
        downloads=info.downloadfiles,
        uploads=info.uploadfiles,
        refused=await _refused(moodle, known, course_id, cmid),
    )


async def _by_trying(
    moodle: MoodleClient,
    names: frozenset[str],
    denied: errors.MoodleError,
    course_id: int | None,
    cmid: int | None,
) -> Facts:
    tried = await _tried(moodle, names - {_INFO})
    last = next((error for error in tried.values() if isinstance(error, errors.InvalidToken)), None)
    known = frozenset(name for name, error in tried.items() if not _keeps_out(error))
    return Facts(
        str(moodle.site.origin()),
        moodle.site.scheme == "https",
        refusal=(last or denied) if not known else None,
        webservices=True,
        functions=known,
        absent=frozenset(name for name, error in tried.items() if isinstance(error, errors.UnknownFunction)),
        downloads=await _script(moodle, _FILE) if known else None,
        uploads=await _script(moodle, _UPLOAD) if known else None,
        refused=await _refused(moodle, known, course_id, cmid) if known else {},
    )


def _keeps_out(error: errors.MoodleError | None) -> bool:
    kinds = (errors.FunctionDenied, errors.UnknownFunction, errors.InvalidToken)
    return isinstance(error, kinds) or (error is not None and not isinstance(error, errors.MoodleException))


async def _tried(moodle: MoodleClient, names: Iterable[str]) -> dict[str, errors.MoodleError | None]:
    """Call functions without parameters, which does nothing, and return how each was refused."""
    wanted = sorted(names)
    return dict(zip(wanted, await together(_refusal(moodle, name, {}) for name in wanted), strict=True))


async def _refusal(moodle: MoodleClient, function: str, params: Params) -> errors.MoodleError | None:
    try:
        await moodle.call(function, params, fresh=True)
    except errors.MoodleError as error:
        return error
    return None


async def _script(moodle: MoodleClient, path: str) -> bool | None:
    """Tell whether the token's service may use a script: the refusal of one that may not comes first."""
    try:
        await moodle.script(path, [("token", moodle.token)], read=True)
    except errors.AccessDenied:
        return False
    except errors.MoodleException:
        return True
    except errors.MoodleError:
        return None
    return True


async def _webservices(moodle: MoodleClient) -> bool | None:
    """Tell whether web services are on where REST is not: the login script says so to everybody."""
    try:
        await moodle.script(_LOGIN, [("service", "none")], read=True)
    except errors.SiteUnavailable as down:
        return False if "403" not in str(down) and not isinstance(down, errors.ServerFault) else None
    except errors.MoodleException:
        return True
    except errors.MoodleError:
        return None
    return None


async def _refused(
    moodle: MoodleClient, known: frozenset[str], course_id: int | None, cmid: int | None
) -> dict[str, errors.MoodleError]:
    """Ask what the methods would ask about a course and an assignment, and return what was refused."""
    if course_id is None:
        return {}
    asked: dict[str, Params] = {
        "core_enrol_get_enrolled_users": {
            "courseid": course_id,
            "options": [{"name": "userfields", "value": "id"}, {"name": "limitnumber", "value": "1"}],
        },
        "core_group_get_course_groups": {"courseid": course_id},
        "gradereport_user_get_grade_items": {"courseid": course_id, "userid": 0},
    }
    found: dict[str, errors.MoodleError] = {}
    if cmid is not None and "mod_assign_get_assignments" in known:
        try:
            assignment = await assignments.assignment(moodle, course_id, cmid)
        except errors.MoodleError as error:
            found["mod_assign_get_assignments"] = error
        else:
            asked |= _about(assignment)
    names = [name for name in asked if name in known]
    told = await together(_warned(moodle, name, asked[name]) for name in names)
    return found | {name: error for name, error in zip(names, told, strict=True) if error is not None}


def _about(assignment: Assignment) -> dict[str, Params]:
    several: Params = {"assignmentids": [assignment.id]}
    return {
        "mod_assign_get_submissions": several,
        "mod_assign_get_grades": several,
        "mod_assign_get_user_flags": several,
        "mod_assign_get_user_mappings": several,
        "mod_assign_list_participants": {"assignid": assignment.id, "groupid": 0, "filter": "", "onlyids": True},
    }


async def _warned(moodle: MoodleClient, function: str, params: Params) -> errors.MoodleError | None:
    """Return how a call was refused, by an error or by the warning 1 that Moodle gives in place of one."""
    try:
        answer = await moodle.call(function, params, fresh=True)
    except errors.MoodleError as error:
        return error
    warnings = answer.get("warnings") if isinstance(answer, dict) else None
    told = warnings if isinstance(warnings, list) else []
    if any(isinstance(each, dict) and each.get("warningcode") == "1" for each in told):
        return errors.CapabilityDenied("No access rights in the assignment", function=function)
    return None
