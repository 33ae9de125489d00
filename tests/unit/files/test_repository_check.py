"""A repository's files are looked at together; what a stranger pushes costs little."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane import repository_check
from sealane.clients.helm import Helm
from sealane.configfiles.trees import StoredTree

PIPELINE = b"app: shop\nimages: {web: {build: .}}\ndeliver: [dev]\n"
FORMATION = b"formation: dev\nenvironment: dev\ndestination: c\nnamespace: n\n"
STENCIL = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {image: '${image.web}'}\n"
GOOD = {
    ".sealane.yml": PIPELINE,
    "deploy/formations/dev.yaml": FORMATION,
    "deploy/stencils/a.yaml": STENCIL,
}


def texts(contents: dict[str, bytes]) -> list[str]:
    return [str(finding) for finding in repository_check.check(StoredTree(contents)).findings]


def test_a_good_repository():
    checked = repository_check.check(StoredTree(GOOD))

    assert checked.valid
    assert checked.findings == ()
    assert checked.pipeline.app == "shop"
    assert set(checked.files) == set(GOOD)


def test_charts_of_all_formations_together_have_a_bound(tmp_path: Path) -> None:
    """A helm that never ends is waited for once; all else is still looked at."""
    endless = tmp_path / "helm"
    endless.write_text("#!/bin/sh\nexec sleep 600\n")
    endless.chmod(0o755)
    chart = b"charts: {web: {path: chart}}\n"
    formations = {
        f"deploy/formations/{name}.yaml": FORMATION.replace(b"dev", name.encode(), 1) + chart for name in ("dev", "qa")
    }
    contents = (
        GOOD
        | formations
        | {"chart/Chart.yaml": b"apiVersion: v2\nname: web\nversion: 0.1.0\n", "environments/x.yaml": b"a: 1\n"}
    )
    checked = repository_check.check(
        StoredTree(contents), by=repository_check.Rendering(helm=Helm(program=str(endless)), within=0.3)
    )
    late = [finding.place.file for finding in checked.findings if "together" in finding.message]
    assert late == ["deploy/formations/dev.yaml", "deploy/formations/qa.yaml"]
    assert any(finding.place.file == "environments/x.yaml" for finding in checked.findings)


def test_an_empty_repository_has_no_files_of_ours():
    assert repository_check.check(StoredTree({"README.md": b"x"})).files == ()


def test_every_file_is_looked_at_although_one_is_wrong():
    """A broken pipeline hides nothing that is wrong with a formation."""
    problems = texts(GOOD | {".sealane.yml": b"app: [\n", "deploy/formations/dev.yaml": b"formation: dev\n"})

    assert any(text.startswith(".sealane.yml:2") for text in problems)
    assert any(text.startswith("deploy/formations/dev.yaml:1") for text in problems)


def test_a_formation_is_rendered_with_the_images_of_the_pipeline():
    (problem,) = texts(GOOD | {"deploy/stencils/a.yaml": STENCIL.replace(b"image.web", b"image.api")})

    assert problem.startswith("deploy/stencils/a.yaml:4:16: unknown word ${image.api}")


@pytest.mark.parametrize("word", [b"secret.TOKEN", b"secrets.TOKEN", b"secret"])
def test_a_value_of_a_secret_is_no_word_and_the_way_is_told(word: bytes):
    """As pipelines of others have it."""
    (problem,) = texts(GOOD | {"deploy/stencils/a.yaml": STENCIL.replace(b"image.web", word)})

    assert "take the Secret ${secrets}, which a formation's `secrets` make" in problem


def test_a_formation_that_nobody_describes():
    contents = {path: text for path, text in GOOD.items() if "formations" not in path}
    (problem,) = texts(contents)

    assert problem == ".sealane.yml:3:11: no formation is called dev (describe it in deploy/formations/dev.yaml)"


def test_too_many_formations_are_refused():
    """Not rendered one by one."""
    many = {
        f"deploy/formations/f{n}.yaml": FORMATION.replace(b": dev\n", b": f%d\n" % n, 1)
        for n in range(repository_check.MOST_FORMATIONS + 1)
    }

    assert "deploy/formations: 202 formations are too many; at most 200 are looked at" in texts(GOOD | many)
