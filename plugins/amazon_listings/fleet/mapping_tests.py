"""Tests beside the configuration: what a connector's mapping makes of given PIM values.

    tests:
      - name: Weight with a comma
        given: {weight: "1,5 kg"}
        expect: {item_weight: [{value: 1.5, unit: kilograms}]}

`given` has PIM fields by name; a text by language is an object, `{name: {fr: Lampe, de: Lampe}}`. `country`,
`language` and the other conditions of overrides say which connectors the test is for. `expect` has attributes
by name, label or path: their elements (without the marketplace and the language that the engine adds, unless
they are named), null for nothing, or `{issue: code}`.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import msgspec

from amazon_listings.connectors.overrides import CONDITIONS, facts
from amazon_product_types.errors import ProductTypeError
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from amazon_listings.connectors.declaration import Declaration
    from amazon_listings.connectors.model import Connector
    from amazon_listings.connectors.origins import Part
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Catalogue
    from amazon_product_types.labels import FieldIndex

#: What the engine adds to every element; an expectation need not repeat it.
_ADDED = ("marketplace_id", "language_tag")
_KEYS = ("name", "given", "variant", "when", "expect", "issues", "sku", *CONDITIONS)


class Difference(msgspec.Struct, frozen=True):
    """One thing that a test expected and did not find.

    Attributes:
        place: The attribute, or `issues`.
        expected: What was expected, as people write it.
        found: What came out.
    """

    place: str
    expected: str
    found: str


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one test with one connector.

    Attributes:
        connector: The connector's id.
        name: The test's name.
        file: Where it stands.
        line: Its line, from 1.
        differences: What is not as expected; none if the test passed.
        problem: Why it could not be run.
        seconds: How long it took.
    """

    __test__ = False

    connector: str
    name: str
    file: str
    line: int | None
    differences: tuple[Difference, ...] = ()
    problem: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences and not self.problem


class UntestedLine(msgspec.Struct, frozen=True):
    """A mapping line whose value no test expects.

    Attributes:
        connector: The connector's id.
        key: The line's key.
        file: Its file, if it is not the connector's own.
        line: Its number.
    """

    connector: str
    key: str
    file: str
    line: int | None


def run_tests(
    declaration: Declaration,
    connector: Connector,
    mapping: FieldMapping,
    indexes: Sequence[FieldIndex],
    words: Catalogue,
) -> list[TestResult]:
    """Run the tests of a connector's document and layers that are for it.

    Args:
        declaration: What the connector was loaded from, with the tests.
        connector: The connector.
        mapping: Its compiled mapping.
        indexes: The fields of its definition, with labels in its locale and in those of its layers.
        words: In whose language the results are said.
    """
    about = facts(connector.document)
    results = []
    for number, (part, pointer, test) in enumerate(declaration.tests, 1):
        if not about.match(_conditions(test)):
            continue
        begun = time.perf_counter()
        differences, problem = _outcome(connector, mapping, indexes, test, words)
        results.append(
            TestResult(
                connector=connector.id,
                name=str(test.get("name") or f"test {number}")
                if isinstance(test, dict)
                else f"test {number}",
                file=str(part.file.path) if part.file else part.title,
                line=_line(part, pointer),
                differences=tuple(differences),
                problem=problem,
                seconds=time.perf_counter() - begun,
            )
        )
    return results


def untested(
    declaration: Declaration, connector: Connector, mapping: FieldMapping, indexes: Sequence[FieldIndex]
) -> Iterator[UntestedLine]:
    """Yield the mapping lines whose attribute no test of the connector expects."""
    about = facts(connector.document)
    expected: set[str] = set()
    for _, _, test in declaration.tests:
        if not isinstance(test, dict) or not isinstance(test.get("expect"), dict):
            continue
        if not about.match(_conditions(test)):
            continue
        expected.update(filter(None, (_attribute(indexes, name)[0] for name in test["expect"])))
    told = set()
    for name, branch in mapping.plan.items():
        if name in expected:
            continue
        for template in branch.templates:
            for leaf in template.leaves():
                line = leaf.cells[0].line
                if line not in told:
                    told.add(line)
                    yield UntestedLine(connector.id, line.key, line.file, line.number)


