"""What a shell is given when somebody presses Tab: names of this folder, and of the server when one is signed in to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests import pretending
from tests.serving import SEALANE, Serving, free_port


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pretending.App]:
    serving = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        pretending.environments(serving, "shop")
        made = pretending.App(serving, tmp_path_factory.mktemp("shop"), "shop")
        commit = made.commit("first")
        made.push()
        made.run_of(commit)
        made.deployment("dev", commit)
        yield made
    finally:
        serving.stop()


def completed(app: pretending.App, line: str, **environment: str) -> set[str]:
    """As bash asks."""
    given = {"_SEALANE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run(
        [str(SEALANE)],
        env={**os.environ, **given, **environment},
        cwd=app.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "local", "asked"),
    [
        ("sealane deploy ", {"dev", "production"}, {"shop/dev", "shop/production"}),
        ("sealane deploy shop/d", set(), {"shop/dev"}),
        ("sealane why ", {"dev", "production"}, {"shop", "shop/dev", "shop/production"}),
        ("sealane status s", set(), {"shop", "shop/dev", "shop/production"}),
        ("sealane rollback p", {"production"}, set()),
        ("sealane scale sh", set(), {"shop/dev", "shop/production"}),
    ],
)
def test_names_are_completed(app: pretending.App, line: str, local: set[str], asked: set[str]) -> None:
    signed_in = {"SEALANE_URL": app.serving.url, "SEALANE_TOKEN": app.serving.token}
    assert completed(app, line, **signed_in) == local | asked
    away = {"SEALANE_URL": f"http://127.0.0.1:{free_port()}", "SEALANE_TOKEN": "sln_a_b"}
    assert completed(app, line, **away) == local, "a server that is away is not waited for"
    nobody = {"XDG_CONFIG_HOME": str(app.serving.folder / "none")}
    assert completed(app, line, **nobody) == local
