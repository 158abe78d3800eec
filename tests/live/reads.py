"""What the contract promises, against a live site; nothing here writes. Run by ``make test-live``."""

import io
import json
import zipfile
from typing import Any

import aiohttp
import pytest
from pydantic import TypeAdapter

from rpc_moodle.methods import METHODS
from tests.live.conftest import Ask, Ids, Measured, data
from utils.registry import Method

_IDS = {"course_id": "courseID", "assignment_id": "assignmentID"}
_NOWHERE = 2**31 - 1


def _plain() -> list[Method]:
    """Give the methods that read and need no more than a course or an assignment."""
    found = []
    for method in METHODS:
        fields = method.request_model.model_fields if method.request_model else {}
        needed = {name for name, field in fields.items() if field.is_required()} - {"options"}
        if method.needs and not method.writes and not method.binary and needed <= set(_IDS):
            found.append(method)
    return found


@pytest.mark.parametrize("method", _plain(), ids=lambda method: method.name)
async def test_the_reply_is_as_published(ask: Ask, ids: Ids, method: Method, record_property: Measured) -> None:
    assert method.request_model is not None
    fields = method.request_model.model_fields
    token = "admin_more" if method.name == "getCohorts" else "teacher_more"
    known = ids.where("files")
    payload = {_IDS[name]: known[_IDS[name]] for name in _IDS if name in fields and fields[name].is_required()}
    found = await data(ask, method.name, token, **payload)

    TypeAdapter(method.result_type).validate_python(found)
    record_property("measured", f"{len(found)} rows" if isinstance(found, list) else "")


async def test_users_come_once_each_in_both_dialects(ask: Ask, ids: Ids, record_property: Measured) -> None:
    rows = await data(ask, "getUsersFromCourse", courseID=ids.number("course"))

    assert rows
    assert len({row["id"] for row in rows}) == len(rows)
    assert all((row["id"], row["username"]) == (row["extId"], row["userName"]) for row in rows)
    record_property("measured", f"{len(rows)} users")


async def test_a_large_course_comes_whole(ask: Ask, ids: Ids, record_property: Measured) -> None:
    rows = await data(ask, "getUsersFromCourse", "admin_more", courseID=ids.number("bigcourse"))
    access = await data(ask, "getUsersLastAccess", "admin_more", courseID=ids.number("bigcourse"))

    assert [row["id"] for row in rows] == [row["userid"] for row in access]
    assert len({row["id"] for row in rows}) == len(rows)
    record_property("measured", f"{len(rows)} users")


async def test_any_page_of_the_site_can_be_pasted_as_its_address(ask: Ask, ids: Ids, site: str) -> None:
    course = ids.number("course")
    pasted = {"url": f" {site.rstrip('/')}/course/view.php?id={course} "}

    plain, other = [await data(ask, "getUsersFromCourse", courseID=course, options=each) for each in ({}, pasted)]
    assert plain == other


async def test_who_takes_part_is_in_the_course(ask: Ask, ids: Ids, record_property: Measured) -> None:
    course = {row["id"] for row in await data(ask, "getUsersFromCourse", courseID=ids.number("course"))}
    part = {row["id"] for row in await data(ask, "getUsersFromAssignment", **ids.where("files"))}

    assert part
    assert part <= course
    record_property("measured", f"{len(part)} of {len(course)}")


async def test_short_and_detailed_assignments_agree(ask: Ask, ids: Ids, record_property: Measured) -> None:
    course = ids.number("course")
    short = await data(ask, "getAssignmentInfoFromCourse", courseID=course)
    detailed = await data(ask, "getAssignmentInfoFromCourse", courseID=course, detailed=True)

    assert short == [[row["cmid"], row["name"], row["maxGrade"]] for row in detailed]
    assert ids.number("assign", "files", "cmid") in {row["cmid"] for row in detailed}
    record_property("measured", f"{len(short)} assignments")


