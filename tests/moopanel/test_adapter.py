"""Every recorded exchange through the adapter: what it asks, what it makes of the answer, what it keeps to itself."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from rpc_moodle.moopanel import PanelClient, backups, errors, plugins, site, tasks, users
from rpc_moodle.moopanel.models import PanelUser, UserColumn
from rpc_moodle.moopanel.plugins import PluginUpdate
from rpc_moodle.moopanel.values import local_time, unix_time
from rpc_moodle.transport.allowance import AnswerLimits
from tests.moopanel.recorded import KEY, SITE, Answering, as_sent, exchanges, of_plugin
from tests.moopanel.test_wire import expected

Ask = Callable[[PanelClient], Awaitable[Any]]
WHO = {"user_id": 202, "username": "paneluser"}
ZIPS = "https://panel.example.edu/zips"
CORE: Any = {"component": "core", "version": "2024042204", "download": "http://ignored.example/x.zip"}


def client(exchange: dict[str, Any]) -> tuple[PanelClient, Answering]:
    http = Answering(exchange)
    return PanelClient(SITE, KEY, http=http), http  # type: ignore[arg-type] # it answers as the transport does


def restore(**how: Any) -> Ask:
    usual = {"course": 3, "link": "x", "password": SecretStr("9MoVIv1Upvfm:8Mj"), "number": 303, "storage": "local"}
    return lambda panel: backups.restore(panel, 123, **{**usual, "who": {"user_id": 202}, **how})


ASKS: dict[str, Ask] = {
    "test_connection": site.test_connection,
    "dashboard": site.dashboard,
    "api_key_status_get_unset": site.key_status,
    "api_key_status_get_ts": site.key_status,
    "api_key_status_get_permanent": site.key_status,
    "api_key_status_post_ts": lambda panel: site.set_key_status(panel, 1234567899),
    "api_key_status_post_null": lambda panel: site.set_key_status(panel, None),
    "users_search": lambda panel: users.users(panel, search="ana", fields=("id", "firstname", "lastname")),
    "users_readme_example": lambda panel: users.users(
        panel, search="an", sort="firstname DESC", fields=("firstname", "lastname")
    ),
    "users_search_none": lambda panel: users.users(panel, search="zzzzz", fields=()),
    "users_count": users.count,
    "users_count_search": lambda panel: users.count(panel, "ana"),
    "users_online": users.online,
    "users_online_range": lambda panel: users.online(panel, 1716796022, 1916796022),
    "users_online_reversed": lambda panel: users.online(panel, 1716796099, 1716796022),
    "user_id": lambda panel: users.user(panel, "id", 3),
    "user_username": lambda panel: users.user(panel, "username", "anab"),
    "user_upn_mail": lambda panel: users.user(panel, "upn", "upn.user@uni.example"),
    "user_email": lambda panel: users.user(panel, "email", "u1@example.com"),
    "user_notfound_id": lambda panel: users.user(panel, "id", 99999),
    "plugins": lambda panel: plugins.plugins(panel, updates=False, update_log=False),
    "plugins_both": lambda panel: plugins.plugins(panel, updates=True, update_log=True),
    "plugin_forum": lambda panel: plugins.plugin(panel, "mod_forum"),
    "plugin_moopanel_all": lambda panel: plugins.plugin(
        panel, "local_moopanel", updates=True, update_log=True, config=True
    ),
    "plugin_notexist": lambda panel: plugins.plugin(panel, "local_nosuch"),
    "plugins_updates_seeded": lambda panel: plugins.update(
        panel,
        666,
        [
            PluginUpdate(1, "local_mplab", "2024020200", "1.1", f"{ZIPS}/local_mplab_v2.zip"),
            PluginUpdate(2, "local_mplab", "2024020200", "1.1", "http://other.example/x.zip"),
        ],
        WHO,
    ),
    "plugins_installzip_ok": lambda panel: plugins.install(panel, 666, [f"{ZIPS}/local_mplab_v1.zip"], WHO),
    "plugin_uninstall_ok": lambda panel: plugins.uninstall(panel, "local_mplab"),
    "plugin_uninstall_unconfirmed": lambda panel: plugins.uninstall(panel, "local_moopanel", dry_run=True),
    "moodle_core": plugins.core,
    "moodle_core_seeded": plugins.core,
    "moodle_core_update_ok": lambda panel: plugins.update_core(panel, 666, 9, CORE, {"user_id": 202}),
    "admin_presets_ok": lambda panel: tasks.create_admin_preset(panel, 1234),
    "tasks_check_backup_queued": lambda panel: tasks.check(panel, 3, "backup_course"),
    "tasks_check_failed": lambda panel: tasks.check(panel, 19, "backup_course_delete"),
    "courses": lambda panel: site.courses(panel, with_courses=False, with_categories=False),
    "courses_courses": lambda panel: site.courses(panel, with_courses=True, with_categories=False),
    "backups_get_empty": backups.in_progress,
    "backups_get_progress": backups.in_progress,
    "backups_post_manual": lambda panel: backups.create(
        panel, 666, [3], mode="manual", storage="local", credentials={}
    ),
    "backups_post_s3": lambda panel: backups.create(
        panel, 666, [2], mode="manual", storage="s3", credentials={"k": SecretStr("v")}
    ),
}
"""What asks as was recorded."""


@pytest.mark.parametrize(("name", "ask"), ASKS.items(), ids=ASKS)
async def test_the_adapter_asks_as_was_recorded(name: str, ask: Ask) -> None:
    exchange = exchanges()[name]
    panel, http = client(exchange)
    if expected(exchange) in {"data", "NotConfirmed"}:
        await ask(panel)
    else:
        with pytest.raises(getattr(errors, expected(exchange))):
            await ask(panel)
    assert http.asked == [as_sent(exchange)]
    assert http.headers[0]["X-API-KEY"] == "API_KEY"


ENDPOINTS: dict[tuple[str, str], Ask] = {
    ("GET", ""): site.test_connection,
    ("GET", "test_connection"): site.test_connection,
    ("GET", "dashboard"): site.dashboard,
    ("GET", "api_key_status"): site.key_status,
    ("POST", "api_key_status"): lambda panel: site.set_key_status(panel, None),
    ("GET", "users"): users.users,
    ("GET", "users/count"): users.count,
    ("GET", "users/online"): users.online,
    ("GET", "user"): lambda panel: users.user(panel, "id", 3),
    ("GET", "plugins"): lambda panel: plugins.plugins(panel, updates=True, update_log=True),
    ("POST", "plugins/updates"): lambda panel: plugins.update(panel, 666, [], {}),
    ("POST", "plugins/installzip"): lambda panel: plugins.install(panel, 666, [], {}),
    ("GET", "plugin"): lambda panel: plugins.plugin(panel, "mod_forum", config=True),
    ("POST", "plugin/uninstall"): lambda panel: plugins.uninstall(panel, "local_mplab"),
    ("GET", "moodle_core"): plugins.core,
    ("POST", "moodle_core/update"): lambda panel: plugins.update_core(panel, 666, 9, CORE, {}),
    ("GET", "admin_presets"): lambda panel: tasks.create_admin_preset(panel, 1234),
    ("GET", "tasks/check"): lambda panel: tasks.check(panel, 3, "backup_course"),
    ("GET", "courses"): lambda panel: site.courses(panel, with_courses=True, with_categories=True),
    ("GET", "backups"): backups.in_progress,
    ("POST", "backups"): lambda panel: backups.create(panel, 6, [2], mode="auto", storage="local", credentials={}),
    ("PUT", "backups"): restore(),
    ("DELETE", "backups"): lambda panel: backups.delete(panel, 666, [], {}),
}
"""What reads the answers of an endpoint; a longer path that is not here is answered as its beginning."""

LEFT_OUT = {"users_fields_noid", "users_fields_dup"}
"""What the adapter never asks for: users without their id."""

DATA = {name: one for name, one in of_plugin().items() if expected(one) == "data" and name not in LEFT_OUT}


def reader(exchange: dict[str, Any]) -> Ask:
    method, endpoint, _, _ = as_sent(exchange)
    endpoint = endpoint.removeprefix("/local/moopanel/server.php").rstrip("/")
    return ENDPOINTS.get((method, endpoint)) or ENDPOINTS[method, endpoint.partition("/")[0]]


@pytest.mark.parametrize("exchange", DATA.values(), ids=DATA)
async def test_recorded_data_are_read_and_hold_no_secret(exchange: dict[str, Any]) -> None:
    panel, _ = client(exchange)
    found = json.dumps(await reader(exchange)(panel))
    assert [secret for secret in ("PASSWORD_HASH", "API_KEY", '"password"', "returnurl") if secret in found] == []


async def test_users_without_their_id_are_no_answer_to_what_the_adapter_asks() -> None:
    for name in LEFT_OUT:
        with pytest.raises(errors.BadResponse, match=r"users\.0\.id"):
            await read(name)


def test_all_but_two_of_the_recorded_data_are_read() -> None:
    assert (len(DATA), len(LEFT_OUT)) == (107, 2)


async def read(name: str, ask: Ask | None = None) -> Any:
    exchange = exchanges()[name]
    panel, _ = client(exchange)
    return await (ask or reader(exchange))(panel)


async def test_settings_are_told_without_the_values_of_secrets() -> None:
    found = await read("plugin_moopanel_all")
    assert found["config"]["key_expiration_date"] == "permanent"
    assert (found["withheld"], "apikey" in found["config"]) == (["apikey"], False)


async def test_a_misspelt_component_is_read_as_the_right_one() -> None:
    assert [update["component"] for update in (await read("moodle_core_seeded"))["updates"]] == ["core", "core"]


async def test_numbers_that_come_as_strings_are_numbers() -> None:
    found = await read("users_fields")
    assert found["users"][0] == {"id": 2, "username": "admin", "email": "admin@example.com"}


async def test_nobody_found_is_an_empty_list() -> None:
    assert await read("users_search_none") == {"total": 0, "users": []}


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("tasks_check_backup_queued", "queued"),
        ("tasks_check_failed", "failed"),
        ("tasks_check_failed_rowgone", "gone"),  # though it failed
        ("tasks_check_plugins_update_done", "gone"),  # though it succeeded
        ("tasks_check_unknown", "gone"),
    ],
)
async def test_the_queue_tells_no_more_than_it_knows(name: str, state: str) -> None:
    assert (await read(name))["state"] == state


async def test_jobs_name_what_their_reports_name() -> None:
    assert await read("backups_post_auto") == {
        "jobs": [
            {"kind": "backup", "instanceId": 6, "taskId": 3, "about": ["2"]},
            {"kind": "backup", "instanceId": 6, "taskId": 4, "about": ["3"]},
        ],
        "results": [
            {"about": "5", "ok": False, "message": "Course not exist."},
            {"about": "6", "ok": False, "message": "Course not exist."},
        ],
    }


async def test_a_deletion_that_is_queued_already_is_a_job_and_one_without_storage_is_none() -> None:
    assert [job["taskId"] for job in (await read("backups_delete_again"))["jobs"]] == [19]
    found = await read("backups_delete_ok")
    assert [job["about"] for job in found["jobs"]] == [["501"], ["502"], ["503"]]
    assert found["results"] == [{"about": "504", "ok": False, "message": "No storage data found."}]


async def test_a_link_is_sent_as_the_plugin_looks_it_up() -> None:
    panel, http = client(exchanges()["backups_put_ok"])
    await restore(link="/moopanel_course_backups/manual/course_3__2026_11_20_03_16.zip")(panel)
    sent, recorded = http.asked[0][3]["data"], as_sent(exchanges()["backups_put_ok"])[3]["data"]
    assert sent == {name: value for name, value in recorded.items() if name != "backup_mode"}


DESCRIBED: list[Any] = [
    [{"1234": {"status": True, "component": "tool_x", "error": None}}, {"4567": {"status": False, "error": "No."}}],
    {"1234": {"component": "tool_x", "status": True, "error": None}, "4567": {"status": False, "error": "No."}},
]


@pytest.mark.parametrize("updates", DESCRIBED, ids=["list", "object"])
async def test_results_that_come_at_once_as_the_plugin_is_described_are_read_too(updates: Any) -> None:
    panel, _ = client({"response": {"status": 200, "body": {"updates": updates}}})
    found = await plugins.update(panel, 666, [], {})
    assert found == {
        "jobs": [],
        "results": [
            {"about": "1234", "ok": True, "message": ""},
            {"about": "4567", "ok": False, "message": "No."},
        ],
    }


async def test_a_job_that_is_refused_is_a_result() -> None:
    panel, _ = client({"response": {"status": 200, "body": {"status": False, "message": "Not now."}}})
    found = await plugins.install(panel, 666, ["https://a/b.zip"], {})
    assert found == {"jobs": [], "results": [{"about": "a/b.zip", "ok": False, "message": "Not now."}]}


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (None, ("permanent", None, None)),
        ("permanent", ("permanent", None, None)),
        (1234567899, ("dated", 1234567899, None)),
        ("1234567899", ("dated", 1234567899, None)),
        ("02/13/2009 23:31:39", ("dated", None, "2009-02-13T23:31:39")),
        ("01/01/1970 01:00:00", ("unset", None, None)),
        ("tomorrow", ("unset", None, None)),
        (0, ("unset", None, None)),
    ],
)
def test_a_date_is_read_in_all_its_forms(value: Any, status: tuple[str, int | None, str | None]) -> None:
    assert tuple(site.read_key_status(value).values()) == status


@pytest.mark.parametrize("value", [None, "", "x", [], {}, True, "31/31/2020 00:00:00", "9" * 40])
def test_what_is_no_date_is_none(value: Any) -> None:
    assert (unix_time(value), local_time(value)) == (1 if value is True else None, None)


def test_the_columns_that_can_be_asked_for_are_those_that_are_given() -> None:
    assert get_args(UserColumn) == tuple(PanelUser.__annotations__)


@pytest.mark.parametrize("limits", [AnswerLimits(bytes=100), AnswerLimits(rows=1)], ids=["bytes", "rows"])
async def test_an_answer_without_end_is_dropped(limits: AnswerLimits) -> None:
    panel, http = client(exchanges()["plugins"])
    http.answers = limits
    with pytest.raises(errors.AnswerTooLarge):
        await ASKS["plugins"](panel)


async def test_a_client_is_used_inside_its_block_only() -> None:
    with pytest.raises(RuntimeError, match="outside"):
        await site.dashboard(PanelClient(SITE, KEY))
    async with PanelClient(SITE, "key") as panel:
        assert panel.key.get_secret_value() == "key"
