"""The run's folder on a local disk, on Airflow's `file://` and on `s3://`, over real sockets."""

import json

import pytest

from amazon_listings.errors import AmazonListingsError
from amazon_listings.remarks import remark
from amazon_listings.runs.damage import DamagedFile
from amazon_listings.runs.finish.issue_history import renew_resolved
from amazon_listings.runs.finish.resolve import Resolver
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.notes import LiveNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import EXTRACT, LIVE, MAPPED, PROBLEMS, WrittenItem
from amazon_listings.runs.report import write_report
from amazon_listings.runs.storage import StorageUnavailable
from support.run_records import extract_note
from support.sync_runs import lamp

FACTS = {
    "title": "Lampes",
    "connector_id": "lamps",
    "country": "FR",
    "product_type": "LAMP",
    "operation": "test",
    "run_id": "r1",
    "reason": "",
    "definition_version": "",
    "definition_fetched_at": "",
    "warnings": [],
    "failure": None,
    "calls": {},
    "language": "fr",
}


@pytest.fixture(scope="module")
def s3():
    """Moto's S3, listening on a port of this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def object_storage(url, connection_id=None):
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(url, conn_id=connection_id)


def s3_storage(monkeypatch, endpoint, name):
    """A bucket, through an Airflow connection as an installation has it."""
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-west-1"}
    boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {"endpoint_url": endpoint, "region_name": "eu-west-1"},
    }
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
    return object_storage(f"s3://{name}/listings", name)


@pytest.fixture(params=["path", "file", "s3"])
def storage(request, tmp_path, monkeypatch):
    if request.param == "path":
        return tmp_path / "storage"
    if request.param == "file":
        return object_storage(f"file://{tmp_path}/storage")
    return s3_storage(monkeypatch, request.getfixturevalue("s3"), f"runs{abs(hash(request.node.name))}")


@pytest.fixture
def folder(storage):
    return RunFolder.of(storage, "lamps", "manual__2026-11-23T12:00:00+00:00")


def one(number, text="é\u2028\ud83d"):
    return WrittenItem(
        pim_id=str(number),
        sku="0123",
        outcome=Outcome.ACCEPTED,
        note=remark("note.parent_failed", parent=text),
    )


def test_parts_and_notes_are_kept_replaced_listed_and_cleared(folder):
    assert folder.parts(LIVE) == []
    assert folder.noted(LiveNote) is None
    records = [one(number) for number in range(3)]
    for number in (2, 1):
        assert folder.write(LIVE, part_name(number), records) == 3
    folder.write(LIVE, part_name(1), records[:1])
    assert folder.parts(LIVE) == [part_name(1), part_name(2)]
    assert list(folder.read(LIVE, part_name(1))) == records[:1]
    assert list(folder.read(LIVE, part_name(2))) == records
    assert list(folder.read_any(MAPPED, part_name(1))) == []
    folder.note(LiveNote(calls={"feeds": 1}))
    assert folder.noted(LiveNote).calls == {"feeds": 1}
    folder.clear(LIVE)
    assert folder.parts(LIVE) == []
    folder.clear_all()
    assert folder.noted(LiveNote) is None


def test_what_fails_half_way_leaves_no_half_part(folder):
    def records():
        yield from (one(number, "x" * 1000) for number in range(1000))
        raise RuntimeError("the PIM went away")

    folder.write(LIVE, part_name(1), [one(0)])
    for number in (2, 1):
        with pytest.raises(RuntimeError):
            folder.write(LIVE, part_name(number), records())
    assert folder.parts(LIVE) == [part_name(1)]
    assert list(folder.read(LIVE, part_name(1))) == [one(0)]


def test_a_damaged_part_is_a_sentence_wherever_it_lies(folder):
    folder.write(LIVE, part_name(1), [one(1), one(2)])
    (folder.root / "live" / part_name(1)).write_bytes(b"")
    with pytest.raises(DamagedFile, match="is empty; 2 rows were written to it"):
        list(folder.read(LIVE, part_name(1)))


def test_the_latest_attempt_is_found(storage, folder):
    RunFolder.of(storage, "lamps", "r1", 0).note(LiveNote(calls={}))
    RunFolder.of(storage, "lamps", "r1", 3).note(LiveNote(calls={"feeds": 3}))
    assert RunFolder.latest(storage, "lamps", "r1").noted(LiveNote).calls == {"feeds": 3}


def test_the_report_is_written_where_the_run_is_kept(folder):
    folder.write(EXTRACT, part_name(1), [lamp("A-1")])
    folder.write(PROBLEMS, part_name(1), [])
    folder.note(extract_note(part_name(1), extracted=1))
    renew_resolved(Resolver(folder), folder)
    summary = write_report(folder, FACTS)
    assert summary["counts"]["failed"] == 1
    names = {"items.csv", "issues.csv", "report.json", "report.html"}
    assert {path.name for path in folder.stage("report").iterdir()} == names
    assert set(summary["files"]) == names
    document = json.loads((folder.root / "report" / "report.json").read_bytes())
    assert document["items"][0]["sku"] == "A-1"


def test_an_s3_that_does_not_answer_is_a_sentence_and_another_try(monkeypatch):
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "very-secret",
        "extra": {"endpoint_url": "http://127.0.0.1:9", "region_name": "eu-west-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_NOBODY", json.dumps(connection))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    folder = RunFolder.of(object_storage("s3://nobody/listings", "nobody"), "lamps", "r1")
    with pytest.raises(AmazonListingsError) as caught:
        folder.write(LIVE, part_name(1), [one(1)])
    assert isinstance(caught.value, StorageUnavailable)
    assert "The run's files cannot be kept" in str(caught.value)
    assert "very-secret" not in str(caught.value)
