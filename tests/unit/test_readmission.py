"""Whether what waits would be refused now: files are looked at once for a round of questions, and anew for the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane.environments.window_status import Forecast
from sealane.workflows.readmission import Readmission
from tests.contracts.store.samples import deployment, revision

ENVIRONMENT = """environment: production
destinations: {here: {dummy: {}}}
apps:
  shop: {namespaces: [NAMESPACE], registries: ["**"]}
policies: {packs: []}
"""


def write(config: Path, namespace: str) -> None:
    (config / "environments" / "production.yaml").write_text(ENVIRONMENT.replace("NAMESPACE", namespace))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "environments").mkdir()
    write(tmp_path, "shop")
    return tmp_path


def test_a_round_sees_files_as_they_were_when_it_began_and_the_next_as_they_are(config: Path) -> None:
    readmission = Readmission(config, Forecast(config))
    asked, other = deployment(1), revision("v2")
    first = readmission.round()
    assert first(asked, revision()) == ""
    write(config, "a-quite-different-one")
    assert first(asked, revision()) == ""
    second = readmission.round()
    assert "shop" in second(asked, revision())
    assert "shop" in second(asked, other)


def test_the_folder_is_walked_once_however_much_waits(config: Path) -> None:
    walked = []

    class Counting(Readmission):
        def _stamp(self) -> tuple[tuple[str, int, int], ...]:
            walked.append(1)
            return super()._stamp()

    ask = Counting(config, Forecast(config)).round()
    assert walked == []
    for number in range(20):
        ask(deployment(number), revision(f"v{number}"))
    assert walked == [1]
