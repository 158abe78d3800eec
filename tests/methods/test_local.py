"""What tokens get that may call but the functions of a plugin, local_wsfunc: the same shapes, and nothing made up."""

from collections.abc import AsyncIterator
from operator import itemgetter
from typing import Any

import pytest

from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.functions.base import Function
from rpc_moodle.sandbox.params import Struct, Value, integer, text
from rpc_moodle.sandbox.people import Service, Token
from rpc_moodle.sandbox.seed import token_value
from tests.methods.conftest import Call

ME1, PHYSICS = 6, 3


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=20, wider=True, installed=["local_wsfunc"]) as running:
        yield running


def allow(sandbox: Sandbox, *more: str, who: int = 3) -> None:
    """Let the token ``teacher_wsfunc`` be a user's, and call these functions besides the plugin's."""
    site = sandbox.site
    site.services["wsfunc"] = Service("wsfunc", site.services["wsfunc"].functions | set(more))
    value = token_value("teacher_wsfunc")
    site.tokens[value] = Token(value, who, "wsfunc")


async def data(ask: Call, event: str, token: str = "teacher_wsfunc", **payload: Any) -> Any:
    reply = await ask(event, token, **payload)
    assert reply["success"], reply
    return reply["data"]


def told(rows: Any, *left_out: str) -> Any:
    return [{key: value for key, value in row.items() if key not in left_out} for row in rows]


async def test_a_user_s_courses_are_those_that_moodle_itself_tells(ask: Call) -> None:
    only_core = ("progress", "completed", "lastaccess", "startdate", "enddate", "timemodified", "categoryid")
    own = await data(ask, "getCoursesOfUser", userID=5)
    core = await data(ask, "getCoursesOfUser", "teacher_more", userID=5)
    assert [row.keys() for row in own] == [row.keys() for row in core]
    assert told(own, *only_core) == told(core, *only_core)
    assert [(row["progress"], row["lastaccess"]) for row in own] == [(None, 0), (None, 0)]


async def test_the_courses_of_a_category_are_those_that_moodle_itself_tells(ask: Call) -> None:
    only_core = ("visible", "idnumber", "enddate", "timemodified")
    own = await data(ask, "getCoursesFromCategory", "admin_wsfunc", categoryID=2)
    core = await data(ask, "getCoursesFromCategory", "admin_more", categoryID=2)
    assert told(own, *only_core) == sorted(told(core, *only_core), key=itemgetter("id"))
    assert [row["shortname"] for row in own] == ["ME1", "OP1", "SC1", "HI1"]


async def test_a_tree_takes_the_categories_from_moodle_and_the_courses_from_the_plugin(
    ask: Call, sandbox: Sandbox
) -> None:
    refused = await ask("getCoursesFromCategory", "teacher_wsfunc", categoryID=2, tree=True)
    assert refused["error"]["code"] == "access_denied"
    allow(sandbox, "core_course_get_categories")
    (science,) = await data(ask, "getCoursesFromCategory", categoryID=2, tree=True)
    assert [row["shortname"] for row in science["courses"]] == ["SC1"]
    assert [[row["shortname"] for row in branch["courses"]] for branch in science["branches"]] == [["ME1", "OP1"]]


async def test_a_category_without_courses_has_none(ask: Call, sandbox: Sandbox) -> None:
    for course in sandbox.site.courses.values():
        course.category = 1
    assert await data(ask, "getCoursesFromCategory", categoryID=PHYSICS) == []


@pytest.mark.parametrize("category", [4, 4242], ids=["hidden", "not there"])
async def test_a_category_that_cannot_be_seen_is_not_found(ask: Call, category: int) -> None:
    reply = await ask("getCoursesFromCategory", "teacher_wsfunc", categoryID=category)
    assert reply["error"]["code"] == "not_found"


async def test_a_user_s_grades_are_those_of_the_gradebook(ask: Call) -> None:
    named = ("itemtype", "cmid", "graderaw", "grademin", "grademax", "feedback", "gradedategraded", "gradeishidden")
    (own,) = await data(ask, "getGradeItems", courseID=ME1, userID=6)
    (core,) = await data(ask, "getGradeItems", "teacher_more", courseID=ME1, userID=6)
    assert own.keys() == core.keys()
    columns = {row["cmid"]: {name: row[name] for name in named} for row in core["gradeitems"]}
    assert {row["cmid"]: {name: row[name] for name in named} for row in own["gradeitems"]} == columns
    assert [(row["graderaw"], row["gradeformatted"]) for row in own["gradeitems"]] == [(30.0, "30.00"), (30.0, "30.00")]


async def test_everybody_s_grades_need_to_know_who_is_in_the_course(ask: Call, sandbox: Sandbox) -> None:
    refused = await ask("getGradeItems", "teacher_wsfunc", courseID=ME1)
    assert refused["error"]["details"]["function"] == "gradereport_user_get_grade_items"
    allow(sandbox, "core_enrol_get_enrolled_users")
    rows = {row["userid"]: row["gradeitems"] for row in await data(ask, "getGradeItems", courseID=ME1)}
    assert {user: items[-1]["graderaw"] for user, items in rows.items()} == {3: None, 5: 80.0, 6: 30.0, 7: None}


async def test_users_are_asked_about_in_few_requests(ask: Call, sandbox: Sandbox) -> None:
    allow(sandbox, "core_enrol_get_enrolled_users", who=2)
    rows = await data(ask, "getGradeItems", courseID=2)
    asked = [seen for seen in sandbox.requests if seen.function == "local_wsfunc_get_grades"]
    assert (len(rows), len(asked)) == (34, 1)


