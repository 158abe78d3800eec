"""Which site, and with which token: from the command line, the environment, the store, or a question."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from yarl import URL

from rpc_moodle.cli.store import TokenStore
from rpc_moodle.transport.address import site_url
from rpc_moodle.transport.errors import InvalidSite

TOKEN_VARIABLE = "RPC_MOODLE_TOKEN"  # noqa: S105 - the name of a variable, not a token
URL_VARIABLE = "RPC_MOODLE_URL"
PANEL_KEY_VARIABLE = "RPC_MOODLE_PANEL_KEY"

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", envvar=URL_VARIABLE, help="The Moodle site's address, or the name that `login` has given it."
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        help=f"A file with the token; without it, it comes from {TOKEN_VARIABLE}, from `login`, or is asked for.",
    ),
]
KeyFileOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file", help="A file with the API key of the site's MooPanel plugin; without it, it is asked for."
    ),
]


@dataclass(frozen=True)
class Access:
    """A site and a token for it."""

    url: str
    token: SecretStr


def access(url: str | None, token_file: Path | None, store: TokenStore | None = None) -> Access:
    """Resolve what was said: an option comes before the environment, that before the store, that before a question.

    Raises BadParameter for a site that is none, or a token that cannot be had.
    """
    store = store or TokenStore()
    account = store.find(url) if url else store.only()
    if account is None and not url:
        known = ", ".join(each.name for each in store.accounts())
        hint = f"one of {known}" if known else "the site's address, or log in once with `login`"
        raise typer.BadParameter(f"give {hint}", param_hint="--url")
    address = account.url if account else str(url)
    site = _site(address)
    token = (
        _given(token_file)
        or (store.token(account) if account else None)
        or _asked("Token", TOKEN_VARIABLE, "--token-file")
    )
    return Access(str(site), token)


def panel_access(url: str | None, key_file: Path | None) -> Access:
    """Resolve the site and the API key of its MooPanel plugin, which no log-in keeps.

    Raises BadParameter for a site that is none, or a key that cannot be had.
    """
    site = _site(url or "")
    key = _from_file(key_file, "--key-file") if key_file is not None else _from_variable(PANEL_KEY_VARIABLE)
    return Access(str(site), key or _asked("API key of the plugin", PANEL_KEY_VARIABLE, "--key-file"))


def _site(address: str) -> URL:
    try:
        site = site_url(address)
    except InvalidSite as error:
        raise typer.BadParameter(str(error), param_hint="--url") from None
    if is_unprotected(site):
        typer.echo("Warning: http:// sends the token unprotected; use https:// if the site has it.", err=True)
    return site


def is_unprotected(site: URL) -> bool:
    """Tell whether a token would go over a network for all to read."""
    return site.scheme == "http" and site.host not in {"localhost", "127.0.0.1", "::1"}


def _given(token_file: Path | None) -> SecretStr | None:
    if token_file is not None:
        return _from_file(token_file, "--token-file")
    return _from_variable(TOKEN_VARIABLE)


def _from_file(path: Path, option: str) -> SecretStr:
    try:
        return SecretStr(path.read_text().strip())
    except (OSError, ValueError):
        raise typer.BadParameter(f"cannot read {path}", param_hint=option) from None


def _from_variable(name: str) -> SecretStr | None:
    text = os.environ.get(name, "").strip()
    return SecretStr(text) if text else None


def _asked(what: str, variable: str, option: str) -> SecretStr:
    """Ask for a secret: on the command line everybody could read it."""
    try:
        return SecretStr(str(typer.prompt(what, hide_input=True, err=True)).strip())
    except typer.Abort:
        raise typer.BadParameter(f"there is none: set {variable}, or name a file", param_hint=option) from None
