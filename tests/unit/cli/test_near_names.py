"""A name that is no formation of the folder, where no server could know it, is answered with the near one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane.cli.local import formation_location
from sealane.errors import NotThere


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two formations, and nobody signed in."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SEALANE_URL", raising=False)
    monkeypatch.delenv("SEALANE_TOKEN", raising=False)
    formations = tmp_path / "deploy" / "formations"
    formations.mkdir(parents=True)
    for name in ("staging", "europe"):
        (formations / f"{name}.yaml").write_text(f"formation: {name}\n")
    return tmp_path


@pytest.mark.parametrize(("typed", "near"), [("stagin", "staging"), ("eurpoe", "europe"), ("Europe", "europe")])
def test_without_a_server_the_near_formation_is_named(folder: Path, typed: str, near: str) -> None:
    with (
        pytest.raises(NotThere, match=f"no formation {typed} here") as caught,
        formation_location.or_served(typed, folder),
    ):
        raise AssertionError("a server was asked")
    assert caught.value.hint == f"did you mean {near}?"


def test_what_is_like_none_lists_them(folder: Path) -> None:
    with pytest.raises(NotThere) as raised, formation_location.or_served("zzz", folder):
        raise AssertionError("a server was asked")
    assert raised.value.hint == "known here: europe, staging"


def test_what_the_server_does_not_know_may_be_a_formation_of_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own answer stays where nothing here is near."""
    monkeypatch.setenv("SEALANE_URL", "https://sealane.example.com")
    monkeypatch.setenv("SEALANE_TOKEN", "sln_a_b")
    with pytest.raises(NotThere) as raised, formation_location.or_served("stagng", folder):
        raise NotThere("there is no app stagng", hint="known here: shop")
    assert (raised.value.message, raised.value.hint) == (
        "there is no app stagng",
        "did you mean staging, a formation of this folder?",
    )
    with pytest.raises(NotThere) as other, formation_location.or_served("billing", folder):
        raise NotThere("there is no app billing", hint="did you mean bill?")
    assert other.value.hint == "did you mean bill?"
