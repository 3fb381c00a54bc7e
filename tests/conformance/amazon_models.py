"""Holds requests and answers against Amazon's own API models.

The models (Swagger 2.0) are not part of the project: they are read from the folder named by the
environment variable AMAZON_LISTINGS_SHARED, or from ../shared beside the project.

    models = AmazonModels()
    problems = models.problems(sandbox.requests())     # what running_sandbox recorded
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from jsonschema import Draft4Validator, FormatChecker

PROJECT = Path(__file__).resolve().parents[2]
FILES = (
    "application_2023-11-30",
    "definitionsProductTypes_2020-09-01",
    "feeds_2021-06-30",
    "listingsItems_2021-08-01",
    "notifications",
    "sellers",
)
RATE_LIMIT = "x-amzn-ratelimit-limit"
#: Statuses on which Amazon's documentation promises the rate limit header.
RATED = {200, 201, 202, 204, 400, 404}


def shared() -> Path:
    """The folder with Amazon's files; the test is skipped where it is absent."""
    folder = Path(os.environ.get("AMAZON_LISTINGS_SHARED", PROJECT.parent / "shared"))
    if not (folder / "amazon" / "models").is_dir():
        pytest.skip(f"Amazon's models are not in {folder}; name their folder in AMAZON_LISTINGS_SHARED")
    return folder


class Operation:
    """One operation of a model."""

    def __init__(self, model: dict[str, Any], method: str, path: str, described: dict[str, Any]) -> None:
        self.name = described["operationId"]
        self.model = model
        self.method = method.upper()
        self.path = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        self.parameters = {entry["name"]: entry for entry in described.get("parameters", [])}
        self.responses = described["responses"]
        #: Whether it takes a token of the application alone.
        self.grantless = "grantless" in described["description"].lower()

    def schema(self, part: dict[str, Any]) -> dict[str, Any]:
        """A schema of the model that admits no key which the model does not name."""
        return closed({**part, "definitions": self.model["definitions"]})

    def examples(self) -> list[tuple[int, dict[str, Any], Any]]:
        """Amazon's static sandbox: (status, parameters of the request, response body)."""
        return [
            (int(status), example.get("request", {}).get("parameters", {}), example.get("response"))
            for status, response in self.responses.items()
            for example in response.get("x-amzn-api-sandbox", {}).get("static", [])
        ]


class AmazonModels:
    """The models of the APIs that the project uses."""

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.paths: dict[str, str] = {}
        for name in FILES:
            model = json.loads((shared() / "amazon" / "models" / f"{name}.json").read_text(encoding="utf-8"))
            for path, methods in model["paths"].items():
                for method, described in methods.items():
                    if isinstance(described, dict) and "operationId" in described:
                        operation = Operation(model, method, path, described)
                        self.operations[operation.name] = operation
                        self.paths[operation.name] = path

    def problems(self, recorded: list[dict[str, Any]]) -> list[str]:
        """Every departure from the models in recorded traffic; other traffic is passed over."""
        found = []
        for number, entry in enumerate(recorded):
            operation = self.operations.get(entry["operation"])
            if operation is not None and "fault" not in entry:
                texts = [*self.request_problems(operation, entry), *self.answer_problems(operation, entry)]
                found += [f"#{number} {entry['method']} {entry['path']}: {text}" for text in texts]
        return found

    def request_problems(self, operation: Operation, entry: dict[str, Any]) -> list[str]:
        """What in a request is not as the model asks: path, parameters, headers, body."""
        found = [] if operation.path.fullmatch(entry["path"]) else ["path does not fit the operation"]
        query = parse_qsl(entry["query"], keep_blank_values=True)
        given = dict(query)
        if len(given) < len(query):
            found.append("a parameter occurs twice")
        for name, parameter in operation.parameters.items():
            if parameter["in"] == "query" and parameter.get("required") and not given.get(name):
                found.append(f"parameter {name} is missing")
        for name, value in given.items():
            parameter = operation.parameters.get(name)
            if parameter is None or parameter["in"] != "query":
                found.append(f"parameter {name} is unknown")
                continue
            found += [
                f"parameter {name}: {text}" for text in _violations(parameter, _value(parameter, value))
            ]
        body = next((entry for entry in operation.parameters.values() if entry["in"] == "body"), None)
        if body is not None:
            sent = json.loads(entry["request"])
            found += [f"body {text}" for text in _violations(operation.schema(body["schema"]), sent)]
            if not entry["request_headers"].get("content-type", "").startswith("application/json"):
                found.append("content type of the body is not JSON")
        for header in ("x-amz-access-token", "user-agent"):
            if not entry["request_headers"].get(header):
                found.append(f"header {header} is missing")
        return found

    def answer_problems(self, operation: Operation, entry: dict[str, Any]) -> list[str]:
        """What in an answer is not as the model promises: status, headers, body."""
        response = operation.responses.get(str(entry["status"]))
        if response is None:
            return [f"status {entry['status']} is not in the model"]
        found = []
        if "schema" in response:
            body = json.loads(entry["answer"])
            found += [f"answer {text}" for text in _violations(operation.schema(response["schema"]), body)]
        if not entry["headers"].get("x-amzn-requestid"):
            found.append("answer has no x-amzn-RequestId")
        if (RATE_LIMIT in entry["headers"]) != (entry["status"] in RATED):
            found.append(f"rate limit header on a {entry['status']}")
        return found


def _value(parameter: dict[str, Any], text: str) -> Any:
    if parameter["type"] == "array":
        return text.split(",")
    if parameter["type"] == "integer" and text.isdigit():
        return int(text)
    if parameter["type"] == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def _violations(schema: dict[str, Any], value: Any) -> list[str]:
    """Swagger 2.0 schemas are JSON Schema draft 4; `required` of a parameter is not part of it."""
    schema = {name: part for name, part in schema.items() if name != "required" or isinstance(part, list)}
    validator = Draft4Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def closed(schema: Any) -> Any:
    """The schema with `additionalProperties: false` wherever it lists properties and says nothing else."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {
        name: closed(part) for name, part in schema.items() if name not in {"example", "x-amzn-api-sandbox"}
    }
    if isinstance(schema.get("properties"), dict):
        inner.setdefault("additionalProperties", False)
    return inner


def shape(value: Any) -> Any:
    """The shape of a JSON value: keys and types, arrays by the shape of their first element."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
