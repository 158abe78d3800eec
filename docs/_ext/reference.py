"""Writes the reference pages from the code: a line ``<!-- generated: NAME -->`` of a page becomes what is said here."""  # noqa: INP001 - found by conf.py, part of no package

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from examples import examples
from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from typing_extensions import get_type_hints, is_typeddict
from values import values_section
from wire_types import Shapes, in_words, is_model

from rpc_moodle import errors
from rpc_moodle.cli.naming import command_of
from rpc_moodle.methods import METHODS
from rpc_moodle.moodle.rights import rights
from rpc_moodle.settings import Settings
from utils.errors import CODES, ErrorCode
from utils.registry import Method
from utils.settings import holds_secrets

__all__ = ["ALL_CODES", "examples", "methods_sections", "methods_table", "settings_table", "setup"]

ALL_CODES: tuple[ErrorCode, ...] = (*CODES, *errors.CODES)
_MARK = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)
_SHARED = ("options", "progress_id")


def settings_table() -> str:
    """Write a row per setting: its variable, default and meaning; the README holds the same table."""
    prefix = Settings.model_config["env_prefix"]
    rows = (
        (f"`{prefix}{name.upper()}`", _default(field), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    return _table(("variable", "default", "meaning"), rows)


def settings_list() -> str:
    """Write an entry per setting, which narrow windows hold as well as wide ones."""
    prefix = Settings.model_config["env_prefix"]
    entries = []
    for name, field in Settings.model_fields.items():
        default = _default(field)
        file = (
            f" `{prefix}{name.upper()}_FILE` may name a file that holds them."
            if holds_secrets(field.annotation)
            else ""
        )
        head = f"`{prefix}{name.upper()}`" + (f" = {default}" if default else "")
        entries.append(f"{head}\n: {field.description or ''}{file}\n")
    return "\n".join(entries)


def codes_list() -> str:
    """Write an entry per error code: when it is given, and whether calling again can help."""
    return "\n".join(
        f"`{code.name}`{' (retryable)' if code.retryable else ''}\n: {_capital(code.when.rstrip('.'))}.\n"
        for code in ALL_CODES
    )


def methods_table() -> str:
    """Write a row per method: its name and what it does."""
    rows = ((f"[{method.name}](#{method.name.lower()})", _prose(method.doc).partition("\n")[0]) for method in METHODS)
    return _table(("event", "what it does"), rows)


def methods_sections(shown: Mapping[str, str] | None = None) -> str:
    """Write a section per method, with the example that is ``shown``, then the values, then a section per shape."""
    shapes: Shapes = {}
    parts = [_method(method, shapes, (shown or {}).get(method.name)) for method in METHODS]
    done: set[str] = set()
    described = []
    while waiting := [name for name in shapes if name not in done]:
        done.update(waiting)
        described += [_shape(name, shapes) for name in waiting]
    return "\n\n".join([*parts, values_section(), "## Shapes", *described])


def capabilities_table() -> str:
    """Write a row per method: the library's functions behind it, its command, Moodle's functions, and the rights."""
    rows = (
        (
            f"`{method.name}`",
            ", ".join(f"`{name}`" for name in library_calls(method.handler)),
            f"`{' '.join(command_of(method.name))}`",
            _functions(method),
            ", ".join(_rights(method)),
        )
        for method in METHODS
        if method.needs or method.gains_by
    )
    return _table(("event", "library", "command", "functions of Moodle", "rights"), rows)


def _functions(method: Method) -> str:
    needed = [f"`{name}`" for name in method.needs]
    better = [f"*`{name}`*" for name in method.gains_by]
    local = " or ".join(f"`{name}`" for name in method.instead)
    return ", ".join([*needed, *better]) + (f"; else {local}" if local else "")


def _rights(method: Method) -> list[str]:
    found = {right: None for function in method.needs for right in rights(function)}
    return [f"`{right.capability}`" + (f" ({right.only_for})" if right.only_for else "") for right in found]


def library_calls(handler: Callable[..., object]) -> list[str]:
    """List the functions of the library that a handler calls, itself or in functions of its own module."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [handler]
    while waiting:
        function = waiting.pop()
        seen.add(function.__name__)
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        for node in ast.walk(tree):
            named = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
            value = _looked_up(named, function.__globals__) if named.replace(".", "").isidentifier() else None
            if not inspect.isfunction(value):
                continue
            asks = inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value)
            if asks and value.__module__.startswith("rpc_moodle.moodle."):
                found[f"{value.__module__.removeprefix('rpc_moodle.moodle.')}.{value.__name__}"] = None
            elif value.__module__ == function.__module__ and value.__name__ not in seen:
                waiting.append(value)
    return sorted(found)


def _looked_up(name: str, names: Mapping[str, Any]) -> Any:
    first, *rest = name.split(".")
    value = names.get(first)
    for part in rest:
        value = getattr(value, part, None) if inspect.ismodule(value) else None
    return value


def shown_methods() -> str:
    """Write the sections with what a run gave."""
    return methods_sections(examples())


def _method(method: Method, shapes: Shapes, example: str | None) -> str:
    lines = [f"## {method.name}", ""]
    if method.aliases:
        lines += ["Also called " + ", ".join(f"`{alias}`" for alias in method.aliases) + ".", ""]
    lines += [_prose(method.doc), ""]
    if method.request_model is None:
        lines += ["The payload can be anything."]
    else:
        lines += [_entries(_fields(method.request_model, shapes))]
    lines += ["", f"`data`: {in_words(method.result_type, shapes)}."]
    if codes := _errors(method):
        lines += ["", f"Errors besides those of [any call](errors.md#codes): {codes}."]
    if example:
        lines += ["", "For example:", "", example]
    return "\n".join(lines)


def _errors(method: Method) -> str:
    """List the codes that not every call can get: those of a site, of a batch, of a reply with files."""
    names: list[str] = []
    options = method.request_model.model_fields.get("options") if method.request_model else None
    if options is not None and "url" in getattr(options.annotation, "model_fields", {}):
        names += [code.name for code in errors.CODES]
    if method.writes or method.binary:
        names += ["partial_failure", "too_large"]
    return ", ".join(f"`{name}`" for name in names)


def _entries(fields: Iterable[tuple[str, str, str, str]]) -> str:
    """Write fields as a list, which narrow windows hold as well as wide ones."""
    entries = []
    for name, kind, need, meaning in fields:
        also = f", {need}" if need == "required" else f", else {need}" if need else ""
        entries.append(f"{name} ({kind}{also})\n: {meaning or 'See there.'}\n")
    return "\n".join(entries)


def _fields(model: type[BaseModel], shapes: Shapes, path: str = "") -> Iterator[tuple[str, str, str, str]]:
    def order(item: tuple[str, FieldInfo]) -> tuple[bool, bool]:
        name, field = item
        return name in _SHARED, not field.is_required()  # what all methods share comes last

    for name, field in sorted(model.model_fields.items(), key=order):
        first, *others = [path + each for each in _names(name, field)]
        if is_model(field.annotation) and name in _SHARED:
            yield from _fields(field.annotation, shapes, f"{first}.")  # type: ignore[arg-type] # it is a model
            continue
        need = "required" if field.is_required() else _default(field)
        also = [f"Also accepted: `{'`, `'.join(others)}`."] if others else []
        kind = in_words(field.annotation, shapes).removesuffix(" or null")
        yield f"`{first}`", kind, need, " ".join([field.description or "", *also]).strip()


def _shape(name: str, shapes: Shapes) -> str:
    shape = shapes[name]
    if is_typeddict(shape):
        table = _table(
            ("key", "type"),
            (
                (f"`{key}`", in_words(hint, shapes) + ("" if key in shape.__required_keys__ else ", may be missing"))
                for key, hint in get_type_hints(shape).items()
            ),
        )
    else:
        table = _entries(_fields(shape, shapes))
    return f"### {name}\n\n{_prose(shape.__doc__)}\n\n{table}"


def _names(name: str, field: FieldInfo) -> list[str]:
    """List what callers may write for a field; its name in Python is for Python."""
    choices = field.validation_alias
    if isinstance(choices, AliasChoices):
        return [str(each) for each in choices.choices if each != name or "_" not in name]
    return [str(choices or field.alias or name)]


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None or value == ():
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _prose(docstring: str | None) -> str:
    return "\n".join(line.strip() for line in (docstring or "").splitlines()).replace("``", "`")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _fill(_app: Sphinx, _page: str, source: list[str]) -> None:
    written = {
        "settings": settings_list,
        "codes": codes_list,
        "overview": methods_table,
        "methods": shown_methods,
        "capabilities": capabilities_table,
    }
    source[0] = _MARK.sub(lambda mark: written[mark[1]](), source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Have every page filled before it is read."""
    app.connect("source-read", _fill)
    # These pages depend on the code, which Sphinx does not watch: read them at every build.
    app.connect("env-get-outdated", lambda *_: ["methods", "errors", "settings", "capabilities"])
    return {"parallel_read_safe": True}
