"""Runs that are started on a page."""

ORIGIN = {"origin": "http://airflow.test"}


def test_nothing_is_started_for_chosen_items_where_none_is_chosen(client):
    editor = client("editor", **ORIGIN, **{"accept-language": "fr"})
    for skus in ([], "", [""]):
        answer = editor.post("/dags/amazon_lamps/runs", json={"chosen": True, "skus": skus})
        assert answer.status_code == 422
        assert "Choisissez d'abord des articles" in answer.text
