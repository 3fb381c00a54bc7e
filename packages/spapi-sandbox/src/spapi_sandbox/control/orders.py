"""What may be asked of `/_control/…`: a body that is none of these is refused, in words.

Nothing is coerced and no name is unknown: an order that would never strike is a mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from spapi_sandbox.account.accounts import ACCOUNTS, FOREIGN_GRANT, GRANTS, REFRESH_TOKEN, SELLER_ID
from spapi_sandbox.admission.operations import OPERATIONS
from spapi_sandbox.marketplaces import MARKETPLACES
from spapi_sandbox.state import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import Request
    from fastapi.exceptions import RequestValidationError


def _one_of(what: str, known: Iterable[str]) -> AfterValidator:
    names = tuple(known)

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"there is no {what} {name!r}; there are {', '.join(names)}")
        return name

    return AfterValidator(check)


def _bucket(name: str) -> str:
    """A bucket is an operation's, or of a kind of its requests (`createFeed <type>`), or of previews."""
    if name.partition(" ")[0] not in {"preview", *OPERATIONS}:
        raise ValueError(f"there is no bucket {name!r}; its first word is preview or an operation")
    return name


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
#: Rate and burst; JSON has no tuples, its lists are as good.
Limit = Annotated[tuple[Positive, Positive], Field(strict=False)]
Settings = dict[Annotated[str, _one_of("setting", SETTINGS)], NotNegative]


class Order(BaseModel):
    """A JSON object of these names and types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Advance(Order):
    """Seconds by which the clock moves; negative ones turn it back."""

    advance: Annotated[float, Field(allow_inf_nan=False)]


class Quotas(Order):
    """Token buckets; what is not given stays."""

    enabled: bool | None = None
    factor: Positive | None = None
    limits: dict[Annotated[str, AfterValidator(_bucket)], Limit] = {}


class Tokens(Order):
    """Seconds a token lives; whether those issued so far are forgotten."""

    lifetime: Positive | None = None
    forget: bool = False


class Secret(Order):
    """A new client secret (the old ones live on a little), or the end of one: `true` is the newest."""

    rotate: Annotated[str, Field(min_length=1)] | None = None
    old_valid_seconds: NotNegative | None = None
    expire: bool | str = False

    @model_validator(mode="after")
    def _either(self) -> Secret:
        if bool(self.rotate) == bool(self.expire):
            raise ValueError("either rotate or expire must be given")
        return self


class Revocation(Order):
    """A grant that the partner takes back, or gives again."""

    refresh_token: Annotated[str, _one_of("grant", (*GRANTS, FOREIGN_GRANT))] = REFRESH_TOKEN
    restore: bool = False


class Participations(Order):
    """The countries in which an account sells."""

    seller_id: Annotated[str, _one_of("account", ACCOUNTS)] = SELLER_ID
    countries: list[Annotated[str, _one_of("country", MARKETPLACES)]]


class ListingIssue(Order):
    """An issue that Amazon finds in a listing later."""

    seller_id: Annotated[str, _one_of("account", ACCOUNTS)]
    sku: str
    marketplace_id: Annotated[
        str, _one_of("marketplace", [marketplace.id for marketplace in MARKETPLACES.values()])
    ]
    issue: dict[str, Any]


class FeedEnds(Order):
    """How the next feeds end."""

    state: Literal["DONE", "FATAL", "CANCELLED"] = "DONE"
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    report: bool = True
    items: bool = True
    times: Annotated[int, Field(ge=1)] = 1


class RefusedValues(Order):
    """Values of attributes that Amazon refuses though no definition says so."""

    values: dict[str, list[str]]


class Restriction(Order):
    """An ASIN that may not be sold without an approval; an empty message lifts it."""

    asin: str
    message: str
    reason: Literal["APPROVAL_REQUIRED", "ASIN_NOT_FOUND", "NOT_ELIGIBLE"] = "APPROVAL_REQUIRED"
    link: str = ""


class Recording(Order):
    """Whether requests are recorded."""

    on: bool


def refused(_request: Request, error: RequestValidationError) -> JSONResponse:
    """Return the answer to a body that cannot be used: where it is wrong, and how."""
    problems = (
        ": ".join(filter(None, (".".join(str(part) for part in one["loc"][1:]), one["msg"])))
        for one in error.errors()
    )
    return JSONResponse({"detail": "; ".join(problems)}, status_code=422)
