"""The switchboard chooses the requests that meet a fault, from Python and over HTTP."""

import json
import zlib
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError

from rpc_moodle.sandbox import Fault, Harm, Rule, Sandbox
from rpc_moodle.sandbox.seed import token_value
from tests.sandbox.conftest import Caller, marks

SAVE, USERS = "mod_assign_save_grade", "core_enrol_get_enrolled_users"
FORM = {"wstoken": token_value("teacher_full"), "wsfunction": USERS, "moodlewsrestformat": "json", "courseid": "2"}


async def ask(sandbox: Sandbox, http: aiohttp.ClientSession, **changed: str) -> aiohttp.ClientResponse:
    url = f"{sandbox.url}/webservice/rest/server.php"
    return await http.post(url, data=FORM | changed, allow_redirects=False)


async def switch(sandbox: Sandbox, http: aiohttp.ClientSession, method: str, rules: object = None) -> Any:
    async with http.request(method, f"{sandbox.url}/__faults", json=rules) as response:
        return {"status": response.status, **await response.json()}


async def test_rules_are_set_shown_and_cleared_over_http(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    shown = await switch(sandbox, http, "PUT", {"fault": "status", "status": 502, "retry_after": 3})
    assert [rule["fault"] for rule in shown["rules"]] == ["status"]
    assert set(shown["faults"]) == set(Fault)

    response = await ask(sandbox, http)
    assert (response.status, response.headers["Retry-After"]) == (502, "3")
    assert (await switch(sandbox, http, "GET"))["rules"][0]["struck"] == 1

    assert (await switch(sandbox, http, "DELETE"))["rules"] == []
    assert (await ask(sandbox, http)).status == 200


@pytest.mark.parametrize(
    "rules", [{"fault": "flood"}, {"fault": "html", "often": 1}, {"fault": "html", "probability": 2}, "html", 3]
)
async def test_rules_that_are_none_are_refused_and_the_old_ones_stay(
    sandbox: Sandbox, http: aiohttp.ClientSession, rules: object
) -> None:
    sandbox.faults.set(Rule(fault=Fault.HTML))
    refused = await switch(sandbox, http, "PUT", rules)
    assert refused["status"] == 400
    assert refused["problems"]
    assert [rule["fault"] for rule in sandbox.faults.show()] == ["html"]


async def test_the_switchboard_itself_meets_no_fault_and_is_no_request(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.set(Rule(fault=Fault.CUT_BEFORE))
    assert (await switch(sandbox, http, "GET"))["status"] == 200
    assert not sandbox.requests


async def test_a_rule_can_hold_for_a_function_and_for_so_many_requests(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.set(Rule(fault=Fault.STATUS, function="core_enrol*", times=2))
    found = [(await ask(sandbox, http)).status for _ in range(3)]
    assert found == [503, 503, 200]
    sandbox.faults.set(Rule(fault=Fault.STATUS, function=SAVE), Rule(fault=Fault.STATUS, path="/login/*", status=500))
    assert (await ask(sandbox, http)).status == 200
    assert (await http.get(f"{sandbox.url}/login/index.php")).status == 500


async def test_chance_is_the_same_with_the_same_seed() -> None:
    def struck(seed: int) -> list[bool]:
        board = Sandbox().faults
        board.set(Rule(fault=Fault.HTML, probability=0.5, seed=seed))
        return [board.choose(USERS, "/") is not None for _ in range(100)]

    assert struck(1) == struck(1) != struck(2)
    assert 30 < sum(struck(1)) < 70


def test_a_rule_with_a_probability_over_one_is_refused() -> None:
    with pytest.raises(ValidationError):
        Rule(fault=Fault.HTML, probability=2)


@pytest.mark.parametrize(
    "fault", [Fault.STATUS_AFTER, Fault.HTML_AFTER, Fault.INVALID_JSON_AFTER, Fault.TRUNCATED_AFTER, Fault.DELAY_AFTER]
)
async def test_a_fault_after_the_work_loses_the_answer_alone(
    sandbox: Sandbox, http: aiohttp.ClientSession, fault: Fault
) -> None:
    sandbox.faults.set(Rule(fault=fault, seconds=0))
    form = {name: value for name, value in FORM.items() if name != "courseid"} | {"wsfunction": SAVE}
    form |= {name: str(value) for name, value in marks(1, 9, grade=55).items()}
    try:
        response = await http.post(f"{sandbox.url}/webservice/rest/server.php", data=form)
        answer = await response.text()
    except aiohttp.ClientError:
        answer = ""
    assert (answer == "null") is (fault is Fault.DELAY_AFTER)
    assert sandbox.site.assignments[1].grades[9, 0].grade == 55


async def test_a_wrong_type_comes_with_the_right_answer(
    sandbox: Sandbox, http: aiohttp.ClientSession, call: Caller
) -> None:
    right = await call(USERS, {"courseid": 2}, as_="teacher_full")
    sandbox.site.fault = lambda seen: Fault.WRONG_TYPE
    response = await ask(sandbox, http)
    assert response.content_type == "text/html"
    assert json.loads(await response.text()) == right


async def test_an_answer_that_cannot_be_read_is_json_but_for_its_depth_or_its_end(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    for fault, problem in ((Fault.DEEP_JSON, RecursionError), (Fault.INVALID_JSON, ValueError)):
        sandbox.faults.set(Rule(fault=fault))
        response = await ask(sandbox, http)
        assert response.content_type == "application/json"
        with pytest.raises(problem):
            json.loads(await response.text())


async def test_a_gzip_bomb_grows_a_thousandfold(sandbox: Sandbox) -> None:
    sandbox.faults.set(Rule(fault=Fault.GZIP_BOMB))
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        response = await ask(sandbox, http)
        assert response.headers["Content-Encoding"] == "gzip"
        packed = await response.content.readexactly(2**16)
        response.close()
    unpacked = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(packed)
    assert unpacked.startswith(b'{"courses":[  ')
    assert len(unpacked) > 800 * len(packed)


@pytest.mark.parametrize("fault", [Fault.DRIP, Fault.ENDLESS])
async def test_an_answer_without_end_begins_like_a_right_one(
    sandbox: Sandbox, http: aiohttp.ClientSession, fault: Fault
) -> None:
    sandbox.faults.set(Rule(fault=fault, seconds=0))
    response = await ask(sandbox, http)
    assert await response.content.readexactly(1000) == b'{"courses":[' + b" " * 988
    response.close()


async def test_a_file_without_end_begins_like_a_stored_file(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.faults.set(Rule(fault=Fault.ENDLESS, path="*/pluginfile.php/*"))
    response = await http.post(f"{sandbox.url}/webservice/pluginfile.php/1/assignsubmission_file/x/1/a.pdf")
    assert response.content_type == "application/pdf"
    assert "ETag" in response.headers
    response.close()


async def test_redirects_lead_to_themselves_or_away(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.faults.set(Rule(fault=Fault.REDIRECT_LOOP))
    with pytest.raises(aiohttp.TooManyRedirects):
        await http.post(f"{sandbox.url}/webservice/rest/server.php", data=FORM)
    sandbox.faults.set(Rule(fault=Fault.REDIRECT_AWAY, location="https://other.invalid/"))
    response = await ask(sandbox, http)
    assert (response.status, response.headers["Location"]) == (307, "https://other.invalid/")


async def test_a_harm_can_be_planned_with_its_particulars_for_one_request(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.site.fault = lambda seen: Harm(Fault.STATUS, status=418) if seen.form["courseid"] == "2" else Fault.NONE
    assert (await ask(sandbox, http)).status == 418
    assert (await ask(sandbox, http, courseid="3")).status == 200


async def test_nobody_trusts_the_certificate_of_the_tls_listener(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    url = await sandbox.listen_untrusted()
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await http.get(f"{url}/login/index.php")
    async with http.get(f"{url}/login/index.php", ssl=False) as response:
        assert response.status == 200
