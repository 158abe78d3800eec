"""What commands and methods say of themselves, read from their sources: a list of them imports none."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_METHODS = "methods"


def first_line(module: str, function: str) -> str:
    """Return the first line of the docstring of a function in a module of ``rpc_moodle/cli``."""
    for node in _parsed("cli", f"{module}.py").body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return inspect.cleandoc(ast.get_docstring(node) or "").partition("\n")[0]
    raise LookupError(f"{module} has no function {function}")


def published() -> Iterator[str]:
    """Return the events that the modules of ``rpc_moodle/methods`` register, as a decorator ``….method("event")``."""
    sources = files("rpc_moodle") / _METHODS
    for name in sorted(source.name for source in sources.iterdir() if source.name.endswith(".py")):
        for node in ast.walk(_parsed(_METHODS, name)):
            if isinstance(node, ast.AsyncFunctionDef):
                yield from (event for decorator in node.decorator_list for event in _event(decorator))


def _event(decorator: ast.expr) -> Iterator[str]:
    match decorator:
        case ast.Call(func=ast.Attribute(attr="method"), args=[ast.Constant(value=str(event)), *_]):
            yield event


@cache
def _parsed(room: str, name: str) -> ast.Module:
    return ast.parse((files("rpc_moodle") / room / name).read_text(encoding="utf-8"))
