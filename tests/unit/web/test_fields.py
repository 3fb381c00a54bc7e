"""The fields of a connector: the list, the preview, the draft of two people, publishing and going back."""

import base64
import copy
import hashlib
import html
import json
import re
import subprocess

import msgspec
import pytest
import yaml

from amazon_listings.connectors.loader import load_connectors
from amazon_listings.definitions.refresh import pair_keys
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.ledger.connectors.drafts import (
    count_publications,
    find_draft,
    keep_draft,
    record_publication,
)
from amazon_listings.ledger.connectors.keys import find_key
from amazon_listings.ledger.items.states import StateFilter, find_states, record_states
from amazon_listings.runs.definitions import definition_key
from amazon_listings.web.fields.conditional import without
from amazon_listings.web.shopper import Picture

ORIGIN = {"origin": "http://airflow.test"}
PLACE = "/dags/amazon_lamps/fields"


@pytest.fixture
def editor(client):
    return client("editor", **ORIGIN)


def keep(editor, revision=0, **edit):
    return editor.post(f"{PLACE}/draft", json={"field": "brand.value", "revision": revision, **edit})


def test_fields_say_what_fills_them_and_what_is_missing(client):
    fields = {one["path"]: one for one in client("viewer").get(f"/api{PLACE}").json()}
    assert (fields["brand.value"]["mark"], fields["brand.value"]["key"]) == ("mapped", "Marque")
    assert fields["brand.value"]["line"] is not None
    assert fields["brand.value"]["filled_by"] == "brand"
    assert fields["brand.value"]["issues"] == 2
    open_ones = [one["path"] for one in client("viewer").get(f"/api{PLACE}?show=required").json()]
    assert open_ones
    assert not {"brand.value", "item_name.value"} & set(open_ones)


def test_only_the_control_of_the_chosen_kind_of_value_is_shown(client):
    page = client("viewer").get(PLACE, params={"field": "brand.value"}).text
    kinds = ("pim", "table", "constant", "expression")
    assert re.findall(r'<div data-panel="(\w+)">', page) == list(kinds)
    assert re.findall(r'name="kind" value="(\w+)"', page) == [*kinds, "none"]
    assert re.findall(r'name="kind" value="(\w+)" checked', page) == ["pim"]


def test_a_preview_keeps_nothing(client, editor):
    asked = {"field": "brand.value", "kind": "constant", "constant": "Lumio"}
    page = client("viewer", **ORIGIN).post(f"{PLACE}/preview", json=asked)
    assert page.status_code == 200
    assert page.text.count('<span class="add">Lumio</span>') == 3
    broken = asked | {"kind": "expression", "expression": "{{ item. }}"}
    assert 'class="problem"' in editor.post(f"{PLACE}/preview", json=broken).text
    document = yaml.safe_load(client("viewer").get(f"{PLACE}.yaml").text)
    assert document["mapping"]["Marque"] == "{{ item.brand }}"


def test_an_unusable_draft_is_explained_in_the_reader_s_language(client, filled):
    keep_draft(filled, "lamps", {"Marque": {"vlaue": "Lumio"}}, revision=0, by="editor")
    told = {}
    for language in ("en", "de", "fr"):
        editor = client("editor", **ORIGIN, **{"accept-language": language})
        page = html.unescape(editor.get(PLACE).text)
        answer = editor.post(f"{PLACE}/publish", json={"revision": 1})
        assert answer.status_code == 422
        told[language] = answer.json()["detail"]
        assert told[language] in page
    reasons = {text.partition(":")[2].strip() for text in told.values()}
    assert len(reasons) == 3, reasons


def test_a_preview_is_of_the_products_that_are_chosen(client):
    asked = {"field": "brand.value", "kind": "constant", "constant": "Lumio"}
    for skus, shown, unknown in (
        ("A-1", ["products/1"], ""),
        ("products/3, A-1 Z-9", ["products/1", "products/3"], "Z-9"),
        ("Y-8,Z-9", [], "Y-8, Z-9"),
    ):
        page = client("viewer", **ORIGIN).post(f"{PLACE}/preview", json=asked | {"preview_skus": skus}).text
        assert re.findall(r"picture\?id=(products/\d)", page) == shown
        assert ("note warn" in page) == bool(unknown)
        assert not unknown or f"last has: {unknown}</p>" in page
        assert "3 pass" in page


