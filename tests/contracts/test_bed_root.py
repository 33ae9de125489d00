"""Becoming root: what the command sees of the caller's environment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from testbed import machine
from testbed.layout import Layout

MINE = "/home/eve/bin"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(home=tmp_path, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    "path", [f"{MINE}:/usr/local/bin:/usr/bin:/bin:/usr/games", MINE, f"{MINE}:/usr/sbin:/bin", f"{MINE}:/sbin"]
)
@pytest.mark.parametrize("user", [0, 1000])
def test_administrators_programs_are_found_whoever_asks(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, path: str, user: int
) -> None:
    """On Debian neither a user's path nor root's after a plain `su` has the folder of nft and iptables."""
    ran: list[list[str]] = []
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(shutil, "which", lambda *_: "/usr/bin/sudo")
    monkeypatch.setattr(os, "execvp", lambda _, words: ran.append(words))

    machine.become_root(layout)

    [seen] = [word.partition("=")[2] for word in ran[0] if word.startswith("PATH=")] if user else [os.environ["PATH"]]
    folders = seen.split(":")
    assert folders[0] == MINE, "the caller's own programs go first"
    assert {"/usr/local/sbin", "/usr/sbin", "/sbin"} <= set(folders)
    assert len(folders) == len(set(folders))
