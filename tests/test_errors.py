import pytest

from rpc_moodle.errors import CODES, TABLE, translate
from rpc_moodle.moodle import errors as moodle
from utils.errors import CODES as KIT_CODES


def every(kind: type[moodle.MoodleError]) -> list[type[moodle.MoodleError]]:
    return [kind, *(each for sub in kind.__subclasses__() for each in every(sub))]


@pytest.mark.parametrize("kind", [each for each in every(moodle.MoodleError) if each is not moodle.MoodleError])
def test_every_moodle_error_finds_a_row_before_the_last(kind: type[moodle.MoodleError]) -> None:
    assert next(row for row, _ in TABLE if issubclass(kind, row)) is not moodle.MoodleError


def test_the_first_row_that_fits_is_the_most_specific() -> None:
    kinds = [row for row, _ in TABLE]
    for earlier, kind in enumerate(kinds):
        assert not any(issubclass(later, kind) for later in kinds[earlier + 1 :]), kind


def test_codes_are_the_contract_and_stand_once() -> None:
    names = [code.name for code in (*KIT_CODES, *CODES)]
    assert len(names) == len(set(names))
    assert set(names) == {
        "invalid_request",
        "unknown_method",
        "unauthorized",
        "invalid_token",
        "access_denied",
        "not_found",
        "host_not_allowed",
        "unreachable",
        "site_unavailable",
        "rate_limited",
        "timeout",
        "bad_response",
        "too_large",
        "partial_failure",
        "moodle_error",
        "internal",
    }


def test_what_moodle_did_is_in_the_details() -> None:
    error = translate(moodle.MoodleException("No criteria", errorcode="nocriteriaset", function="core_x"))
    assert error is not None
    assert error.code.name == "moodle_error"
    assert error.details == {"errorcode": "nocriteriaset", "function": "core_x"}
    assert error.message == "Moodle refused core_x: No criteria (nocriteriaset)."


def test_a_foreign_exception_is_not_ours() -> None:
    assert translate(ValueError("x")) is None


def test_a_busy_site_says_when_to_come_back() -> None:
    error = translate(moodle.SiteBusy("busy", retry_after=7.0))
    assert error is not None
    assert (error.code.name, error.details, error.retryable) == ("rate_limited", {"retryAfter": 7.0}, True)


@pytest.mark.parametrize(
    ("refusal", "named"),
    [
        (
            moodle.CapabilityDenied("Sorry.", errorcode="nopermissions", function="mod_assign_save_grade"),
            " mod_assign_save_grade asks for mod/assign:grade in the assignment.",
        ),
        (
            moodle.AccessDenied("It may not see them.", function="mod_assign_get_submissions"),
            " mod_assign_get_submissions asks for mod/assign:viewgrades in the assignment.",
        ),
    ],
)
def test_a_refusal_names_the_capability_that_is_asked_for(refusal: moodle.MoodleError, named: str) -> None:
    error = translate(refusal)
    assert error is not None
    assert error.message.endswith(named)


@pytest.mark.parametrize(
    "refusal",
    [
        moodle.EnrolmentDenied("Not enrolled.", function="core_enrol_get_enrolled_users"),
        moodle.CapabilityDenied("Sorry.", errorcode="nopermissions", function="core_course_get_categories"),
    ],
)
def test_no_capability_is_named_that_would_not_help(refusal: moodle.MoodleError) -> None:
    error = translate(refusal)
    assert error is not None
    assert "asks for" not in error.message
