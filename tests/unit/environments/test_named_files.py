"""On a server an operators' file is called by its name from the configuration folder on: the way there is nobody's business."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sealane import paths
from sealane.destinations.kubernetes.adapter import KubernetesFile
from sealane.environments import config_folder, limits
from sealane.environments.model import DestinationConfig, Environment
from sealane.environments.window_status import Forecast
from sealane.errors import SealaneError, concealing
from sealane.findings import Place
from sealane.formations.model import Formation
from sealane.formations.strategy import Strategy
from sealane.policies import packs
from sealane.secrets import keys, revealed
from sealane.workflows.connections import Destinations

GOOD = "environment: qa\ndestinations: {here: {dummy: {}}}\napps: {shop: {namespaces: [shop]}}\n"
BROKEN: dict[str, tuple[dict[str, bytes], Callable[[Path], object], str]] = {
    "no folder": ({}, lambda config: Forecast(config).environments(), "there is no folder environments"),
    "yaml": (
        {"environments/qa.yaml": b"environment: ["},
        lambda config: Forecast(config).environments(),
        "environments/qa.yaml:2:1: not YAML",
    ),
    "latin": (
        {"environments/qa.yaml": b"\xff"},
        lambda config: Forecast(config).environments(),
        "environments/qa.yaml:1:1: not UTF-8 text",
    ),
    "twice": (
        {"environments/qa.yaml": GOOD.encode(), "environments/qa.yml": GOOD.encode()},
        lambda config: Forecast(config).environments(),
        "environments/qa.yml: the environment qa is also in environments/qa.yaml",
    ),
    "people": ({"people.yaml": b"peple: {}"}, lambda config: Forecast(config).people(), "people.yaml:1:1"),
    "people in latin": (
        {"people.yaml": b"\xff"},
        lambda config: Forecast(config).people(),
        "people.yaml:1:1: not UTF-8",
    ),
    "access": ({"access.yaml": b"aps: {}"}, lambda config: Forecast(config).access(), "access.yaml:1:1"),
    "pack": (
        {"policies/default/1/a.yaml": b"x"},
        lambda config: packs.load("default@1", config),
        "policies/default/1 takes the name",
    ),
    "identities": (
        {"identities/shop.txt": b"AGE-SECRET-KEY-1NONE"},
        lambda config: keys.identities(config, "shop"),
        "identities/shop.txt: ",
    ),
}


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_file_names_it_without_the_way_to_it(tmp_path: Path, name: str) -> None:
    files, read, said = BROKEN[name]
    with pytest.raises(SealaneError) as caught:
        read(written(tmp_path, files))
    assert said in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_the_log_has_the_full_path_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Operators find the file; asking again tells nothing new."""
    forecast = Forecast(written(tmp_path, {"environments/qa.yaml": b"environment: ["}))
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            with pytest.raises(SealaneError):
                forecast.environments()
    (told,) = caplog.messages
    assert str(tmp_path) in told
    assert "environments/qa.yaml:2:1:" in told


def test_a_limit_names_the_operators_line(tmp_path: Path) -> None:
    """The file as it is found from the folder on, with line and column."""
    environment = config_folder.gather(written(tmp_path, {"environments/qa.yaml": GOOD.encode()}), base=tmp_path)[0][
        "qa"
    ]
    formation = Formation(
        name="qa", environment="qa", destination="here", namespace="other", strategy=Strategy(), place=Place(file="f")
    )
    (beyond,) = limits.check(environment, formation, None, None, app="shop")
    assert re.search(r" in environments/qa\.yaml:3:\d+$", beyond.hint or "")
    (unlisted,) = limits.check(environment, formation, None, None, app="stranger")
    assert (unlisted.hint or "").endswith(" in environments/qa.yaml:1:1")


PLACES = {
    "/srv/sealane/config/environments/qa.yaml:3:1: x": "environments/qa.yaml:3:1: x",
    "can't read /srv/sealane/identities/shop.txt": "can't read identities/shop.txt",
    "git -C '/srv/sealane/repositories/shop.git' says no": "git -C 'repositories/shop.git' says no",
    "the disk of /srv/sealane is full": "the disk of sealane is full",
    "the disk of /srv/sealane, which is full": "the disk of sealane, which is full",
    "/srv/sealaneer/x and /other/srv/sealane/x stay": "/srv/sealaneer/x and /other/srv/sealane/x stay",
    "https://host/srv/sealane/x stays": "https://host/srv/sealane/x stays",
}


@pytest.mark.parametrize("said", PLACES)
def test_errors_of_a_server_name_its_files_from_its_folders_on(said: str) -> None:
    """Whatever made them, and wherever they go: they are shortened when they are made, like values of secrets."""
    with concealing(paths.without([Path("/srv/sealane"), Path("/srv/sealane/config")])):
        error = SealaneError(said, hint=said)
    assert (error.message, error.hint) == (PLACES[said], PLACES[said])
    assert SealaneError(said).message == said


def test_both_are_left_out_the_secret_and_the_path() -> None:
    """What conceals within something that conceals hides both."""
    with revealed.watched():
        revealed.note(["correct-horse-battery"])
        with concealing(paths.without([Path("/srv/sealane")])):
            error = SealaneError("correct-horse-battery in /srv/sealane/key")
    assert "correct-horse" not in error.message
    assert error.message.endswith(" in key")


@pytest.mark.parametrize("content", [None, "", "{", "users: 7", "contexts: [{name: a}]\ncurrent-context: b"])
async def test_a_kubeconfig_is_called_by_its_destination(tmp_path: Path, content: str | None) -> None:
    """One that is not there, empty, no YAML, or of another shape."""
    file = tmp_path / "secret place" / "oslo"
    if content is not None:
        written(tmp_path, {"secret place/oslo": content.encode()})
    config = DestinationConfig(
        name="oslo", kind="kubernetes", written=KubernetesFile(kubeconfig=str(file)), place=Place(file="x")
    )
    environment = Environment(name="qa", destinations={"oslo": config}, place=Place(file="x"))
    reached = Destinations(tmp_path)
    try:
        with pytest.raises(SealaneError) as caught:
            await reached.get(environment, "oslo")
    finally:
        await reached.close()
    assert "kubeconfig of destination oslo" in str(caught.value)
    assert "secret place" not in str(caught.value)
