"""What an answer of a site means: one sentence a row."""

import json
from hashlib import sha256

import pytest
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationInfo, model_validator

from rpc_moodle.moodle import errors, wire

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = SecretStr(KEY)


def body(errorcode: str, message: str = "Words of the site") -> bytes:
    return json.dumps({"exception": "e", "errorcode": errorcode, "message": message}).encode()


MEANINGS = [
    ("an invalid token", "invalidtoken", errors.InvalidToken),
    ("a function outside the service", "accessexception", errors.FunctionDenied),
    ("a missing permission", "nopermissions", errors.CapabilityDenied),
    ("the same in the singular", "nopermission", errors.CapabilityDenied),
    ("grades that may not be seen", "nopermissiontoviewgrades", errors.CapabilityDenied),
    ("a capability by name", "requiredcapability", errors.CapabilityDenied),
    ("a course that is closed to the caller", "errorcoursecontextnotvalid", errors.EnrolmentDenied),
    ("a course that asks for a login", "requireloginerror", errors.EnrolmentDenied),
    ("somebody who is not enrolled", "notenrolled", errors.EnrolmentDenied),
    ("somebody of another group", "notingroup", errors.EnrolmentDenied),
    ("a course without access", "cannotaccesscourse", errors.EnrolmentDenied),
    ("a hidden course", "coursehidden", errors.EnrolmentDenied),
    ("a hidden activity", "activityiscurrentlyhidden", errors.EnrolmentDenied),
    ("a policy to agree to", "sitepolicynotagreed", errors.AccessDenied),
    ("an account that is not set up", "usernotfullysetup", errors.AccessDenied),
    ("a password to change", "forcepasswordchangenotice", errors.AccessDenied),
    ("a wrong password", "invalidlogin", errors.AccessDenied),
    ("a row that is not there", "invalidrecord", errors.NotFound),
    ("a row that nobody knows", "invalidrecordunknown", errors.NotFound),
    ("a file that is not there", "filenotfound", errors.NotFound),
    ("no such user", "invaliduser", errors.NotFound),
    ("no such user, by id", "invaliduserid", errors.NotFound),
    ("no such course", "invalidcourseid", errors.NotFound),
    ("no such activity", "invalidcoursemodule", errors.NotFound),
    ("no such activity, by id", "invalidcoursemoduleid", errors.NotFound),
    ("a course that cannot be found", "cannotfindcourse", errors.NotFound),
    ("an unknown course", "unknowncourse", errors.NotFound),
    ("any other code", "somethingelse", errors.MoodleException),
]


@pytest.mark.parametrize(("says", "errorcode", "kind"), MEANINGS, ids=[row[0] for row in MEANINGS])
def test_what_an_errorcode_means(says: str, errorcode: str, kind: type[errors.MoodleException]) -> None:
    with pytest.raises(errors.MoodleError) as caught:
        wire.answer("core_f", 200, {}, body(errorcode), TOKEN)
    error = caught.value
    assert isinstance(error, errors.MoodleException)
    assert (type(error), error.errorcode, error.function, str(error)) == (
        kind,
        errorcode,
        "core_f",
        "Words of the site",
    ), says


@pytest.mark.parametrize("errorcode", ["sitemaintenance", "upgraderunning", "enablewsdescription"])
def test_a_site_that_is_down_says_why(errorcode: str) -> None:
    with pytest.raises(errors.SiteUnavailable, match="Words of the site"):
        wire.answer("f", 200, {}, body(errorcode), TOKEN)


LOST = "Can't find data record in database table external_functions."


