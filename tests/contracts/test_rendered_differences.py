"""`sealane render --at` and `sealane diff` of two renderings: files of commits, without a destination."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from sealane import cli

FORMATION = "{formation: NAME, environment: NAME, destination: there, namespace: shop-NAME, values: {n: 2}}"
STENCIL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${n}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.com/web:1}]}
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app in a folder of a repository: a commit `v1`, and a change that is not committed."""
    top = tmp_path_factory.mktemp("repository")
    app = top / "services" / "shop"
    for name in ("dev", "production"):
        write(app / f"deploy/formations/{name}.yaml", FORMATION.replace("NAME", name))
    write(app / "deploy/stencils/web.yaml", STENCIL)
    write(app / ".sealane.yml", "{app: shop, steps: [{name: test, image: busybox, commands: [test]}]}")
    git(top, "init", "--quiet")
    git(top, "add", ".")
    git(top, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--message=first")
    git(top, "tag", "v1")
    write(app / "deploy/formations/production.yaml", FORMATION.replace("NAME", "production").replace("2", "5"))
    return app


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def answered(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, str, str]:
    """The exit code, and what is printed and told."""
    code = cli.main([*words, "-C", str(folder)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_a_commit_is_rendered_as_it_was(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, now, _ = answered(capsys, repository, "render", "production")
    code, then, _ = answered(capsys, repository, "render", "production", "--at", "v1")
    assert code == 0
    assert "replicas: 5" in now
    assert then == now.replace("replicas: 5", "replicas: 2")


def test_two_formations_differ_without_their_namespaces(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, said = answered(capsys, repository, "diff", "dev", "production")
    assert code == 1
    assert [line.strip() for line in out.splitlines() if line.strip()[:1] in "+-~"] == [
        "~ Deployment web",
        "-  replicas: 2",
        "+  replicas: 5",
    ]
    assert said.strip() == "1 changed"


def test_a_commit_is_compared_with_the_folder(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = answered(capsys, repository, "diff", "production@v1", "--json")
    told = json.loads(out)
    assert (code, told["left"], told["right"], told["differs"]) == (1, "production@v1", "production", True)
    assert [(change["action"], change["name"]) for change in told["objects"]] == [("changed", "web")]
    code, _, said = answered(capsys, repository, "diff", "dev@v1", "dev")
    assert (code, said.strip()) == (0, "nothing differs")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("render", "dev", "--at", "v9"), 2, "the repository has no commit v9"),
        (("render", "dev", "--at", "--upload-pack=x"), 2, "the repository has no commit --upload-pack=x"),
        (("diff", "gone@v1", "dev"), 2, "v1:"),
        (("diff", "dev", "production", "--adopt"), 2, "--adopt is for a destination, and two renderings ask none"),
    ],
)
def test_what_can_not_be_compared_is_told(
    repository: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, message: str
) -> None:
    ended, out, said = answered(capsys, repository, *words)
    assert (ended, out) == (code, "")
    assert message in said


def test_a_folder_outside_of_git_has_no_commits(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "shop"
    subprocess.run(["cp", "-r", str(repository), str(outside)], check=True)
    code, _, said = answered(capsys, outside, "render", "dev", "--at", "v1")
    assert code == 2
    assert "is in no git repository" in said
