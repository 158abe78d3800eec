import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from rpc_moodle.cli.store import TokenStore


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """What a command does to the logs of its process ends with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> TokenStore:
    """The store of a person who has logged in nowhere yet."""
    folder: Path = tmp_path_factory.mktemp("config")
    monkeypatch.setattr("platformdirs.user_config_dir", lambda _name: str(folder))
    monkeypatch.setattr("rpc_moodle.cli.store.platform_keyring", lambda: None)
    for name in ("RPC_MOODLE_URL", "RPC_MOODLE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return TokenStore(keyring=lambda: None)
