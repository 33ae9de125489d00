"""Keys in files: made once, whole, for their owner's eyes."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sealane.errors import UsageError
from sealane.events.model import Event, EventKind
from sealane.secrets import keys


def test_the_key_of_names_is_made_once(tmp_path: Path) -> None:
    """And read by its owner only."""
    first = keys.own_names_key(tmp_path / "new" / "folder")
    assert keys.own_names_key(tmp_path / "new" / "folder") == first
    assert keys.own_names_key(tmp_path / "other") != first
    assert stat.S_IMODE((tmp_path / "new" / "folder" / "names.key").stat().st_mode) == 0o600


def test_many_at_once_agree(tmp_path: Path) -> None:
    """Whoever is slower takes what is there."""
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: keys.own_names_key(tmp_path), range(32)))
    assert len(made) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["names.key"]


def test_a_servers_key_follows_from_its_secret() -> None:
    """The same on every machine."""
    assert keys.names_key("a" * 32) == keys.names_key("a" * 32) != keys.names_key("b" * 32)
    assert "a" * 32 not in repr(keys.names_key("a" * 32))


def test_each_app_has_an_identity_of_its_own(tmp_path: Path) -> None:
    """Made once; none is made by looking."""
    assert keys.identities(tmp_path, "shop") == ()
    shop = keys.own_identity(tmp_path, "shop")
    assert shop == keys.own_identity(tmp_path, "shop")
    assert keys.identities(tmp_path, "shop") == (shop,)
    assert keys.own_identity(tmp_path, "other").recipient != shop.recipient
    assert shop.recipient.startswith("age1")
    assert "SECRET" not in repr(shop)
    text = (tmp_path / "identities" / "shop.txt").read_text()
    assert shop.recipient in text
    assert stat.S_IMODE((tmp_path / "identities" / "shop.txt").stat().st_mode) == 0o600


def test_several_identities_stand_side_by_side(tmp_path: Path) -> None:
    """While an old one is still in use."""
    old = keys.own_identity(tmp_path, "shop")
    new = keys.own_identity(tmp_path, "scratch")
    file = tmp_path / "identities" / "shop.txt"
    file.write_text(f"# new\n{new.secret}\n\n# old\n{old.secret}\n")
    assert keys.identities(tmp_path, "shop") == (new, old)


def test_a_damaged_identity_is_told_by_line(tmp_path: Path) -> None:
    """Without what is in it."""
    keys.own_identity(tmp_path, "shop")
    file = tmp_path / "identities" / "shop.txt"
    file.write_text("# x\nAGE-SECRET-KEY-hunter2\n")
    with pytest.raises(UsageError, match=r"shop\.txt: line 2 is no age identity") as error:
        keys.identities(tmp_path, "shop")
    assert "hunter2" not in str(error.value)


def test_an_app_under_a_removed_one_s_name_has_a_cache_of_its_own() -> None:
    key, at = keys.names_key("a" * 32), datetime(2026, 11, 30, tzinfo=UTC)
    trunk = Event(kind=EventKind.PUSH, app="shop", branch="main", trunk="main", received=at)
    assert keys.cache_key(key, "shop", at, trunk) == keys.cache_key(key, "shop", at, trunk)
    times = (at, at + timedelta(microseconds=1))
    made = {keys.cache_key(key, app, when, trunk) for app in ("shop", "web") for when in times}
    assert len(made) == 4


def test_what_nobody_reviewed_writes_into_no_cache_of_the_trunk_or_of_tags() -> None:
    """A pull request names the trunk as its branch; a build without a branch is no build of the trunk."""
    key, at = keys.names_key("a" * 32), datetime(2026, 11, 30, tzinfo=UTC)

    def made(kind: EventKind, branch: str | None, trunk: str | None = "main") -> str:
        return keys.cache_key(key, "shop", at, Event(kind=kind, app="shop", branch=branch, trunk=trunk, received=at))

    trunk, tag, branch = made(EventKind.PUSH, "main"), made(EventKind.TAG, None), made(EventKind.PUSH, "fix")
    assert len({trunk, tag, branch}) == 3
    assert made(EventKind.MANUAL, "main") == made(EventKind.SCHEDULE, "main") == trunk
    assert {made(EventKind.PULL_REQUEST, "main"), made(EventKind.MANUAL, None, None)} == {branch}


@pytest.mark.parametrize("app", ["../other", "", ".", "a/b"])
def test_names_of_apps_lead_nowhere_else(tmp_path: Path, app: str) -> None:
    """Not out of the folder."""
    with pytest.raises(UsageError):
        keys.identities(tmp_path, app)


def test_the_command_lines_folder_follows_the_desktop_rules(tmp_path: Path) -> None:
    """XDG_DATA_HOME, else ~/.local/share."""
    assert keys.own_folder({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "sealane"
    assert keys.own_folder({}) == Path.home() / ".local/share/sealane"
