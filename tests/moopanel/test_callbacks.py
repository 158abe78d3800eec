"""What sites report by themselves, and of which job it tells."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from rpc_moodle.moopanel.callbacks import PATHS, limit, read_report, route
from rpc_moodle.moopanel.jobs import Job, tells_of
from tests.moopanel.recorded import KEY, report_of, report_path, reports

OUTCOMES = {
    "/api/backups/courses/666": "done",
    "/api/backups/restore/instance/123.2": "done",
    "/api/backups/delete/instance/666": "done",
    "/api/instances/1234/admin_preset": "done",
    "/api/instances/1234/admin_preset.2": "done",
    "/api/updates/zip-plugins/instance/666.3": "done",
    "/api/updates/plugins/instance/666": "partly",
    "/api/updates/plugins/instance/666.2": "partly",
} | {f"/api/backups/courses/666.{number}": "done" for number in range(2, 8)}
"""How the recorded jobs ended; those that are not here failed."""


def reading(exchange: dict[str, Any]) -> Any:
    found = route(report_path(exchange))
    assert found is not None
    return read_report(*found, report_of(exchange), KEY)


@pytest.mark.parametrize(("name", "exchange"), reports().items(), ids=reports())
def test_a_recorded_report_is_read(name: str, exchange: dict[str, Any]) -> None:
    report = reading(exchange)
    assert report["outcome"] == OUTCOMES.get(name.removeprefix("callback "), "failed")
    assert str(report["instanceId"]) in exchange["request"]["path"]
    assert "API_KEY" not in json.dumps(report)


def test_all_recorded_reports_are_of_all_kinds() -> None:
    assert len(reports()) == 24
    assert {reading(one)["kind"] for one in reports().values()} == set(PATHS.values())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "backups",
        "backups/courses/",
        "backups/courses/abc",
        "backups/courses/1/2",
        "backups/courses/12345678901234567890",
        "backups/courses/../x",
        "instances/admin_preset",
        "users/1",
    ],
)
def test_no_report_comes_to_another_path(path: str) -> None:
    assert route(path) is None


def job(kind: Any, *about: str, instance: int = 666, task: int = 30) -> Job:
    return {"kind": kind, "instanceId": instance, "taskId": task, "about": [*about]}


@pytest.mark.parametrize(
    ("report", "asked", "same"),
    [
        ("updates/core/instance/666.2", job("coreUpdate", "10"), True),  # though the plugin named task 30
        ("updates/core/instance/666.2", job("coreUpdate", "9"), False),
        ("updates/core/instance/666", job("coreUpdate", "9", instance=667), False),
        ("updates/plugins/instance/666.2", job("pluginUpdate", "1:local_mplab", "2:local_mplab", task=32), True),
        ("updates/plugins/instance/666.2", job("pluginUpdate", "2:local_mplab", task=32), False),
        ("updates/zip-plugins/instance/666.2", job("pluginInstall", "panel.example.edu/zips/local_mplab_v1.zip"), True),
        ("backups/courses/666", job("backup", "2"), True),
        ("backups/courses/666", job("restore", "2"), False),
        ("backups/restore/instance/123.3", job("restore", "304", "2", instance=123), True),
        ("backups/restore/instance/123.3", job("restore", "305", "2", instance=123), False),
        ("backups/delete/instance/666.2", job("backupDeletion", "602"), True),
        ("instances/1234/admin_preset", job("adminPreset", instance=1234), True),
    ],
)
def test_a_report_finds_its_job(report: str, asked: Job, same: bool) -> None:
    assert tells_of(reading(reports()[f"callback /api/{report}"]), asked) is same


def test_reports_as_the_plugin_is_described_are_read_too() -> None:
    body = b'{"status":true,"courseid":2208,"link":"https://test.si/1.zip","password":"abc","filesize":"3.25 GB"}'
    backup = read_report("backup", 6, body, KEY)
    assert (backup["size"], backup["link"], backup["password"]) == ("3.25 GB", "https://test.si/1.zip", "abc")
    restored = read_report("restore", 6, body, KEY)
    assert tells_of(restored, job("restore", "303", "2208", instance=6))
    assert "password" not in restored


PRESET = """<?xml version="1.0" encoding="UTF-8"?>
<PRESET><SETTINGS><SMTPPASS>hunter2</SMTPPASS><SMTPUSER>mail</SMTPUSER><RECAPTCHAPRIVATEKEY>p1</RECAPTCHAPRIVATEKEY>
<APIKEY SETTING="x">K&amp;Y</APIKEY><NOTE clientsecret="s3">the key K&amp;Y and $2y$10$abcdefghijklmnopqrstuv</NOTE>
<AUTH_TOKEN>t0ken</AUTH_TOKEN><EMPTYPASSWORD></EMPTYPASSWORD></SETTINGS></PRESET>"""


def test_exported_settings_hold_no_secret() -> None:
    found = read_report("adminPreset", 6, PRESET.encode(), SecretStr("K&Y"))["xml"]
    hidden = ("hunter2", "p1<", "K&amp;Y", "s3", "$2y$", "t0ken")
    assert [secret for secret in hidden if secret in found] == []
    assert "<SMTPUSER>mail</SMTPUSER>" in found
    assert "<SMTPPASS>***</SMTPPASS>" in found


BOMB = b'<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><PRESET>&b;</PRESET>'
FILE = b'<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><PRESET>&a;</PRESET>'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("adminPreset", BOMB),
        ("adminPreset", FILE),
        ("adminPreset", b'<!DOCTYPE PRESET SYSTEM "http://169.254.169.254/x"><PRESET/>'),
        ("adminPreset", b"<PRESET>"),
        ("adminPreset", b"<OTHER/>"),
        ("adminPreset", b""),
        ("adminPreset", b'<?xml version="1.0" encoding="nonsense"?><PRESET/>'),
        ("adminPreset", b"\xff\xfe\x00"),
        ("backup", b""),
        ("backup", b"{"),
        ("backup", b"[]"),
        ("backup", b'{"status": "perhaps"}'),
        ("backup", b'{"courseid": "secret words"}'),
        ("pluginUpdate", b'{"updates": [1]}'),
        ("pluginUpdate", b'{"updates": "x"}'),
    ],
)
def test_a_body_that_is_no_report_is_refused_without_a_word_of_it(kind: Any, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^the body is no ") as caught:
        read_report(kind, 6, body, KEY)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_exported_settings_may_be_larger_than_other_reports() -> None:
    assert limit("adminPreset") > max(131_691, limit("backup"))


def test_settings_that_are_nested_without_end_are_no_report() -> None:
    body = b"<PRESET>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</PRESET>"
    with pytest.raises(ValueError, match="nested deeper"):
        read_report("adminPreset", 1, body, KEY)
