"""Browser libraries are shipped as their makers published them."""

from __future__ import annotations

import hashlib
import re

import pytest

from sealane.server.pages import templates

LISTED = re.findall(
    r"^\| (\S+) \| .* \| ([0-9a-f]{64}) \|$", (templates.STATIC / "LIBRARIES.md").read_text(), re.MULTILINE
)


@pytest.mark.parametrize(("name", "digest"), LISTED)
def test_a_library_is_unmodified(name: str, digest: str) -> None:
    assert hashlib.sha256((templates.STATIC / name).read_bytes()).hexdigest() == digest


def test_every_library_is_listed() -> None:
    there = {path.name for path in templates.STATIC.glob("*.min.*")}
    assert there == {name for name, _ in LISTED}
