"""Settings come from the environment and explain themselves."""

import pytest
from pydantic import ValidationError

from utils.settings import KitSettings, Texts


@pytest.mark.parametrize(
    ("text", "origins"),
    [("", ()), ("*", ("*",)), ("https://a.example, https://b.example,", ("https://a.example", "https://b.example"))],
)
def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, text: str, origins: tuple[str, ...]) -> None:
    monkeypatch.setenv("CORS_ORIGINS", text)
    assert KitSettings().cors_origins == origins


def test_tokens_are_separated_by_commas_and_shown_by_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_TOKENS", "5ecret-a, 5ecret-b")
    settings = KitSettings()
    assert [token.get_secret_value() for token in settings.auth_tokens] == ["5ecret-a", "5ecret-b"]
    assert "5ecret" not in f"{settings!r} {settings.model_dump_json()}"


def test_a_service_has_lists_of_its_own_beside_those_of_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    class More(KitSettings):
        names: Texts = ()

    monkeypatch.setenv("CORS_ORIGINS", "https://a.example")
    monkeypatch.setenv("NAMES", "x,y")
    assert (More().cors_origins, More().names) == (("https://a.example",), ("x", "y"))


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "70000"), ("LOG_LEVEL", "loud"), ("TIMEOUT_MS", "0"), ("AUTH", "maybe")]
)
def test_a_wrong_setting_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        KitSettings()
    assert name.lower() in str(caught.value)
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", KitSettings.model_fields)
def test_every_setting_is_described(name: str) -> None:
    assert KitSettings.model_fields[name].description
