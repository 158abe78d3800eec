"""Getting a token: by user name and password, or out of the address that a log-in in the browser ends with."""

import base64
import binascii
import re
from urllib.parse import unquote

from pydantic import SecretStr
from yarl import URL

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.values import Row
from rpc_moodle.moodle.wire import check_token

MOBILE = "moodle_mobile_app"
"""The official service of Moodle's own app, which many sites allow."""

_SCRIPT = "login/token.php"
_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*://(?:token=)?", re.IGNORECASE)
_BROWSER = (
    " Accounts that log in elsewhere or with a second factor cannot use a password here: use the address that "
    "the log-in in a browser ends with."
)
_REFUSED = {
    "invalidlogin": "The user name or the password is wrong.",
    "servicenotavailable": "The site has no such service, or it is disabled: ask for another with --service.",
    "cannotcreatetoken": "The account may not make a token of this service by itself; an administrator can.",
    "usernotconfirmed": "The account was never confirmed.",
    "restricteduser": "The account may not log in.",
}


class _Issued(Row):
    token: SecretStr


async def by_password(moodle: MoodleClient, username: str, password: SecretStr, service: str = MOBILE) -> SecretStr:
    """Return the token of an account for a service, made if there is none (``login.ok``); ``moodle`` needs no token.

    Raises AccessDenied with what to do (``login.bad_password``, ``login.unknown_service``), and any other MoodleError.
    """
    fields: list[tuple[str, str | SecretStr]] = [
        ("username", username.strip().lower()),
        ("password", password),
        ("service", service),
    ]
    try:
        issued = await moodle.script(_SCRIPT, fields, into=_Issued)
    except errors.MoodleException as refused:
        known = _REFUSED.get(refused.errorcode, f"Moodle says: {refused}")
        raise errors.AccessDenied(known + _BROWSER, function=_SCRIPT) from None
    return check_token(issued.token)


def launch_address(site: URL, passport: str, service: str = MOBILE) -> URL:
    """Return the address at which a person logs in with the browser, single sign-on and second factors included.

    It ends in an address of the app's own, which :func:`pasted_token` reads. ``passport`` is any number.
    """
    path = site / "admin" / "tool" / "mobile" / "launch.php"
    return path.with_query(service=service, passport=passport, urlscheme="moodlemobile")


def pasted_token(text: str) -> SecretStr:
    """Read the token out of a pasted ``moodlemobile://token=…`` address, of its base64 alone, padded or not, or bare.

    The base64 holds ``siteid:::token``, sometimes with a private token behind it. Raises InvalidCredential.
    """
    bare = _ADDRESS.sub("", unquote("".join(text.split())))
    if re.fullmatch(r"[0-9a-f]{32}", bare):
        return SecretStr(bare)
    try:
        body = bare.rstrip("=").replace("-", "+").replace("_", "/")
        held = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("ascii")
        token = held.split(":::")[1]
    except (binascii.Error, UnicodeDecodeError, IndexError):
        raise errors.InvalidCredential(
            "This is no address of a log-in: it begins with moodlemobile://token= and is copied whole."
        ) from None
    return check_token(SecretStr(token))
