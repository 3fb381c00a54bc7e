"""`/_control/…`: how tests and demonstrations steer the sandbox. Not part of Amazon's API.

GET  /_control                      names of settings, operations, fault kinds
POST /_control/reset                as if just started
POST /_control/settings             {name: value}; link lifetimes, delays, largest body
POST /_control/clock                {"advance": seconds} -> {"now": seconds}
POST /_control/faults               {operation, kind, status, times, skip, delay, body, headers}
DELETE /_control/faults             forgets those left
GET  /_control/counters             requests, statuses and 429s by operation
POST /_control/quotas               {"enabled": bool, "factor": number, "limits": {name: [rate, burst]}}
POST /_control/tokens               {"lifetime": seconds, "forget": bool}
POST /_control/secret               {"rotate": new secret, "old_valid_seconds": …} or {"expire": true}
POST /_control/revoke               {"refresh_token": …, "restore": bool}
POST /_control/issues               {"seller_id", "sku", "marketplace_id", "issue": {…}}
POST /_control/feeds                {"state": "FATAL", "share": 0.5, "report": false, "times": 1}
POST /_control/recording            {"on": bool}
GET  /_control/requests             what was recorded
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, HTTPException

from amazon_listings.sandbox import accounts
from amazon_listings.sandbox.feed_desk import Outcome
from amazon_listings.sandbox.operations import OPERATIONS
from amazon_listings.sandbox.traffic import KINDS, Fault

if TYPE_CHECKING:
    from amazon_listings.sandbox.state import SandboxState

Asked = Annotated[dict[str, Any], Body()]


def create_router(state: SandboxState) -> APIRouter:
    """The control endpoints."""
    router = APIRouter(prefix="/_control")
    _settings(router, state)
    _breaking(router, state)
    _watching(router, state)
    _credentials(router, state)
    return router


def _settings(router: APIRouter, state: SandboxState) -> None:
    @router.get("")
    def overview() -> dict[str, Any]:
        return {"operations": sorted(OPERATIONS), "kinds": KINDS, "settings": state.settings()}

    @router.post("/reset")
    def reset() -> dict[str, bool]:
        state.reset()
        return {"reset": True}

    @router.post("/settings")
    def settings(asked: Asked) -> dict[str, float]:
        try:
            return state.set(asked)
        except KeyError as error:
            raise HTTPException(422, f"No such setting: {error}") from None

    @router.post("/clock")
    def clock(asked: Asked) -> dict[str, float]:
        now = state.clock.advance(float(asked.get("advance", 0)))
        state.feeds.settle()
        return {"now": now}

    @router.post("/quotas")
    def quotas(asked: Asked) -> dict[str, Any]:
        buckets = state.buckets
        buckets.enabled = bool(asked.get("enabled", buckets.enabled))
        buckets.factor = float(asked.get("factor", buckets.factor))
        for name, (rate, burst) in asked.get("limits", {}).items():
            buckets.overrides[name] = (float(rate), float(burst))
        return {"enabled": buckets.enabled, "factor": buckets.factor, "limits": buckets.overrides}


def _breaking(router: APIRouter, state: SandboxState) -> None:
    @router.post("/faults")
    def fault(asked: Asked) -> dict[str, Any]:
        try:
            injected = Fault(**asked)
        except TypeError as error:
            raise HTTPException(422, str(error)) from None
        if injected.kind not in KINDS:
            raise HTTPException(422, f"No such kind: {injected.kind}. Kinds: {', '.join(KINDS)}.")
        state.traffic.inject(injected)
        return asdict(injected)

    @router.delete("/faults")
    def forget_faults() -> dict[str, bool]:
        state.traffic.forget_faults()
        return {"forgotten": True}

    @router.post("/issues")
    def issues(asked: Asked) -> dict[str, bool]:
        key = (asked["seller_id"], asked["sku"], asked["marketplace_id"])
        return {"added": state.listings.add_issue(key, asked["issue"])}

    @router.post("/feeds")
    def feeds(asked: Asked) -> dict[str, Any]:
        times = int(asked.pop("times", 1))
        outcome = Outcome(**asked)
        state.feeds.arrange(outcome, times)
        return asdict(outcome)


def _watching(router: APIRouter, state: SandboxState) -> None:
    @router.get("/counters")
    def counters() -> dict[str, Any]:
        return state.traffic.counters()

    @router.post("/recording")
    def recording(asked: Asked) -> dict[str, bool]:
        state.traffic.recording = bool(asked["on"])
        return {"on": state.traffic.recording}

    @router.get("/requests")
    def requests() -> list[dict[str, Any]]:
        return state.traffic.recorded()


def _credentials(router: APIRouter, state: SandboxState) -> None:
    @router.post("/tokens")
    def tokens(asked: Asked) -> dict[str, float]:
        state.tokens.lifetime = float(asked.get("lifetime", state.tokens.lifetime))
        if asked.get("forget"):
            state.tokens.forget_access_tokens()
        return {"lifetime": state.tokens.lifetime}

    @router.post("/secret")
    def secret(asked: Asked) -> dict[str, bool]:
        if asked.get("expire"):
            state.tokens.expire_secret()
        else:
            old = asked.get("old_valid_seconds")
            state.tokens.rotate(asked["rotate"], **({} if old is None else {"old_valid_seconds": float(old)}))
        return {"done": True}

    @router.post("/revoke")
    def revoke(asked: Asked) -> dict[str, bool]:
        grant = asked.get("refresh_token", accounts.REFRESH_TOKEN)
        state.tokens.revoke(grant, restore=bool(asked.get("restore")))
        return {"done": True}
