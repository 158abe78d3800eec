"""Who a token lets in: the checks that Moodle's REST server, file script and login script make."""

from __future__ import annotations

from rpc_moodle.sandbox.errors import MoodleError, access_denied, invalid_token, maintenance, missing_argument
from rpc_moodle.sandbox.people import Service, Token, User
from rpc_moodle.sandbox.seed import token_value
from rpc_moodle.sandbox.site import Mode, Site


def authenticate(site: Site, value: str, address: str) -> tuple[User, Service]:
    """Find the user and the service of a token.

    An expired token is refused once as ``accessexception`` and deleted, so that it is ``invalidtoken`` from then on
    (``token.expired``, ``file.expired``).

    Raises:
        MoodleError: ``invalidtoken``, ``accessexception``, or ``sitemaintenance`` for all but administrators.

    """
    token = site.tokens.get(value)
    if token is None or token.userid not in site.users:
        raise invalid_token()
    if token.expires and token.expires < site.now():
        del site.tokens[value]
        raise access_denied()
    service = site.services.get(token.service)
    user = site.users[token.userid]
    if (token.address and token.address != address) or service is None or not service.enabled or user.suspended:
        raise access_denied()
    if site.mode is Mode.MAINTENANCE and not user.admin:
        raise maintenance()
    return user, service


def log_in(site: Site, form: dict[str, str]) -> dict[str, str | None]:
    """Answer login/token.php: the user's token for a service, made if there is none yet (``login.*``).

    Raises:
        MoodleError: ``enablewsdescription``, ``missingparam``, ``sitemaintenance``, ``invalidlogin`` or
            ``servicenotavailable``, in this order.

    """
    if site.mode is Mode.WEBSERVICES_DISABLED:
        message = "Web services must be enabled in Advanced features."
        raise MoodleError("moodle_exception", "enablewsdescription", message)
    for name in ("username", "password", "service"):
        if name not in form:
            raise missing_argument(name)
    user = next((one for one in site.users.values() if one.username == form["username"].lower()), None)
    if user is None or not user.password or user.password != form["password"] or user.suspended:
        raise MoodleError("moodle_exception", "invalidlogin", "Invalid login, please try again")
    if site.mode is Mode.MAINTENANCE and not user.admin:
        raise maintenance()
    service = site.services.get(form["service"])
    if service is None or not service.enabled:
        message = "Web service is not available. (It doesn't exist or might be disabled.)"
        raise MoodleError("moodle_exception", "servicenotavailable", message)
    for token in site.tokens.values():
        if (token.userid, token.service, token.expires, token.address) == (user.id, service.shortname, 0, ""):
            return {"token": token.value, "privatetoken": None}
    made = Token(token_value(f"{user.username}:{service.shortname}"), user.id, service.shortname)
    site.tokens[made.value] = made
    return {"token": made.value, "privatetoken": None}
