"""A text that is nested without an end is refused before it is composed: the composer would end the whole process."""

from __future__ import annotations

import threading

import pytest

from sealane.configfiles import documents
from sealane.findings import Finding

DEEP = 50_000
TEXTS = {
    "lists": "[" * DEEP,
    "lists that end": "[" * DEEP + "]" * DEEP,
    "mappings": "{a: " * DEEP,
    "lists of dashes": "- " * DEEP + "x",
    "keys": "? " * DEEP + "x",
    "with anchors": "&a [" * DEEP,
    "in another document": "a: 1\n---\n" + "[" * DEEP,
    "below a key": "app: shop\nsteps: " + "[" * DEEP,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_deep_text_is_a_finding_in_any_thread(text: str) -> None:
    """Servers read in threads, whose stacks may be small."""
    findings: list[Finding] = []
    threads = [threading.Thread(target=lambda: findings.extend(documents.read(text, "f.yaml")[1])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [finding.message for finding in findings] == ["the document is nested too deeply"] * 2


def test_what_is_as_deep_as_may_be_is_read() -> None:
    whole = documents.MAX_DEPTH
    assert documents.read("[" * whole + "]" * whole, "f.yaml")[1] == []
    _, findings = documents.read("[" * (whole + 2) + "]" * (whole + 2), "f.yaml")
    assert [finding.message for finding in findings] == ["the document is nested too deeply"]
