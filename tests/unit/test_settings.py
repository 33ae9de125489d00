"""Settings: no path of them depends on where the server was started."""

from __future__ import annotations

import getpass
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from sealane.settings.model import Settings


def paths(model: type[BaseModel], prefix: str = "SEALANE_") -> Iterator[tuple[str, tuple[str, ...]]]:
    """The variable and the attributes of every setting that is a path, in every group."""
    for name, field in model.model_fields.items():
        kinds = {field.annotation, *typing.get_args(field.annotation)}
        if Path in kinds:
            yield f"{prefix}{name.upper()}", (name,)
        for group in kinds:
            if isinstance(group, type) and issubclass(group, BaseModel):
                for variable, below in paths(group, f"{prefix}{name.upper()}__"):
                    yield variable, (name, *below)


FIELDS = dict(paths(Settings))
GIVEN = {
    "kept": "HERE/kept",
    "./kept/../other": "HERE/other",
    "~/kept": "HOME/kept",
    f"~{getpass.getuser()}/kept": f"{Path(f'~{getpass.getuser()}').expanduser()}/kept",
    "/srv/kept": "/srv/kept",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the process stands, beside its home."""
    for name in ("here", "home"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def read(settings: Settings, attributes: tuple[str, ...]) -> object:
    value: object = settings
    for name in attributes:
        value = getattr(value, name)
    return value


def test_the_table_has_settings_of_a_group_too() -> None:
    assert {"SEALANE_DATA", "SEALANE_CONFIG", "SEALANE_SECRETS__IDENTITIES"} <= set(FIELDS)


@pytest.mark.parametrize("variable", FIELDS)
@pytest.mark.parametrize(("given", "wanted"), GIVEN.items(), ids=GIVEN)
def test_a_path_is_the_same_from_everywhere(
    here: Path, monkeypatch: pytest.MonkeyPatch, variable: str, given: str, wanted: str
) -> None:
    """Whichever setting it is, and from a variable or from code."""
    wanted = wanted.replace("HERE", str(here / "here")).replace("HOME", str(here / "home"))
    monkeypatch.setenv(variable, given)
    settings = Settings()
    monkeypatch.chdir("/")
    assert str(read(settings, FIELDS[variable])) == wanted


def test_what_is_left_out_is_from_the_root_too(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default data folder, and every folder that follows from it."""
    settings = Settings()
    monkeypatch.chdir("/")
    data = here / "here" / "sealane-data"
    assert settings.data == data
    below = [settings.config_folder, settings.repositories, settings.identities, settings.logs, settings.workspaces]
    assert all(folder.is_relative_to(data) for folder in below)
    assert settings.store_url == f"sqlite:///{data}/sealane.db"
    assert settings.flows_url == f"sqlite:///{data}/sealane-flows.db"


@pytest.mark.parametrize(("given", "wanted"), [("own.db", "HERE/own.db"), ("~/own.db", "HOME/own.db")])
def test_a_path_inside_a_url_is_one_too(here: Path, monkeypatch: pytest.MonkeyPatch, given: str, wanted: str) -> None:
    settings = Settings(database=f"sqlite:///{given}")
    monkeypatch.chdir("/")
    wanted = wanted.replace("HERE", str(here / "here")).replace("HOME", str(here / "home"))
    assert settings.store_url == f"sqlite:///{wanted}"


def test_the_home_of_nobody_is_refused() -> None:
    with pytest.raises(ValidationError, match="~nobody-is-called-so/x: could not determine home directory"):
        Settings(data=Path("~nobody-is-called-so/x"))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("HTTP__URL", "sealane.example.com"),
        ("HTTP__URL", "ftp://sealane.example.com"),
        ("HTTP__URL", "https://sealane.example.com/ci"),
        ("HTTP__URL", "https://sealane.example.com/?x=1"),
        ("HTTP__URL", "https://kim@sealane.example.com"),
        ("HTTP__URL", "https://[sealane"),
        ("HTTP__URL", "https://:8443"),
        ("HTTP__URL", "https://sealane.example.com:https"),
        ("REGISTRY__PREFIX", "https://registry.example.com/team"),
        ("REGISTRY__PREFIX", "registry.example.com/Team"),
        ("REGISTRY__PREFIX", "registry.example.com/a team"),
        ("REGISTRY__PREFIX", "registry.example.com/team:1"),
        ("REGISTRY__PREFIX", "registry.example.com//team"),
        ("EVENTS__KEEP_DAYS", "inf"),
        ("WORKER__REMEMBER_DAYS", "1e300"),
        ("ACCESS__TOKEN_DAYS", "1000000"),
        ("GIT__PATIENCE", "inf"),
        ("HTTP__SESSION_HOURS", "nan"),
    ],
)
def test_what_would_fail_later_is_refused_at_the_start(name: str, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address without its scheme, a registry with one, a time that no calendar can add."""
    monkeypatch.setenv(f"SEALANE_{name}", given)
    with pytest.raises(ValidationError, match=name.rpartition("__")[2].lower()):
        Settings()


def test_a_slash_at_the_end_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALANE_HTTP__URL", "https://sealane.example.com:8443/")
    monkeypatch.setenv("SEALANE_REGISTRY__PREFIX", "localhost:35000/team/")
    settings = Settings()
    assert (settings.public_url, settings.registry.prefix) == (
        "https://sealane.example.com:8443",
        "localhost:35000/team",
    )