def _conditions(test: object) -> dict[str, Any]:
    """Return which connectors a test is for; one in a wrong form is for all, to be told."""
    if not isinstance(test, dict):
        return {}
    when = test.get("when")
    named = {name: test[name] for name in CONDITIONS if name in test}
    return (when if isinstance(when, dict) and set(when) <= set(CONDITIONS) else {}) | named


def given_item(test: Mapping[str, Any], languages: Collection[str]) -> Item:
    """Return the item that a test describes: one product, with a variant if the test has one.

    Args:
        test: The test.
        languages: The PIM's languages: an object with these keys alone is a text by language.
    """
    product = _record(test.get("given") or {}, languages)
    variant = _record(test["variant"], languages) if isinstance(test.get("variant"), dict) else None
    sku = test.get("sku", "TEST")
    return cast(
        "Item",
        {
            "pim_id": "test",
            "group": "test",
            "sku": sku,
            "modified": None,
            "product": product,
            "variant": variant,
        },
    )


def _record(fields: Mapping[str, Any], languages: Collection[str]) -> dict[str, Any]:
    own = {"reference": "ref", "ref": "ref", "id": "id", "status": "status", "modified": "modified"}
    record: dict[str, Any] = {"id": "test", "ref": "TEST", "status": "visible", "modified": None}
    record |= {own[name]: value for name, value in fields.items() if name in own}
    texts = {
        name: value
        for name, value in fields.items()
        if isinstance(value, dict) and value and set(value) <= set(languages)
    }
    values = {name: value for name, value in fields.items() if name not in own and name not in texts}
    return {**record, "fields": values, "texts": texts, "images": {}}


def _outcome(
    connector: Connector, mapping: FieldMapping, indexes: Sequence[FieldIndex], test: Any, words: Catalogue
) -> tuple[list[Difference], str]:
    problem = _problem(test, words)
    if problem:
        return [], problem
    item = given_item(test, connector.pim_languages)
    mapped = mapping.apply(item, siblings=[item["variant"]] if item["variant"] else [])
    codes = [issue.code for issue in mapped.issues]
    differences: list[Difference] = []
    for key, wanted in (test.get("expect") or {}).items():
        name, below = _attribute(indexes, key)
        if name is None:
            fields = [field for index in indexes for field in index.fields]
            names = [field.attribute for field in fields] + [field.path for field in fields]
            near = closest(key, dict.fromkeys([*names, *(field.label for field in fields)]))
            return [], _slip("tests.no_field", key, near, words)
        if isinstance(wanted, dict) and set(wanted) == {"issue"}:
            named = [issue.code for issue in mapped.issues if issue.attribute == name]
            if wanted["issue"] not in named:
                differences.append(
                    Difference(
                        key,
                        words.phrase("tests.issue", code=wanted["issue"]),
                        ", ".join(named) or words.phrase("tests.no_issue"),
                    )
                )
            continue
        made = mapped.attributes.get(name)
        if not _same(wanted, made, below):
            why = next((issue.message for issue in mapped.issues if issue.attribute == name), "")
            expected, found = _shown(wanted, words), _shown(made, words)
            if expected == found:  # in what the engine adds, a language for instance
                expected, found = (msgspec.json.encode(one).decode() for one in (wanted, made))
            differences.append(Difference(key, expected, " ".join(filter(None, (found, why)))))
    none = words.phrase("tests.no_issue")
    if isinstance(test.get("issues"), list) and sorted(test["issues"]) != sorted(codes):
        differences.append(Difference("issues", ", ".join(test["issues"]) or none, ", ".join(codes) or none))
    return differences, ""


def _problem(test: object, words: Catalogue) -> str:  # noqa: PLR0911 - one for each thing that can be wrong
    """Return why a test cannot be run, if it cannot."""
    if not isinstance(test, dict):
        return words.phrase("tests.no_object")
    for key in test:
        if key not in _KEYS:
            return _slip("tests.no_key", key, closest(key, _KEYS), words)
    for key in ("given", "variant", "when", "expect"):
        if key in test and not isinstance(test[key], dict):
            return words.phrase("tests.key_no_object", key=key)
    for name in test.get("when") or {}:
        if name not in CONDITIONS:
            return words.phrase("tests.no_condition", name=name, known=CONDITIONS)
    if "expect" not in test and "issues" not in test:
        return words.phrase("tests.expects_nothing")
    if "issues" in test and not (
        isinstance(test["issues"], list) and all(isinstance(code, str) for code in test["issues"])
    ):
        return words.phrase("tests.issues_no_codes")
    return ""


