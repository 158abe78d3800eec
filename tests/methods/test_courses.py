from typing import Any

import pytest

from rpc_moodle.sandbox import Sandbox
from tests.methods.conftest import Call
from utils.contract import Envelope
from utils.dispatch import Dispatcher
from utils.testing import FakeCaller, call


async def test_users_come_in_both_dialects(ask: Call) -> None:
    reply = await ask("getUsersFromCourse", courseID=2)
    assert reply["success"]
    assert len(reply["data"]) == 34
    zoe = next(user for user in reply["data"] if user["id"] == 5)
    assert zoe["extId"] == zoe["id"]
    assert (zoe["firstname"], zoe["lastname"]) == (zoe["firstName"], zoe["lastName"]) == ("Zoë", "Müller")
    assert zoe["fullname"] == "Zoë Müller"
    assert zoe["email"] == "student1@example.com"


async def test_a_standard_role_is_named_by_its_shortname(ask: Call) -> None:
    users = {user["id"]: user for user in (await ask("getUsersFromCourse", courseID=2))["data"]}
    assert users[3]["roles"] == "editingteacher"
    assert users[6]["roles"] == "teacher, student"
    assert users[6]["roleList"][1] == {"id": 5, "shortname": "student", "name": "student", "rawName": ""}


async def test_what_moodle_withholds_is_an_empty_string(ask: Call) -> None:
    users = {user["id"]: user for user in (await ask("getUsersFromCourse", "student_full", courseID=2))["data"]}
    assert users[7]["email"] == ""
    assert users[7]["firstName"] == users[7]["username"] == ""
    assert users[7]["fullname"]


@pytest.mark.parametrize("version", ["4.4", "4.5", "5.0"])
async def test_an_unknown_course_is_not_found_on_every_version(dispatcher: Dispatcher, version: str) -> None:
    async with Sandbox(release=version) as sandbox:
        options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care")}
        reply = await call(dispatcher, "getUsersFromCourse", {"courseID": 9999, "options": options})
    assert reply["error"]["code"] == "not_found"
    assert "9999" in reply["message"]


async def test_a_course_that_the_account_is_not_in_is_denied_with_the_reason(ask: Call) -> None:
    reply = await ask("getUsersFromCourse", courseID=3)
    assert reply["error"]["code"] == "access_denied"
    assert "not enrolled in course 3" in reply["message"]


async def test_assignments_come_with_course_module_id_name_and_maximum(ask: Call) -> None:
    found = (await ask("getAssignmentInfoFromCourse", courseID=2))["data"]
    assert found[0] == [8, "Essay (files)", 100]
    assert {cmid: maximum for cmid, _, maximum in found if cmid in {15, 16}} == {15: None, 16: None}
    assert all("<span" not in name for _, name, _ in found)


@pytest.mark.parametrize(
    ("language", "name"), [(None, "English name"), ("de", "Deutscher Name"), ("de_kids", "Deutscher Name")]
)
async def test_a_name_in_several_languages_comes_in_the_one_that_is_asked_for(
    dispatcher: Dispatcher, sandbox: Sandbox, language: str | None, name: str
) -> None:
    options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care"), "language": language}
    for detailed in (False, True):
        payload = {"courseID": 2, "options": options, "detailed": detailed}
        found = (await call(dispatcher, "getAssignmentInfoFromCourse", payload))["data"]
        assert name in [each["name"] if detailed else each[1] for each in found]


@pytest.mark.parametrize("language", ["", "d", "de; drop", "german", 7])
async def test_what_is_no_language_is_refused_by_name(dispatcher: Dispatcher, sandbox: Sandbox, language: str) -> None:
    options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care"), "language": language}
    reply = await call(dispatcher, "getUsersFromCourse", {"courseID": 2, "options": options})
    assert reply["error"]["details"]["fields"][0]["path"] == "options.language"


async def test_a_role_comes_with_its_name_as_moodle_has_it(ask: Call, sandbox: Sandbox) -> None:
    markup = '<span lang="en" class="multilang">Learner</span><span lang="de" class="multilang">Lernende</span>'
    student = next(role for role in sandbox.site.roles.values() if role.shortname == "student")
    student.name = markup
    users = {user["id"]: user for user in (await ask("getUsersFromCourse", courseID=2))["data"]}
    assert users[5]["roleList"] == [{"id": 5, "shortname": "student", "name": "Learner", "rawName": markup}]


async def test_an_assignment_that_the_account_may_not_see_is_a_warning(ask: Call) -> None:
    reply = await ask("getAssignmentInfoFromCourse", "student_full", courseID=2)
    assert 17 not in [cmid for cmid, *_ in reply["data"]]
    assert [(each["code"], each["itemid"]) for each in reply["warnings"]] == [("left_out", 17)]
    assert "warnings" not in await ask("getAssignmentInfoFromCourse", courseID=2)