@pytest.mark.parametrize(
    ("says", "errorcode", "message", "kind"),
    [
        ("a function that the site does not have", "invalidrecord", LOST, errors.UnknownFunction),
        ("the same, unknown", "invalidrecordunknown", LOST, errors.UnknownFunction),
        ("another table", "invalidrecord", "Can't find data record in user.", errors.NotFound),
        ("the table in another error", "odd", LOST, errors.MoodleException),
    ],
)
def test_a_row_that_is_missing_may_be_the_function(
    says: str, errorcode: str, message: str, kind: type[errors.MoodleException]
) -> None:
    error = wire.exception("core_f", {"errorcode": errorcode, "message": message}, TOKEN)
    assert isinstance(error, errors.MoodleException)
    assert (type(error), error.errorcode, error.function, str(error)) == (kind, errorcode, "core_f", message), says


@pytest.mark.parametrize(
    ("says", "value", "errorcode", "message"),
    [
        ("an error without an errorcode", {"exception": "e", "message": "m"}, "unknown", "m"),
        ("an errorcode that is null", {"errorcode": None, "message": "m"}, "unknown", "m"),
        ("a token in an errorcode", {"errorcode": f"bad {KEY}", "message": "m"}, "bad ***", "m"),
        ("an error without words", {"errorcode": "odd"}, "odd", "no message"),
        ("the words of a file's error", {"errorcode": "odd", "error": "e"}, "odd", "e"),
        ("both words", {"errorcode": "odd", "message": "m", "error": "e"}, "odd", "m"),
        ("a token in the words", {"errorcode": "odd", "message": f"of {KEY}"}, "odd", "of ***"),
    ],
)
def test_what_is_kept_of_an_error(says: str, value: dict[str, object], errorcode: str, message: str) -> None:
    error = wire.exception("f", value, TOKEN)
    assert isinstance(error, errors.MoodleException)
    assert (error.errorcode, str(error)) == (errorcode, message), says


@pytest.mark.parametrize(
    ("says", "text", "is_error"),
    [
        ("an exception alone", '{"exception": "e"}', True),
        ("an errorcode alone", '{"errorcode": "e"}', True),
        ("an error with its debuginfo", '{"error": "e", "debuginfo": null}', True),
        ("a field that is called error", '{"error": "e"}', False),
        ("blanks before it", ' \n{"exception": "e"}', True),
        ("a list", '[{"exception": "e"}]', False),
        ("the word in a value", '{"name": "exception"}', False),
        ("a key that comes later than that", '{"a": "%s", "exception": "e"}' % ("x" * 2028), False),
        ("a key within the first 2,048 bytes", '{"a": "%s", "exception": "e"}' % ("x" * 2027), True),
        ("an error that is cut off", '{"exception": "e"', False),
        ("256 KiB of it", '{"exception":"%s"}' % ("x" * (256 * 1024 - 16)), True),
    ],
)
def test_which_bodies_are_errors(says: str, text: str, is_error: bool) -> None:
    if not is_error:
        return wire.raise_for_error_body("f", text.encode(), TOKEN)
    with pytest.raises(errors.MoodleException) as caught:
        wire.raise_for_error_body("core_f", text.encode(), TOKEN)
    assert caught.value.function == "core_f", says
    return None


@pytest.mark.parametrize("key", ["exception", "errorcode"])
def test_a_byte_more_is_too_long_to_be_one_of_moodles(key: str) -> None:
    with pytest.raises(errors.BadResponse, match="core_f with an error that is too long"):
        wire.raise_for_error_body("core_f", b'{"%s":"%s"}' % (key.encode(), b"x" * (256 * 1024 - 15)), TOKEN)


@pytest.mark.parametrize(
    ("says", "begins"),
    [
        ("a file that is called error", '{"files":[{"filename":"error"}],"more":"'),
        ("an error within", '{"responses":[{"error":false,"exception":"e","debuginfo":"d"}],"more":"'),
        ("an error without what it was", '{"error":false,"exception":null,"more":"'),
        ("what is cut off", '{"exception":"'),
    ],
)
def test_a_long_answer_that_only_reads_like_an_error_is_none(says: str, begins: str) -> None:
    end = "" if says == "what is cut off" else '"}'
    wire.raise_for_error_body("f", f"{begins}{'x' * 256 * 1024}{end}".encode(), TOKEN)


