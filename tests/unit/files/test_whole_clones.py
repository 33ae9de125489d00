"""What a repository has and a run would lack is told before anything runs, unless somebody said so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sealane import cli, repository_check
from sealane.configfiles.trees import FolderTree

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
    checked = repository_check.check(FolderTree(tmp_path))
    assert checked.valid
    assert [str(finding).partition(":")[0] for finding in checked.findings] == [
        start.partition(":")[0] for start in told
    ]
    assert all(start in str(finding) for start, finding in zip(told, checked.findings, strict=True))
    assert all("clone: {" in (finding.hint or "") for finding in checked.findings)


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
    checked = repository_check.check_text(f"app: shop\nclone: {{{clone}}}\n{STEPS}", ".sealane.yml")
    assert [words in str(finding) for finding in checked.findings] == [True], checked.findings
    assert str(checked.findings[0]).startswith(".sealane.yml:2:")


APP = f"app: shop\n{STEPS}"
LFS = "*.bin filter=lfs\n"
MONOREPOS: dict[str, tuple[dict[str, str], list[str]]] = {
    "submodules at the root": ({".gitmodules": ""}, ["../../.gitmodules"]),
    "LFS at the root": ({".gitattributes": LFS}, ["../../.gitattributes"]),
    "LFS on the way": ({"apps/.gitattributes": LFS}, ["../.gitattributes"]),
    "LFS everywhere is told once, where it is nearest": (
        {".gitattributes": LFS, "apps/.gitattributes": LFS, "apps/a/.gitattributes": LFS},
        [".gitattributes"],
    ),
    "both": ({".gitmodules": "", "apps/a/.gitattributes": LFS}, ["../../.gitmodules", ".gitattributes"]),
    "git reads no such file below the root": ({"apps/a/.gitmodules": "", "apps/.gitmodules": ""}, []),
    "another app's": ({"apps/b/.gitattributes": LFS}, []),
    "said already": (
        {".gitmodules": "", "apps/a/.sealane.yml": APP.replace("steps", "clone: {submodules: false}\nsteps")},
        [],
    ),
}


@pytest.mark.parametrize("case", MONOREPOS)
def test_an_app_in_a_monorepo_lacks_what_the_whole_repository_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """A run clones all of it; `validate` names the file that shows it as it is seen from where it runs."""
    files, told = MONOREPOS[case]
    for name, text in {".git/HEAD": "ref: refs/heads/main\n", "apps/a/.sealane.yml": APP, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path / "apps" / "a")
    assert cli.main(["validate", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["file"] for finding in findings] == told
    monkeypatch.chdir(tmp_path)
    assert cli.main(["validate", "apps/a", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["file"] for finding in findings] == [os.path.normpath(f"apps/a/{start}") for start in told]
