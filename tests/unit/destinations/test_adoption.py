"""What an object was before it was taken over: what its annotations hold, what is kept apart, and what comes back."""

from __future__ import annotations

import base64
import gzip
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.destinations import adoption, diff, model

WHO = model.Identity(app="shop", formation="dev", namespace="shop", revision="sha256:two", sequence=7)
OURS = {model.MANAGED_BY: "sealane", model.APP: "shop", model.FORMATION: "dev"}
texts = st.dictionaries(st.sampled_from("abcd"), st.text(max_size=9), max_size=3)
values = st.dictionaries(st.sampled_from("abcd"), st.binary(min_size=6, max_size=9).map(bytes.hex), max_size=3)


def thing(kind: str, data: dict[str, str], labels: dict[str, str], notes: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": "x", "uid": "u", "labels": labels, "annotations": notes}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}


def taken_over(old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str], bytes | None]:
    """The object as it is then, its marks, and what is kept apart."""
    changes = diff.differences(old, new)
    marks = adoption.adopted(old, WHO, changes)
    apart = adoption.apart(old, marks, changes)
    return thing(new["kind"], new["data"], new["metadata"]["labels"], marks), marks, apart


@given(st.sampled_from(["Secret", "ConfigMap"]), values, values, texts, texts)
def test_whatever_was_there_comes_back(
    kind: str, old: dict[str, str], new: dict[str, str], labels: dict[str, str], notes: dict[str, str]
) -> None:
    """And a Secret's values stand in no annotation."""
    before = thing(kind, old, labels, notes)
    taken, marks, apart = taken_over(before, thing(kind, new, labels | OURS, {}))
    returned = adoption.returned(taken, apart)
    assert returned.whole
    assert returned.object.get("data") == old
    assert returned.object["metadata"].get("labels", {}) == labels
    assert returned.object["metadata"].get("annotations", {}) == notes
    if kind == "Secret":
        held = gzip.decompress(base64.b64decode(marks[model.BEFORE])).decode()
        assert not [value for value in old.values() if value in held]


@pytest.mark.parametrize(
    ("kind", "size", "changed", "kept"),
    [
        ("ConfigMap", 10, True, False),
        ("ConfigMap", 300_000, True, True),
        ("Secret", 10, False, False),
        ("Secret", 10, True, True),
    ],
)
def test_only_what_annotations_can_not_hold_is_kept_apart(kind: str, size: int, changed: bool, kept: bool) -> None:
    data = {"a": base64.b64encode(random.Random(7).randbytes(size)).decode()}
    before = thing(kind, data, {}, {})
    _, _, apart = taken_over(before, thing(kind, data | ({"b": "1"} if changed else {}), OURS, {}))
    assert (apart is not None) == kept
