"""JSON Merge Patch (RFC 7396): how an Airflow Variable is laid over a connector's file."""

from __future__ import annotations


def merge_patch(target: object, patch: object) -> object:
    """`patch` laid over `target`, by RFC 7396 section 2; neither argument is changed.

    Objects merge key by key, null removes a key, anything else replaces. A replaced key keeps
    its place, a new one comes last: the order of a mapping is its order of application.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
