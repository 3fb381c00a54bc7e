"""A company of 30 product types in 8 countries: how much it writes, how fast it is read, planned and tested.

    python benchmarks/fleet.py [--types 30] [--items 2000] [--rival 2] [--json]

One shared line is edited, and `plan` says what that changes of every item of every connector; the rival
judges every item whole, for `--rival` connectors, and is scaled up. Product types are the sandbox's LAMP
under other names. Goals: under 2,000 lines, 500 connectors read in under 10 s (and 20 times without growing),
the plan in at most 120 CPU seconds, 1,000 tests of 20 connectors in under 5 s.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import insert, literal, select

from amazon_listings.connectors import load_connectors
from amazon_listings.connectors.loader import declarations
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.fleet.mapping_tests import run_tests
from amazon_listings.fleet.plan import plan_connector
from amazon_listings.fleet.plan_states import state_of
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items.states import Fingerprint, ItemState, record_states
from amazon_listings.ledger.tables import item_states
from amazon_listings.marketplaces import marketplace
from amazon_listings.messages import catalogue
from amazon_listings.runs.definitions import stored_definitions
from amazon_listings.runs.extract.unchanged import row_digest
from amazon_listings.runs.map_fields import mapped_family
from amazon_listings.selling_partner.definitions import checksum
from spapi_sandbox.definitions.library import DefinitionLibrary, Key
from spapi_sandbox.definitions.product_type_files import Variant

COUNTRIES = ("FR", "DE", "ES", "IT", "NL", "SE", "PL", "BE")
DAY = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)

COMPANY = """\
mapping_locale: en_US
owner: catalogue
files: {path: products.csv, languages: [fr], filter: "{{ item.origin }}"}
sync: {schedule: "@daily"}
mapping:
  Item Name: "{{ item.title }}"
  Brand: Acme
  Manufacturer: "{{ item.maker }}"
  Product Description: "{{ item.text }}"
  bullet_point: ["{{ item.feature_1 }}", "{{ item.feature_2 }}", "{{ item.feature_3 }}"]
  item_weight: {value: "{{ item.weight }}", unit: kilograms}
  item_package_weight: {value: "{{ item.weight }}", unit: kilograms}
  Country of Origin: "{{ item.origin }}"
  supplier_declared_dg_hz_regulation: not_applicable
  condition_type: new_new
  purchasable_offer.our_price.schedule.value_with_tax: "{{ item.price }}"
  merchant_suggested_asin: B000000000
  merchant_shipping_group: standard-template
  main_product_image_locator: "{{ item.picture }}"
  fulfillment_availability: {fulfillment_channel_code: DEFAULT, quantity: "{{ item.stock }}"}
overrides:
  - when: {country: DE}
    files: {languages: [de]}
"""
TYPE = """\
extends: company
for: {{country: [{countries}], product_type: [{name}]}}
id: "{{country}}_{{product_type}}"
mapping:
  lamp_type: desk_lamp
  light_source_type: incandescent
  bulb_base: "{{{{ item.base }}}}"
  color.value: "{{{{ item.colour }}}}"
  wattage: {{value: "{{{{ item.power }}}}", unit: watts}}
"""


def company(folder: Path, types: int, brand: str = "Acme") -> int:
    """Write a company's files; the number of their lines."""
    (folder / "layers").mkdir(parents=True, exist_ok=True)
    texts = {"layers/company": COMPANY.replace("Brand: Acme", f"Brand: {brand}")}
    for number in range(types):
        texts[f"type_{number:02}"] = TYPE.format(countries=", ".join(COUNTRIES), name=f"TYPE_{number:02}")
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return sum(text.count("\n") for text in texts.values())


def keep_definitions(storage: Path, types: int) -> None:
    library, store = DefinitionLibrary(), DefinitionStore(storage / "definitions")
    for country in COUNTRIES:
        place = marketplace(country)
        for locale in {place.locale, "en_US"}:
            language = "fr" if locale == "DEFAULT" else locale[:2]
            found = library.find(Key("LAMP", Variant(place, language, "LISTING")))
            about = {
                "checksum": checksum(found.content),
                "version": "V1",
                "latest": True,
                "locale": locale,
                "display_name": found.display_name,
                "property_groups": found.property_groups,
            }
            key = DefinitionKey("TYPE", place.id, locale=locale)
            for number in range(types):
                store.keep(replace(key, product_type=f"TYPE_{number:02}"), found.content, about)


def item(number: int) -> dict:
    fields = {
        "title": f"Lamp {number}", "maker": "Acme", "text": f"A lamp for room {number}.",
        "feature_1": "bright", "feature_2": "small", "feature_3": f"number {number}",
        "weight": f"{1 + number % 7}.5", "origin": "FR", "price": f"{10 + number % 90}.90",
        "picture": f"https://example.com/{number}.jpg", "stock": number % 50, "base": "e27",
        "colour": "red" if number % 2 else "blue", "power": 40,
    }  # fmt: skip
    record = {"id": str(number), "ref": f"A{number}", "status": "visible", "modified": None}
    return {
        "pim_id": f"products/{number}",
        "group": f"products/{number}",
        "sku": f"A{number}",
        "modified": None,
        "product": {**record, "texts": {}, "images": {}, "fields": fields},
        "variant": None,
    }


