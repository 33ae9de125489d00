"""Decrypted files: lines or YAML, and no message that holds what was in them."""

from __future__ import annotations

import pytest

from sealane.secrets import entries


def test_lines() -> None:
    """Everything after the first = is the value."""
    text = '# comment\n\nA=1\nB= spaced = "quoted" # kept \n  # indented comment\nC=\n'
    assert entries.parse(text) == {"A": "1", "B": ' spaced = "quoted" # kept ', "C": ""}


def test_yaml() -> None:
    """For values of several lines, and names with dashes and dots."""
    text = "# comment\nA: text\ntls.key: |\n  -----BEGIN\n  x=y\nB: '0123'\nC: 12:30\n"
    assert entries.parse(text) == {"A": "text", "tls.key": "-----BEGIN\nx=y\n", "B": "0123", "C": "12:30"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("# nothing\n", "it is empty"),
        ("A=1\nhunter2\n", "line 2 is not NAME=value"),
        ("A=1\nA=hunter2\n", "line 2 gives A a second time"),
        ("A: 0123\nB: hunter2\n", "line 1: A must be a text; quote it"),
        ("hunter2", "neither NAME=value lines nor one YAML mapping"),
        ("- hunter2", "neither NAME=value lines nor one YAML mapping"),
        ("A: x\n---\nB: hunter2", "neither NAME=value lines nor one YAML mapping"),
        ("A: x\nB: [hunter2", "line 3 is neither NAME=value nor YAML"),
        ("A: {b: hunter2}", "line 1: A must be a text"),
    ],
)
def test_what_cannot_be_read_is_told_without_its_content(text: str, reason: str) -> None:
    """By line."""
    with pytest.raises(entries.Unreadable) as error:
        entries.parse(text)
    assert reason in str(error.value)
    assert "hunter2" not in str(error.value)
