"""Run tasks in forks of this process, some at a time, each within limits."""

from __future__ import annotations

import os
import resource
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds after which a task is ended: it made an endless loop, or waits for ever.
CPU_PATIENCE, PATIENCE = 120, 600


def forked(tasks: dict[str, Callable[[], bool]], workers: int) -> Iterator[tuple[str, bool]]:
    """Run each task in a fork, some at a time, and yield whether it returned true.

    One that was ended by a limit, or by an error, did not.
    """
    waiting, running = list(tasks.items()), dict[int, str]()
    while waiting or running:
        while waiting and len(running) < workers:
            name, task = waiting.pop(0)
            if (child := os.fork()) == 0:
                _run_child(task)
            running[child] = name
        child, status = os.wait()
        if child in running:
            yield running.pop(child), status == 0


def _run_child(task: Callable[[], bool]) -> None:
    """Run a task within its limits, silently, and leave the process."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_PATIENCE, CPU_PATIENCE))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    code = 1
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = 0 if task() else 1
    finally:
        os._exit(code)
