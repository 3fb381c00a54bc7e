import pytest

from amazon_listings.airflow_adapter.confirm_dag import confirm_dag
from amazon_listings.airflow_adapter.dag_docs import dag_docs
from amazon_listings.airflow_adapter.dag_factory import build_dag
from amazon_listings.connectors.loader import connector_from
from amazon_listings.messages import catalogue
from amazon_listings.settings import settings


def in_language(document, locale):
    return connector_from(document | {"amazon": document["amazon"] | {"locale": locale}})


def test_the_docs_say_what_is_sent_where_and_when(document):
    text = dag_docs(in_language(document | {"title": "Home, France"}, "en_GB"))
    assert text.startswith("### Home, France\n")
    for words in (
        "Sends **HOME** items to **France** (A13V1IB3VIYZZH), as `LISTING`",
        "Airflow connection `amazon_fr`",
        "owner: catalogue",
        "Sales Layer, connection `sales_layer`",
        "| Languages of the values | fr as fr_FR |",
        "| Operation | **test** |",
        "| Schedule | @daily (UTC) |",
        "airflow backfill create --dag-id amazon_fr_home",
        "| live_sync | Amazon does not answer",
    ):
        assert words in text, words


def test_the_docs_of_a_connector_that_reads_files(document):
    del document["sales_layer"]
    document["files"] = {"path": "s3://bucket/products.csv", "languages": ["fr"]}
    document["sync"] = {}
    text = dag_docs(in_language(document, "en_GB"))
    assert "| Products from | Files, path `s3://bucket/products.csv` |" in text
    assert "none: triggered by hand" in text
    assert "no intervals and no backfills: `airflow backfill create` refuses it" in text
    assert "--from-date" not in text


@pytest.mark.parametrize("title", ["{{ 7 * 7 }}", "{% for x in y %}", "<script>alert(1)</script>"])
def test_a_title_is_no_template(document, title):
    assert title in dag_docs(connector_from(document | {"title": title}))


@pytest.mark.parametrize("locale", ["fr_FR", "de_DE", "it_IT", "es_ES"])
def test_docs_and_trigger_form_are_in_the_language_of_the_connector(document, locale):
    dag = build_dag(in_language(document, locale))
    forms = [dag.params.get_param(name).schema for name in dag.params]
    shown = [dag.doc_md, *(text for form in forms for text in (form["title"], form["description_md"]))]
    english, own = catalogue("en"), catalogue(locale)
    codes = [
        code
        for code in (f"dag.{name}_help" for name in ("operation", "selection", "skus", "force"))
        if own.phrase(code, operation="test") in shown
    ]
    assert len(codes) == 4
    left = [
        code
        for code in (
            "run",
            "approve",
            "amazon_fails",
            "mapping_fails",
            "catalogue_team",
            "see_log",
            "sku_limit",
        )
        if english.phrase(f"dag.doc.{code}") in dag.doc_md
    ]
    assert left == []


def test_dags_of_no_connector_speak_the_language_of_the_installation(monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_LANGUAGE", "de")
    settings.cache_clear()
    try:
        dag = confirm_dag()
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert dag.dag_display_name == "Bestätigen, was Amazon angenommen hat"
    assert "| due | das Verzeichnis antwortet nicht | vergeht von selbst |" in dag.doc_md
