import base64
import contextlib
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter

from rpc_moodle.moodle import errors, wire
from rpc_moodle.moodle.models import Notice, SiteInfo
from rpc_moodle.moodle.xml import from_xml
from rpc_moodle.transport.answers import plain, retry_after
from tests.support import VERSIONS, body_of, exchanges

TOKEN = SecretStr("0123456789abcdef0123456789abcdef")
REST = "/webservice/rest/server.php"


def decide(exchange: dict[str, Any]) -> bytes:
    answer = exchange["response"]
    return wire.answer(
        exchange["request"].get("wsfunction", "f"), answer["status"], answer["headers"], body_of(exchange), TOKEN
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recorded_call_is_flattened_as_it_was_sent(version: str) -> None:
    compared = 0
    for exchange in exchanges(version).values():
        request = exchange["request"]
        if request["path"] != REST or not request["params"] or ["moodlewsrestformat", "json"] not in request["form"]:
            continue
        sent = [pair for pair in map(tuple, request["form"]) if not pair[0].startswith("moodlewss")]
        form = wire.form(SecretStr(sent[0][1]), request["wsfunction"], request["params"])
        assert parse_qsl(form.decode(), keep_blank_values=True) == sent, exchange["id"]
        compared += 1
    assert compared > 100


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recorded_answer_is_either_data_or_the_right_error(version: str) -> None:
    kinds = {
        "invalidtoken": errors.InvalidToken,
        "accessexception": errors.FunctionDenied,
        "nopermissions": errors.CapabilityDenied,
        "errorcoursecontextnotvalid": errors.EnrolmentDenied,
        "invalidrecord": errors.NotFound,
        "invalidrecordunknown": errors.NotFound,
        "invaliduser": errors.NotFound,
        "sitemaintenance": errors.SiteUnavailable,
    }
    for exchange in exchanges(version).values():
        if exchange["request"]["path"] != REST or exchange["id"].startswith("format."):
            continue
        body = exchange["response"]["body"]
        if exchange["response"]["status"] != 200:
            with pytest.raises(errors.SiteUnavailable):
                decide(exchange)
        elif isinstance(body, dict) and "exception" in body:
            with pytest.raises(kinds.get(body["errorcode"], errors.MoodleException)):
                decide(exchange)
        else:
            assert decide(exchange) == body_of(exchange)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["site.wrong_path", "file.plain_pluginfile"])
def test_what_is_not_json_is_a_bad_response(version: str, case: str) -> None:
    with pytest.raises(errors.BadResponse):
        decide(exchanges(version)[case])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_site_that_gives_xml_is_understood(version: str) -> None:
    known = exchanges(version)
    with pytest.raises(errors.NotFound, match="Can't find data record"):
        decide(known["format.xml_error"])
    recorded = body_of(known["format.xml_ok"])  # of which the first 3,000 characters were kept
    body = recorded[: recorded.rindex(b"</SINGLE>")] + b"</SINGLE></MULTIPLE></KEY></SINGLE></RESPONSE>"
    info = wire.read("f", wire.answer("f", 200, {}, body, TOKEN), TypeAdapter(SiteInfo))
    assert (info.userid, info.sitename) == (2, "Reference Moodle")
    assert len(info.functions) > 10
    assert info.functions[0].name


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("<RESPONSE><VALUE>a &lt;b&gt; c</VALUE></RESPONSE>", "a <b> c"),
        ("<RESPONSE><MULTIPLE>\n</MULTIPLE></RESPONSE>", []),
        ('<RESPONSE><SINGLE><KEY name="a"><VALUE null="null"/></KEY></SINGLE></RESPONSE>', {}),
        ('<RESPONSE><MULTIPLE><SINGLE><KEY name="a"><VALUE></VALUE></KEY></SINGLE></MULTIPLE></RESPONSE>', [{"a": ""}]),
        ("<RESPONSE></RESPONSE>", None),
    ],
)
def test_xml_is_read_as_the_json_that_it_stands_for(body: str, value: object) -> None:
    assert json.loads(from_xml(f'<?xml version="1.0" encoding="UTF-8" ?>\n{body}'.encode())) == value


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><html><body>log in</body></html>',
        b'<?xml version="1.0"?><RESPONSE><VALUE>cut',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><RESPONSE><VALUE>&a;</VALUE></RESPONSE>',
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><RESPONSE></RESPONSE>',
    ],
)
def test_xml_that_is_not_moodles_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(errors.BadResponse, match="instead of JSON"):
        wire.answer("f", 200, {}, body, TOKEN)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_errors_of_files_and_logins_have_the_other_shape(version: str) -> None:
    known = exchanges(version)
    for case, kind in {
        "file.bad_token": errors.InvalidToken,
        "file.service_without_download": errors.AccessDenied,
        "file.missing": errors.NotFound,
        "login.bad_password": errors.AccessDenied,
        "site.maintenance_web_file": errors.SiteUnavailable,
        "upload.bad_token": errors.InvalidToken,
    }.items():
        with pytest.raises(kind):
            wire.raise_for_error_body("webservice/pluginfile.php", body_of(known[case]), TOKEN)


