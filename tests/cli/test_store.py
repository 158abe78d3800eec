import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from rpc_moodle.cli.store import Account, TokenStore

ONE = Account("uni", "https://moodle.example.edu", "teacher1")
OTHER = Account("school", "https://moodle.example.org", "teacher2")
SECRET = SecretStr("0123456789abcdef")


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service_name: str, username: str) -> str | None:
        return self.secrets.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        self.secrets[service_name, username] = password

    def delete_password(self, service_name: str, username: str) -> None:
        del self.secrets[service_name, username]


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path, keyring=lambda: None)


def test_a_token_comes_back_and_is_for_ones_own_eyes(store: TokenStore) -> None:
    store.put(ONE, SECRET)
    assert store.token(store.accounts()[0]) == SECRET
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_the_file_stays_for_ones_own_eyes_when_it_changes(store: TokenStore) -> None:
    store.put(ONE, SECRET)
    store.path.chmod(0o644)
    store.put(OTHER, SECRET)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert [each.name for each in store.accounts()] == ["school", "uni"]


def test_a_keyring_keeps_the_token_out_of_the_file(tmp_path: Path) -> None:
    ring = Ring()
    store = TokenStore(tmp_path, keyring=lambda: ring)
    account = store.put(ONE, SECRET)
    assert SECRET.get_secret_value() not in store.path.read_text()
    assert store.token(account) == SECRET
    store.forget(account)
    assert not ring.secrets
    assert not store.accounts()


def test_an_account_is_found_by_its_name_or_by_an_address_of_its_own(store: TokenStore) -> None:
    store.put(ONE, SECRET)
    store.put(OTHER, SECRET)
    assert store.find("uni") == ONE
    assert store.find("https://moodle.example.org/") == OTHER
    store.put(Account("uni-admin", ONE.url, "admin"), SECRET)
    assert store.find(ONE.url) is None
    assert store.only() is None


def test_what_is_forgotten_is_gone(store: TokenStore) -> None:
    store.put(ONE, SECRET)
    store.forget(ONE)
    assert store.accounts() == []
    assert store.token(ONE) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_broken_file_is_an_empty_store(store: TokenStore, text: str) -> None:
    store.path.write_text(text)
    assert store.accounts() == []