def test_a_preview_shows_the_attribute_as_it_is_sent(client):
    hostile = "5 < 6 </pre onload=x \"' & 7"
    asked = {"field": "brand.value", "kind": "constant", "constant": hostile}
    page = client("viewer", **ORIGIN).post(f"{PLACE}/preview", json=asked).text
    sent = re.findall(r"<pre class=\"sent\"[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert len(sent) == 3
    assert "<" not in sent[0]
    (element,) = json.loads(html.unescape(sent[0]))["brand"]
    assert (element["value"], element["language_tag"]) == (hostile, "fr_FR")
    nothing = client("viewer", **ORIGIN).post(f"{PLACE}/preview", json=asked | {"kind": "none"}).text
    assert 'class="sent"' not in nothing
    assert "“Marque” is missing." in nothing  # in the reader's language, though the connector's is French


def test_a_preview_shows_the_pictures_of_the_draft_that_the_pim_names(client, filled):
    url = "https://pim.example/a.jpg"
    (state,) = find_states(filled, "lamps", StateFilter(pim_ids=["products/1"]))
    product = state.row["product"] | {"images": {"front": [{"url": url, "sizes": {}}]}}
    record_states(filled, "lamps", [msgspec.structs.replace(state, row=state.row | {"product": product})])
    field = "main_product_image_locator.media_location"
    asked = {"field": field, "expression": "{{ item.front | image }}", "preview_skus": "A-1"}
    page = client("viewer", **ORIGIN).post(f"{PLACE}/preview", json=asked).text
    assert f"picture?id=products/1&amp;of={Picture(url).name}" in page
    assert "1 picture<" in page


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"expression": "{{ item.brnd }}"}, "a PIM field “brnd”. Did you mean “brand”?"),
        ({"expression": "{{ item.brnd or item.brand }}"}, "a PIM field “brnd”. Did you mean “brand”?"),
        ({"kind": "pim", "pim": "<b>brnd"}, "a PIM field “<b>brnd”. Did you mean “brand”?"),
        ({"expression": "{{ item.zzzzqq }}", "preview_skus": "A-1"}, "a PIM field “zzzzqq”.</p>"),
        ({"expression": "{{ item.brnd | default(item.brand) }}"}, ""),
        ({"expression": "{{ item.brand }} {{ item.ref }} {{ item.sku }}"}, ""),
    ],
)
def test_a_pim_field_that_no_product_has_is_said_with_what_was_meant(client, edit, said):
    asked = {"field": "brand.value", **edit}
    page = client("viewer", **ORIGIN).post(f"{PLACE}/preview", json=asked).text
    assert "<b>brnd" not in page
    assert ("note warn" in page) == bool(said)
    assert said in html.unescape(page)


@pytest.mark.parametrize("field", ["brnd", "modified"])
def test_a_pim_field_that_was_not_read_may_be_there(client, filled, field):
    key = find_key(filled, "lamps")
    states = [msgspec.structs.replace(one, selected=("brand", "name")) for one in find_states(filled, key)]
    record_states(filled, key, states)
    asked = {"field": "brand.value", "expression": f"{{{{ item.{field} }}}}"}
    page = client("viewer", **ORIGIN, **{"accept-language": "fr"}).post(f"{PLACE}/preview", json=asked).text
    said = f"Le PIM a été lu sans champ « {field} »"
    assert said in html.unescape(page).replace("\xa0", " ").replace("\u202f", " ")


@pytest.fixture
def tightened(filled, folder):
    """Amazon allows a shorter brand since the last run."""
    (one,) = [one for one in load_connectors(folder, {}).connectors if one.id == "lamps"]
    store = DefinitionStore(folder.parent / "storage" / "definitions")
    key, _ = pair_keys(definition_key(one, "A1SANDBOXSELLER"), one.marketplace)
    stored = store.load(key)
    document = copy.deepcopy(stored.document)
    document["properties"]["brand"]["items"]["properties"]["value"]["maxLength"] = 3
    content = json.dumps(document).encode()
    checksum = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    about = {name: getattr(stored, name) for name in ("latest", "locale", "display_name", "property_groups")}
    store.keep(key, content, about | {"checksum": checksum, "version": "next"})


