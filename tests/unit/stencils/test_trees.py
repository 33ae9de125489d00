"""Files of strangers: nothing leads out of their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sealane.configfiles.trees import MAX_FILE, FolderTree, StoredTree, Unreadable
from sealane.formations import formation_names
from sealane.stencils import render_inputs

FORMATION = b"formation: dev\nenvironment: dev\ndestination: bed\nnamespace: shop\nconfig: {a: 'file:conf/a'}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("secret")
    root = tmp_path / "root"
    for name in ("deploy/stencils/sub", "deploy/formations", "conf", "deploy/stencils/.hidden"):
        (root / name).mkdir(parents=True)
    (root / "deploy/stencils/sub/b.yaml").write_text("b: 1")
    (root / "deploy/stencils/a.yaml").write_text("a: 1")
    (root / "deploy/stencils/.hidden/c.yaml").write_text("c: 1")
    (root / "deploy/formations/dev.yaml").write_bytes(FORMATION)
    (root / "conf/a").write_text("a")
    return root


def test_files_are_listed_sorted_and_without_hidden_ones(folder: Path) -> None:
    """Below the folder asked for, with paths from the root."""
    assert FolderTree(folder).files("deploy/stencils") == ("deploy/stencils/a.yaml", "deploy/stencils/sub/b.yaml")
    assert FolderTree(folder).files("nothing") == ()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../outside", "leads upwards"),
        ("conf/../../outside", "leads upwards"),
        ("/etc/passwd", "machine's root"),
        ("", "no path"),
        (".", "no path"),
        ("conf", "not a plain file"),
        ("conf/none", "no such file"),
        ("conf/a/b", "not a directory"),
        ("a\0b", "no path"),
        ("a\\b", "no path"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(folder: Path, path: str, reason: str) -> None:
    """With the reason."""
    with pytest.raises(Unreadable, match=reason):
        FolderTree(folder).read(path)


def test_symbolic_links_are_never_followed(folder: Path) -> None:
    """Neither as the file, nor on the way to it, whether they lead out or not."""
    (folder / "conf/link").symlink_to("../../outside")
    (folder / "conf/inside").symlink_to("a")
    (folder / "way").symlink_to(folder.parent)
    for path in ("conf/link", "conf/inside", "way/outside"):
        with pytest.raises(Unreadable, match="symbolic link"):
            FolderTree(folder).read(path)


def test_a_linked_stencil_is_a_finding(folder: Path) -> None:
    """A linked file and a linked folder are both refused by name, not silently left out."""
    (folder / "deploy/stencils/link.yaml").symlink_to("/etc/passwd")
    (folder / "deploy/stencils/folder.yaml").symlink_to("/etc")
    _, findings = render_inputs.gather(FolderTree(folder), "dev")
    told = [str(finding) for finding in findings]
    assert "deploy/stencils/link.yaml: can't be read: a symbolic link is not followed" in told
    assert "deploy/stencils/folder.yaml: can't be read: a symbolic link is not followed" in told


def test_what_is_no_plain_file_is_not_waited_for(folder: Path) -> None:
    """A pipe would otherwise block for ever."""
    os.mkfifo(folder / "conf/pipe")
    with pytest.raises(Unreadable, match="not a plain file"):
        FolderTree(folder).read("conf/pipe")


def test_huge_files_are_refused(folder: Path) -> None:
    """Before they are read."""
    with (folder / "conf/huge").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(Unreadable, match=f"at most {MAX_FILE}"):
        FolderTree(folder).read("conf/huge")


def test_files_that_are_no_text_are_findings(folder: Path) -> None:
    """At the file, with what to do."""
    (folder / "deploy/stencils/a.yaml").write_bytes(b"a: \xff")
    _, findings = render_inputs.gather(FolderTree(folder), "dev")
    assert "deploy/stencils/a.yaml:1:4: not UTF-8 text" in str(findings[0])


def test_a_stored_tree_answers_like_a_folder(folder: Path) -> None:
    """A commit read from elsewhere is the same to everyone who reads it."""
    paths = ("deploy/formations/dev.yaml", "deploy/stencils/a.yaml", "deploy/stencils/sub/b.yaml", "conf/a")
    on_disk = FolderTree(folder)
    stored = StoredTree({path: on_disk.read(path) for path in paths})
    assert stored.files("deploy/stencils") == on_disk.files("deploy/stencils")
    assert stored.read("conf//./a") == on_disk.read("conf//./a")
    assert formation_names.names(stored) == formation_names.names(on_disk) == ("dev",)
    with pytest.raises(Unreadable, match="no such file"):
        stored.read("conf/none")
    with pytest.raises(Unreadable, match="leads upwards"):
        stored.read("../a")
