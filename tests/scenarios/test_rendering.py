"""Renders every scenario in rendering/: the files of a repository, and what must come out or be found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sealane.configfiles.trees import StoredTree
from sealane.stencils import manifest_yaml, render_inputs, rendering

SCENARIOS = sorted((Path(__file__).parent / "rendering").glob("*.yaml"))


def told(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def tree_of(files: dict[str, Any]) -> StoredTree:
    """Files as texts, or as the hexadecimal digits of their bytes."""
    return StoredTree(
        {
            path: bytes.fromhex(content["hex"]) if isinstance(content, dict) else content.encode()
            for path, content in files.items()
        }
    )


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    """What comes out is what is told, to the letter, and so is what is found."""
    scenario = told(path)
    inputs = rendering.Inputs(**{"app": "shop", "images": {}, **scenario.get("inputs", {})})
    sources, problems = render_inputs.gather(tree_of(scenario["files"]), scenario["formation"])
    revision = None
    if sources is not None:
        revision, more = rendering.render(sources, inputs)
        problems = [*problems, *more]
    assert [str(finding) for finding in problems] == scenario.get("findings", [])
    assert (revision is None) == ("rendered" not in scenario)
    if revision is not None:
        assert manifest_yaml.documents(rendered.object for rendered in revision.objects) == scenario["rendered"]


def test_there_are_scenarios() -> None:
    """A folder moved away would otherwise pass in silence."""
    assert len(SCENARIOS) >= 12