async def test_details_tell_what_each_assignment_is_like(ask: Call) -> None:
    reply = await ask("getAssignmentInfoFromCourse", "teacher_full", courseID=2, detailed=True)
    known = {row["cmid"]: row for row in reply["data"]}
    assert (known[8]["id"], known[8]["name"], known[8]["grading"], known[8]["maxGrade"]) == (
        1,
        "Essay (files)",
        "points",
        100,
    )
    assert known[8]["submissionTypes"] == ["file"]
    assert known[8]["feedbackTypes"] == ["comments"]
    assert (known[15]["grading"], known[15]["maxGrade"]) == ("scale", None)
    assert known[15]["scaleItems"][1] == "Ok"
    assert (known[16]["grading"], known[16]["maxGrade"]) == ("none", None)
    assert known[11]["teamSubmission"]
    assert known[12]["blindMarking"]
    assert known[13]["markingWorkflow"]
    assert (known[8]["maxAttempts"], known[14]["maxAttempts"]) == (1, -1)
    assert known[18]["feedbackTypes"] == []


async def test_scale_items_that_the_key_may_not_read_are_left_out(ask: Call) -> None:
    reply = await ask("getAssignmentInfoFromCourse", courseID=2, detailed=True)
    known = {row["cmid"]: row for row in reply["data"]}
    assert (known[15]["grading"], known[15]["scaleItems"]) == ("scale", [])


async def test_a_course_without_assignments_is_an_empty_list(ask: Call) -> None:
    assert (await ask("getAssignmentInfoFromCourse", courseID=4))["data"] == []


@pytest.mark.parametrize(
    "payload",
    [
        {"courseID": 2, "options": {"url": "URL", "apiKey": "KEY"}},
        {"courseID": "2", "options": {"apiUrl": "URL", "token": "KEY"}},
        {"options": {"courseID": 2, "apiUrl": "URL", "apiKey": "KEY"}},
        {"options": {"courseID": " 2 ", "url": "URL/", "apiKey": "KEY"}},
        {"courseID": 2, "unknown": 1, "options": {"url": " URL/webservice/rest/server.php ", "apiKey": "KEY", "x": 1}},
    ],
)
async def test_every_dialect_of_the_callers_is_understood(
    sandbox: Sandbox, dispatcher: Dispatcher, payload: dict[str, object]
) -> None:
    def filled(value: object) -> object:
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, str):
            return value.replace("URL", sandbox.url).replace("KEY", sandbox.token("teacher_care"))
        return value

    reply = await call(dispatcher, "getUsersFromCourse", filled(payload))
    assert reply["success"], reply


@pytest.mark.parametrize(
    "number", ["", "abc", "12; drop", "-1", 0, -5, True, None, [2], {"a": 1}, 1.5, "9" * 30, "\uff12", b"2"]
)
async def test_an_id_that_is_none_is_refused_by_name(ask: Call, sandbox: Sandbox, number: object) -> None:
    reply = await ask("getUsersFromCourse", courseID=number)
    assert reply["error"]["code"] == "invalid_request"
    assert reply["error"]["details"]["fields"][0]["path"] == "courseID"
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, "options.url"),
        ({"url": "", "apiKey": "k"}, "options.url"),
        ({"url": "ftp://m.example", "apiKey": "k"}, "options.url"),
        ({"apiUrl": "https://user:pw@m.example", "apiKey": "k"}, "options.apiUrl"),
        ({"url": "https://m.example"}, "options.apiKey"),
        ({"url": "https://m.example", "apiKey": ""}, "options.apiKey"),
        ({"url": "https://m.example", "apiKey": "a\nb"}, "options.apiKey"),
        ({"url": "https://m.example", "token": 17}, "options.token"),
        ("nothing", "options"),
        (None, "options"),
    ],
)
async def test_wrong_credentials_are_refused_by_name_without_repeating_them(
    dispatcher: Dispatcher, options: object, path: str
) -> None:
    reply = await call(dispatcher, "getUsersFromCourse", {"courseID": 2, "options": options})
    assert reply["error"]["code"] == "invalid_request"
    assert path in [field["path"] for field in reply["error"]["details"]["fields"]]
    assert "pw" not in reply["message"]


