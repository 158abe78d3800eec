"""``core_course_get_course_module`` and ``core_webservice_get_site_info``."""

from __future__ import annotations

from typing import Any, Final

from rpc_moodle.sandbox.catalogue import AUTOMATIC
from rpc_moodle.sandbox.errors import login_required, missing_unknown_record, unreadable_response
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.params import Many, Struct, integer, text
from rpc_moodle.sandbox.people import MANAGE
from rpc_moodle.sandbox.texts import has_markup, name_shown

RELEASES: Final = {
    "4.4": ("4.4.3+ (Build: 20240903)", "2024042203.01"),
    "4.5": ("4.5 (Build: 20241007)", "2024100700"),
    "5.0": ("5.0.6 (Build: 20260414)", "2025041406"),
}

_FEATURES: Final = {
    "usecomments": 1,
    "usetags": 1,
    "enablenotes": 1,
    "messaging": 1,
    "enableblogs": 1,
    "enablecompletion": 1,
    "enablebadges": 1,
    "messagingallusers": 0,
    "enablecustomreports": 1,
    "enableglobalsearch": 0,
    "mnet_dispatcher_mode": 0,
    "enablecompetencies": 1,
}


@function("core_course_get_course_module", cmid=integer())
def get_course_module(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Describe a course module (``course.module``); who may not manage activities sees the first keys only.

    A scale with markup makes the whole answer invalid (``scale_markup.module``).
    """
    one = call.site.by_cmid(params["cmid"])
    if one is None:
        raise missing_unknown_record()
    if not call.can_enter(one):
        raise login_required()
    course = call.site.courses[one.courseid]
    module: dict[str, Any] = {
        "id": one.cmid,
        "course": one.courseid,
        "module": 1,
        "name": name_shown(one.name, raw=call.raw, filtered=call.filter),
        "modname": "assign",
        "instance": one.id,
        "section": course.section,
        "sectionnum": 0,
        "groupmode": 0,
        "groupingid": 0,
        "completion": one.completion or course.completion,
    }
    if call.may(MANAGE, one):
        module |= {
            "idnumber": "",
            "added": one.timemodified,
            "score": 0,
            "indent": 0,
            "visible": int(one.visible),
            "visibleoncoursepage": 1,
            "visibleold": 1,
            "completiongradeitemnumber": 0 if one.completion == AUTOMATIC else None,
            "completionpassgrade": int(one.completion == AUTOMATIC and one.gradepass > 0),
            "completionview": 0,
            "completionexpected": 0,
            "showdescription": 0,
            "downloadcontent": 1,
            "availability": None,
            "grade": one.grade,
            "gradepass": f"{one.gradepass:.2f}",
            "gradecat": course.gradecategory,
            "advancedgrading": [{"area": "submissions", "method": one.advanced_grading or None}],
        }
        if one.grade < 0:  # the items from the first up (scale_numbers.module)
            module["scale"] = ",".join(call.site.scales[-one.grade])
            if has_markup(module["scale"]):
                raise unreadable_response()
    return {"cm": module, "warnings": []}


@function(
    "core_webservice_get_site_info",
    serviceshortnames=Many(Struct({"shortname": text()}), []),
)
def get_site_info(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Describe site, caller and token (``site.info_care``): above all the functions that the token may call."""
    del params
    site, user = call.site, call.user
    service = site.services[site.tokens[call.token].service]
    release, version = RELEASES[site.release]
    return {
        "sitename": site.name,
        "username": user.username,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "fullname": user.fullname,
        "lang": "en",
        "userid": user.id,
        "siteurl": call.url,
        "userpictureurl": f"{call.picture}f1",
        "functions": [{"name": name, "version": version} for name in sorted(service.functions)],
        "downloadfiles": int(service.downloadfiles),
        "uploadfiles": int(service.uploadfiles),
        "release": release,
        "version": version,
        "mobilecssurl": "",
        "advancedfeatures": [{"name": name, "value": value} for name, value in _FEATURES.items()],
        "usercanmanageownfiles": True,
        "userquota": 104857600,
        "usermaxuploadfilesize": 536870912,
        "userhomepage": 1,
        "userprivateaccesskey": f"{user.id:032x}",
        "siteid": 1,
        "sitecalendartype": "gregorian",
        "usercalendartype": "gregorian",
        "userissiteadmin": user.admin,
        "theme": "boost",
        "limitconcurrentlogins": 0,
        "policyagreed": 0,
    }


FUNCTIONS = (get_course_module, get_site_info)
