"""Versions of what others deploy: annotations and labels that strangers wrote."""

from __future__ import annotations

import pytest

from sealane.destinations import observed


def workload(name: str, **labels: str) -> dict[str, object]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}, "spec": {}}


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("v1.2", "v1.2"),
        ("v1\x1b]0;owned\x07\u202e2\n\t3\u0000", "v12 3\ufffd"),
        ("v" * 250_000, "v" * 199 + "…"),
        ("\u200b\u202e", ""),
    ],
)
def test_a_version_is_a_short_line_that_can_be_shown(written: str, version: str) -> None:
    """On pages, terminals, in notices and in the database."""
    assert observed.of([workload("web")], {observed.DEPLOY_TAG: written}).version == version


def test_so_are_many_of_them() -> None:
    many = [workload(f"web-{at}", **{observed.VERSION: f"v{at}"}) for at in range(1000)]
    assert len(observed.of(many, {}).version) == 200
