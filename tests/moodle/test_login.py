import base64
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from yarl import URL

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.errors import AccessDenied, InvalidCredential
from rpc_moodle.moodle.login import by_password, launch_address, pasted_token
from rpc_moodle.sandbox import Sandbox

TOKEN = "0123456789abcdef0123456789abcdef"
HELD = base64.b64encode(f"5ec0ndfactor:::{TOKEN}:::private".encode()).decode()
SHORT = base64.b64encode(f"ab:::{TOKEN}".encode()).decode()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=1) as site:
        yield site


@pytest.mark.parametrize(
    "text",
    [
        f"moodlemobile://token={HELD}",
        f"  moodlemobile://token={HELD}\n",
        f"moodlemobile://token={HELD.replace('=', '%3D')}",
        HELD,
        HELD.rstrip("="),
        SHORT,
        SHORT.rstrip("="),
        f"{SHORT[:20]}\n{SHORT[20:]}",
        SHORT.replace("+", "-").replace("/", "_"),
        TOKEN,
    ],
)
def test_a_token_is_read_out_of_whatever_was_pasted(text: str) -> None:
    assert pasted_token(text).get_secret_value() == TOKEN


@pytest.mark.parametrize("text", ["", "moodlemobile://token=abc", "nonsense!", base64.b64encode(b"no colons").decode()])
def test_what_holds_no_token_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidCredential) as refused:
        pasted_token(text)
    assert not text or text not in str(refused.value)


def test_the_launch_address_names_service_and_passport() -> None:
    address = launch_address(URL("https://moodle.example.edu/lms/"), "77", "care")
    assert str(address).startswith("https://moodle.example.edu/lms/admin/tool/mobile/launch.php?")
    assert (address.query["service"], address.query["passport"]) == ("care", "77")


async def test_a_password_is_given_for_a_token_that_works(sandbox: Sandbox) -> None:
    async with MoodleClient(sandbox.url) as stranger:
        token = await by_password(stranger, " Teacher1 ", SecretStr("Teacher.1234"), "full")
    assert token.get_secret_value() == sandbox.token("teacher_full")


@pytest.mark.parametrize(
    ("password", "service", "says"),
    [("wrong", "full", "password is wrong"), ("Teacher.1234", "nope", "--service")],
)
async def test_a_log_in_that_is_refused_says_what_to_do(
    sandbox: Sandbox, password: str, service: str, says: str
) -> None:
    async with MoodleClient(sandbox.url) as stranger:
        with pytest.raises(AccessDenied) as refused:
            await by_password(stranger, "teacher1", SecretStr(password), service)
    assert says in str(refused.value)
    assert "browser" in str(refused.value)
    assert "Teacher.1234" not in str(refused.value)
