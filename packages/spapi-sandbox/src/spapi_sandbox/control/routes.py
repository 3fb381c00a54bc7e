"""`/_control/…`: how tests and demonstrations steer the sandbox. Not part of Amazon's API.

GET  /_control                      names of settings, operations, fault kinds
POST /_control/reset                as if just started
POST /_control/settings             {name: value}; link lifetimes, delays, largest body, and readings of what
                                    Amazon leaves open (1 or 0); {}: as at the start
POST /_control/clock                {"advance": seconds} -> {"now": seconds}
POST /_control/faults               {operation, kind, status, times, skip, delay, body, headers}
DELETE /_control/faults             forgets those left
GET  /_control/counters             requests, statuses and 429s by operation
POST /_control/quotas               {"enabled": bool, "factor": number, "limits": {name: [rate, burst]}}
POST /_control/tokens               {"lifetime": seconds, "forget": bool}
POST /_control/secret               {"rotate": new secret, "old_valid_seconds": …}, {"expire": true or which}
POST /_control/rotation             registers a queue for new secrets -> {"sent": [secrets of rotations]}
POST /_control/revoke               {"refresh_token": …, "restore": bool}
POST /_control/participations       {"seller_id", "countries": ["FR", …]}: where an account sells
POST /_control/issues               {"seller_id", "sku", "marketplace_id", "issue": {…}}
POST /_control/refused              {"values": {attribute: [value, …]}}: refused though no definition says so
POST /_control/restrictions         {"asin", "message", "reason": "NOT_ELIGIBLE", "link"}: it may not be sold
POST /_control/feeds                {"state": "FATAL", "share": 0.5, "report": false, "times": 1};
                                    "items": false: a report that does not show the listings
POST /_control/recording            {"on": bool}
GET  /_control/requests             what was recorded

A body that is none of these is answered with 422 and what is wrong with it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException

from spapi_sandbox.admission.operations import NAMES
from spapi_sandbox.admission.traffic import KINDS, Fault
from spapi_sandbox.control import orders  # noqa: TC001 - FastAPI reads the annotations
from spapi_sandbox.feeds.queue import Outcome

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState


def create_router(state: SandboxState) -> APIRouter:
    """Return the control endpoints."""
    router = APIRouter(prefix="/_control")
    _settings(router, state)
    _breaking(router, state)
    _watching(router, state)
    _credentials(router, state)
    return router


def _settings(router: APIRouter, state: SandboxState) -> None:
    @router.get("")
    def overview() -> dict[str, Any]:
        return {"operations": sorted(NAMES), "kinds": KINDS, "settings": state.settings()}

    @router.post("/reset")
    def reset() -> dict[str, bool]:
        state.reset()
        return {"reset": True}

    @router.post("/settings")
    def settings(asked: orders.Settings) -> dict[str, float]:
        return state.set(asked)

    @router.post("/clock")
    def clock(asked: orders.Advance) -> dict[str, float]:
        now = state.clock.advance(asked.advance)
        state.feeds.settle()
        return {"now": now}

    @router.post("/quotas")
    def quotas(asked: orders.Quotas) -> dict[str, Any]:
        buckets = state.buckets
        buckets.enabled = buckets.enabled if asked.enabled is None else asked.enabled
        buckets.factor = asked.factor or buckets.factor
        buckets.overrides |= asked.limits
        return {"enabled": buckets.enabled, "factor": buckets.factor, "limits": buckets.overrides}


def _breaking(router: APIRouter, state: SandboxState) -> None:
    @router.post("/faults")
    def fault(asked: Fault) -> dict[str, Any]:
        state.traffic.inject(asked)
        return asked.model_dump()

    @router.delete("/faults")
    def forget_faults() -> dict[str, bool]:
        state.traffic.forget_faults()
        return {"forgotten": True}

    @router.post("/issues")
    def issues(asked: orders.ListingIssue) -> dict[str, bool]:
        key = (asked.seller_id, asked.sku, asked.marketplace_id)
        return {"added": state.listings.add_issue(key, asked.issue)}

    @router.post("/refused")
    def refused(asked: orders.RefusedValues) -> dict[str, list[str]]:
        state.refused_values = {name: frozenset(values) for name, values in asked.values.items()}
        return asked.values

    @router.post("/restrictions")
    def restrictions(asked: orders.Restriction) -> dict[str, bool]:
        state.restrictions.pop(asked.asin, None)
        if asked.message:
            link = {"resource": asked.link, "verb": "GET", "title": "Request approval", "type": "text/html"}
            reason = {
                "message": asked.message,
                "reasonCode": asked.reason,
                "links": [link] if asked.link else [],
            }
            state.restrictions[asked.asin] = [reason]
        return {"restricted": asked.asin in state.restrictions}

    @router.post("/feeds")
    def feeds(asked: orders.FeedEnds) -> dict[str, Any]:
        outcome = Outcome(asked.state, asked.share, asked.report, asked.items)
        state.feeds.arrange(outcome, asked.times)
        return asdict(outcome)


def _watching(router: APIRouter, state: SandboxState) -> None:
    @router.get("/counters")
    def counters() -> dict[str, Any]:
        return state.traffic.counters()

    @router.post("/recording")
    def recording(asked: orders.Recording) -> dict[str, bool]:
        state.traffic.recording = asked.on
        return {"on": asked.on}

    @router.get("/requests")
    def requests() -> list[dict[str, Any]]:
        return state.traffic.recorded()


def _credentials(router: APIRouter, state: SandboxState) -> None:
    @router.post("/tokens")
    def tokens(asked: orders.Tokens) -> dict[str, float]:
        state.tokens.lifetime = asked.lifetime or state.tokens.lifetime
        if asked.forget:
            state.tokens.forget_access_tokens()
        return {"lifetime": state.tokens.lifetime}

    @router.post("/secret")
    def secret(asked: orders.Secret) -> dict[str, bool]:
        if asked.rotate:
            state.tokens.rotate(asked.rotate, old_valid_seconds=asked.old_valid_seconds)
        else:
            try:
                state.tokens.expire_secret(asked.expire if isinstance(asked.expire, str) else None)
            except KeyError as error:
                raise HTTPException(422, f"expire: there is no secret {error}") from None
        return {"done": True}

    @router.post("/rotation")
    def rotation() -> dict[str, list[str]]:
        state.new_secrets = state.new_secrets or []
        return {"sent": state.new_secrets}

    @router.post("/revoke")
    def revoke(asked: orders.Revocation) -> dict[str, bool]:
        act = state.tokens.restore if asked.restore else state.tokens.revoke
        act(asked.refresh_token)
        return {"done": True}

    @router.post("/participations")
    def participations(asked: orders.Participations) -> dict[str, list[str]]:
        return {asked.seller_id: state.limit(asked.seller_id, asked.countries)}