def test_command_line_maintenance_says_when_to_come_back() -> None:
    with pytest.raises(errors.SiteUnavailable) as caught:
        decide(exchanges("4.5")["site.maintenance_cli"])
    assert caught.value.retry_after == 300


def test_web_services_that_are_off_say_what_an_administrator_has_to_enable() -> None:
    with pytest.raises(errors.SiteUnavailable, match="enable web services and the REST protocol"):
        decide(exchanges("4.5")["site.rest_disabled"])


def test_none_is_left_out_and_booleans_are_digits() -> None:
    params: wire.Params = {"a": None, "b": True, "c": False, "d": [1, None, {"e": "x"}], "f": 1.5}
    assert list(wire.flatten(params)) == [("b", "1"), ("c", "0"), ("d[0]", "1"), ("d[2][e]", "x"), ("f", "1.5")]


def test_the_token_stands_first_so_that_max_input_vars_cannot_drop_it() -> None:
    assert wire.form(TOKEN, "f", {"x": "y"}).startswith(
        b"wstoken=" + TOKEN.get_secret_value().encode() + b"&wsfunction=f"
    )


@given(st.dictionaries(st.text(max_size=20), st.text() | st.integers() | st.booleans(), max_size=5))
def test_any_text_survives_the_form(params: dict[str, str | int | bool]) -> None:
    fields = dict(parse_qsl(wire.form(TOKEN, "f", params).decode(), keep_blank_values=True, strict_parsing=True))
    for key, value in params.items():
        if isinstance(value, str) and key not in {"wstoken", "wsfunction", "moodlewsrestformat"}:
            assert fields[key] == value


def test_a_lone_surrogate_is_replaced_instead_of_breaking_the_call() -> None:
    assert wire.encode([("text", "a\ud800b")]) == b"text=a%EF%BF%BD%EF%BF%BD%EF%BF%BDb"


@pytest.mark.parametrize("token", ["", "abc\ndef", "a b", "päss", "\x00", "x" * 300])
def test_a_token_that_no_moodle_issues_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(errors.InvalidCredential) as caught:
        wire.check_token(SecretStr(token))
    assert not token.strip() or token not in str(caught.value)


def test_a_message_of_moodles_loses_tags_and_the_token() -> None:
    body = b'{"exception":"e","errorcode":"odd","message":"<b>Bad</b>\\n token %s"}' % TOKEN.get_secret_value().encode()
    with pytest.raises(errors.MoodleException) as caught:
        wire.answer("f", 200, {}, body, TOKEN)
    assert str(caught.value) == "Bad token ***"


_KEY = TOKEN.get_secret_value()


