"""Schemas of values that would make Helm ask somebody, or read a file of its machine."""

from __future__ import annotations

import json

import pytest

from sealane.charts import value_schemas


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"$ref": "#/definitions/b"}}},
            None,
        ),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://a.example.com/x"}, None),
        ({"properties": {"a": {"items": [{"$ref": "http://169.254.169.254/x"}]}}}, "http://169.254.169.254/x"),
        ({"$ref": "file:///etc/passwd"}, "file:///etc/passwd"),
        ({"$dynamicRef": "other.json"}, "other.json"),
        ({"$schema": "http://127.0.0.1:8080/schema"}, "http://127.0.0.1:8080/schema"),
        (
            {"$schema": "http://json-schema.org.evil.example/draft-07/schema#"},
            "http://json-schema.org.evil.example/draft-07/schema#",
        ),
    ],
)
def test_what_a_schema_wants_fetched_is_seen(schema: dict[str, object], named: str | None) -> None:
    """References within it, and the dialects that everybody knows, are nobody's request."""
    files = {"charts/db/values.schema.json": json.dumps(schema).encode(), "values.yaml": b"$ref: http://x"}
    expected = [] if named is None else [("charts/db/values.schema.json", named)]
    assert value_schemas.reaching_out(files) == expected


@pytest.mark.parametrize(
    "text",
    [b'{"$ref": "http://a.example.com", "$ref": "#/x"}', b'{"\\u0024ref": "http://a.example.com"}', b"{", b"\xff"],
)
def test_nothing_hides_it(text: bytes) -> None:
    """A key written twice or by its number, and what only another reader takes for JSON."""
    assert value_schemas.reaching_out({"values.schema.json": text}) != []