def test_a_long_error_of_a_file_is_one() -> None:
    with pytest.raises(errors.BadResponse, match="too long"):
        wire.raise_for_error_body("f", b'{"error":"e","debuginfo":"%s"}' % (b"x" * 256 * 1024), TOKEN)


STATUSES = [
    ("too many requests", 429, {"Retry-After": "7"}, b"", errors.SiteBusy, "429", 7),
    ("the first of the server's faults", 500, {"Retry-After": "7"}, b"", errors.ServerFault, "500", 7),
    ("a gateway's fault", 503, {}, b"", errors.ServerFault, "503", None),
    ("a request that took too long", 408, {"Retry-After": "7"}, b"", errors.PassingFault, "408", 7),
    ("a request that came too early", 425, {}, b"", errors.PassingFault, "425", None),
    ("web services that are off", 403, {}, b" \n", errors.SiteUnavailable, "enable web services", None),
    ("a refusal with a page", 403, {}, b"<html>", errors.BadResponse, "403 to core_f", None),
    ("a move for good", 301, {"Location": "https://b.c/"}, b"", errors.BadResponse, "core_f to https://b.c", None),
    ("a redirect", 302, {"Location": "https://b.c/"}, b"", errors.BadResponse, "core_f to https://b.c", None),
    ("a look elsewhere", 303, {}, b"", errors.BadResponse, "redirects core_f", None),
    ("a redirect of the request", 307, {}, b"", errors.BadResponse, "redirects core_f", None),
    ("the same for good", 308, {}, b"", errors.BadResponse, "redirects core_f", None),
    ("no redirect", 304, {}, b"", errors.BadResponse, "304 to core_f", None),
    ("a login of HTTP's own", 401, {}, b"", errors.BadResponse, r"HTTP login \(401\)", None),
    ("a page that is not there", 404, {}, b"", errors.BadResponse, "404 to core_f: it is no Moodle", None),
]


@pytest.mark.parametrize(
    ("says", "status", "headers", "body", "kind", "words", "wait"), STATUSES, ids=[row[0] for row in STATUSES]
)
def test_what_a_status_means(
    says: str,
    status: int,
    headers: dict[str, str],
    body: bytes,
    kind: type[errors.MoodleError],
    words: str,
    wait: float | None,
) -> None:
    with pytest.raises(errors.MoodleError, match=words) as caught:
        wire.answer("core_f", status, headers, body, TOKEN)
    assert type(caught.value) is kind, says
    assert getattr(caught.value, "retry_after", None) == wait


@pytest.mark.parametrize(
    ("says", "status", "body", "words"),
    [
        ("nothing", 200, b"", "answered core_f with nothing at all"),
        ("blanks", 200, b" \n", "answered core_f with nothing at all"),
        ("a page", 200, b"<html>", "answered core_f with an HTML page instead of JSON. Check the Moodle URL"),
    ],
)
def test_what_is_no_answer(says: str, status: int, body: bytes, words: str) -> None:
    with pytest.raises(errors.BadResponse, match=words):
        wire.answer("core_f", status, {}, body, TOKEN)


def test_blanks_before_xml_change_nothing() -> None:
    assert wire.answer("f", 200, {}, b" \n" + XML + b"<VALUE>x</VALUE></RESPONSE>", TOKEN) == b'"x"'


def test_an_error_of_moodles_own_counts_for_more_than_the_status() -> None:
    with pytest.raises(errors.InvalidToken):
        wire.answer("f", 500, {}, body("invalidtoken"), TOKEN)


XML = b'<?xml version="1.0"?><RESPONSE>'


