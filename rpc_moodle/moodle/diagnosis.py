"""What was found out about a site, as findings: what is in order, what is not, and who has to do what about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.models import SiteInfo
from rpc_moodle.moodle.rights import REST, Right, rights
from rpc_moodle.moodle.values import Row

_SERVER = "Site administration → Server → Web services"
_FEATURES = "Site administration → Advanced features"
_INFO = "core_webservice_get_site_info"
_PLUGIN = "local_"


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found out about a site and a token; None stands for what cannot be known.

    ``url`` is the origin of the site's address. ``refusal`` is the error that keeps every call out. ``webservices``
    says whether web services are on at all. ``functions`` may be called, ``absent`` ones the site does not have.
    ``refused`` are the calls about a course and an assignment that were refused, by function.
    """

    url: str
    secure: bool
    refusal: errors.MoodleError | None = None
    webservices: bool | None = None
    info: SiteInfo | None = None
    functions: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    downloads: bool | None = None
    uploads: bool | None = None
    refused: Mapping[str, errors.MoodleError] = field(default_factory=dict)


class Status(StrEnum):
    """Whether something is as it has to be."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Finding(Row):
    """One thing that was looked at; ``remedy`` says what an administrator does about it, empty where nothing is."""

    check: str
    status: Status
    message: str
    remedy: str = ""


class Capability(Row):
    """Whether a token can use a method; ``missing`` are the functions that it lacks for it."""

    event: str
    usable: bool
    missing: tuple[str, ...] = ()


class Diagnosis(Row):
    """What a token can do on a site: ``reachable`` is false where no Moodle answered at all."""

    url: str
    reachable: bool
    sitename: str = ""
    release: str = ""
    account: str = ""
    findings: tuple[Finding, ...] = ()
    capabilities: tuple[Capability, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.reachable and all(each.status is not Status.MISSING for each in self.findings)


@dataclass(frozen=True, slots=True)
class Wants:
    """What methods call, by their events: the functions that each needs, and those of which one will do instead."""

    needs: Mapping[str, Sequence[str]]
    instead: Mapping[str, Sequence[str]]

    @property
    def every(self) -> frozenset[str]:
        """All of them."""
        return frozenset(name for each in (self.needs, self.instead) for names in each.values() for name in names)

    def lacking(self, event: str, known: frozenset[str]) -> tuple[str, ...]:
        """Return what a method lacks where these functions may be called."""
        if not known.isdisjoint(self.instead.get(event, ())):
            return ()
        return tuple(name for name in self.needs[event] if name not in known)


def diagnose(facts: Facts, wants: Wants) -> Diagnosis:
    """Return the diagnosis of facts for methods."""
    answered = isinstance(facts.refusal, errors.MoodleException | errors.SiteUnavailable)
    reachable = facts.refusal is None or (answered and not isinstance(facts.refusal, errors.CircuitOpen))
    capabilities = tuple(
        Capability(event=event, usable=not lacking, missing=lacking)
        for event in wants.needs
        for lacking in [wants.lacking(event, facts.functions)]
    )
    info = facts.info
    return Diagnosis(
        url=facts.url,
        reachable=reachable,
        sitename=info.sitename if info else "",
        release=info.release if info else "",
        account=info.fullname if info else "",
        findings=tuple(_findings(facts, capabilities)),
        capabilities=() if facts.refusal else capabilities,
    )


def _findings(facts: Facts, capabilities: Sequence[Capability]) -> Iterator[Finding]:
    if facts.refusal is not None:
        yield _kept_out(facts, facts.refusal)
        return
    yield Finding(check="site", status=Status.OK, message="The site answers, and web services and REST are on.")
    if not facts.secure:
        yield Finding(
            check="tls",
            status=Status.UNKNOWN,
            message="The address begins with http://: tokens and data go unprotected.",
            remedy="Give the site an https:// address.",
        )
    if facts.info is None:
        yield Finding(
            check="token",
            status=Status.UNKNOWN,
            message="The token may not ask who it is: release, account and flags were found out by trying, or are "
            "not known.",
            remedy=_add([_INFO]),
        )
    else:
        yield Finding(check="token", status=Status.OK, message=f"The token is {facts.info.fullname}'s.")
    yield _flag("downloads", facts.downloads, "Can download files", "files can be listed but not fetched")
    yield _flag("uploads", facts.uploads, "Can upload files", "no files can be handed in or given as feedback")
    yield from _functions(facts, capabilities)
    for function, error in facts.refused.items():
        yield _refused(function, error)


def _kept_out(facts: Facts, error: errors.MoodleError) -> Finding:  # noqa: PLR0911 - one line per kind
    match error:
        case errors.InvalidToken():
            return _missing(
                "token",
                "Moodle does not know the token: it was mistyped, deleted, has expired, or is another site's.",
                f"Make a new token under {_SERVER} → Manage tokens.",
            )
        case errors.FunctionDenied():
            return _missing(
                "token",
                "Moodle lets this token call nothing at all. It does not tell which of these it is.",
                f"See that the token has not expired and is bound to no other IP address ({_SERVER} → Manage tokens); "
                f"that its service is enabled and holds the functions ({_SERVER} → External services); that the "
                f"account is not suspended; and that a role gives it {REST.capability} for the whole site "
                "(Site administration → Users → Permissions → Assign system roles).",
            )
        case errors.Untrusted():
            return _missing("tls", str(error), "Install a certificate for this host, with all above it in the chain.")
        case errors.Unreachable() | errors.SiteTimeout() | errors.HostNotAllowed() | errors.CircuitOpen():
            return _missing("reach", str(error), "Check the address, and whether a firewall keeps this machine out.")
        case errors.ServerFault():
            return _missing("site", str(error), "End the maintenance, or look into the web server's error log.")
        case errors.SiteUnavailable() if facts.webservices is False:
            return _missing(
                "webservices", "Web services are switched off.", f"Tick Enable web services under {_FEATURES}."
            )
        case errors.SiteUnavailable() if "refuses web services" in str(error):
            known = facts.webservices is True
            told = "REST is switched off." if known else "Web services or REST are switched off."
            rest = f"Enable REST under {_SERVER} → Manage protocols."
            return _missing("rest", told, rest if known else f"Tick Enable web services under {_FEATURES}. {rest}")
        case errors.SiteUnavailable():
            return _missing("maintenance", str(error), "End the maintenance, or wait until it is over.")
        case errors.BadResponse():
            return _missing("address", str(error), "Give the address that the browser shows on the site's front page.")
        case _:
            return _missing("token", str(error), "See what Moodle says of the account.")


def _missing(check: str, message: str, remedy: str) -> Finding:
    return Finding(check=check, status=Status.MISSING, message=message, remedy=remedy)


def _flag(check: str, allowed: bool | None, box: str, without: str) -> Finding:  # noqa: FBT001 - yes, no, or not known
    if allowed is None:
        message = f"Whether the token may do {check} cannot be known."
        return Finding(check=check, status=Status.UNKNOWN, message=message)
    if allowed:
        return Finding(check=check, status=Status.OK, message=f"The token's service allows {check}.")
    return _missing(
        check,
        f"The token's service allows no {check}: {without}.",
        f"Tick {box} in the service, under {_SERVER} → External services → Edit → Show more.",
    )


def _functions(facts: Facts, capabilities: Sequence[Capability]) -> Iterator[Finding]:
    lacking = dict.fromkeys(name for each in capabilities for name in each.missing)
    absent = [name for name in lacking if name in facts.absent and not name.startswith(_PLUGIN)]
    plugged = [name for name in lacking if name in facts.absent and name.startswith(_PLUGIN)]
    addable = [name for name in lacking if name not in facts.absent]
    if addable:
        events = [each.event for each in capabilities if set(each.missing) & set(addable)]
        yield _missing(
            "functions",
            f"{len(addable)} functions are not in the token's service; without them these do not work: "
            f"{', '.join(events)}.",
            _add(addable),
        )
    if absent:
        events = [each.event for each in capabilities if set(each.missing) & set(absent)]
        yield Finding(
            check="release",
            status=Status.UNKNOWN,
            message=f"This Moodle has no {', '.join(absent)}; so these do not work: {', '.join(events)}.",
            remedy="A newer Moodle has them.",
        )
    if plugged:
        events = [each.event for each in capabilities if set(each.missing) & set(plugged)]
        yield Finding(
            check="plugins",
            status=Status.UNKNOWN,
            message=f"No plugin of this site has {', '.join(plugged)}; so these do not work: {', '.join(events)}.",
            remedy="Moodle itself has nothing for it; where it is wanted, such a plugin is to be installed.",
        )
    if not set(lacking) - set(plugged):
        yield Finding(check="functions", status=Status.OK, message="The token may call all that the methods need.")


def _add(functions: Sequence[str]) -> str:
    return f"Add to the service, under {_SERVER} → External services → Functions: {', '.join(functions)}."


def _refused(function: str, error: errors.MoodleError) -> Finding:
    match error:
        case errors.EnrolmentDenied() | errors.NotFound():
            return _missing(
                "enrolment",
                str(error),
                "Enrol the account in the course as Teacher, and see that course and activity are not hidden from it.",
            )
        case errors.AccessDenied():
            named = rights(function)
            text = " and ".join(f"{each.capability} ({each.where})" for each in named) or "a right"
            return _missing(
                "rights",
                f"The account may not do this ({function}): {error}",
                f"Give its role {text}: in the {_where(named)}, under Participants → Permissions.",
            )
        case _:
            return Finding(check="course", status=Status.UNKNOWN, message=f"{function}: {error}")


def _where(named: Sequence[Right]) -> str:
    return named[0].where if named else "course"