def test_fields_that_amazon_changed(client, tightened):
    (one,) = client("viewer", **{"accept-language": "de"}).get(f"/api{PLACE}?show=changed").json()
    assert one["path"] == "brand.value"
    (text,) = one["changes"]
    page = client("viewer", **{"accept-language": "de"}).get(f"{PLACE}?show=changed").text
    assert f"von Amazon geändert</span> · {text.replace(chr(39), '&#39;')}" in page
    (line,) = client("viewer").get("/api/connectors").json()
    assert line["definition_changed"]
    assert "product type changed" in client("viewer").get("/").text


def test_a_changed_product_type_names_the_lines_and_items_of_each_connector_that_uses_it(client, tightened):
    place = "/dags/amazon_lamps/product-type"
    mine = client("viewer").get(place).text
    assert "/dags/amazon_lamps/fields?show=changed" in mine
    assert "amazon_elsewhere" not in mine  # another's
    both = client("admin").get(place).text
    assert "/dags/amazon_lamps/fields?show=changed" in both
    assert "/dags/amazon_elsewhere/fields?show=changed" in both
    told = client("viewer").get(f"/api{place}").json()
    assert [change["path"] for kind in told["kinds"] for change in kind["changes"]] == ["brand.value"]
    assert list(told["failing"]) == ["lamps"]


def test_no_field_was_changed(client):
    assert client("viewer").get(f"/api{PLACE}?show=changed").json() == []
    (line,) = client("viewer").get("/api/connectors").json()
    assert not line["definition_changed"]


def test_two_people_who_edit_notice_each_other(client, editor):
    admin = client("admin", **ORIGIN)
    assert keep(editor, kind="constant", constant="Lumio").status_code == 200
    late = keep(admin, kind="constant", constant="Other")
    assert late.status_code == 409
    assert "editor" in late.json()["detail"]
    assert keep(admin, revision=1, kind="constant", constant="Other").status_code == 200
    assert editor.post(f"{PLACE}/publish", json={"revision": 1}).status_code == 409


def test_a_draft_is_what_the_export_has(client, editor):
    keep(editor, kind="pim", pim="a field")
    document = yaml.safe_load(client("viewer").get(f"{PLACE}.yaml").text)
    assert document["mapping"]["Marque"] == '{{ item["a field"] }}'
    keep(editor, revision=1, kind="none")
    assert "Marque" not in yaml.safe_load(client("viewer").get(f"{PLACE}.yaml").text)["mapping"]


def test_what_is_as_published_is_no_change(client, editor):
    keep(editor, kind="constant", constant="Lumio")
    keep(editor, revision=1, kind="expression", expression="{{ item.brand }}")
    assert "Draft with" not in client("viewer").get(PLACE).text


def test_a_line_that_cannot_be_compiled_is_refused_with_its_reason(editor):
    answer = keep(editor, kind="expression", expression="{{ item.brand | no_such_filter }}")
    assert answer.status_code == 422
    assert "no_such_filter" in answer.json()["detail"]
    assert keep(editor, kind="expression", expression="{{ item.").status_code == 422


def test_french_puts_a_space_before_the_colon_of_a_refusal(client):
    editor = client("editor", **ORIGIN, **{"accept-language": "fr"})
    answer = keep(editor, kind="expression", expression="{{ item.brand | no_such_filter }}")
    assert answer.json()["detail"].startswith("Marque : ")


def test_a_check_counts_what_a_draft_frees_and_blocks(editor):
    keep(editor, kind="none")
    told = editor.post(f"{PLACE}/check", json={"revision": 1}).json()["message"]
    assert told.startswith("3 items replayed")
    assert "Amazon's own preview, may still stop some" in told


def test_a_product_is_kept_as_a_test_of_the_mapping_with_its_draft(client, editor):
    keep(editor, kind="constant", constant="Lumio")
    link = f"{PLACE}/test.yaml"
    shown = client("viewer", **ORIGIN).post(
        f"{PLACE}/preview", json={"field": "brand.value", "kind": "constant", "constant": "Lumio"}
    )
    assert f"{link}?id=products/1" in shown.text
    unsaved = {"field": "brand.value", "kind": "constant", "constant": "not kept"}
    assert link not in client("viewer", **ORIGIN).post(f"{PLACE}/preview", json=unsaved).text
    (test,) = yaml.safe_load(client("viewer").get(link, params={"id": "products/1"}).text)["tests"]
    assert (test["name"], test["expect"]["brand"]) == ("A-1", ["Lumio"])
    assert client("viewer").get(link, params={"id": "products/none"}).status_code == 404