async def test_each_listed_file_can_be_fetched_and_is_as_long_as_listed(
    ask: Ask, ids: Ids, record_property: Measured
) -> None:
    rows = await data(ask, "getSubmissionsInfosFromAssignment", **ids.where("files"))
    files = [file for row in rows for file in row["files"]]
    got: list[Any] = []
    for start in range(0, len(files), 10):
        links = [each["fileurl"] for each in files[start : start + 10]]
        got += await data(ask, "downloadSubmissionsFromUser", fileUrls=links, detailed=True)

    assert files
    assert [len(each["content"]) for each in got] == [each["filesize"] for each in files]
    record_property("measured", f"{len(files)} files, {sum(each['filesize'] for each in files)} bytes")


async def test_the_archive_holds_every_file(ask: Ask, ids: Ids, service: str, record_property: Measured) -> None:
    link = await data(ask, "createSubmissionsArchive", **ids.where("files"))
    async with aiohttp.ClientSession() as session, session.get(service + link["path"]) as response:
        content = await response.read()

    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        assert len(packed.namelist()) == link["files"] > 0
        assert sum(each.file_size for each in packed.infolist()) == link["bytes"]
    record_property("measured", f"{link['files']} files")


async def test_blind_marking_stays_blind(ask: Ask, ids: Ids, record_property: Measured) -> None:
    rows = await data(ask, "getSubmissionsInfosFromAssignment", **ids.where("blind"))

    assert rows
    assert not [row for row in rows if any(row["userInfo"].values())]
    record_property("measured", f"{len(rows)} submissions")


async def test_a_teams_submission_stands_once(ask: Ask, ids: Ids, record_property: Measured) -> None:
    rows = await data(ask, "getSubmissionsInfosFromAssignment", **ids.where("team"))
    members = [user for row in rows for user in row["userIds"]]

    assert [row for row in rows if row["userid"] == 0]
    assert len(members) == len(set(members))
    record_property("measured", f"{len(rows)} submissions of {len(members)} users")


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        pytest.param("getUsersFromCourse", {"courseID": _NOWHERE}, id="course"),
        pytest.param("getSubmissionsInfosFromAssignment", {"assignmentID": _NOWHERE}, id="assignment"),
        pytest.param("getUsersFromAssignment", {"assignmentID": _NOWHERE}, id="assignment's users"),
    ],
)
async def test_what_is_not_there_is_not_found(ask: Ask, ids: Ids, event: str, changed: dict[str, int]) -> None:
    where: dict[str, Any] = {**ids.where("files"), **changed}
    if event == "getUsersFromCourse":
        del where["assignmentID"]
    assert (await ask(event, **where))["error"]["code"] == "not_found"


async def test_a_key_that_is_none_is_told_from_one_that_may_not(ask: Ask, ids: Ids) -> None:
    unknown = await ask("getUsersFromCourse", courseID=ids.number("course"), options={"apiKey": "0" * 32})
    student = await ask("getSubmissionsInfosFromAssignment", "student_more", **ids.where("files"))

    assert unknown["error"]["code"] == "invalid_token"
    assert student["error"]["code"] == "access_denied"


async def test_no_reply_holds_a_token(ask: Ask, ids: Ids) -> None:
    replies = [
        await ask("getSubmissionsInfosFromAssignment", **ids.where("files")),
        await ask("getSubmissionsInfosFromAssignment", "student_more", **ids.where("files")),
        await ask("checkSetup", courseID=ids.number("course")),
        await ask("callFunction", function="core_webservice_get_no_such_function"),
    ]
    text = json.dumps(replies)
    assert not [each for each in ("teacher_more", "student_more") if ids.token(each) in text]


async def test_the_setup_is_told(ask: Ask, record_property: Measured) -> None:
    found = await data(ask, "checkSetup")

    assert found["release"]
    record_property("measured", found["release"])


async def test_a_function_that_the_site_lacks_is_not_found(ask: Ask) -> None:
    reply = await ask("callFunction", function="local_nosuchplugin_get_nothing")
    assert reply["error"]["code"] == "not_found"