@pytest.mark.parametrize(
    "disguised",
    [
        "<b>".join([_KEY[:9], _KEY[9:20], _KEY[20:]]),
        _KEY.upper(),
        " ".join(_KEY),
        "\u200b".join(_KEY),
        "".join(f"%{ord(each):02x}" for each in _KEY),
        "".join(f"%25{ord(each):02x}" for each in _KEY),
        base64.b64encode(_KEY.encode()).decode(),
        base64.urlsafe_b64encode(f"wstoken={_KEY}&x".encode()).decode(),
        base64.b64encode(f"a{_KEY}z".encode()).decode(),
    ],
)
def test_a_token_in_disguise_takes_the_whole_message_with_it(disguised: str) -> None:
    assert plain(f"see {disguised} there", TOKEN) == "(The site's own words are left out: they hold the API key.)"
    notice = Notice(item=disguised, warningcode="1", message=f"of {_KEY}")
    assert disguised not in str(notice.plain(TOKEN))
    assert _KEY not in str(notice.plain(TOKEN))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a &lt;b&gt;bold&lt;/b&gt; word", "a bold word"),
        ("1 < 2", "1 < 2"),
        ("x" * 1000, "x" * 300),
        (f"{_KEY} and &#{ord(_KEY[0])};{_KEY[1:]}", "*** and ***"),
        ("100% sure", "100% sure"),
    ],
)
def test_a_message_is_one_short_line_without_markup(text: str, shown: str) -> None:
    assert plain(text, TOKEN) == shown


@pytest.mark.parametrize(
    "errorcode",
    [
        "dmlwriteexception",
        "dmlreadexception",
        "dmltransactionexception",
        "dbconnectionfailed",
        "sessionwaiterr",
        "locktimeout",
        "ex_unabletolock",
        "storedfilecannotcreatefiledirs",
    ],
)
def test_a_mood_of_moodles_passes(errorcode: str) -> None:
    body = json.dumps({"exception": "e", "errorcode": errorcode, "message": "Error writing to database"}).encode()
    with pytest.raises(errors.PassingFault, match=errorcode):
        wire.answer("f", 200, {}, body, TOKEN)


@pytest.mark.parametrize("status", [408, 425])
def test_a_server_that_asks_to_be_asked_again_is_a_passing_fault(status: int) -> None:
    with pytest.raises(errors.PassingFault) as fault:
        wire.answer("f", status, {"Retry-After": "3"}, b"", TOKEN)
    assert fault.value.retry_after == 3


def test_an_error_without_end_is_not_read() -> None:
    with pytest.raises(errors.BadResponse, match="too long"):
        wire.answer("f", 200, {}, b'{"exception":"e","errorcode":"odd","message":"%s"}' % (b"<a " * 200_000), TOKEN)


def test_a_redirect_names_where_to_but_never_a_path_or_query() -> None:
    headers = {"Location": "https://new.example.edu/login?token=secret"}
    with pytest.raises(errors.BadResponse) as caught:
        wire.answer("f", 303, headers, b"", TOKEN)
    assert "https://new.example.edu;" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, errors.SiteBusy), (500, errors.SiteUnavailable), (502, errors.SiteUnavailable), (401, errors.BadResponse)],
)
def test_a_status_without_a_body_of_moodles_decides(status: int, kind: type[errors.MoodleError]) -> None:
    with pytest.raises(kind):
        wire.answer("f", status, {"Retry-After": "7"}, b"<html>busy</html>", TOKEN)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "Fri, 20 Nov 2026 10:00:30 GMT", "Date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Fri, 20 Nov 2026 09:00:00 GMT", "Date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_an_answer_that_does_not_fit_names_the_place_and_not_the_value() -> None:
    with pytest.raises(errors.BadResponse) as caught:
        wire.read("f", b'[{"id": "secret"}]', TypeAdapter(list[dict[str, int]]))
    assert "0.id" in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.binary(max_size=200), st.integers(100, 599))
def test_whatever_a_site_sends_is_json_or_an_error_of_this_package(body: bytes, status: int) -> None:
    with contextlib.suppress(errors.MoodleError):
        wire.read("f", wire.answer("f", status, {}, body, TOKEN), TypeAdapter(object))
