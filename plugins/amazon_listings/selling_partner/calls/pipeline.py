"""Enough requests under way to use a quota in spite of the latency, and results as they come."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from amazon_listings.errors import ItemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Job = TypeVar("Job")
Result = TypeVar("Result")

#: Most requests of one pipeline that are under way at once.
MOST = 64


class Done(NamedTuple, Generic[Job, Result]):
    """A job with its result, or with the error that concerns this job alone."""

    job: Job
    result: Result | None
    error: ItemError | None


def submit_all(
    jobs: Iterable[Job],
    call: Callable[[Job], Result],
    *,
    in_flight: Callable[[], int],
) -> Iterator[Done[Job, Result]]:
    """Call for every job, several at once, and give each back as soon as it is done.

    Jobs are taken from their iterable only as fast as they are worked on, so memory is flat. An
    `ItemError` belongs to its job and the others go on. Any other error ends the pipeline: no job
    is begun any more, those under way are finished and given back, then the error is raised; so
    nothing that Amazon may have carried out goes unseen.

    Args:
        jobs: Iterated in the caller's thread.
        call: Called in threads.
        in_flight: How many may be under way now; asked before each job, see
            `SellingPartner.in_flight`.

    Yields:
        Jobs in the order of their completion.
    """
    with ThreadPoolExecutor(MOST, thread_name_prefix="selling-partner") as pool:
        line = _Line(jobs, call, pool)
        try:
            while line.fill(in_flight()):
                yield from line.completed()
        finally:
            line.cancel()
    if line.fatal is not None:
        raise line.fatal


class _Line(Generic[Job, Result]):
    """What is under way, and the first error that ends it."""

    def __init__(self, jobs: Iterable[Job], call: Callable[[Job], Result], pool: ThreadPoolExecutor) -> None:
        self.fatal: BaseException | None = None
        self._jobs = iter(jobs)
        self._more = True
        self._call = call
        self._pool = pool
        self._under_way: dict[Future[Result], Job] = {}
        self._finished: SimpleQueue[Future[Result]] = SimpleQueue()

    def fill(self, wanted: int) -> bool:
        """Begin jobs until `wanted` are under way; False if nothing is."""
        while self._more and self.fatal is None and len(self._under_way) < min(MOST, max(1, wanted)):
            try:
                job = next(self._jobs)
            except StopIteration:
                self._more = False
            except Exception as error:  # noqa: BLE001 - raised at the end, after what is under way
                self.fatal = error
            else:
                future = self._pool.submit(self._call, job)
                self._under_way[future] = job
                future.add_done_callback(self._finished.put)
        return bool(self._under_way)

    def completed(self) -> Iterator[Done[Job, Result]]:
        """Wait for the next that is done; an error that is no item's is kept as fatal."""
        for future in (self._finished.get(), *self._finished_too()):
            job = self._under_way.pop(future)
            failure = future.exception()
            if failure is None:
                yield Done(job, future.result(), None)
            elif isinstance(failure, ItemError):
                yield Done(job, None, failure)
            else:
                self.fatal = self.fatal or failure

    def _finished_too(self) -> Iterator[Future[Result]]:
        with suppress(Empty):
            while True:
                yield self._finished.get_nowait()

    def cancel(self) -> None:
        """Begin nothing that waits; when the caller stops listening."""
        for future in self._under_way:
            future.cancel()
