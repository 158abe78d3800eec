"""The published methods: every module here that has a registry ``methods`` adds what stands in it."""

from importlib import import_module
from pkgutil import iter_modules

from utils.registry import Registry


def _found() -> list[Registry]:
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return [module.methods for module in modules if isinstance(getattr(module, "methods", None), Registry)]


METHODS: Registry = Registry().merge(*_found())
"""Every published method."""