def fill(ledger, connectors, items: int, storage: Path) -> None:
    """Enter what a live run of each connector leaves: rows, payloads, and what they were made by.

    The items of one country are the same in every product type, so they are mapped once, and the ledger
    copies its rows for the others.
    """
    first: dict[str, str] = {}
    for connector in connectors:
        state = state_of(connector, definitions_of(connector, storage))
        key = resolve_key(ledger, connector.id)
        made = first.setdefault(connector.marketplace.country, key)
        if made == key:
            record_states(ledger, key, states(state, items))
        else:
            copied(ledger, made, key, state.shared)


def copied(ledger, made: str, key: str, shared: dict[str, int]) -> None:
    """Enter the items of one connector for another, as what that one has of shared documents made them."""
    stored = {"connector_key": key} | {f"of_{part}": value for part, value in shared.items()}
    values = [literal(stored[one.name], one.type) if one.name in stored else one for one in item_states.c]
    with ledger.begin() as connection:
        rows = select(*values).where(item_states.c.connector_key == made)
        connection.execute(insert(item_states).from_select([one.name for one in item_states.c], rows))


def states(state, items: int):
    for number in range(items):
        row = item(number)
        digest = row_digest(row, state.notation)
        for made in mapped_family(state.connector, state.mapping, state.rules, [row]):
            assert number or (not made.blocked and state.is_valid(made.attributes)), made.issues
            yield ItemState(
                pim_id=made.pim_id, sku=made.sku, family=made.group, run=1, operation="live",
                outcome="accepted", read_at=DAY, row=row, attributes=made.attributes,
                map_errors=made.blocked, payload_hash=made.hash,
                fingerprint=Fingerprint(**state.shared, row=digest, family=digest),
            )  # fmt: skip


def definitions_of(connector, storage: Path):
    amazon = connector.amazon
    key = DefinitionKey(amazon.product_type, connector.marketplace.id, locale=amazon.locale)
    return stored_definitions(key, connector.marketplace, storage)


def planned(base, head, ledger, storage: Path, *, evaluate_all: bool = False) -> tuple[float, int]:
    """CPU seconds of a plan, and how many payloads change."""
    begun, changed = time.process_time(), 0
    for old, new in zip(base, head, strict=True):
        definitions = definitions_of(new, storage)
        states = (state_of(old, definitions), state_of(new, definitions))
        changed += len(plan_connector(*states, ledger, evaluate_all=evaluate_all).changed)
    return time.process_time() - begun, changed


def read_growth(folder: Path, times: int = 20) -> float:
    """MB that a process grows by when it reads the connectors again and again, as a DAG processor does."""
    sizes = []
    for _ in range(times):
        load_connectors(folder, {})
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        sizes.append(pages * resource.getpagesize() / 2**20)
        print(f"{sizes[-1]:.0f} MB", end=" ", file=sys.stderr)
    print(file=sys.stderr)
    return sizes[-1] - sizes[times // 4]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--types", type=int, default=30)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--rival", type=int, default=2, help="connectors that the rival judges")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        result: dict[str, float] = {"lines": company(root / "base", asked.types)}
        company(root / "head", asked.types, brand="ACME")
        company(root / "many", 63)
        begun = time.process_time()
        many = load_connectors(root / "many", {})
        result["read_500_s"] = time.process_time() - begun
        assert len(many.connectors) == 504, many.broken[0].text
        del many
        result["read_growth_mb"] = read_growth(root / "many")
        keep_definitions(root, asked.types)
        base, head = (load_connectors(root / name, {}).connectors for name in ("base", "head"))
        ledger = open_ledger(f"sqlite:///{root / 'ledger.db'}")
        fill(ledger, base, asked.items, root)
        planned(base[:1], head[:1], ledger, root)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result["plan_cpu_s"], changed = planned(base, head, ledger, root)
        result["plan_growth_mb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        result["changed"] = changed
        some, _ = planned(base[: asked.rival], head[: asked.rival], ledger, root, evaluate_all=True)
        result["rival_cpu_s"] = some / asked.rival * len(base)
        result |= tested(root, base[:20])
    if asked.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:<16} {value:12,.2f}")
    goals = {"lines": 2000, "read_500_s": 10, "read_growth_mb": 20, "plan_cpu_s": 120, "tests_s": 5}
    missed = [name for name, goal in goals.items() if result[name] > goal]
    if missed:
        sys.exit(f"Over its goal: {', '.join(missed)}.")


def tested(root: Path, connectors) -> dict[str, float]:
    """CPU seconds of 1,000 tests of 20 connectors."""
    one = '  - {given: {title: "Lamp N", weight: "1,5 kg"}, expect: {item_name: Lamp N, brand: Acme}}\n'
    layer = root / "base" / "layers" / "company.yaml"
    layer.write_text(
        layer.read_text() + "tests:\n" + "".join(one.replace("N", str(n)) for n in range(50)),
        encoding="utf-8",
    )
    begun, results = time.process_time(), []
    declared = declarations(root / "base", {})
    for connector in connectors:
        definitions = definitions_of(connector, root)
        mapping = state_of(connector, definitions).mapping
        results += run_tests(declared[connector.id], connector, mapping, [definitions.index], catalogue())
    assert all(one.passed for one in results), next(one for one in results if not one.passed)
    return {"tests": len(results), "tests_s": time.process_time() - begun}


if __name__ == "__main__":
    main()