@pytest.mark.parametrize(
    ("says", "body", "json", "data"),
    [
        ("an object", b"{", True, True),
        ("a number below nought", b"-1", True, True),
        ("a text", b'"x', True, True),
        ("null", b"null", True, True),
        ("blanks before it", b"  \n[", True, True),
        ("99 blanks before it", b" " * 99 + b"[", True, True),
        ("100 blanks before it", b" " * 100 + b"[", False, False),
        ("the XML of a site that gives no JSON", XML, False, True),
        ("blanks before that", b" \n" + XML, False, True),
        ("95 blanks before that", b" " * 95 + XML, False, True),
        ("96 blanks before that", b" " * 96 + XML, False, False),
        ("a page", b"<html>", False, False),
        ("nothing", b"", False, False),
    ],
)
def test_what_the_first_characters_tell(says: str, body: bytes, json: bool, data: bool) -> None:
    assert (wire.may_be_json(body), wire.may_be_data(body)) == (json, data), says


@pytest.mark.parametrize(
    ("says", "function", "read"),
    [
        ("getting", "core_user_get_users", True),
        ("listing", "mod_assign_list_participants", True),
        ("searching", "core_course_search_courses", True),
        ("saving", "mod_assign_save_grade", False),
        ("viewing notes an event", "mod_assign_view_assign", False),
        ("a word that only begins so", "mod_x_getaway_set_it", False),
    ],
)
def test_what_only_reads(says: str, function: str, read: bool) -> None:
    assert wire.is_read(function) is read, says


def test_the_forms_are_what_moodle_reads() -> None:
    params: wire.Params = {"a": [1, {"b": True}]}
    assert wire.form(TOKEN, "core_f", params) == (
        f"wstoken={KEY}&wsfunction=core_f&moodlewsrestformat=json&a%5B0%5D=1&a%5B1%5D%5Bb%5D=1".encode()
    )
    assert wire.file_form(TOKEN) == f"token={KEY}".encode()
    assert wire.file_upload(TOKEN, 7) == {"token": TOKEN, "filearea": "draft", "itemid": "7", "filepath": "/"}


@pytest.mark.parametrize("token", ["!", "~" * 256, KEY])
def test_a_token_that_can_be_one_is_passed_on(token: str) -> None:
    secret = SecretStr(token)
    assert wire.check_token(secret) is secret


@pytest.mark.parametrize("token", ["", " ", "\x7f", "!" * 257, f"{KEY}\n"])
def test_a_token_that_cannot_be_one_is_refused_with_a_remedy(token: str) -> None:
    with pytest.raises(errors.InvalidCredential, match="copy it again"):
        wire.check_token(SecretStr(token))


def test_a_fingerprint_is_made_of_any_token_and_tells_two_apart() -> None:
    assert wire.fingerprint(TOKEN) == sha256(KEY.encode()).digest()
    assert wire.fingerprint(SecretStr("\ud800")) != wire.fingerprint(SecretStr("\ud801"))


class Tongue(BaseModel):
    """Says in which language it was read."""

    spoken: str | None = None

    @model_validator(mode="after")
    def _hear(self, info: ValidationInfo) -> "Tongue":
        self.spoken = info.context
        return self


def test_an_answer_is_read_in_the_language_of_the_call() -> None:
    assert wire.read("f", b"{}", TypeAdapter(Tongue), "de").spoken == "de"
    assert wire.read("f", b"{}", TypeAdapter(Tongue)).spoken is None


@pytest.mark.parametrize(
    ("says", "body", "words"),
    [
        ("the whole of it", b'"secret"', "The answer to core_f is not what Moodle gives: the whole answer: Input"),
        ("a place within", b'{"a": {"b": "secret"}}', "gives: a.b: Input should be a valid integer"),
        ("a text that is cut off", b'{"a"', "gives: the whole answer: Invalid JSON"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(says: str, body: bytes, words: str) -> None:
    with pytest.raises(errors.BadResponse, match=words) as caught:
        wire.read("core_f", body, TypeAdapter(dict[str, dict[str, int]]))
    assert "secret" not in str(caught.value)
