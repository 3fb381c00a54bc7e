"""What every SP-API request passes before its operation: headers, token, quota, parameters, body.

The order is Amazon's: authorisation, then throttling, then validation of the input. The rate
limit header goes out on 20x, 400 and 404 only ("Usage Plans and Rate Limits").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi import APIRouter, Request, Response
from starlette.convertors import Convertor, register_url_convertor

from spapi_sandbox.account.accounts import BY_ID, Account
from spapi_sandbox.account.tokens import Bearer, TokenRefused
from spapi_sandbox.admission.operations import (
    OPERATIONS,
    SCOPES,
    Operation,
    Parameter,
    path_parameters,
)
from spapi_sandbox.admission.refusals import UNPARSED, Refusal
from spapi_sandbox.admission.throttle import throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spapi_sandbox.marketplaces import Marketplace
    from spapi_sandbox.state import SandboxState

_LONGEST_USER_AGENT = 500


@dataclass(frozen=True)
class Call:
    """One admitted request.

    `path` and `query` are decoded; lists are split, numbers and times (seconds) parsed. `body` is
    the parsed JSON, `None` where the operation has none. `base` is the address the client used,
    `accounts` are all there are, as they are now. `region` is the one that is played (NA, EU, FE);
    empty: whichever the first marketplace belongs to.
    """

    operation: Operation
    path: dict[str, str]
    query: dict[str, Any]
    body: Any
    bearer: Bearer
    base: str
    accounts: Mapping[str, Account]
    region: str = ""

    def account(self) -> Account:
        """Return the account of the path's sellerId, if the grant reaches it."""
        return self.granted(self.path["sellerId"])

    def granted(self, seller_id: str) -> Account:
        """Return the account of that id, if the grant reaches it."""
        account = self.accounts.get(seller_id)
        if account is None or account.id not in self.bearer.account_ids:
            raise Refusal(400, "Invalid 'sellerId' and 'marketplaceId' combination provided.")
        return account

    def marketplaces(self, account: Account | None = None) -> list[Marketplace]:
        """Return the marketplaces of `marketplaceIds`, all of one region and open to `account`."""
        found = [BY_ID.get(identifier) for identifier in self.query["marketplaceIds"]]
        known = [entry for entry in found if entry is not None]
        if len(known) < len(found):
            raise Refusal(400, "Invalid 'marketplaceIds' provided.")
        if {entry.region for entry in known} - {self.region or known[0].region}:
            raise Refusal(403, details="The marketplaces you provided are not valid for region.")
        if account is not None and any(entry.id not in account.marketplaces for entry in known):
            raise Refusal(400, "Invalid 'sellerId' and 'marketplaceId' combination provided.")
        return known


