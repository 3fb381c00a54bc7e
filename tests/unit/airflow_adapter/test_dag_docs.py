import pytest

from amazon_listings.airflow_adapter.dag_docs import dag_docs
from amazon_listings.connectors.loader import connector_from


def test_the_docs_say_what_is_sent_where_and_when(document):
    text = dag_docs(connector_from(document | {"title": "Home, France"}))
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
    text = dag_docs(connector_from(document))
    assert "| Products from | Files, path `s3://bucket/products.csv` |" in text
    assert "none: triggered by hand" in text


@pytest.mark.parametrize("title", ["{{ 7 * 7 }}", "{% for x in y %}", "<script>alert(1)</script>"])
def test_a_title_is_no_template(document, title):
    assert title in dag_docs(connector_from(document | {"title": title}))
