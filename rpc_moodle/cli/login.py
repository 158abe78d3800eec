"""``rpc-moodle login`` and ``logout``: a token is got once and kept where only its owner can read it."""

import asyncio
import secrets
from typing import Annotated

import typer
from pydantic import SecretStr

from rpc_moodle.cli.access import is_unprotected
from rpc_moodle.cli.store import Account, TokenStore
from rpc_moodle.errors import sentence
from rpc_moodle.moodle import MoodleClient, MoodleError, site
from rpc_moodle.moodle.errors import InvalidSite
from rpc_moodle.moodle.login import MOBILE, by_password, launch_address, pasted_token
from rpc_moodle.transport.address import site_url


def login(
    url: Annotated[str, typer.Argument(help="The Moodle site's address.")],
    *,
    name: Annotated[str, typer.Option(help="What to call the site from now on; its host by default.")] = "",
    service: Annotated[str, typer.Option(help="The short name of the web service.")] = MOBILE,
    browser: Annotated[bool, typer.Option("--browser", help="Log in with the browser, and paste an address.")] = False,
    token: Annotated[bool, typer.Option("--token", help="Paste a token that an administrator has made.")] = False,
) -> None:
    """Get a token and keep it, in the platform's keyring or in a file of one's own.

    By default with user name and password, which are asked for and not kept. Where accounts log in elsewhere or with a
    second factor, use `--browser`.
    """
    try:
        address = site_url(url)
    except InvalidSite as error:
        raise typer.BadParameter(str(error), param_hint="URL") from None
    if is_unprotected(address):
        typer.echo("Warning: http:// sends password and token unprotected; use https:// if the site has it.", err=True)
    if browser:
        typer.echo(f"Log in at {launch_address(address, str(secrets.randbelow(10**6)), service)}")
        typer.echo("The browser then cannot open an address that begins with moodlemobile://; copy it from there.")

    async def work() -> tuple[SecretStr, str]:
        if browser or token:
            got = pasted_token(_ask("Address or token"))
        else:
            username = str(typer.prompt("User name", err=True))
            password = SecretStr(_ask("Password"))
            async with MoodleClient(address) as stranger:
                got = await by_password(stranger, username, password, service)
        async with MoodleClient(address, got) as moodle:
            return got, await _whose(moodle)

    try:
        got, whose = asyncio.run(work())
    except MoodleError as error:
        typer.echo(sentence(error), err=True)
        raise typer.Exit(1) from None
    account = Account(name or address.host or str(address), str(address), whose)
    kept = TokenStore().put(account, got)
    where = "the platform's keyring" if kept.keyring else str(TokenStore().path)
    typer.echo(f"Logged in as {whose or 'somebody'}; `--url {kept.name}` stands for it. The token is in {where}.")


async def _whose(moodle: MoodleClient) -> str:
    """Return whose a token is, empty where it may not ask; raises MoodleError for one that is not known."""
    try:
        return (await site.info(moodle)).fullname
    except MoodleError as error:
        if "core_webservice_get_site_info" in sentence(error):
            return ""
        raise


def _ask(what: str) -> str:
    return str(typer.prompt(what, hide_input=True, err=True))


def logout(
    name: Annotated[str, typer.Argument(help="What `login` has called the site, or its address.")],
) -> None:
    """Forget a token; at the site it stays good until it expires or is deleted there."""
    store = TokenStore()
    account = store.find(name)
    if account is None:
        known = ", ".join(each.name for each in store.accounts()) or "none"
        raise typer.BadParameter(f"nothing is kept for it; known are: {known}", param_hint="NAME")
    store.forget(account)
    typer.echo(f"Forgotten: {account.name}")


def accounts() -> None:
    """List where one is logged in."""
    for each in TokenStore().accounts():
        typer.echo(f"{each.name}\t{each.url}\t{each.username}")