def _slip(code: str, written: str, near: Sequence[str], words: Catalogue) -> str:
    """Word that nothing is called so, and what may have been meant."""
    meant = words.phrase("tests.meant", name=near[0]) if near else ""
    return " ".join(filter(None, (words.phrase(code, key=written), meant)))


def _attribute(indexes: Sequence[FieldIndex], key: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the attribute that an expectation names, and the path below it that it compares."""
    path = None
    for index in indexes:
        with suppress(ProductTypeError):
            path = index.find(key).path
            break
    if path is None:
        return None, ()
    name, *below = path.split(".")
    named = key.replace("/", ".") == path and below
    return name, tuple(below) if named else ()


def _same(wanted: Any, made: Any, below: tuple[str, ...]) -> bool:
    if wanted is None:
        return made is None
    if made is None:
        return False
    elements = [_at(element, below) for element in made] if below else made
    if not isinstance(wanted, list):
        wanted = [wanted]
    return len(wanted) == len(elements) and all(map(_matches, wanted, elements))


def _at(element: object, below: tuple[str, ...]) -> object:
    for name in below:
        if isinstance(element, list) and len(element) == 1:
            element = element[0]
        element = element.get(name) if isinstance(element, dict) else None
    return element


def _matches(wanted: object, made: object) -> bool:
    """Return whether a value is as expected; what the engine adds counts only where it is named."""
    if isinstance(made, dict):
        if not isinstance(wanted, dict):
            return {name for name in made if name not in _ADDED} == {"value"} and _matches(
                wanted, made["value"]
            )
        kept = {name: value for name, value in made.items() if name in wanted or name not in _ADDED}
        return kept.keys() == wanted.keys() and all(_matches(wanted[name], kept[name]) for name in kept)
    if isinstance(made, list) and isinstance(wanted, list):
        return len(made) == len(wanted) and all(map(_matches, wanted, made))
    if isinstance(made, bool) or isinstance(wanted, bool):
        return made is wanted
    return bool(made == wanted)


def _shown(value: object, words: Catalogue) -> str:
    """Return a value as it would be written shortest: a lone element without its list."""
    if value is None:
        return words.phrase("plan.nothing")
    plain = as_written(value)
    alone = plain[0] if isinstance(plain, list) and len(plain) == 1 else plain
    return msgspec.json.encode(alone, order="deterministic").decode()


def as_written(value: object) -> object:
    """Return a value as people write it: without what the engine adds, a lone value by itself."""
    if isinstance(value, list):
        return [as_written(one) for one in value]
    if isinstance(value, dict):
        kept = {name: as_written(below) for name, below in value.items() if name not in _ADDED}
        return kept["value"] if list(kept) == ["value"] else kept
    return value


def _line(part: Part, pointer: str) -> int | None:
    return part.file.lines.get(pointer) if part.file else None


def junit(results: Iterable[TestResult]) -> str:
    """Return results as JUnit's XML, one suite per connector."""
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - only here

    suites: dict[str, list[TestResult]] = {}
    for result in results:
        suites.setdefault(result.connector, []).append(result)
    root = ET.Element("testsuites")
    for name, found in suites.items():
        failures = sum(1 for one in found if one.differences)
        errors = sum(1 for one in found if one.problem)
        seconds = f"{sum(one.seconds for one in found):.6f}"
        suite = ET.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(found)),
            failures=str(failures),
            errors=str(errors),
            time=seconds,
        )
        for one in found:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=name,
                name=one.name,
                file=one.file,
                line=str(one.line or 0),
                time=f"{one.seconds:.6f}",
            )
            if one.problem:
                ET.SubElement(case, "error", message=one.problem).text = one.problem
            elif one.differences:
                lines = [f"{d.place}: expected {d.expected}, found {d.found}" for d in one.differences]
                ET.SubElement(case, "failure", message=lines[0]).text = "\n".join(lines)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
