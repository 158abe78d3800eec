import pytest

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.wire import is_read
from rpc_moodle.transport import retry
from rpc_moodle.transport.retry import TABLE, again


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0)


async def attempts(error: errors.MoodleError, *, read: bool, remaining: float = 25) -> int:
    made: list[int] = []

    async def ask(number: int) -> None:
        made.append(number)
        raise error

    with pytest.raises(type(error)) as raised:
        await again(ask, read=read, remaining=lambda: remaining)
    assert raised.value is error
    assert made == list(range(1, len(made) + 1))
    return len(made)


@pytest.mark.parametrize(
    ("error", "reads", "writes"),
    [
        (errors.Unreachable("nothing listens"), 3, 3),
        (errors.Untrusted("bad certificate"), 1, 1),
        (errors.Disconnected("broke"), 3, 1),
        (errors.SiteTimeout("silent"), 1, 1),
        (errors.Truncated("cut"), 3, 1),
        (errors.BadResponse("html"), 1, 1),
        (errors.Unproven("another file"), 1, 1),
        (errors.ServerFault("503"), 3, 1),
        (errors.SiteUnavailable("maintenance"), 1, 1),
        (errors.SiteBusy("429"), 3, 3),
        (errors.QueueFull("full"), 1, 1),
        (errors.CircuitOpen("open"), 1, 1),
        (errors.InvalidToken("no", function="f", errorcode="invalidtoken"), 1, 1),
        (errors.HostNotAllowed("no"), 1, 1),
    ],
)
async def test_the_table_says_what_is_tried_again(error: errors.MoodleError, reads: int, writes: int) -> None:
    assert await attempts(error, read=True) == reads
    assert await attempts(error, read=False) == writes


async def test_a_retry_after_that_does_not_fit_the_deadline_is_not_waited_for() -> None:
    assert await attempts(errors.ServerFault("503", retry_after=300), read=True, remaining=25) == 1
    assert await attempts(errors.ServerFault("503", retry_after=0), read=True, remaining=25) == 3


async def test_nothing_is_tried_again_when_nobody_waits_any_more() -> None:
    assert await attempts(errors.Disconnected("broke"), read=True, remaining=0.5) == 1


@pytest.mark.parametrize(
    ("function", "read"),
    [
        ("core_enrol_get_enrolled_users", True),
        ("mod_assign_list_participants", True),
        ("core_webservice_get_site_info", True),
        ("mod_assign_save_grade", False),
        ("mod_assign_save_grades", False),
        ("core_course_edit_module", False),
    ],
)
def test_a_function_is_a_read_by_its_name(function: str, read: bool) -> None:
    assert is_read(function) is read


def test_the_table_ends_with_the_root_so_that_no_error_is_without_a_rule() -> None:
    assert TABLE[-1][0] is errors.MoodleError
