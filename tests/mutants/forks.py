"""Run tasks in forks of this process, some at a time, each within limits."""

from __future__ import annotations

import os
import resource
import signal
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: Seconds after which a task is ended: it made an endless loop, or waits for ever.
CPU_PATIENCE, PATIENCE = 300, 900


class Answer(IntEnum):
    """What a task found: the exit code of its process."""

    PASSED = 0
    FAILED = 1
    UNDECIDED = 2


def forked(tasks: Mapping[str, Callable[[], Answer]], workers: int) -> Iterator[tuple[str, Answer]]:
    """Run each task in a fork, some at a time, and yield its answer.

    One that was ended by a limit, or by an error, failed.
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
            code = os.waitstatus_to_exitcode(status)
            yield running.pop(child), Answer(code) if code in {*Answer} else Answer.FAILED


def _run_child(task: Callable[[], Answer]) -> None:
    """Run a task within its limits, silently, and leave the process."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_PATIENCE, CPU_PATIENCE))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    code = Answer.FAILED
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = task()
    finally:
        os._exit(code)
