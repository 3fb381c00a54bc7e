"""Keys of download links: made for a reader who may read a run, good for that run and some hours."""

from __future__ import annotations

import hashlib
import hmac
import time

from airflow.configuration import conf

#: Seconds for which a link is good: a page may stay open for a working day.
GOOD_FOR = 12 * 3600


def key_of(dag_id: str, run_id: str) -> str:
    """Return the key of a run's files, to be part of an address."""
    expires = int(time.time()) + GOOD_FOR
    return f"{expires}.{_signature(expires, dag_id, run_id)}"


def fits(key: str, dag_id: str, run_id: str) -> bool:
    """Return whether a key was made for this run, and has not expired."""
    expires, _, signature = key.partition(".")
    if not (expires.isascii() and expires.isdigit() and len(expires) < 15 and signature.isascii()):  # noqa: PLR2004 - seconds
        return False
    right = hmac.compare_digest(signature, _signature(int(expires), dag_id, run_id))
    return right and time.time() < int(expires)


def _signature(expires: int, dag_id: str, run_id: str) -> str:
    secret = conf.get("api", "secret_key")
    said = "\n".join(("amazon-listings download", str(expires), dag_id, run_id))
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()
