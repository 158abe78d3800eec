"""The published methods: every module here that has a registry ``methods`` adds what stands in it."""

from importlib import import_module
from pkgutil import iter_modules

from rpc_moodle.methods import setup
from utils.registry import Registry


def _found() -> Registry:
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    found = [module.methods for module in modules if isinstance(getattr(module, "methods", None), Registry)]
    others = Registry().merge(*found)
    return others.merge(setup.checking(others))


METHODS: Registry = _found()
"""Every published method."""
