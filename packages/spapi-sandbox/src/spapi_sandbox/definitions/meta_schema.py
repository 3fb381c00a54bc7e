"""The meta-schema document that definitions link to.

Written for the sandbox from Amazon's published list of keywords ("Product Type Definition
Meta-Schema (v1)"); it names the same vocabulary and types.
"""

from __future__ import annotations

import json

from spapi_sandbox.definitions.dialect import META_SCHEMA

_VOCABULARIES = ("core", "applicator", "validation", "meta-data", "format", "content")
_NAMES = {"type": "array", "items": {"type": "string"}}
_NUMBER = {"type": "integer"}

META_SCHEMA_CONTENT = json.dumps(
    {
        "$schema": META_SCHEMA,
        "$id": META_SCHEMA,
        "$vocabulary": {
            **{f"https://json-schema.org/draft/2019-09/vocab/{name}": True for name in _VOCABULARIES},
            META_SCHEMA.replace("meta-schema", "vocabulary"): True,
        },
        "allOf": [{"$ref": "https://json-schema.org/draft/2019-09/schema"}],
        "title": "Product type definition meta-schema of the sandbox",
        "properties": {
            "editable": {"type": "boolean"},
            "hidden": {"type": "boolean"},
            "enumNames": _NAMES,
            "selectors": _NAMES,
            "minUniqueItems": _NUMBER,
            "maxUniqueItems": _NUMBER,
            "minUtf8ByteLength": _NUMBER,
            "maxUtf8ByteLength": _NUMBER,
            "$lifecycle": {
                "type": "object",
                "properties": {"replacedBy": _NAMES, "replaces": _NAMES, "enumDeprecated": _NAMES},
            },
        },
    }
).encode()
