"""`bases:` of a formation: a whole hash, and a folder of its own for each."""

from __future__ import annotations

import pytest

from sealane.formations import reading
from sealane.formations.model import Base

HEAD = "formation: dev\nenvironment: dev\ndestination: here\nnamespace: shop\nbases:\n"
COMMIT = "0123456789" * 4
URL = "https://git.example.com/platform/bases.git"


def read(*lines: str) -> tuple[tuple[Base, ...], list[str]]:
    formation, findings = reading.read_formation(HEAD + "".join(f"  {line}\n" for line in lines), "dev.yaml")
    return formation.bases if formation else (), [str(finding) for finding in findings]


def test_a_base_is_a_folder_of_a_commit() -> None:
    bases, findings = read(f"vendor/a/: {{repository: {URL}, commit: '{COMMIT}', path: k8s/}}")
    assert findings == []
    assert bases == (Base(folder="vendor/a", repository=URL, commit=COMMIT, path="k8s"),)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([f"a: {{repository: {URL}, commit: main}}"], "6:"),
        ([f"a: {{repository: {URL}, commit: 0123abc}}"], "6:"),
        ([f"a: {{repository: git.example.com/a, commit: '{COMMIT}'}}"], "6:"),
        ([f"a: {{repository: 'http://git.example.com/a', commit: '{COMMIT}'}}"], "6:"),
        ([f"../a: {{repository: {URL}, commit: '{COMMIT}'}}"], "6:"),
        ([f".: {{repository: {URL}, commit: '{COMMIT}'}}"], "6:3: . is"),
        ([f"deploy: {{repository: {URL}, commit: '{COMMIT}'}}"], "6:3: deploy is the folder of deploy/formations, too"),
        (
            [f"{name}: {{repository: {URL}, commit: '{COMMIT}'}}" for name in ("a", "a/b")],
            "7:3: a/b is the folder of a",
        ),
    ],
)
def test_what_leads_elsewhere_tomorrow_is_refused_with_its_line(lines: list[str], words: str) -> None:
    bases, findings = read(*lines)
    assert bases == ()
    assert findings[0].startswith(f"dev.yaml:{words}")
