"""A client of the sandbox's PIM, written for these tests from Sales Layer's documents."""

import hashlib
import json
import socket
import threading
from contextlib import contextmanager

import requests
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, settings

from spapi_sandbox.catalogue.written import DAY, EPOCH
from spapi_sandbox.sales_layer.router import create_router

NOW = EPOCH + 10 * DAY
SECRET = "sandbox-connector-secret"
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Pim:
    """Both APIs at one address, and the sandbox's controls of them."""

    def __init__(self, url, slept):
        self.url, self.slept = url, slept
        self.http = requests.Session()

    def rest(self, path, *, key="sandbox-pim-key", language=None, **options):
        headers = {"X-API-KEY": key} | ({"Accept-Language": language} if language else {})
        params = {f"${name}": value for name, value in options.items()}
        url = path if path.startswith("http") else f"{self.url}/sales_layer/rest/Catalog/{path}"
        return self.http.get(url, params=params, headers=headers)

    def rest_pages(self, path, **options):
        response = self.rest(path, **options)
        while True:
            assert response.status_code == 200, response.text
            page = response.json()
            yield page
            if "@nextLink" not in page:
                return
            response = self.rest(page["@nextLink"])

    def everything(self, path, **options):
        return [record for page in self.rest_pages(path, **options) for record in page["value"]]

    def signed(self, *, secret=SECRET, code="CNSANDBOX", at=None, **more):
        at = str(at or self.control("GET", "state")["time"]).split(".")[0]
        key = hashlib.sha256(f"{code}{secret}{at}77".encode()).hexdigest()
        return {"code": code, "time": at, "unique": "77", "key256": key, "ver": "1.18", **more}

    def connector(self, **more):
        response = self.http.get(f"{self.url}/sales_layer/connector", params=self.signed(**more))
        assert response.status_code == 200, response.text
        return json.loads(response.content.removeprefix(b"\xef\xbb\xbf"))

    def connector_pages(self, **more):
        page = self.connector(group_category_id="1", **more)
        yield page
        while page.get("next_page"):
            page = self.http.get(page["next_page"]).json()
            yield page

    def control(self, method, path, body=None):
        response = self.http.request(method, f"{self.url}/sales_layer/_control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def fault(self, api, kind, **more):
        return self.control("POST", "faults", {"api": api, "kind": kind, **more})


@contextmanager
def serving(catalogue):
    """The PIM's part of the sandbox, on a clock that stands still."""
    slept = []
    app = FastAPI()
    app.include_router(create_router(catalogue, clock=lambda: NOW, sleep=slept.append))
    listening = socket.create_server(("127.0.0.1", 0))  # takes connections before the server has started
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield Pim(f"http://127.0.0.1:{listening.getsockname()[1]}", slept)
    server.should_exit = True
    thread.join()


def rows_of(pages):
    """{table: {id: {column: value}}} by the first page's schema; gone rows are None. No row may repeat."""
    schema, rows = None, {}
    for page in pages:
        schema = page.get("data_schema", schema)
        for table, lines in page["data"].items():
            names = [column if isinstance(column, str) else next(iter(column)) for column in schema[table]]
            for line in lines:
                assert line[1] not in rows.setdefault(table, {})
                rows[table][line[1]] = None if line[0] == "D" else dict(zip(names, line, strict=True))
    return rows
