"""Processing of a JSON_LISTINGS_FEED document and its report.

Shapes: Amazon's listings feed schema v2 and processing report schema v2. Codes for unreadable
feeds are those seen in public reports: 4002001 (not a feed), 4002005 (no seller), 4002008
(message does not meet the schema), BAD_REQUEST (what the API would answer with 400).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from spapi_sandbox.admission.operations import READ_DATA
from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.listings import submissions
from spapi_sandbox.listings.item_view import item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spapi_sandbox.account.accounts import Account
    from spapi_sandbox.listings.state import ListingsState
    from spapi_sandbox.marketplaces import Marketplace

Report = dict[str, Any]
_MOST_MESSAGES = 25_000
_HIGHEST_ID = 2_147_483_647
#: operation -> (needed, forbidden)
_SHAPES: dict[str, tuple[set[str], set[str]]] = {
    "UPDATE": ({"productType", "attributes"}, {"patches"}),
    "PARTIAL_UPDATE": ({"productType", "attributes"}, {"requirements", "patches"}),
    "PATCH": ({"productType", "patches"}, {"requirements", "attributes"}),
    "DELETE": (set(), {"requirements", "attributes", "productType", "patches"}),
}


class FeedRun:
    """One feed being processed: applies its messages and collects the report.

    Args:
        state: The sandbox.
        feed_id: For the report's header.
        accounts: The accounts that the grant reaches, by id.
        marketplaces: Where the feed applies.
    """

    def __init__(
        self,
        state: ListingsState,
        feed_id: str,
        accounts: dict[str, Account],
        marketplaces: Sequence[Marketplace],
    ) -> None:
        self._state = state
        self._feed_id = feed_id
        self._accounts = accounts
        self._marketplaces = marketplaces
        self._issues: list[dict[str, Any]] = []
        self._counts = {"messagesProcessed": 0, "messagesAccepted": 0, "messagesInvalid": 0}
        self._skus: list[str] = []

    def process(self, content: bytes, *, share: float = 1.0) -> Report:
        """Applies the first `share` of the messages of a feed document; the report."""
        try:
            feed = json.loads(content)
        except (ValueError, RecursionError):
            return self._failed("4002001", "Item 'Feed' cannot be parsed.")
        if not isinstance(feed, dict) or not isinstance(feed.get("messages"), list):
            return self._failed("4002001", "Item 'Feed' cannot be parsed.")
        header, messages = feed.get("header"), feed["messages"]
        if not isinstance(header, dict) or not isinstance(header.get("sellerId"), str):
            return self._failed("4002005", "Attribute 'Merchant' is required, but not present.")
        if header.get("version") != "2.0":
            return self._failed("4002006", "The value of the attribute 'version' in the header is not valid.")
        if not 1 <= len(messages) <= _MOST_MESSAGES or not _is_report_request(header.get("report")):
            return self._failed("4002001", "Item 'Feed' cannot be parsed.")
        account = self._accounts.get(header["sellerId"])
        language = str(header.get("issueLocale") or self._marketplaces[0].languages[0])[:2]
        seen: set[int] = set()
        for message in messages[: round(len(messages) * share)]:
            self._message(message, account, language, seen)
        return self._report(header, account, language)

    def _message(self, message: Any, account: Account | None, language: str, seen: set[int]) -> None:
        self._counts["messagesProcessed"] += 1
        number = message.get("messageId") if isinstance(message, dict) else None
        if not _is_message(message) or number in seen:
            text = "The provided message did not meet the schema validation requirements for a feed message."
            self._refuse(number if _is_id(number) else None, None, "4002008", text)
            return
        seen.add(message["messageId"])
        if account is None:
            self._refuse(message["messageId"], None, "BAD_REQUEST", "Invalid 'accountId' provided.")
            return
        try:
            answers = self._submit(message, account, language)
        except Refusal as refusal:
            self._refuse(message["messageId"], None, "BAD_REQUEST", refusal.body["errors"][0]["message"])
            return
        for answer in answers:
            for issue in answer["issues"]:
                self._issues.append(_issue(message["messageId"], message["sku"], issue))
        invalid = any(answer["status"] == "INVALID" for answer in answers)
        self._counts["messagesInvalid" if invalid else "messagesAccepted"] += 1
        if not invalid and message["operationType"] != "DELETE":
            self._skus.append(message["sku"])

    def _submit(self, message: dict[str, Any], account: Account, language: str) -> list[dict[str, Any]]:
        for marketplace in self._marketplaces:
            if marketplace.id not in account.marketplaces:
                raise Refusal(400, "Invalid 'sellerId' and 'marketplaceId' combination provided.")
        kind = message["operationType"]
        body = message
        if kind == "PARTIAL_UPDATE":
            changes = [
                {"op": "replace", "path": f"/attributes/{name}", "value": value}
                for name, value in message["attributes"].items()
            ]
            body = {"productType": message["productType"], "patches": changes}
        with self._state.listings.lock:
            if kind in {"PATCH", "PARTIAL_UPDATE"}:
                target = submissions.Target(account, message["sku"], self._marketplaces, language)
                return [submissions.patch(self._state, target, body, preview=False)]
            targets = [
                submissions.Target(account, message["sku"], [marketplace], language)
                for marketplace in self._marketplaces
            ]
            if kind == "DELETE":
                return [submissions.delete(self._state, target) for target in targets]
            return [submissions.put(self._state, target, body, preview=False) for target in targets]

    def _refuse(self, number: int | None, sku: str | None, code: str, text: str) -> None:
        self._counts["messagesInvalid"] += 1
        issue = {"messageId": number, "sku": sku, "code": code, "severity": "ERROR", "message": text}
        self._issues.append({name: value for name, value in issue.items() if value is not None})

    def _failed(self, code: str, text: str) -> Report:
        """Return the report of a feed that could not be read at all."""
        return {
            "header": {"sellerId": "", "version": "2.0", "feedId": self._feed_id},
            "issues": [{"code": code, "severity": "ERROR", "message": text}],
            "summary": {"errors": 1, "warnings": 0, **self._counts},
        }

    def _report(self, header: dict[str, Any], account: Account | None, language: str) -> Report:
        severities = [issue["severity"] for issue in self._issues]
        summary: dict[str, Any] = {
            "errors": severities.count("ERROR"),
            "warnings": severities.count("WARNING"),
            **self._counts,
        }
        report: Report = {
            "header": {"sellerId": header["sellerId"], "version": "2.0", "feedId": self._feed_id},
            "issues": self._issues,
            "summary": summary,
        }
        asked = header.get("report")
        if asked and account is not None:
            report["header"]["report"] = asked
            report["items"] = self._items(account, asked["includedData"], language)
            found = [issue["severity"] for shown in report["items"] for issue in shown.get("issues", [])]
            summary["itemSummary"] = {
                "items": len(report["items"]),
                "errors": found.count("ERROR"),
                "warnings": found.count("WARNING"),
            }
        return report

    def _items(self, account: Account, included: list[str], language: str) -> list[dict[str, Any]]:
        shown = []
        for sku in dict.fromkeys(self._skus):
            rows = [
                row
                for marketplace in self._marketplaces
                if (row := self._state.listings.readable(account.id, sku, marketplace.id))
            ]
            if rows:
                shown.append(item(self._state, rows, included, language))
        return shown


def _is_message(message: object) -> bool:
    if not isinstance(message, dict) or not _is_id(message.get("messageId")):
        return False
    if not isinstance(message.get("sku"), str) or not message["sku"]:
        return False
    needed, forbidden = _SHAPES.get(
        str(message.get("operationType")), ({"operationType of the schema"}, set())
    )
    if not needed <= set(message) or forbidden & set(message):
        return False
    attributes, patches = message.get("attributes", {0: 0}), message.get("patches", [0])
    return isinstance(attributes, dict) and bool(attributes) and isinstance(patches, list) and bool(patches)


def _is_id(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= _HIGHEST_ID


def _is_report_request(asked: Any) -> bool:
    if asked is None:
        return True
    included = asked.get("includedData") if isinstance(asked, dict) else None
    return (
        isinstance(included, list)
        and bool(included)
        and set(included) <= set(READ_DATA)
        and asked.get("apiVersion") == "2021-08-01"
    )


def _issue(number: int, sku: str, issue: dict[str, Any]) -> dict[str, Any]:
    written = {"messageId": number, "sku": sku}
    written |= {name: issue[name] for name in ("code", "severity", "message")}
    if issue["attributeNames"]:
        written["attributeName"] = issue["attributeNames"][0]
    return written
