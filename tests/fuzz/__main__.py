"""The whole fuzz corpus: `python -m tests.fuzz [COUNT [SURFACE …]]` tries so many inputs of every surface, and prints a table.

Times are CPU seconds of this process.
"""

from __future__ import annotations

import logging
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from amazon_listings.errors import AmazonListingsError
from tests.fuzz.share import SEED
from tests.fuzz.surfaces import Surfaces


def main() -> None:
    """Try every surface; fails if one of them let anything through."""
    logging.disable(logging.CRITICAL)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    failed = 0
    print(
        f"{'surface':22} {'inputs':>7} {'taken':>7} {'refused':>8} {'raw':>5} {'worst':>8}  {'(input)':>7} {'in all':>8} {'peak':>9}"
    )
    chosen = sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        for name, surface in Surfaces(Path(folder)).all().items():
            if chosen and name not in chosen:
                continue
            ended: Counter[str] = Counter()
            worst, begun = (0.0, 0), time.process_time()
            for number in range(count):
                started = time.process_time()
                try:
                    surface(Random(f"{SEED} {name} {number}"))
                    ended["taken"] += 1
                except AmazonListingsError:
                    ended["refused"] += 1
                except BaseException as error:
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    ended["raw"] += 1
                    print(f"  input {number} of {name}: {type(error).__name__}: {str(error)[:200]!r}")
                worst = max(worst, (time.process_time() - started, number))
            failed += ended["raw"]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name:22} {count:7,} {ended['taken']:7,} {ended['refused']:8,} {ended['raw']:5,} {worst[0]:6.2f} s "
                f"{worst[1]:9} {time.process_time() - begun:6.0f} s {peak:6.0f} MB",
                flush=True,
            )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
