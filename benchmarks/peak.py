"""The memory of a process."""

from __future__ import annotations

from pathlib import Path


def peak() -> float:
    """Return the most memory this process ever held, in MB; `getrusage` would count its parent's too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 1024
