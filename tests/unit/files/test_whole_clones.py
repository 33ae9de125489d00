"""What a repository has and a run would lack is told before anything runs, unless somebody said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane import checking
from sealane.stencils.trees import FolderTree

STEPS = "steps: [{name: a, image: busybox, commands: 'true'}]\n"
SUBMODULES = ".gitmodules: the repository has submodules, which a run on a server does not fetch"
POINTERS = ".gitattributes: the repository has files of Git LFS, which a run on a server does not fetch"


@pytest.mark.parametrize(
    ("clone", "files", "told"),
    [
        ("", {".gitmodules": ""}, [SUBMODULES]),
        ("", {".gitattributes": "*.psd filter=lfs -text\n"}, [POINTERS]),
        (
            "clone: {depth: 3}\n",
            {".gitmodules": "", ".gitattributes": "a/** -text filter=lfs\n"},
            [POINTERS, SUBMODULES],
        ),
        ("clone: {submodules: false, lfs: false}\n", {".gitmodules": "", ".gitattributes": "* filter=lfs\n"}, []),
        ("clone: {submodules: recursive, lfs: true}\n", {".gitmodules": "", ".gitattributes": "* filter=lfs\n"}, []),
        ("", {".gitattributes": "# *.psd filter=lfs\n*.txt text\nfilter=lfs text\n"}, []),
        ("", {}, []),
    ],
)
def test_what_would_be_missed(tmp_path: Path, clone: str, files: dict[str, str], told: list[str]) -> None:
    """As warnings: a run without them may be all that is wanted."""
    for name, text in {".sealane.yml": f"app: shop\n{clone}{STEPS}", **files}.items():
        (tmp_path / name).write_text(text)
    checked = checking.check(FolderTree(tmp_path))
    assert checked.valid
    assert [str(finding).partition(":")[0] for finding in checked.findings] == [each.partition(":")[0] for each in told]
    assert all(each in str(finding) for each, finding in zip(told, checked.findings, strict=True))
    assert all("clone: {" in (finding.mend or "") for finding in checked.findings)


@pytest.mark.parametrize(
    ("clone", "words"),
    [
        ("submodules: yes", "must be true, false or recursive"),
        ("submodules: deep", "must be true, false or recursive"),
        ("lfs: 1", "lfs must be true or false"),
        ("depth: 0", "depth must be at least 1"),
        ("history: 1", "unknown key history"),
    ],
)
def test_what_can_not_be_cloned_so(clone: str, words: str) -> None:
    checked = checking.check_text(f"app: shop\nclone: {{{clone}}}\n{STEPS}", ".sealane.yml")
    assert [words in str(finding) for finding in checked.findings] == [True], checked.findings
    assert str(checked.findings[0]).startswith(".sealane.yml:2:")
