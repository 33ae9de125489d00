"""The example of OpenTofu does what its page says, from the command line and with the real program."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sealane.cli import exits

EXAMPLE = Path(__file__).parents[2] / "examples" / "04-opentofu"


@pytest.fixture
def example(tmp_path: Path, opentofu: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("kept"))
    for file in (folder / "environments").glob("*.yaml"):
        file.write_text(file.read_text().replace("{folder: kept}", f"{{folder: kept, program: {opentofu}}}"))
    monkeypatch.chdir(folder)
    return folder


def test_it_is_planned_deployed_and_keeps_what_nobody_named(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*command: str, ends: int = 0) -> str:
        code = exits.run(list(command))
        printed = capsys.readouterr()
        assert code == ends, printed
        return printed.out + printed.err

    for command in (("validate",), ("render", "dev"), ("vet", "production")):
        told(*command)
    assert 'terraform_data.subnet["c"]' in told("diff", "production", ends=1)
    assert "deployed  Everything is ready." in told("deploy", "production", "--yes")

    formation = example / "deploy/formations/production.yaml"
    written = formation.read_text()
    formation.write_text(written.replace("[a, b, c]", "[b, c]"))
    refused = told("deploy", "production", "--yes", ends=2)
    assert 'the plan deletes or replaces terraform_data.subnet["a"]' in refused
    formation.write_text(written)
    assert "nothing" in told("drift", "production")
