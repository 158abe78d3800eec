"""Settings of a site, broken one by one: the doctor names the right one each time, and its exit status says how bad."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import pytest
from typer.testing import CliRunner, Result

from rpc_moodle.cli.commands import cli
from rpc_moodle.sandbox import Fault, Mode, Sandbox, Site
from rpc_moodle.sandbox.people import Enrolment

INFO = "core_webservice_get_site_info"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=2, wider=True) as site:
        yield site


async def run(url: str, token: str, *arguments: str) -> Result:
    variables = {"RPC_MOODLE_TOKEN": token, "RPC_MOODLE_URL": url}
    return await asyncio.to_thread(lambda: CliRunner().invoke(cli, ["doctor", *arguments], env=variables))


def without(*functions: str) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        service = site.services["more"]
        site.services["more"] = replace(service, functions=service.functions - set(functions))

    return change


def service(**changes: bool) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        site.services["more"] = replace(site.services["more"], **changes)  # type: ignore[arg-type] # flags, all of them

    return change


def only(function: str) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        site.services["more"] = replace(site.services["more"], functions=frozenset({function}))

    return change


def mode(which: Mode) -> Callable[[Site], None]:
    return lambda site: setattr(site, "mode", which)


def token(**changes: object) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        for one in site.tokens.values():
            if one.service == "more":
                for name, value in changes.items():
                    setattr(one, name, value)

    return change


def role(name: str) -> Callable[[Site], None]:
    return lambda site: site.courses[2].enrolments.update({3: Enrolment(3, [name])})


@dataclass(frozen=True)
class Case:
    """A setting that was broken, and what is said of it."""

    broken: Callable[[Site], object]
    check: str
    says: str
    status: int = 1
    where: tuple[str, ...] = ()


CASES = {
    "web services are off": Case(mode(Mode.WEBSERVICES_DISABLED), "webservices", "Enable web services"),
    "REST is off": Case(mode(Mode.REST_DISABLED), "rest", "Manage protocols"),
    "maintenance on the web": Case(mode(Mode.MAINTENANCE), "maintenance", "maintenance"),
    "maintenance on the command line": Case(mode(Mode.CLI_MAINTENANCE), "site", "503"),
    "the token is gone": Case(lambda site: site.tokens.clear(), "token", "does not know the token"),
    "the token has expired": Case(token(expires=1), "token", "has expired"),
    "the token is bound to another address": Case(token(address="203.0.113.7"), "token", "IP address"),
    "the service is disabled": Case(service(enabled=False), "token", "service is enabled"),
    "the account is suspended": Case(lambda site: setattr(site.users[3], "suspended", True), "token", "suspended"),
    "the service holds nothing": Case(only("none"), "token", "webservice/rest:use"),
    "a function is missing": Case(without("mod_assign_save_grade"), "functions", "mod_assign_save_grade"),
    "two functions are missing": Case(
        without("mod_assign_get_grades", "core_user_get_users"), "functions", "core_user_get_users"
    ),
    "downloads are not allowed": Case(service(downloadfiles=False), "downloads", "Can download files"),
    "uploads are not allowed": Case(service(uploadfiles=False), "uploads", "Can upload files"),
    "the token may call but one function": Case(only("core_enrol_get_enrolled_users"), "functions", "Functions: "),
    "uploads are not allowed and the token may not ask": Case(
        lambda site: (without(INFO)(site), service(uploadfiles=False)(site)), "uploads", "Can upload files"
    ),
    "downloads are not allowed and the token may not ask": Case(
        lambda site: (without(INFO)(site), service(downloadfiles=False)(site)), "downloads", "Can download files"
    ),
    "the account is not in the course": Case(
        lambda site: site.courses[2].enrolments.pop(3), "enrolment", "Enrol the account", where=("--course", "2")
    ),
    "the account may not see groups": Case(
        role("teacher"), "rights", "moodle/course:managegroups", where=("--course", "2")
    ),
    "the account may not see anybody's grades": Case(
        role("student"), "rights", "moodle/grade:viewall", where=("--course", "2")
    ),
    "the account may not grade": Case(
        role("student"), "rights", "mod/assign:grade", where=("--course", "2", "--assignment", "8")
    ),
    "the assignment is not there": Case(
        lambda site: site.assignments.pop(1),
        "enrolment",
        "no assignment 8",
        where=("--course", "2", "--assignment", "8"),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_setting_that_is_broken_is_named(sandbox: Sandbox, name: str) -> None:
    case = CASES[name]
    secret = sandbox.token("teacher_more")
    case.broken(sandbox.site)
    result = await run(sandbox.url, secret, *case.where)
    assert result.exit_code == case.status, result.output
    findings = [each for each in json.loads(result.stdout)["findings"] if each["status"] == "missing"]
    assert case.check in [each["check"] for each in findings], findings
    assert any(case.says in each["message"] + each["remedy"] for each in findings if each["check"] == case.check)
    assert secret not in result.output


OF_PLUGINS = ["updateAssignment"]
"""What a stock Moodle cannot do."""


async def test_what_only_a_plugin_can_do_is_said_and_is_no_fault_of_the_setup(sandbox: Sandbox) -> None:
    result = await run(sandbox.url, sandbox.token("teacher_more"))
    found = {each["check"]: each for each in json.loads(result.stdout)["findings"]}
    assert "updateAssignment" in found["plugins"]["message"]
    assert (found["plugins"]["status"], found["functions"]["status"]) == ("unknown", "ok")


async def test_a_site_that_is_set_up_is_in_order(sandbox: Sandbox) -> None:
    result = await run(sandbox.url, sandbox.token("teacher_more"), "--course", "2", "--assignment", "8")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["release"][:3], found["account"]) == ("4.5", "Tea Cher")
    assert [each["event"] for each in found["capabilities"] if not each["usable"]] == OF_PLUGINS


async def test_a_token_that_may_not_ask_is_tried_out_without_changing_anything(sandbox: Sandbox) -> None:
    without(INFO)(sandbox.site)
    result = await run(sandbox.url, sandbox.token("teacher_more"))
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [each["event"] for each in found["capabilities"] if not each["usable"]] == OF_PLUGINS
    assert all("assignmentid" not in seen.form for seen in sandbox.requests)


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE])
async def test_a_site_that_cannot_be_reached_is_exit_status_2(sandbox: Sandbox, fault: Fault) -> None:
    sandbox.site.fault = lambda _seen: fault
    result = await run(sandbox.url, sandbox.token("teacher_more"))
    assert result.exit_code == 2, result.output


async def test_an_address_that_is_no_moodle_is_exit_status_2(sandbox: Sandbox) -> None:
    result = await run(f"{sandbox.url}/elsewhere", sandbox.token("teacher_more"))
    assert result.exit_code == 2, result.output
    assert json.loads(result.stdout)["findings"][0]["check"] == "address"


async def test_what_is_to_be_done_can_be_pasted_into_a_mail(sandbox: Sandbox) -> None:
    without("mod_assign_save_grade")(sandbox.site)
    result = await run(sandbox.url, sandbox.token("teacher_more"), "--table")
    assert "for the administrator" in result.stdout
    assert "mod_assign_save_grade" in result.stdout


async def test_an_older_moodle_lacks_what_it_lacks_and_is_in_order(sandbox: Sandbox) -> None:
    async with Sandbox(release="4.4", wider=True) as older:
        result = await run(older.url, older.token("teacher_more"))
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [each["event"] for each in found["capabilities"] if not each["usable"]] == [*OF_PLUGINS, "removeSubmission"]
