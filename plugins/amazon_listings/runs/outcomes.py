"""What can become of one item in a run.

Every extracted item ends in exactly one of these; the report checks that they add up.
"""

from __future__ import annotations

from typing import Literal

Outcome = Literal[
    "out_of_scope",
    "blocked",
    "unchanged",
    "rejected",
    "ready",
    "accepted",
    "live",
    "live_with_differences",
    "suppressed",
    "not_applied",
    "failed",
]

OUTCOMES: dict[Outcome, str] = {
    "out_of_scope": "named SKUs were asked for, and this is not one of them",
    "blocked": "quality, mapping or local validation found an error; Amazon was not asked",
    "unchanged": "the same payload passed (test) or was accepted (live) before; nothing was sent",
    "rejected": "Amazon's preview or submission said INVALID; nothing changed at Amazon",
    "ready": "passed every check; the test operation ends here",
    "accepted": "Amazon took the submission; not yet a live listing",
    "live": "read back later: the listing holds what was sent, and shows",
    "live_with_differences": "read back later: the listing is there, but not all of it as sent",
    "suppressed": "read back later: Amazon keeps the listing out of sight or off sale",
    "not_applied": "read back later: Amazon did not carry the submission out; the next run sends it again",
    "failed": "no answer after all retries; the next run tries again",
}
