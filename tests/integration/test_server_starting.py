"""A server that can't start says why in a sentence, and what to do; nothing of it stays."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests import server_nursery
from tests.serving import free_port


def serve(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DOCKER_HOST", "XDG_RUNTIME_DIR"}}
    return server_nursery.run(["serve", "--data", str(folder / "data"), *words], kept | settings)


def test_without_an_engine(tmp_path: Path) -> None:
    done = serve(tmp_path, "--port", str(free_port()), DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 3
    assert "no container engine answers" in done.stderr
    assert "unset DOCKER_HOST" in done.stderr
    assert "Traceback" not in done.stderr


def test_at_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = serve(tmp_path, "--port", str(port), SEALANE_ENGINE__KIND="dummy")
    assert done.returncode == 3
    assert f"can't listen on 127.0.0.1, port {port}: Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "data").exists()


def test_with_a_database_that_is_away(tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    done = serve(tmp_path, "--database", url, "--port", str(free_port()), SEALANE_ENGINE__KIND="dummy")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr


@pytest.mark.parametrize(
    ("words", "settings", "told"),
    [
        (["--config", "HERE/confg"], {}, "--config, or SEALANE_CONFIG, is not there: HERE/confg"),
        ([], {"SEALANE_SECRETS__IDENTITIES": "HERE/keys"}, "SEALANE_SECRETS__IDENTITIES is not there: HERE/keys"),
        ([], {"SEALANE_WORKERS__POLL": "1"}, "SEALANE_WORKERS__POLL is no setting: did you mean SEALANE_WORKER__POLL?"),
        ([], {"SEALANE_GIT__PATIENCE": "soon"}, "SEALANE_GIT__PATIENCE Input should be a valid number"),
        ([], {"SEALANE_RUNS__AT_ONCE": "0"}, "SEALANE_RUNS__AT_ONCE Input should be greater than or equal to 1"),
        ([], {"SEALANE_GIT__SUBMODULES": "a/*"}, "SEALANE_GIT__SUBMODULES is not JSON"),
        (["--port", "70000"], {}, "--port Input should be less than or equal to 65535"),
        (["--role", "workr"], {}, "there is no role workr"),
    ],
)
def test_with_a_slip_in_what_it_was_given(
    tmp_path: Path, words: list[str], settings: dict[str, str], told: str
) -> None:
    """Nothing is made, and the variable to fix is named."""
    here = {name: value.replace("HERE", str(tmp_path)) for name, value in settings.items()}
    done = serve(tmp_path, *(word.replace("HERE", str(tmp_path)) for word in words), **here)
    assert done.returncode == 2, done.stderr
    assert told.replace("HERE", str(tmp_path)) in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["", "lock", "key", "sealane.db", "logs", "repositories"])
def test_in_a_data_folder_that_can_t_be_used(tmp_path: Path, name: str) -> None:
    """A file where a folder belongs, or the other way round: the path is named, and Sealane is not to blame."""
    path = tmp_path / "data" / name
    if name in {"", "logs", "repositories"}:
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    else:
        path.mkdir(parents=True)
    done = serve(tmp_path, "--port", str(free_port()), SEALANE_ENGINE__KIND="dummy")
    assert done.returncode == 3
    assert "the data folder can't be used" in done.stderr
    assert str(path) in done.stderr
    assert "Sealane itself broke" not in done.stderr


def test_in_a_folder_of_other_things(tmp_path: Path) -> None:
    """A slip such as `--data /srv` changes nothing there."""
    (tmp_path / "data" / "photos").mkdir(parents=True)
    mode = (tmp_path / "data").stat().st_mode
    done = serve(tmp_path, "--port", str(free_port()), SEALANE_ENGINE__KIND="dummy")
    assert (done.returncode, "it holds other things, such as photos" in done.stderr) == (3, True), done.stderr
    assert (tmp_path / "data").stat().st_mode == mode
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["photos"]


@pytest.mark.parametrize("name", ["sealane.db", "sealane-flows.db", "key"])
def test_with_a_broken_file_in_its_data_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_text("no database, and no key" * (500 if "db" in name else 0))
    done = serve(tmp_path, "--port", str(free_port()), SEALANE_ENGINE__KIND="dummy")
    assert done.returncode == 3, done.stderr
    assert "Sealane itself broke" not in done.stderr
    assert "is not a database" in done.stderr or "holds no key" in done.stderr