async def test_somebody_else_s_grades_are_refused_in_the_plugin_s_words(ask: Call) -> None:
    reply = await ask("getGradeItems", "student_wsfunc", courseID=ME1, userID=6)
    assert reply["error"]["code"] == "access_denied"
    assert "Cannot view grades" in reply["message"]


async def test_last_access_is_told_of_named_users_whom_one_looks_after(ask: Call) -> None:
    rows = await data(ask, "getUsersLastAccess", "partner_wsfunc", courseID=ME1, userIDs=[5, 7, 8, 4242])
    assert rows == [{"userid": user, "lastaccess": 0, "lastcourseaccess": 0} for user in (5, 7)]


async def test_last_access_of_everybody_is_moodle_s_own_alone(ask: Call) -> None:
    reply = await ask("getUsersLastAccess", "partner_wsfunc", courseID=ME1)
    assert reply["error"]["details"]["function"] == "core_enrol_get_enrolled_users"


async def test_last_access_by_moodle_itself_can_be_of_some_users(ask: Call) -> None:
    rows = await data(ask, "getUsersLastAccess", "teacher_more", courseID=ME1, userIDs=[5, 4242])
    assert rows == [{"userid": 5, "lastaccess": 0, "lastcourseaccess": 0}]


async def test_the_older_name_of_a_function_is_known(ask: Call, sandbox: Sandbox) -> None:
    answers(sandbox, "local_wsfunc_get_lastaccess", {"lastaccess": 1767300002}, userid=integer())
    site = sandbox.site
    site.services["wsfunc"] = Service(
        "wsfunc", frozenset({"core_webservice_get_site_info", "local_wsfunc_get_lastaccess"})
    )
    rows = await data(ask, "getUsersLastAccess", "partner_wsfunc", courseID=ME1, userIDs=[5])
    assert rows == [{"userid": 5, "lastaccess": 1767300002, "lastcourseaccess": 0}]


async def test_a_partner_finds_its_users_by_id_and_no_others(ask: Call) -> None:
    rows = await data(ask, "getUsersByField", "partner_wsfunc", field="id", values=["5", "8"])
    assert [(row["id"], row["fullname"], row["email"]) for row in rows] == [(5, "Zoë Müller", "")]


async def test_what_is_withheld_of_users_finds_nobody(ask: Call) -> None:
    assert await data(ask, "searchUsers", "partner_wsfunc", criteria={"lastname": "M%"}) == []


async def test_a_token_that_cannot_read_its_list_is_tried(ask: Call, sandbox: Sandbox) -> None:
    assert [row["id"] for row in await data(ask, "getCoursesOfUser", "teacher_wsonly", userID=5)] == [2, 6]
    assert [seen.function for seen in sandbox.requests] == [
        "core_enrol_get_users_courses",
        "core_webservice_get_site_info",
        "local_wsfunc_get_users_courses",
    ]


async def test_nothing_of_the_plugin_is_asked_where_moodle_itself_answers(ask: Call, sandbox: Sandbox) -> None:
    site = sandbox.site
    site.services["more"] = Service("more", site.services["more"].functions | site.services["wsfunc"].functions)
    await data(ask, "getCoursesOfUser", "teacher_more", userID=5)
    assert [seen.function for seen in sandbox.requests] == ["core_enrol_get_users_courses"]


def answers(sandbox: Sandbox, name: str, answer: Any, **params: Value) -> None:
    """Put another function in the place of the plugin's, as another vendor may have one of the same name."""
    sandbox.site.functions[name] = Function(name, Struct(params), lambda *_: answer)


@pytest.mark.parametrize(
    ("event", "payload", "function", "answer"),
    [
        ("getCoursesOfUser", {"userID": 5}, "get_users_courses", {"courses": []}),
        ("getCoursesOfUser", {"userID": 5}, "get_users_courses", [{"id": 2}]),
        ("getCoursesFromCategory", {"categoryID": 2}, "get_visible_courses", [{"id": 2}]),
        ("getGradeItems", {"courseID": 6, "userID": 5}, "get_grades", {"items": [{"activityid": "a/b"}]}),
        ("getUsersLastAccess", {"courseID": 6, "userIDs": [5]}, "get_users_lastaccess", {"lastaccess": "yesterday"}),
        ("getUsersByField", {"field": "id", "values": ["5"]}, "programpartner_get_users", [{"id": 5}]),
        ("searchUsers", {"criteria": {"id": "5"}}, "programpartner_get_users", {"users": []}),
    ],
)
async def test_an_answer_of_another_form_is_not_taken(
    ask: Call, sandbox: Sandbox, event: str, payload: dict[str, Any], function: str, answer: Any
) -> None:
    name = f"local_wsfunc_{function}"
    known = sandbox.site.functions[name].params.keys
    sandbox.site.functions[name] = Function(name, Struct(known), lambda *_: answer)
    reply = await ask(event, "teacher_wsfunc", **payload)
    assert reply["error"]["code"] == "access_denied"
    assert f"the site's own {name} gave an answer of another form" in reply["message"]


async def test_a_function_that_wants_other_parameters_is_not_taken(ask: Call, sandbox: Sandbox) -> None:
    answers(sandbox, "local_wsfunc_get_users_courses", [], username=text())
    reply = await ask("getCoursesOfUser", "teacher_wsfunc", userID=5)
    assert "Invalid parameter value detected" in reply["message"]


async def test_the_setup_counts_what_a_plugin_can_do(ask: Call) -> None:
    found = await data(ask, "checkSetup", "teacher_wsfunc")
    usable = {each["event"] for each in found["capabilities"] if each["usable"]}
    assert usable == {method.name for method in METHODS if any("wsfunc" in name for name in method.instead)}
