"""Payloads checked by a command: JSON Lines in, a table or JSON Lines out."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from amazon_product_types.command.files import CannotRead, printable, read_document
from amazon_product_types.errors import ProductTypeError
from amazon_product_types.messages import catalogue
from amazon_product_types.rules import RuleCheck
from amazon_product_types.validation import DefinitionError, compile_definition
from amazon_product_types.validation.merging import WORST

if TYPE_CHECKING:
    from amazon_product_types.messages import Catalogue
    from amazon_product_types.validation import Issue, Validator

#: What one entry of `--json` holds of an issue, besides the attribute it concerns.
ENTRY = ("code", "severity", "keyword", "path", "label", "message", "why", "allowed", "found", "attribute")


class NotAnItem(ProductTypeError):
    """A line that is no item."""


def check(
    payloads: str,
    definition: Path,
    labels: Path | None = None,
    *,
    language: str = "en",
    as_json: bool = False,
    update: bool = False,
    without: frozenset[str] = frozenset(),
) -> int:
    """Check payloads against a definition and print every issue at once.

    Args:
        payloads: A file of JSON Lines, each `{"sku": …, "attributes": {…}}`; `-` reads standard input.
        definition: The definition in the marketplace's own locale.
        labels: The same definition in the locale people read.
        language: Of the sentences.
        as_json: One JSON object a line instead of a table.
        update: The listings exist: warn of values that cannot be changed.
        without: Names of rules beyond the definition that are not to be checked.

    Returns:
        1 if any item is invalid or any line cannot be read, else 0.

    Raises:
        CannotRead: A file is not there, or no definition.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Half a surrogate pair in a SKU must not end the stream; written like this it is JSON, too.
        sys.stdout.reconfigure(errors="backslashreplace")
    messages = catalogue(language)
    compiled = _validator(definition, labels)
    rules = RuleCheck(compiled.document, compiled.label, without=without)
    show = _show_json if as_json else _show_table
    invalid = unreadable = count = 0
    with _lines(payloads) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                sku, attributes = _item(line)
            except NotAnItem as error:
                unreadable += 1
                print(messages.phrase("payloads.line", number=number, reason=error), file=sys.stderr)
                continue
            count += 1
            check = compiled.failures if as_json else compiled.issues
            issues = check(attributes, language=language, update=update) + rules.issues(attributes, language)
            valid = not any(issue.severity == "ERROR" for issue in issues)
            invalid += not valid
            show(sku, issues, messages, valid=valid)
    if not as_json:
        passed = count - invalid
        counts = {"valid": passed, "invalid": invalid, "unreadable": unreadable}
        print(messages.phrase("payloads.counts", **counts))
    return int(bool(invalid or unreadable))


def _validator(path: Path, labels: Path | None) -> Validator:
    document, spoken = read_document(path), read_document(labels) if labels else None
    try:
        return compile_definition(document, locale_document=spoken)
    except DefinitionError as error:
        raise CannotRead("file.wrong", path=path, error=error) from error


def _lines(payloads: str) -> IO[bytes]:
    if payloads == "-":
        return sys.stdin.buffer
    try:
        return Path(payloads).open("rb")
    except OSError as error:
        raise CannotRead("file.unreadable", path=payloads, reason=error.strerror) from error


def _item(line: bytes) -> tuple[Any, dict[str, Any]]:
    try:
        item = json.loads(line.decode("utf-8-sig"), parse_constant=_no_constant)
    except RecursionError:
        raise NotAnItem("payloads.too_deep") from None
    except json.JSONDecodeError as error:
        raise NotAnItem("payloads.not_json", reason=error.msg, position=error.pos + 1) from None
    except UnicodeDecodeError as error:
        raise NotAnItem("payloads.not_text", reason=error.reason, position=error.start + 1) from None
    if not isinstance(item, dict) or not isinstance(item.get("attributes"), dict):
        raise NotAnItem("payloads.form", form='{"sku": …, "attributes": {…}}')
    return item.get("sku"), item["attributes"]


def _no_constant(name: str) -> NoReturn:
    raise NotAnItem("payloads.no_number", name=name)


def _show_json(sku: object, issues: list[Issue], _: Catalogue, *, valid: bool) -> None:
    entries = [{key: getattr(issue, key) for key in ENTRY} for issue in issues]
    print(json.dumps({"sku": sku, "valid": valid, "issues": entries}, ensure_ascii=False), flush=False)


def _show_table(sku: object, issues: list[Issue], messages: Catalogue, *, valid: bool) -> None:
    print(f"{'✔' if valid else '✘'} {printable(str(sku))}")
    severities = {name: messages.phrase(f"severity.{name}") for name in WORST}
    width = max(map(len, severities.values()))
    for issue in issues:
        place = printable(issue.path) or "-"
        text = " ".join(filter(None, (issue.message, _sentence(issue.why), issue.action)))
        print(f"    {severities[issue.severity]:<{width}} {place:<44} {printable(text)}")


def _sentence(why: str) -> str:
    return f"{why[0].upper()}{why[1:]}." if why else ""