class _Rest(Convertor[str]):
    """What is left of a path, its slashes and line breaks too, which Starlette's `path` does not match."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rest", _Rest())


def add(router: APIRouter, state: SandboxState, handlers: dict[str, Callable[[Call], Any]]) -> None:
    """Puts operations on `router`; a handler returns the body of the success answer."""
    for name, handler in handlers.items():
        operation = OPERATIONS[name]
        path = operation.path.replace("{sku}", "{sku:rest}").replace("Id}", "Id:rest}")
        path = path.replace("{sellerId:rest}/", "{sellerId}/")
        router.add_api_route(
            path,
            _endpoint(state, operation, handler),
            methods=[operation.method],
            operation_id=name,
            name=name,
        )


def _endpoint(
    state: SandboxState, operation: Operation, handler: Callable[[Call], Any]
) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        # No thread of its own: handing over takes longer than most answers.
        return _answer(state, operation, handler, request, await request.body())

    return endpoint


def _answer(
    state: SandboxState,
    operation: Operation,
    handler: Callable[[Call], Any],
    request: Request,
    content: bytes,
) -> Response:
    rate = operation.rate
    try:
        bearer = _bearer(state, operation, request)
        body, fault = _body(operation, request, content, state.max_body)
        rate = throttle(state, operation, request, bearer, body)
        if fault is not None:
            raise fault
        call = Call(
            operation=operation,
            path=_path(operation, request),
            query=_query(operation, request.scope["query_string"], lenient=state.lenient),
            body=body,
            bearer=bearer,
            base=str(request.base_url).rstrip("/"),
            accounts=state.accounts,
            region=state.region,
        )
        status, answer = operation.success, handler(call)
    except Refusal as refusal:
        status, answer = refusal.status, refusal.body
    headers = {"x-amzn-RequestId": state.request_id(), "x-amz-apigw-id": state.request_id()[:15]}
    if 200 <= status < 300 or status in {400, 404}:  # noqa: PLR2004 - HTTP statuses
        headers["x-amzn-RateLimit-Limit"] = (
            f"{rate:.4f}".rstrip("0").rstrip(".") if rate < 1 else f"{rate:.1f}"
        )
    text = b"" if answer is None else json.dumps(answer, ensure_ascii=False).encode()
    return Response(text, status_code=status, headers=headers, media_type="application/json")


def _bearer(state: SandboxState, operation: Operation, request: Request) -> Bearer:
    agent = request.headers.get("user-agent", "")
    if not agent:
        raise Refusal(403, details="The request is missing the user-agent header.")
    if len(agent) > _LONGEST_USER_AGENT:
        raise Refusal(403, details="The user-agent header is longer than 500 characters.")
    token = request.headers.get("x-amz-access-token")
    if not token:
        raise Refusal(403, details="Access token is missing in the request header.")
    try:
        bearer = state.tokens.bearer(token)
    except TokenRefused as refused:
        raise Refusal(403, details=str(refused)) from None
    if operation.scope != (bearer.grant if bearer.grant in SCOPES else ""):
        raise Refusal(403)  # a grantless operation with a partner's token, or the other way round
    return bearer


def _body(operation: Operation, request: Request, content: bytes, longest: int) -> tuple[Any, Refusal | None]:
    """Return the parsed body, or what is wrong with it (after the quota was drawn)."""
    if not operation.has_body:
        return None, None
    if len(content) > longest:
        return None, Refusal(413)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return None, Refusal(415)
    try:
        body = json.loads(content, parse_constant=_no_constant)
        if b"\\ud" in content.lower():
            json.dumps(body, ensure_ascii=False).encode()  # not with half a character
    except (ValueError, RecursionError):
        return None, Refusal(400, UNPARSED)
    return (body, None) if isinstance(body, dict) else (None, Refusal(400, UNPARSED))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _path(operation: Operation, request: Request) -> dict[str, str]:
    found = path_parameters(operation, request.scope["raw_path"].decode("ascii"))
    if found is None:  # more segments than the operation has, e.g. a SKU with an unencoded slash
        raise Refusal(403)
    try:
        return {name: unquote_to_bytes(value).decode() for name, value in found.items()}
    except UnicodeDecodeError:
        raise Refusal(400, "The path is not percent-encoded UTF-8.") from None


def _query(operation: Operation, query_string: bytes, *, lenient: bool) -> dict[str, Any]:
    pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True)
    known = {parameter.name: parameter for parameter in operation.parameters}
    if lenient:
        pairs = _tolerated(pairs, known)
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in known:
            raise Refusal(400, f"Invalid parameter '{name}' provided.")
        if name in found:
            raise Refusal(400, f"Parameter '{name}' provided more than once.")
        found[name] = _value(known[name], value)
    for parameter in operation.parameters:
        if parameter.required and not found.get(parameter.name):
            raise Refusal(400, f"Missing required parameter '{parameter.name}'.")
    return found


def _tolerated(pairs: list[tuple[str, str]], known: Mapping[str, Parameter]) -> list[tuple[str, str]]:
    """Return the parameters as Amazon reads them from clients that are less careful than ours.

    Names in any case; unknown ones are passed over; a list may be given one value at a time, and the
    same value twice; of any other parameter the last value counts. Source: what `python-amazon-sp-api`
    (`MarketplaceIds` and `marketplaceIds` in one request) and the clients that are generated from Amazon's
    models send, with success.
    """
    spelt = {name.lower(): name for name in known}
    found: dict[str, str] = {}
    for written, value in pairs:
        name = spelt.get(written.lower())
        if name is None:
            continue
        if known[name].kind == "list":
            together = [*found.get(name, "").split(","), *value.split(",")]
            found[name] = ",".join(dict.fromkeys(filter(None, together)))
        else:
            found[name] = value
    return list(found.items())


def _value(parameter: Parameter, value: str) -> Any:
    invalid = Refusal(400, f"Invalid '{parameter.name}' provided.")
    if parameter.kind == "list":
        values = [part.strip() for part in value.split(",") if part.strip()]
        if parameter.max_items is not None and len(values) > parameter.max_items:
            raise invalid
        if parameter.allowed and not set(values) <= set(parameter.allowed):
            raise invalid
        return values
    if parameter.kind == "boolean" and value not in {"true", "false"}:
        raise invalid
    try:
        if parameter.kind == "integer":
            number = int(value)
            if not parameter.minimum <= number <= (parameter.maximum or number):
                raise invalid
            return number
        if parameter.kind == "time":
            return datetime.fromisoformat(value).timestamp()
    except ValueError:
        raise invalid from None
    if parameter.allowed and value not in parameter.allowed:
        raise invalid
    return value