@pytest.mark.parametrize(
    ("token", "code"),
    [("teacher_expired", "access_denied"), ("teacher_wrongip", "access_denied"), ("teacher_enrolonly", None)],
)
async def test_a_token_that_may_not_says_what_to_check(ask: Call, token: str, code: str | None) -> None:
    reply = await ask("getUsersFromCourse", token, courseID=2)
    assert reply.get("error", {}).get("code") == code
    if code:
        assert "expired" in reply["message"]
        assert "IP address" in reply["message"]
        assert "core_enrol_get_enrolled_users" in reply["message"]


async def test_an_unknown_token_is_named_as_such(sandbox: Sandbox, dispatcher: Dispatcher) -> None:
    options = {"url": sandbox.url, "apiKey": "0" * 32}
    reply = await call(dispatcher, "getUsersFromCourse", {"courseID": 2, "options": options})
    assert reply["error"]["code"] == "invalid_token"


async def test_a_site_that_answers_html_is_a_bad_response(sandbox: Sandbox, dispatcher: Dispatcher) -> None:
    options = {"url": f"{sandbox.url}/nowhere", "apiKey": sandbox.token("teacher_care")}
    reply = await call(dispatcher, "getUsersFromCourse", {"courseID": 2, "options": options})
    assert reply["error"]["code"] == "bad_response"
    assert not reply["error"]["retryable"]


async def test_the_probe_answers_whatever_is_sent(dispatcher: Dispatcher) -> None:
    payload: object
    for payload in (None, "x", 1, [], {"options": "x"}):
        assert (await call(dispatcher, "call", payload))["data"] == "Hello World!"
    assert (await call(dispatcher, "call"))["data"] == "Hello World!"


async def test_a_large_course_comes_whole(dispatcher: Dispatcher) -> None:
    async with Sandbox(users=2500) as sandbox:
        options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care")}
        reply = await call(dispatcher, "getUsersFromCourse", {"courseID": 5, "options": options})
    ids = [user["id"] for user in reply["data"]]
    assert len(ids) == len(set(ids)) == 2501


async def test_a_listing_of_several_requests_says_how_far_it_is(dispatcher: Dispatcher) -> None:
    caller = FakeCaller()
    async with Sandbox(users=1500) as big:
        options = {"url": big.url, "apiKey": big.token("teacher_full")}
        payload = {"courseID": 5, "progressId": "p", "options": options}
        reply = await call(dispatcher, "getUsersFromCourse", payload, caller=caller)
    said = [data for event, data in caller.events if event == "progress"]
    assert {(each["progressId"], each["total"]) for each in said} == {("p", None)}
    assert said[0]["done"] == 1000
    assert said[-1]["done"] == len(reply["data"])


def _ids(reply: Envelope) -> list[int]:
    assert reply["success"], reply
    return [row["id"] for row in reply["data"]]


async def test_users_can_be_narrowed_by_group_capability_and_enrolment(ask: Call) -> None:
    everybody = set(_ids(await ask("getUsersFromCourse", courseID=2)))
    able = set(_ids(await ask("getUsersFromCourse", courseID=2, capability="mod/assign:submit")))
    active = set(_ids(await ask("getUsersFromCourse", courseID=2, onlyActive=True)))

    assert _ids(await ask("getUsersFromCourse", courseID=2, groupID=1)) == [5, 6, 7, 8, 9]
    assert 3 in everybody - able
    assert everybody - active == {35}


@pytest.mark.parametrize("order", ["id", "name"])
async def test_pages_put_together_are_the_whole_list_in_either_order(ask: Call, order: str) -> None:
    whole = _ids(await ask("getUsersFromCourse", courseID=2, order=order))
    pages = [
        _ids(await ask("getUsersFromCourse", courseID=2, order=order, page=page, pageSize=15)) for page in range(4)
    ]

    assert [len(page) for page in pages] == [15, 15, 4, 0]
    assert [user for page in pages for user in page] == whole
    assert (whole == sorted(whole)) == (order == "id")


async def test_further_fields_come_where_moodle_shows_them(ask: Call) -> None:
    rows = (await ask("getUsersFromCourse", courseID=2, fields=["lastaccess", "idnumber"]))["data"]
    assert all(row["lastaccess"] == 0 and "idnumber" not in row and row["email"] is not None for row in rows)
    plain = (await ask("getUsersFromCourse", courseID=2))["data"]
    assert not [row for row in plain if "lastaccess" in row]


@pytest.mark.parametrize(
    "wrong", [{"capability": "submit"}, {"fields": ["password"]}, {"order": "shoe"}, {"page": -1}, {"groupID": 0}]
)
async def test_a_wish_that_moodle_would_misread_is_refused(ask: Call, sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    assert (await ask("getUsersFromCourse", courseID=2, **wrong))["error"]["code"] == "invalid_request"
    assert not sandbox.requests
