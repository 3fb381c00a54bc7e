"""Reads the YAML files of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

#: libyaml is seven times as fast, but PyYAML can be installed without it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file."""
    return yaml.load(path.read_bytes(), _LOADER)  # noqa: S506 - either loader is a safe one
