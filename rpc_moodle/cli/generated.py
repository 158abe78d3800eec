"""Commands made from the registered methods: options from the request model, help from its descriptions."""

import asyncio
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from rich.console import Console
from typer.main import get_command

from rpc_moodle.cli.access import KeyFileOption, TokenFileOption, UrlOption, access, panel_access
from rpc_moodle.cli.call import call_once
from rpc_moodle.cli.naming import about, command_of
from rpc_moodle.cli.show import as_json, show
from rpc_moodle.cli.start import settings
from rpc_moodle.methods import METHODS
from rpc_moodle.methods.common import MoodleRequest
from rpc_moodle.methods.fields import FileItem
from rpc_moodle.methods.panel import PanelChange, PanelRequest
from utils.contract import Envelope
from utils.errors import INVALID_REQUEST
from utils.logs import configure
from utils.registry import Method

OF_A_PERSON: Mapping[str, Any] = MappingProxyType(
    {"allow_private": True, "file_urls": "none", "log_level": "error", "log_format": "console"}
)
"""What holds for a person's own commands: any address, links without tickets, and no log but of bugs."""

OF_A_SERVICE = frozenset({"moopanel.subscribe", "moopanel.unsubscribe", "moopanel.waitForJob"})
"""Methods that only a running service can answer: they wait for the reports of a site."""

_SHARED = frozenset({"options", "progress_id"})

JsonOption = Annotated[
    bool | None,
    typer.Option("--json/--table", help="JSON for programs, or a table for people; by default, a table on a terminal."),
]
LanguageOption = Annotated[
    str | None, typer.Option("--language", help="The language of names that a site holds in several, such as `de`.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Change the site without asking first.")]
TimeoutOption = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds that the call may take.")]


def methods() -> None:
    """List the events, each with its command and what it does."""
    for method in METHODS:
        first, _, _ = method.doc.partition("\n")
        typer.echo(f"{method.name}\t{' '.join(command_of(method.name))}\t{first}")


def group(noun: str) -> Any:
    """Return the command that holds those of a noun's methods: of a Moodle's, or, for ``panel``, of a MooPanel's.

    Left out is what needs a socket or the reports that come to a running service.
    """
    commands = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
    commands.callback(help=about(noun))(lambda: None)
    for method in METHODS:
        first, *rest = command_of(method.name)
        asks = method.request_model and issubclass(method.request_model, MoodleRequest | PanelRequest)
        if first == noun and rest and asks and method.name not in OF_A_SERVICE:
            commands.command(rest[0])(command_function(method))
    return get_command(commands)


def command_function(method: Method) -> Callable[..., None]:
    """Make the function of a command, with the options of the method's request as its signature."""
    model = method.request_model
    if model is None:
        raise TypeError(f"{method.name} takes no options")
    fields = {name: field for name, field in model.model_fields.items() if name not in _SHARED}

    of_panel = issubclass(model, PanelRequest)
    asks = issubclass(model, PanelChange)

    def run(  # noqa: PLR0913, PLR0917 - what every command may be told
        url: str | None,
        token_file: Path | None,
        json_output: bool | None,  # noqa: FBT001 - typer passes options by name
        language: str | None,
        timeout: float,
        yes: bool = False,  # noqa: FBT001, FBT002 - likewise
        **values: Any,
    ) -> None:
        allowed = panel_access(url, token_file) if of_panel else access(url, token_file)
        payload: dict[str, Any] = {
            wire_name(name, fields[name]): read(fields[name], value, name)
            for name, value in values.items()
            if value is not None and value != []
        }
        payload["options"] = {
            "url": allowed.url,
            "apiKey": allowed.token.get_secret_value(),
            "timeoutMs": round(timeout * 1000),
            **({} if of_panel else {"language": language}),
        }
        if asks and not (yes or payload.get("dryRun")):
            typer.confirm(f"This changes {allowed.url}. Go on?", abort=True, err=True)
        chosen = settings().model_copy(update=OF_A_PERSON)
        configure(chosen)
        reply = asyncio.run(call_once(chosen, method.name, payload))
        raise typer.Exit(answer(reply, json_output=json_output))

    parameters = [_parameter(name, field) for name, field in fields.items()]
    shared = {
        "url": (UrlOption, None),
        "token_file": (TokenFileOption, None),
        "json_output": (JsonOption, None),
        "language": (LanguageOption, None),
        "timeout": (TimeoutOption, 60.0),
    }
    if of_panel:
        shared["token_file"] = (KeyFileOption, None)
    if asks:
        shared["yes"] = (YesOption, False)
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in shared.items()
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # typer reads it
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__doc__ = method.doc.replace("``", "`")
    return run


