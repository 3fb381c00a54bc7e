"""What can become of one item in a run.

Every extracted item ends in exactly one of these; the report checks that they add up.
"""

from __future__ import annotations

from typing import Literal

Outcome = Literal["out_of_scope", "blocked", "unchanged", "rejected", "ready", "accepted", "failed"]

OUTCOMES: dict[Outcome, str] = {
    "out_of_scope": "named SKUs were asked for, and this is not one of them",
    "blocked": "quality, mapping or local validation found an error; Amazon was not asked",
    "unchanged": "the same payload passed (test) or was accepted (live) before; nothing was sent",
    "rejected": "Amazon's preview or submission said INVALID; nothing changed at Amazon",
    "ready": "passed every check; the test operation ends here",
    "accepted": "Amazon took the submission; not yet a live listing",
    "failed": "no answer after all retries; the next run tries again",
}
