"""Any function of a site, by its name."""

from typing import Any

from rpc_moodle.moodle import errors, site
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.wire import Params

_NO_RECORD = frozenset({"invalidrecord", "invalidrecordunknown"})


async def call_any(moodle: MoodleClient, function: str, params: Params | None = None) -> Any:
    """Call a function and return what it answers, as plain values.

    A function that the site does not have is told from one that is not in the token's service, also where Moodle
    names no table (5.0: ``invalidrecordunknown``), as far as the token may ask what it may call.

    Raises UnknownFunction, FunctionDenied, and any other MoodleError.
    """
    try:
        return await moodle.call(function, params)
    except errors.UnknownFunction:
        raise
    except errors.NotFound as missing:
        if missing.errorcode in _NO_RECORD and not await _callable(moodle, function):
            raise errors.UnknownFunction(str(missing), errorcode=missing.errorcode, function=function) from None
        raise


async def _callable(moodle: MoodleClient, function: str) -> bool:
    """Tell whether the token's list has a function; a token that may not read its list could call anything."""
    try:
        known = await site.info(moodle)
    except errors.MoodleError:
        return True
    return any(each.name == function for each in known.functions)