def test_a_draft_is_a_patch_of_the_connector_s_file_or_of_its_layer(client, editor, folder, tmp_path):
    assert client("viewer").get(f"{PLACE}.patch").status_code == 404
    (folder / "layers").mkdir()
    layer = {"mapping": {"Marque": "{{ item.brand }}"}}
    own = yaml.safe_load((folder / "lamps.yaml").read_text()) | {"extends": ["all"]}
    del own["mapping"]["Marque"]
    (folder / "lamps.yaml").write_text(f"# ours\n{yaml.safe_dump(own, allow_unicode=True)}")
    (folder / "layers" / "all.yaml").write_text(yaml.safe_dump(layer))
    field = f"{PLACE}?field=brand.value"
    told = client("viewer").get(field).text
    assert "one of the layer all.yaml" in told
    assert "Write it in the layer instead" not in told  # before there is a draft
    assert "one of the layer" not in client("viewer").get(f"{PLACE}?field=item_name.value").text
    keep(editor, kind="constant", constant="Lumio")
    assert client("viewer").get(field).text.count("fields.patch?layers=true") == 2
    for layers, changed in (("false", "lamps.yaml"), ("true", "layers/all.yaml")):
        patch = client("viewer").get(f"{PLACE}.patch", params={"layers": layers})
        (tmp_path / "draft.patch").write_text(patch.text)
        subprocess.run(["git", "apply", "../draft.patch"], cwd=folder, check=True)
        assert yaml.safe_load((folder / changed).read_text())["mapping"]["Marque"] == "Lumio"
        subprocess.run(["git", "apply", "-R", "../draft.patch"], cwd=folder, check=True)
    assert (folder / "lamps.yaml").read_text().startswith("# ours")


def test_an_object_replaces_an_object_whole():
    from amazon_listings.connectors.merge_patch import merge_patch
    from amazon_listings.web.drafts.drafted import _replacing

    before, value = {"value": "1", "unit": "watts"}, {"value": "2"}
    assert merge_patch(before, _replacing(before, value)) == value


@pytest.fixture
def airflow_api(monkeypatch, variable):
    """Airflow's API, as far as it writes Variables and parses files: what it was asked and answers."""
    from airflow.models.variable import Variable

    from amazon_listings.airflow_adapter.api_server import Answer
    from amazon_listings.web.drafts import publishing

    asked = []

    async def call(method, path, headers, body=None):
        asked.append((method, path, headers.get("x-user")))
        if headers.get("x-user") == "admin":
            return Answer(403, {"detail": "Forbidden"})
        if method == "GET":
            return Answer(200, {"dag_id": "amazon_lamps", "file_token": "a.token"})
        if method == "PUT":
            return Answer(201, None)
        variable(body["key"], {})
        Variable.set(body["key"], body["value"])
        return Answer(200, {})

    monkeypatch.setattr(publishing, "call", call)
    return asked


def test_a_draft_is_published_as_the_user_and_kept_as_a_version(client, editor, airflow_api):
    keep(editor, kind="constant", constant="Lumio")
    assert editor.post(f"{PLACE}/publish", json={"revision": 1}).status_code == 200
    assert airflow_api == [
        ("POST", "/variables", "editor"),
        ("GET", "/dags/amazon_lamps", "editor"),
        ("PUT", "/parseDagFile/a.token", "editor"),
    ]
    fields = {one["path"]: one for one in client("viewer").get(f"/api{PLACE}").json()}
    assert (fields["brand.value"]["key"], fields["brand.value"]["line"]) == ("Marque", None)
    keep(editor, kind="constant", constant="Other")
    editor.post(f"{PLACE}/publish", json={"revision": 1})
    page = client("viewer").get(PLACE).text
    assert "2 published versions" in page
    assert '<del class="del mono">Lumio</del> <ins class="add mono">Other</ins>' in page
    assert page.count("1 value changed") == 2
    told = client("viewer").get(f"/api{PLACE}/versions").json()
    assert [(one["published_by"], one["changes"]) for one in told] == [
        ("editor", [{"key": "Marque", "before": "Lumio", "after": "Other"}]),
        ("editor", [{"key": "Marque", "before": "", "after": "Lumio"}]),
    ]
    assert "no draft" in page
    assert editor.post(f"{PLACE}/restore", json={"number": 1}).status_code == 200
    assert yaml.safe_load(client("viewer").get(f"{PLACE}.yaml").text)["mapping"]["Marque"] == "Lumio"


