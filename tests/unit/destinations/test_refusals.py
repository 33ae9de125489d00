"""What would be too long for a cluster's store is refused before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.clients.kubernetes import errors
from sealane.destinations.kubernetes import refusals


def made(kind: str, api_version: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **fields}


def workload(*texts: str) -> dict[str, Any]:
    environment = [{"name": f"N{number}", "value": text} for number, text in enumerate(texts)]
    return made("Deployment", "apps/v1", spec={"template": {"spec": {"containers": [{"env": environment}]}}})


BIG = "x" * 900_000
CASES: list[tuple[dict[str, Any], str]] = [
    (workload(BIG, BIG), "it would take at least 1,800,0"),
    (workload("é" * 800_000), "it would take at least 1,600,0"),
    (workload(BIG), ""),
    (made("Widget", "example.com/v1", spec=BIG + BIG[:700_000]), "it would take 1,600,"),
    (made("Widget", "example.com/v1", spec=BIG), ""),
    # as bytes it is three quarters of that, and the API server itself has a limit for these
    (made("Secret", "v1", data={"a": "x" * 1_390_000}), ""),
    (made("Deployment", "apps/v1", spec={f"{BIG}{number}": 1 for number in range(3)}), ""),
]


@pytest.mark.parametrize(("manifest", "words"), CASES)
def test_only_what_is_certainly_too_long_is_refused(manifest: dict[str, Any], words: str) -> None:
    if not words:
        assert refusals.fitting(manifest) is manifest
        return
    with pytest.raises(errors.Invalid, match=words) as refused:
        refusals.fitting(manifest)
    assert refused.value.hint == "split it into several objects"
