"""Values of secrets don't show themselves, whichever way somebody looks at them."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest

from sealane import hashing
from sealane.cli import output
from sealane.secrets.values import SecretValue

VALUE = SecretValue(b"hunter2", version="abc")


def test_a_value_shows_in_no_text() -> None:
    """Neither printed, formatted, nor inside something else."""
    for shown in (repr(VALUE), str(VALUE), f"{VALUE}", f"{VALUE!r}", repr([VALUE]), repr({"a": VALUE})):
        assert "hunter2" not in shown
        assert "abc" in shown


def test_a_value_goes_into_no_file_or_message() -> None:
    """Whoever tries learns it at once."""
    for attempt in (
        lambda: json.dumps({"a": VALUE}),
        lambda: pickle.dumps(VALUE),
        lambda: copy.deepcopy(VALUE),
        lambda: msgspec.json.encode(VALUE),
        lambda: vars(VALUE),
    ):
        with pytest.raises(TypeError) as error:
            attempt()
        assert "hunter2" not in str(error.value)
    assert "hunter2" not in output.as_json({"a": VALUE})


def test_values_compare_by_what_they_are() -> None:
    """For callers that look whether something changed."""
    assert SecretValue(b"hunter2", version="abc") == VALUE
    assert SecretValue(b"hunter3", version="abc") != VALUE
    assert len({VALUE, SecretValue(b"hunter2", version="abc")}) == 1
    assert VALUE != "hunter2"


def test_a_version_tells_nothing_without_the_key() -> None:
    """Not even that two secrets are equal."""
    assert hashing.version(b"k", "A", b"x") == hashing.version(b"k", "A", b"x")
    versions = {
        hashing.version(b"k", "A", b"x"),
        hashing.version(b"k", "B", b"x"),
        hashing.version(b"l", "A", b"x"),
        hashing.version(b"k", "A", b"y"),
    }
    assert len(versions) == 4
