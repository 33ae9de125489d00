"""`sealane init` in a repository with Kustomize directories."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sealane.scaffold import detection, templates

BASE = "resources: [a.yaml]\n"


@pytest.mark.parametrize(
    ("kustomizations", "formations"),
    [
        ({"k/base": BASE, "k/overlays/dev": "resources: [../../base]\n", "k/overlays/prod": "resources: [../../base]\n"}, {"dev": "k/overlays/dev", "prod": "k/overlays/prod"}),
        ({"k/base": BASE, "k/part": "kind: Component\n"}, {"dev": "k/base"}),
        ({".": BASE}, {"dev": "."}),
        ({"a/dev": BASE, "b/dev": BASE}, {}),
        ({".hidden/dev": BASE, "node_modules/a": BASE, "a/b/c/d/e/f/dev": BASE}, {}),
        ({"k/dev": "resources: ['https://example.com/a']\n"}, {}),
    ],
)  # fmt: skip
def test_each_overlay_that_no_other_takes_has_a_formation(
    kustomizations: dict[str, str], formations: dict[str, str], tmp_path: Path
) -> None:
    for folder, text in kustomizations.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "kustomization.yaml").write_text(text)
        (tmp_path / folder / "a.yaml").touch()
    files = templates.compose(detection.detect(tmp_path))
    written = {path: yaml.safe_load(text) for path, text in files.items()}
    assert {
        formation["formation"]: formation["kustomize"]
        for path, formation in written.items()
        if path.startswith("deploy/formations/")
    } == {name: [folder] for name, folder in formations.items()}
    assert written[".sealane.yml"].get("deliver") == ([min(formations)] if formations else None)
