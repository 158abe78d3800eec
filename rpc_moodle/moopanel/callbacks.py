"""What a site reports by itself when a job is done, without I/O: from path and body to a report without secrets."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NotRequired
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import SecretStr, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from rpc_moodle.moopanel.jobs import JobKind, about_item, about_link
from rpc_moodle.moopanel.secrets import HIDDEN, is_secret, without_secrets
from rpc_moodle.moopanel.values import OptionalNumber, Rows, Text

MAX_JSON = 256 * 1024
"""Bytes of a report in JSON; the largest recorded has 309."""
MAX_XML = 4 * 1024 * 1024
"""Bytes of exported settings; the recorded ones have 131,691."""

PATHS: Mapping[str, JobKind] = {
    "backups/courses/{}": "backup",
    "backups/restore/instance/{}": "restore",
    "backups/delete/instance/{}": "backupDeletion",
    "updates/plugins/instance/{}": "pluginUpdate",
    "updates/zip-plugins/instance/{}": "pluginInstall",
    "updates/core/instance/{}": "coreUpdate",
    "instances/{}/admin_preset": "adminPreset",
}
"""Where the plugin sends which report, below ``/api/``; ``{}`` is the instance."""

_PATTERNS = tuple((re.compile(path.format(r"([0-9]{1,19})")), kind) for path, kind in PATHS.items())


class ReportItem(TypedDict):
    """What became of one plugin: ``number`` is the caller's own, ``link`` that of a ZIP."""

    ok: bool
    message: str
    component: str
    number: NotRequired[int | None]
    link: NotRequired[str]


class JobReport(TypedDict):
    """What a site reports of a job that is done; ``about`` as in the job.

    ``outcome`` is ``partly`` where some plugins of several failed. A backup's ``password`` is the one that opens its
    archive, without which it cannot be restored. ``size`` in bytes, or a text like ``3.25 GB``.
    """

    kind: JobKind
    instanceId: int
    about: list[str]
    outcome: Literal["done", "failed", "partly"]
    message: str
    taskId: NotRequired[int | None]
    courseId: NotRequired[int | None]
    link: NotRequired[str]
    password: NotRequired[str]
    size: NotRequired[int | str]
    items: NotRequired[list[ReportItem]]
    xml: NotRequired[str]


class _Item(TypedDict, total=False):
    model_id: OptionalNumber
    link: Text
    status: bool
    component: Text
    error: Text


class _Body(TypedDict, total=False):
    status: bool
    message: Text
    courseid: OptionalNumber
    link: Text
    password: Text
    filesize: int | str | None
    backup_result_id: OptionalNumber
    update_id: OptionalNumber
    moodle_job_id: OptionalNumber
    updates: Rows[_Item]


_BODY = TypeAdapter(_Body)


def route(path: str) -> tuple[JobKind, int] | None:
    """Tell of a path below ``/api/`` which report of which instance comes there; None where none does."""
    for pattern, kind in _PATTERNS:
        if found := pattern.fullmatch(path):
            return kind, int(found[1])
    return None


def limit(kind: JobKind) -> int:
    """Tell how many bytes a report may have."""
    return MAX_XML if kind == "adminPreset" else MAX_JSON


def read_report(kind: JobKind, instance_id: int, body: bytes, key: SecretStr) -> JobReport:
    """Read a report; raises ValueError, without a word of the body, for one that is none."""
    if kind == "adminPreset":
        return {**_head(kind, instance_id, [], ok=True, message=""), "xml": _preset(body, key)}
    try:
        said = _BODY.validate_json(body)
    except ValidationError:
        raise ValueError("the body is no report of the MooPanel plugin") from None
    return without_secrets(_READERS[kind](kind, instance_id, said), key)


def _head(kind: JobKind, instance_id: int, about: list[str], *, ok: bool, message: str) -> JobReport:
    outcome: Literal["done", "failed"] = "done" if ok else "failed"
    return {"kind": kind, "instanceId": instance_id, "about": about, "outcome": outcome, "message": message}


def _plain(kind: JobKind, instance_id: int, said: _Body, *about: object) -> JobReport:
    names = [str(each) for each in about if each is not None]
    return _head(kind, instance_id, names, ok=said.get("status", False), message=said.get("message", ""))


def _backup(kind: JobKind, instance_id: int, said: _Body) -> JobReport:
    course = said.get("courseid")
    report: JobReport = {**_plain(kind, instance_id, said, course), "courseId": course}
    if link := said.get("link"):
        report["link"] = link
    if password := said.get("password"):
        report["password"] = password
    if size := said.get("filesize"):
        report["size"] = size
    return report


def _restore(kind: JobKind, instance_id: int, said: _Body) -> JobReport:
    course = said.get("courseid")
    return {**_plain(kind, instance_id, said, said.get("backup_result_id"), course), "courseId": course}


def _deletion(kind: JobKind, instance_id: int, said: _Body) -> JobReport:
    return _plain(kind, instance_id, said, said.get("backup_result_id"))


def _core(kind: JobKind, instance_id: int, said: _Body) -> JobReport:
    return {**_plain(kind, instance_id, said, said.get("update_id")), "taskId": said.get("moodle_job_id")}


def _plugins(kind: JobKind, instance_id: int, said: _Body) -> JobReport:
    rows = said.get("updates", [])
    items = [_item(row) for row in rows]
    if kind == "pluginInstall":
        about = sorted(about_link(item.get("link", "")) for item in items)
    else:
        about = sorted(about_item(item.get("number"), item["component"]) for item in items)
    done = sum(item["ok"] for item in items)
    report: JobReport = {
        **_head(kind, instance_id, about, ok=done == len(items), message=f"{done} of {len(items)} done"),
        "taskId": said.get("moodle_job_id"),
        "items": items,
    }
    if 0 < done < len(items):
        report["outcome"] = "partly"
    return report


def _item(row: _Item) -> ReportItem:
    item: ReportItem = {
        "ok": row.get("status", False),
        "message": row.get("error", ""),
        "component": row.get("component", ""),
    }
    if link := row.get("link"):
        item["link"] = link
    else:
        item["number"] = row.get("model_id")
    return item


_READERS: Mapping[JobKind, Callable[[JobKind, int, _Body], JobReport]] = {
    "backup": _backup,
    "restore": _restore,
    "backupDeletion": _deletion,
    "pluginUpdate": _plugins,
    "pluginInstall": _plugins,
    "coreUpdate": _core,
}


def _preset(body: bytes, key: SecretStr) -> str:
    """Read exported settings and write them anew, without the values of secrets; no entities, no DTD."""
    try:
        root: Any = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise ValueError("the body is no XML that can be trusted") from None
    if root.tag != "PRESET":
        raise ValueError("the body is no export of settings")
    for element in root.iter():
        _hide(element, key)
    try:
        return tostring(root, encoding="unicode")
    except RecursionError:
        raise ValueError("the body is nested deeper than an export of settings") from None


def _hide(element: Element, key: SecretStr) -> None:
    """Hide a setting whose name, or that of one of its attributes, is a secret's; and the key wherever it stands."""
    secret = is_secret(element.tag)
    if element.text and element.text.strip():
        element.text = HIDDEN if secret else without_secrets(element.text, key)
    for name, value in element.attrib.items():
        element.attrib[name] = HIDDEN if secret or is_secret(name) else without_secrets(value, key)
