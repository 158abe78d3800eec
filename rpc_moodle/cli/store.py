"""Tokens that ``login`` has put away, by site and account: in the platform's keyring, else in a file of mode 0600."""

import importlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import platformdirs
from pydantic import SecretStr

SERVICE = "rpc_moodle"
_OWN_EYES = 0o600


class Keyring(Protocol):
    """A platform's place for secrets, as the package ``keyring`` gives it."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """Return a secret, None where there is none."""

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Put a secret away."""

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget a secret."""


@dataclass(frozen=True)
class Account:
    """An account of a site: ``name`` is what one calls it, ``url`` the site's address, ``username`` who it is there."""

    name: str
    url: str
    username: str
    keyring: bool = False


def platform_keyring() -> Keyring | None:
    """Return the platform's keyring, where the package is installed and finds one that keeps anything."""
    try:
        module: Any = importlib.import_module("keyring")
        backend: Any = module.get_keyring()
    except Exception:  # noqa: BLE001 - a keyring that cannot be used is none
        return None
    return backend if getattr(backend, "priority", 0) >= 1 else None


class TokenStore:
    """The tokens in a folder; the file is written anew, with mode 0600, each time something changes."""

    def __init__(self, folder: Path | None = None, keyring: Callable[[], Keyring | None] | None = None) -> None:
        """Take the folder; without one, the platform's folder for settings."""
        self.path = (folder or Path(platformdirs.user_config_dir(SERVICE))) / "accounts.json"
        self._keyring = keyring or platform_keyring

    def accounts(self) -> list[Account]:
        """Return the accounts, in the order of their names; none where nothing was put away or the file is broken."""
        known = Account.__dataclass_fields__
        rows = self._read().values()
        return sorted(
            (Account(**{key: value for key, value in row.items() if key in known}) for row in rows),
            key=lambda each: each.name,
        )

    def put(self, account: Account, token: SecretStr) -> Account:
        """Put a token away, in place of one of the same name; return where it is."""
        keyring = self._keyring()
        account = Account(account.name, account.url, account.username, keyring is not None)
        row: dict[str, object] = asdict(account)
        if keyring is not None:
            keyring.set_password(SERVICE, account.name, token.get_secret_value())
        else:
            row["token"] = token.get_secret_value()
        self._write({**self._read(), account.name: row})
        return account

    def token(self, account: Account) -> SecretStr | None:
        """Return the token of an account, None where it is gone."""
        if account.keyring:
            keyring = self._keyring()
            found = keyring.get_password(SERVICE, account.name) if keyring is not None else None
        else:
            found = self._read().get(account.name, {}).get("token")
        return SecretStr(found) if found else None

    def forget(self, account: Account) -> None:
        """Drop an account and its token."""
        keyring = self._keyring() if account.keyring else None
        if keyring is not None:
            keyring.delete_password(SERVICE, account.name)
        self._write({name: row for name, row in self._read().items() if name != account.name})

    def find(self, wanted: str) -> Account | None:
        """Return the account of a name, or the only one of an address."""
        every = self.accounts()
        named = [each for each in every if each.name == wanted]
        return named[0] if named else _only([each for each in every if _same(each.url, wanted)])

    def only(self) -> Account | None:
        """Return the account, if there is but one."""
        return _only(self.accounts())

    def _read(self) -> Mapping[str, dict[str, Any]]:
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return MappingProxyType({})
        return rows if isinstance(rows, dict) else MappingProxyType({})

    def _write(self, rows: Mapping[str, Mapping[str, object]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self.path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN_EYES)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2)
        beside.replace(self.path)


def _only(found: list[Account]) -> Account | None:
    return found[0] if len(found) == 1 else None


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
