"""References to secrets: one spelling each, none leads elsewhere, none tells a value."""

from __future__ import annotations

import re

import pytest

from sealane.secrets import references
from sealane.secrets.port import BadReference

GOOD = [
    "env:A",
    "env:DATABASE_URL",
    "env:A1_B2",
    "age:a.age#x",
    "age:deploy/secrets/production.age#DATABASE_URL",
    "age:..a/b..#x-1.y",
]
BAD = [
    "", "x", "hunter2", "vault:kv/x#y", "env:", "env:a", "env:A__B", "env:_A", "env:A_", "env:1A", "env:A B", "ENV:A",
    "env:A\n", "age:", "age:a", "age:#x", "age:a#", "age:a#1", "age:/a#x", "age:../a#x", "age:a/../b#x", "age:./a#x",
    "age:a/./b#x", "age:a//b#x", "age:a/#x", "age:a/..#x", "age:a b#x", "age:a\\b#x", "age:a\0#x", "age:a#x#y",
    "age:" + "a" * 600 + "#x",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_a_reference_reads_back_as_it_was_written(text: str) -> None:
    """So that operators' patterns see what the store will see."""
    assert str(references.parse(text)) == text


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_refused(text: str) -> None:
    """With how to write it."""
    with pytest.raises(BadReference) as error:
        references.parse(text)
    assert error.value.hint


@pytest.mark.parametrize("text", [*GOOD, *(text for text in BAD if len(text) < 512)])
def test_editors_are_told_the_same(text: str) -> None:
    """The pattern in the JSON Schema takes what the parser takes."""
    assert bool(re.fullmatch(references.pattern(), text)) == (text in GOOD)
