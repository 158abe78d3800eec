"""Settings come from the environment and explain themselves."""

import pytest
from pydantic import ValidationError

from utils.settings import KitSettings


@pytest.mark.parametrize(
    ("text", "origins"),
    [("", ()), ("*", ("*",)), ("https://a.example, https://b.example,", ("https://a.example", "https://b.example"))],
)
def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, text: str, origins: tuple[str, ...]) -> None:
    monkeypatch.setenv("CORS_ORIGINS", text)
    assert KitSettings().cors_origins == origins


@pytest.mark.parametrize(("name", "value"), [("PORT", "70000"), ("LOG_LEVEL", "loud"), ("TIMEOUT_MS", "0")])
def test_a_wrong_setting_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        KitSettings()
    assert name.lower() in str(caught.value)
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", KitSettings.model_fields)
def test_every_setting_is_described(name: str) -> None:
    assert KitSettings.model_fields[name].description
