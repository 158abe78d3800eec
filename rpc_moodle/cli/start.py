"""What commands do before they work: read the settings, or end with sentences that name the variable and the remedy."""

import asyncio
import os
from collections.abc import Coroutine, Iterable
from typing import Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings.exceptions import SettingsError

from rpc_moodle.settings import OF_OTHERS, Settings, published_to_all
from utils.auth import reason_not_to_start
from utils.starting import misspelt, twice, weak, wrong

T = TypeVar("T")

_PREFIX = "RPC_MOODLE_"


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop, which there is not on Windows."""
    try:
        import uvloop  # noqa: PLC0415 - where it is
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def refuse(reasons: Iterable[str]) -> NoReturn:
    """End with sentences and status 2."""
    for reason in reasons:
        typer.echo(reason, err=True)
    raise typer.Exit(2)


def settings(**chosen: Any) -> Settings:
    """Read the settings; ``chosen`` come before the environment. Ends the command where one cannot be used."""
    if unknown := [*misspelt(Settings, os.environ, also=OF_OTHERS), *twice(Settings, os.environ)]:
        refuse(unknown)
    try:
        found = Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        refuse(wrong(error, _PREFIX))
    except (SettingsError, ValueError) as error:
        refuse([f"{error}."])
    if reasons := list(weak(found)):
        refuse(reasons)
    return found


def settings_to_listen(**chosen: Any) -> Settings:
    """Read the settings of a service that listens: who may call has to be settled."""
    found = settings(**chosen)
    if reasons := [reason for reason in (reason_not_to_start(found), published_to_all(found)) if reason]:
        refuse(reasons)
    return found