@pytest.mark.parametrize("fails", ["GET", "PUT"])
def test_a_draft_is_published_though_airflow_cannot_be_asked_to_parse(
    client, editor, airflow_api, monkeypatch, fails
):
    from amazon_listings.web.drafts import publishing

    answering = publishing.call

    async def call(method, *request):
        if method == fails:
            raise OSError("database is locked")
        return await answering(method, *request)

    monkeypatch.setattr(publishing, "call", call)
    keep(editor, kind="constant", constant="Lumio")
    assert editor.post(f"{PLACE}/publish", json={"revision": 1}).status_code == 200
    assert "no draft" in client("viewer").get(PLACE).text


@pytest.mark.parametrize("before", [None, {"mapping": {"Marque": "Before"}}])
def test_the_way_back_goes_before_the_first_publication(client, editor, airflow_api, variable, before):
    name = "amazon_connector_lamps"
    was = yaml.safe_load(client("viewer").get(f"{PLACE}.yaml").text)["mapping"]["Marque"]
    if before:
        variable(name, before)
        was = "Before"
    assert editor.post(f"{PLACE}/restore", json={"number": 0}).status_code == 404
    assert "Before anything was published here" not in editor.get(PLACE).text
    for text in ("Lumio", "Other"):
        keep(editor, kind="constant", constant=text)
        assert editor.post(f"{PLACE}/publish", json={"revision": 1}).status_code == 200
    assert "Before anything was published here" in editor.get(PLACE).text
    assert client("viewer", **ORIGIN).post(f"{PLACE}/restore", json={"number": 0}).status_code == 403
    assert editor.post(f"{PLACE}/restore", json={"number": 0}).status_code == 200
    assert yaml.safe_load(client("viewer").get(f"{PLACE}.yaml").text)["mapping"]["Marque"] == was
    assert "3 published versions" in editor.get(PLACE).text


def test_every_version_is_reached_page_by_page(client, editor, airflow_api, filled):
    keep(editor, kind="constant", constant="Lumio")
    editor.post(f"{PLACE}/publish", json={"revision": 1})
    for number in range(2, 42):
        text = json.dumps({"mapping": {"Marque": f"Brand {number}"}})
        record_publication(filled, "lamps", by="editor", before=None, after=text)
    record_publication(filled, "elsewhere", by="editor", before=None, after="{}")
    place, seen = PLACE, []
    while place:
        page = html.unescape(editor.get(place).text)
        assert "41 published versions" in page
        seen.append(re.findall(r'name="number" value="([0-9]+)"', page))
        place = next(iter(re.findall(r'href="([^"]*versions_before=[0-9]+)"', page)), None)
    # The newest of all is in force; before all of them there was the file.
    assert [int(one) for some in seen for one in some] == list(range(40, -1, -1))
    assert [len(some) for some in seen] == [19, 20, 2]
    assert editor.get(f"{PLACE}?versions_before=nonsense").status_code == 422
    assert editor.post(f"{PLACE}/restore", json={"number": 2}).status_code == 200
    assert yaml.safe_load(client("viewer").get(f"{PLACE}.yaml").text)["mapping"]["Marque"] == "Brand 2"
    assert editor.post(f"{PLACE}/restore", json={"number": 42}).status_code == 404


def test_a_draft_is_published_once_and_outlives_its_connector(editor, airflow_api, folder):
    keep(editor, kind="constant", constant="Lumio")
    assert editor.post(f"{PLACE}/publish", json={"revision": 1}).status_code == 200
    again = editor.post(f"{PLACE}/publish", json={"revision": 1})  # a second tab, or a double click
    assert again.status_code == 409
    assert [method for method, *_ in airflow_api] == ["POST", "GET", "PUT"]
    keep(editor, kind="constant", constant="Other")
    file = folder / "lamps.yaml"
    text = file.read_text()
    file.unlink()
    assert editor.get(PLACE).status_code in {404, 409}
    assert editor.get("/").status_code == 200
    assert editor.post(f"{PLACE}/publish", json={"revision": 1}).status_code in {404, 409}
    assert [method for method, *_ in airflow_api] == ["POST", "GET", "PUT"]
    file.write_text(text)
    assert "Other" in editor.get(PLACE).text


