"""Modules that are imported when they are first used, not when another library imports them."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Postponed(ModuleType):
    """Stands for a module until an attribute of it is asked for."""

    def __getattr__(self, attribute: str) -> Any:
        if attribute == "__path__" and "." in self.__name__:
            raise AttributeError(attribute)
        _remove(self)
        return getattr(importlib.import_module(self.__name__), attribute)


@contextmanager
def postponed(*names: str) -> Iterator[None]:
    """Postpone the import of modules by what is imported in this block, until they are used.

    A module that is imported already, or is not installed, stays as it is. What keeps a reference to a
    postponed module can use it for ever; an import after the block gets the module itself.

    Args:
        names: Full names of modules.
    """
    standing = [_stand_in(name) for name in names if name not in sys.modules and _is_installed(name)]
    try:
        yield
    finally:
        for module in standing:
            _remove(module)


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _stand_in(name: str) -> ModuleType:
    module = _Postponed(name)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module


def _remove(module: ModuleType) -> None:
    """Let the next import of the module's name import the module itself."""
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]
        parent, _, child = module.__name__.rpartition(".")
        if parent:
            delattr(sys.modules[parent], child)
