"""The envelope and the table of codes are the published ones."""

import pytest
from pydantic import ValidationError

from utils.contract import Options, Request, failure, success
from utils.errors import CODES, TOO_LARGE, ErrorCode, RpcError


def test_a_success_has_data_and_warnings_only_when_there_are_any() -> None:
    assert success(None) == {"success": True, "data": None}
    assert success([], [{"code": "c", "message": "m"}])["warnings"] == [{"code": "c", "message": "m"}]


def test_a_failure_says_its_message_twice_and_has_no_data() -> None:
    error = {"code": "too_large", "message": "Too large.", "retryable": False, "details": {}}
    assert failure(RpcError(TOO_LARGE, "Too large.")) == {"success": False, "message": "Too large.", "error": error}


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_an_error_is_as_retryable_as_its_code_unless_it_says_otherwise(code: ErrorCode) -> None:
    assert RpcError(code, "x").retryable is code.retryable
    assert RpcError(code, "x", retryable=not code.retryable).retryable is not code.retryable


def test_the_names_of_codes_are_unique() -> None:
    assert len({code.name for code in CODES}) == len(CODES)


def test_python_names_are_accepted_beside_the_published_ones() -> None:
    assert Options(timeout_ms=5) == Options.model_validate({"timeoutMs": 5})


def test_a_request_does_not_show_its_values_in_errors() -> None:
    with pytest.raises(ValidationError) as caught:
        Request.model_validate({"options": {"timeoutMs": "swordfish"}})
    assert "swordfish" not in str(caught.value)
