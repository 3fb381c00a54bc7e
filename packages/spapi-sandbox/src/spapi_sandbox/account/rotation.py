"""Application Management API 2023-11-30: rotation of the client secret.

The new secret is not in the answer: Amazon sends it to a queue that was registered in the developer
console. Here `POST /_control/rotation` registers it and reads what was sent.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from fastapi import APIRouter

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.admission.requests import Call, add

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState

NOT_ENROLLED = (
    "Application is not enrolled for rotation notification. "
    "Please update application notification preference in Developer console."
)


def create_router(state: SandboxState) -> APIRouter:
    """`rotateApplicationClientSecret`."""
    router = APIRouter()
    add(router, state, {"rotateApplicationClientSecret": functools.partial(_rotate, state)})
    return router


def _rotate(state: SandboxState, _: Call) -> None:
    if state.new_secrets is None:
        raise Refusal(400, NOT_ENROLLED)
    secret = f"amzn1.oa2-cs.v1.{state.number(128):032x}"
    state.tokens.rotate(secret)
    state.new_secrets.append(secret)
