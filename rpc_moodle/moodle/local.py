"""Functions that a plugin adds to a site, asked where Moodle's own are refused: a partner's token may have no others.

Known is local_wsfunc (``moodle-4.5-wsfunc``). A plugin is a stranger's code: its answers are read by types that want
every key that is taken, and what does not fit is not taken at all. Moodle's own functions come first: they tell more.
"""

from typing import TypeVar

from rpc_moodle.moodle import errors, site
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.wire import Params
from rpc_moodle.transport.allowance import Allowance

T = TypeVar("T")

COURSES = ("local_wsfunc_get_users_courses",)
VISIBLE = ("local_wsfunc_get_visible_courses",)
GRADES = ("local_wsfunc_get_grades",)
LAST_ACCESS = ("local_wsfunc_get_users_lastaccess", "local_wsfunc_get_lastaccess")
USERS = ("local_wsfunc_programpartner_get_users",)
"""What each is called, in the names of all releases of the plugin, the newest first."""

_ABSENT = (errors.FunctionDenied, errors.UnknownFunction)


async def instead(  # noqa: PLR0913 - a call, and what it is in place of
    moodle: MoodleClient,
    refusal: errors.FunctionDenied,
    names: tuple[str, ...],
    params: Params,
    into: type[T],
    *,
    allowance: Allowance | None = None,
) -> T:
    """Return what a plugin's function answers where Moodle's own is not for the token.

    ``allowance`` is what several such calls share.

    A token that may not read what it may call is tried: what it may not call is refused (``core.denied``).

    Raises the refusal where no such function may be called; AccessDenied where it answers in another form; else what
    it says itself, and any other MoodleError.
    """
    for name in await _offered(moodle, names):
        try:
            return await moodle.call(name, params, into=into, read=True, allowance=allowance)
        except _ABSENT:
            continue
        except (errors.AccessDenied, errors.NotFound):
            raise
        except (errors.MoodleException, errors.BadResponse) as strange:
            raise errors.AccessDenied(
                f"Moodle does not let this API key call {refusal.function}, and the site's own {name} gave an answer "
                f"of another form: {str(strange).rstrip('.')}.",
                function=refusal.function,
            ) from None
    raise refusal


async def _offered(moodle: MoodleClient, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the names that the token's list has; all where it may not read the list."""
    try:
        listed = {each.name for each in (await site.info(moodle)).functions}
    except errors.AccessDenied:
        return names
    return tuple(name for name in names if name in listed)