@pytest.mark.parametrize(("status", "is_there"), [(409, False), (404, True)])
def test_of_those_who_publish_at_once_one_is_told_of_the_other(
    editor, monkeypatch, variable, filled, status, is_there
):
    from amazon_listings.airflow_adapter.api_server import Answer
    from amazon_listings.web.drafts import publishing

    async def refused(*_):
        return Answer(status, {"detail": {"reason": "Unique constraint violation", "statement": "hidden"}})

    monkeypatch.setattr(publishing, "call", refused)
    if is_there:
        variable("amazon_connector_lamps", {})
    keep(editor, kind="constant", constant="Lumio")
    for asked in ({"revision": 1}, {"revision": 1}):  # a second try says the same
        answer = editor.post(f"{PLACE}/publish", json=asked)
        assert answer.status_code == 409
        assert answer.json()["detail"].startswith("This connector was published or removed by another person")
        assert "Unique" not in answer.text
    assert count_publications(filled, "lamps") == 0
    assert find_draft(filled, "lamps").mapping == {"Marque": "Lumio"}


def test_who_may_not_write_variables_is_told_and_keeps_the_draft(client, airflow_api):
    admin = client("admin", **ORIGIN)
    keep(admin, kind="constant", constant="Lumio")
    answer = admin.post(f"{PLACE}/publish", json={"revision": 1})
    assert answer.status_code == 403
    assert "Variables" in answer.json()["detail"]
    assert json.dumps("Draft with 1 change")[1:-1] in client("viewer").get(PLACE).text


def test_a_connector_that_never_ran_says_how_to_begin(client, folder):
    document = yaml.safe_load((folder / "elsewhere.yaml").read_text())
    document["amazon"]["product_type"] = "SHOES"
    (folder / "elsewhere.yaml").write_text(yaml.safe_dump(document))
    page = client("admin").get("/dags/amazon_elsewhere/fields")
    assert page.status_code == 200
    assert "Start a test run" in page.text


def test_the_page_says_which_definition_it_shows(client):
    page = client("viewer", **{"accept-language": "es"}).get("/dags/amazon_lamps/fields").text
    assert "LAMP · etiquetas en francés (fr_FR) · definición del " in page


def test_an_expression_that_is_wrong_is_shown_with_a_caret(client):
    asked = {"field": "brand.value", "kind": "expression", "expression": "{{ item.brand | uper }}"}
    page = client("viewer", **ORIGIN).post(f"{PLACE}/preview", json=asked).text
    assert f"{{{{ item.brand | uper }}}}\n{' ' * 16}^</pre>" in page
    right = client("viewer", **ORIGIN).post(
        f"{PLACE}/preview", json=asked | {"expression": "{{ item.brand }}"}
    )
    assert "^" not in right.text


def test_a_condition_says_for_how_many_items_it_holds(client, editor):
    place = f"{PLACE}/required"
    barcode = "externally_assigned_product_identifier.value"
    assert f"{place}?field=" in client("viewer").get(PLACE, params={"field": barcode}).text
    assert "Required for 3 of 3 items" in client("viewer").get(place, params={"field": barcode}).text
    assert "3 of them lack it" in client("viewer").get(place, params={"field": barcode}).text
    keep(editor, kind="constant", constant="8430999000027", field=barcode)
    filled_in = client("viewer").get(place, params={"field": barcode}).text
    assert "Required for 3 of 3 items" in filled_in
    assert "lack it" not in filled_in


def test_a_payload_without_a_leaf_keeps_what_is_beside_it():
    both = {"weight": [{"value": 1, "unit": "kg", "marketplace_id": "M"}], "brand": [{"value": "Acme"}]}
    assert without(both, ("weight", "value"))["weight"] == [{"unit": "kg", "marketplace_id": "M"}]
    assert without({"brand": [{"value": "Acme", "language_tag": "fr_FR"}]}, ("brand", "value")) == {}
    assert without(both, ("color", "value")) == both
