"""Course users beyond the recorded exchanges."""

import aiohttp
import pytest

from rpc_moodle.sandbox import Sandbox
from tests.sandbox.conftest import Caller

ENROLLED = "core_enrol_get_enrolled_users"


def options(**values: object) -> dict[str, object]:
    form: dict[str, object] = {}
    for index, (name, value) in enumerate(values.items()):
        form |= {f"options[{index}][name]": name, f"options[{index}][value]": value}
    return form


async def test_pages_of_a_mass_course_join_to_all_of_it(http: aiohttp.ClientSession) -> None:
    async with Sandbox(users=5000) as sandbox:
        seen: list[int] = []
        for start in range(0, 8000, 1000):
            form = {"wstoken": sandbox.token("teacher_care"), "wsfunction": ENROLLED, "moodlewsrestformat": "json"}
            form |= {"courseid": "5"}
            page = options(userfields="id", limitfrom=start, limitnumber=1000, sortby="id")
            form |= {name: str(value) for name, value in page.items()}
            async with http.post(f"{sandbox.url}/webservice/rest/server.php", data=form) as response:
                seen += [user["id"] for user in await response.json()]

    assert seen == [3, *range(37, 5037)]


async def test_users_come_sorted_both_ways(call: Caller) -> None:
    up = await call(ENROLLED, {"courseid": 2} | options(userfields="id", sortby="lastname"))
    down = await call(ENROLLED, {"courseid": 2} | options(userfields="id", sortby="lastname", sortdirection="DESC"))

    assert up == down[::-1]
    assert up[0]["fullname"] == "Bold &amp;Co"


async def test_a_student_may_not_filter_by_capability(call: Caller) -> None:
    form = {"courseid": 2} | options(withcapability="mod/assign:submit")

    answer = await call(ENROLLED, form, as_="student_full")

    assert answer["errorcode"] == "nopermissions"


async def test_the_suspended_enrolment_is_the_only_one_that_is_not_active(call: Caller) -> None:
    everyone = await call(ENROLLED, {"courseid": 2} | options(userfields="id"))
    active = await call(ENROLLED, {"courseid": 2} | options(userfields="id", onlyactive=1))

    assert {user["id"] for user in everyone} - {user["id"] for user in active} == {35}


async def test_a_role_can_carry_a_name_of_its_own(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.roles["student"].name = '<span lang="en" class="multilang">Learner</span>'

    users = await call(ENROLLED, {"courseid": 2} | options(userfields="roles"))

    assert users[-1]["roles"][0]["name"].startswith("<span")


@pytest.mark.parametrize(("release", "code"), [("4.5", "invalidrecord"), ("5.0", "invalidrecordunknown")])
async def test_an_unknown_course_has_another_code_on_5_0(http: aiohttp.ClientSession, release: str, code: str) -> None:
    async with Sandbox(release=release) as sandbox:
        form = {"wstoken": sandbox.token("teacher_care"), "wsfunction": ENROLLED, "moodlewsrestformat": "json"}
        async with http.post(f"{sandbox.url}/webservice/rest/server.php", data=form | {"courseid": "9"}) as response:
            assert (await response.json())["errorcode"] == code


async def test_participants_are_found_by_the_name_that_the_caller_sees(call: Caller) -> None:
    ask = {"groupid": 0, "filter": "müller"}
    named = await call("mod_assign_list_participants", ask | {"assignid": 1})
    blind = await call("mod_assign_list_participants", ask | {"assignid": 5})

    assert [user["id"] for user in named] == [5]
    assert blind == []


async def test_a_tutor_may_not_see_who_is_who_in_blind_marking(sandbox: Sandbox, call: Caller) -> None:
    answer = await call("mod_assign_get_user_mappings", {"assignmentids[0]": 5}, as_="tutor_care")

    assert answer["assignments"] == []
    assert answer["warnings"][0]["warningcode"] == "1"
