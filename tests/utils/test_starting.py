"""What ends a start, and what a service says of itself when it starts."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from utils.settings import KitSettings, Secrets, Switch
from utils.starting import effective, misspelt, twice, weak, wrong

LONG = "a-secret-of-the-test"


class Mine(KitSettings):
    model_config = SettingsConfigDict(env_prefix="MINE_")

    keys: Secrets = ()
    password: SecretStr | None = None
    brave: Switch = False


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("MINE_AUTH_TOKEN", "MINE_AUTH_TOKENS"), ("mine_prot", "MINE_PORT"), ("MINE_KEY_FILE", "MINE_KEYS_FILE")],
)
def test_a_variable_that_nothing_reads_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    assert list(misspelt(Mine, [name])) == [f"{name}: there is no such setting; the nearest is {nearest}."]


def test_variables_of_others_and_right_ones_are_no_misspellings() -> None:
    names = ["MINE_PORT", "mine_port", "MINE_KEYS_FILE", "MINE_EXTRA", "PATH", "OTHER_PORT"]
    assert list(misspelt(Mine, names, also=["MINE_EXTRA"])) == []


def test_secrets_come_from_a_file_one_a_line_or_after_commas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("first-one\nsecond-one, third-one\n")
    monkeypatch.setenv("MINE_KEYS_FILE", str(file))
    monkeypatch.setenv("MINE_PASSWORD_FILE", str(file))
    monkeypatch.setenv("MINE_HOST_FILE", str(file))
    settings = Mine()
    assert [key.get_secret_value() for key in settings.keys] == ["first-one", "second-one", "third-one"]
    assert settings.password is not None
    assert settings.host == "127.0.0.1"


def test_a_file_of_secrets_that_cannot_be_read_ends_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINE_KEYS_FILE", str(tmp_path / "none"))
    with pytest.raises(ValueError, match="MINE_KEYS_FILE: the file cannot be read"):
        Mine()


def test_a_secret_that_stands_in_two_places_is_refused() -> None:
    assert list(twice(Mine, {"MINE_KEYS": "x", "MINE_KEYS_FILE": "y"})) == [
        "MINE_KEYS: it stands in MINE_KEYS_FILE, too; set one of the two."
    ]
    assert list(twice(Mine, {"MINE_KEYS": "", "MINE_KEYS_FILE": "y"})) == []


@pytest.mark.parametrize(("secret", "reasons"), [("x" * 15, 1), ("x" * 16, 0)])
def test_a_short_secret_is_refused(secret: str, reasons: int) -> None:
    found = list(weak(Mine(keys=(SecretStr(LONG), SecretStr(secret)))))
    assert len(found) == reasons
    assert secret not in str(found)


def test_the_settings_are_shown_whole_but_for_secrets() -> None:
    shown = effective(Mine(keys=(SecretStr(LONG),), password=SecretStr("x" * 30), port=4711))
    assert (shown["port"], shown["keys_lengths"], shown["password_lengths"]) == (4711, [20], [30])
    assert len(shown) == len(Mine.model_fields)
    assert LONG not in str(shown)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "hunter2", "MINE_PORT must be a whole number."),
        ("PORT", "70000", "MINE_PORT must be less than or equal to 65535."),
        ("BRAVE", "perhaps", "MINE_BRAVE must be true or false."),
        ("LOG_LEVEL", "loud", "MINE_LOG_LEVEL must be 'debug', 'info', 'warning' or 'error'."),
        ("TIMEOUT_MS", "25x", "MINE_TIMEOUT_MS must be a number of milliseconds, or one with a unit: 500ms, 25s, 1m."),
        (
            "SHUTDOWN_SECONDS",
            "-1",
            "MINE_SHUTDOWN_SECONDS must be a number of seconds, or one with a unit: 25s, 5m, 12h, 7d.",
        ),
    ],
)
def test_a_wrong_setting_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"MINE_{name}", value)
    with pytest.raises(ValidationError) as caught:
        Mine()
    assert list(wrong(caught.value, "MINE_")) == [said]


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("BRAVE", "On", True),
        ("BRAVE", " OFF ", False),
        ("BRAVE", "Yes", True),
        ("BRAVE", "", False),
        ("PORT", "", 8081),
    ],
)
def test_a_switch_takes_words_and_an_empty_value_is_the_default(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: object
) -> None:
    monkeypatch.setenv(f"MINE_{name}", value)
    assert getattr(Mine(), name.lower()) == read