def answer(reply: Envelope, *, json_output: bool | None) -> int:
    """Print a reply and return the exit status: 0 when it succeeded, 1 when it failed, 2 for a wrong request."""
    for warning in reply.get("warnings", ()):
        typer.echo(f"{warning['code']}: {warning['message']}", err=True)
    data = reply.get("data")
    if json_output or (json_output is None and not sys.stdout.isatty()):
        if "data" in reply:
            typer.echo(as_json(_plain(data)))
    elif "data" in reply:
        show(Console(), _plain(data))
    if reply["success"]:
        return 0
    typer.echo(reply["message"], err=True)
    return 2 if reply["error"]["code"] == INVALID_REQUEST.name else 1


def _plain(value: Any) -> Any:
    """Reduce a reply to what JSON holds, as a socket would carry it."""
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(by_alias=True))
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value


def option_name(name: str) -> str:
    """Return the option of a field: ``course_id`` is ``--course``, ``user_ids`` is ``--user``, given repeatedly."""
    return "--" + name.removesuffix("_ids").removesuffix("_id").replace("_", "-")


def wire_name(name: str, field: FieldInfo) -> str:
    """Return the first of the names that a payload may call a field."""
    choices = field.validation_alias
    return str(choices.choices[0] if isinstance(choices, AliasChoices) else choices or field.alias or name)


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    kind, choices = _kind(field.annotation)
    text = field.description or ""
    if choices:
        text = f"{text} One of: {', '.join(choices)}."
    default: Any = ... if field.is_required() else None
    hints: dict[str, Any] = {"flag": bool, "many": list[str], "pairs": list[str], "files": list[str]}
    hint = hints.get(kind, str)
    metavar = {"flag": None, "pairs": "KEY=VALUE", "json": "JSON or @FILE", "files": "PATH"}.get(kind, "TEXT")
    flag = option_name(name)
    option = typer.Option(flag, help=text) if kind == "flag" else typer.Option(flag, help=text, metavar=metavar)
    if default is None and kind == "flag":
        default = False
    may_be_missing: Any = hint if default is not None else hint | None
    annotation: Any = Annotated[may_be_missing, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:  # noqa: PLR0911 - one line per kind
    """Tell how a field is given: ``flag``, ``many``, ``pairs``, ``files``, ``json`` or ``one``; and what it may be."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin in {Union, UnionType}:
        inner = [each for each in arguments if each is not NoneType]
        if len(inner) == 1:
            return _kind(inner[0])
        return ("json", ()) if any(_kind(each)[0] == "json" for each in inner) else ("one", ())
    if annotation is bool:
        return "flag", ()
    if origin is Literal:
        return "one", tuple(str(each) for each in arguments)
    if origin is dict:
        keys = _kind(arguments[0])[1]
        return ("pairs", keys) if keys else ("json", ())
    if origin in {list, tuple}:
        if arguments[0] is FileItem:
            return "files", ()
        inside, _ = _kind(arguments[0])
        return ("many", ()) if inside == "one" else ("json", ())
    return ("json", ()) if isinstance(annotation, type) and issubclass(annotation, BaseModel) else ("one", ())


def read(field: FieldInfo, value: Any, name: str) -> Any:
    """Turn what was typed into what the payload takes; raises BadParameter for what is no JSON or no pair."""
    kind, _ = _kind(field.annotation)
    if value == "null" and NoneType in get_args(field.annotation):
        return None
    if kind == "pairs":
        pairs = [each.partition("=") for each in value]
        if not all(separator for _, separator, _ in pairs):
            raise typer.BadParameter("write it as KEY=VALUE", param_hint=option_name(name))
        return {key: text for key, _, text in pairs}
    if kind not in {"json", "files"}:
        return value
    try:
        if kind == "files":
            return [{"filename": Path(each).name, "content": Path(each).read_bytes()} for each in value]
        text = Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value
        return json.loads(text)
    except OSError as error:
        raise typer.BadParameter(f"cannot read the file: {error.strerror}", param_hint=option_name(name)) from None
    except ValueError:
        raise typer.BadParameter("is no JSON", param_hint=option_name(name)) from None
