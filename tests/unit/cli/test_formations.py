"""render, vet and secrets: a formation looked at in any folder, without a server or a cluster."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml

from sealane import cli
from sealane.cli.local import local_formation
from sealane.secrets import resolution

FILES = {
    ".sealane.yml": "app: shop\nimages: {web: {build: .}}\n",
    "deploy/formations/dev.yaml": (
        "formation: dev\nenvironment: dev\ndestination: bed\nnamespace: shop-dev\n"
        "values: {port: 8080}\nsecrets: {TOKEN: 'env:TOKEN'}\n"
    ),
    "deploy/stencils/web.yaml": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n"
        "      image: ${image.web}\n      ports: [{containerPort: '${port}'}]\n"
        "      envFrom: [{secretRef: {name: '${secrets}'}}]\n"
    ),
}
ENVIRONMENT = (
    "environment: dev\ndestinations: {bed: {kubernetes: {}}}\n"
    "apps: {shop: {namespaces: [shop-dev], secrets: ['env:*'], registries: ['x.com/*']}}\npolicies: {packs: []}\n"
)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "keys"))
    root = tmp_path / "repository"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.chdir(root)
    return root


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_render_prints_documents(capsys: pytest.CaptureFixture[str]) -> None:
    """Which any reader of YAML takes."""
    code, out, err = run(capsys, "render", "dev")
    assert (code, err) == (0, "")
    secret, pod = yaml.safe_load_all(out)
    assert secret["stringData"] == {"TOKEN": "<secret TOKEN>"}
    assert pod["metadata"] == {"name": "web", "namespace": "shop-dev"}
    assert pod["spec"]["containers"][0]["image"] == "web@unbuilt"
    assert run(capsys, "render", "dev") == (0, out, "")


def test_render_takes_images(capsys: pytest.CaptureFixture[str]) -> None:
    """By name; another name is told."""
    code, out, _ = run(capsys, "render", "dev", "--image", "web=x.com/web:1")
    assert code == 0
    assert "image: x.com/web:1\n" in out
    for wrong, reason in (
        ("wep=x.com/web:1", "did you mean web?"),
        ("web", "write --image NAME=REFERENCE"),
        ("web=x.com/We:1", "can't be part of an image's name"),
    ):
        code, out, err = run(capsys, "render", "dev", "--image", wrong)
        assert (code, out) == (2, "")
        assert reason in err


def test_render_as_json_says_where_each_field_was_written(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As seen from where the command runs."""
    monkeypatch.chdir(folder.parent)
    code, out, _ = run(capsys, "render", "dev", "-C", "repository", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["app"], told["formation"], told["namespace"]) == ("shop", "dev", "shop-dev")
    assert told["revision"].startswith("sha256:")
    secret, pod = told["objects"]
    assert (pod["file"], pod["line"], pod["column"]) == ("repository/deploy/stencils/web.yaml", 1, 1)
    assert pod["fields"]["/spec/containers/0/image"] == "repository/deploy/stencils/web.yaml:7:14"
    assert secret["fields"]["/stringData/TOKEN"] == "repository/deploy/formations/dev.yaml:6:18"


def test_findings_end_with_two_and_print_nothing_else(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """All of them, to stderr."""
    stencil = folder / "deploy/stencils/web.yaml"
    stencil.write_text(stencil.read_text().replace("${port}", "${prot}").replace("${image.web}", "${image.wep}"))
    for command in ("render", "vet", "diff"):
        code, out, err = run(capsys, command, "dev")
        assert (code, out) == (2, "")
        assert "deploy/stencils/web.yaml:7:14: error: unknown word ${image.wep}\n    did you mean image.web?" in err
        assert "deploy/stencils/web.yaml:8:32: error: unknown word ${prot}\n    did you mean port?" in err


def test_a_formation_or_folder_that_is_not_there(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """With what there is."""
    code, _, err = run(capsys, "render", "def")
    assert code == 2
    assert "there is no formation def\n    did you mean dev?" in err
    assert run(capsys, "render", "dev", "--folder", "none")[0] == 2
    (folder / ".sealane.yml").unlink()
    code, _, err = run(capsys, "render", "dev")
    assert code == 2
    assert "--app NAME" in err
    code, out, _ = run(capsys, "render", "dev", "--app", "other", "--image", "web=x.com/web:1")
    assert code == 0
    assert "other-dev-secrets-unresolved" in out


def test_vet_shows_object_field_line_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    """Of each decision of the default pack; it denies a bare pod without limits."""
    code, out, err = run(capsys, "vet", "dev")
    assert code == 1
    assert "deny resource-limits  Pod web: " in out
    assert "    deploy/stencils/web.yaml:6:7  spec.containers[name=web]" in out
    assert "NOT TRIED: the operators' rules of dev" in err
    assert "you are not signed in" in err
    assert "denied" in err


def test_vet_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One document with everything in it."""
    code, out, _ = run(capsys, "vet", "dev", "--json")
    told = json.loads(out)
    assert code == 1
    assert told["denied"] is True
    decision = next(
        told_decision for told_decision in told["decisions"] if told_decision["policy"] == "resource-limits"
    )
    assert decision["object"] == {"kind": "Pod", "namespace": "shop-dev", "name": "web"}
    assert decision["file"] == "deploy/stencils/web.yaml"
    assert decision["hint"]
    assert decision["waived"] is None


def test_vet_holds_against_the_operators_file(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """In the folder or elsewhere; with no packs there are only limits."""
    operators = folder.parent / "operators" / "environments"
    operators.mkdir(parents=True)
    (operators / "dev.yaml").write_text(ENVIRONMENT)
    config = ["--config", str(operators.parent)]
    assert run(capsys, "vet", "dev", *config) == (0, "", "nothing to object\n")
    code, out, err = run(capsys, "vet", "dev", *config, "--image", "web=evil.com/web:1")
    assert code == 1
    assert "deny limits  Pod web: the image evil.com/web:1 is not authorised for shop in dev: only x.com/*" in out
    assert "    deploy/stencils/web.yaml:7:14\n" in out
    assert err == "1 denied\n"
    operators.rename(folder / "environments")
    assert run(capsys, "vet", "dev")[0] == 0
    (folder / "environments/dev.yaml").rename(folder / "environments/qa.yaml")
    code, _, err = run(capsys, "vet", "dev")
    assert code == 2
    assert "environments/qa.yaml" in err


def test_a_waiver_lets_pass_and_is_shown(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """With its reason."""
    (folder / "environments").mkdir()
    environment = folder / "environments/dev.yaml"
    environment.write_text(ENVIRONMENT.replace("packs: []", "packs: [default@1]"))
    code, out, _ = run(capsys, "vet", "dev", "--json")
    assert code == 1
    denying = {decision["policy"] for decision in json.loads(out)["decisions"] if decision["effect"] == "deny"}
    waivers = ", ".join(f"{{policy: {policy}, reason: we know}}" for policy in sorted(denying))
    environment.write_text(ENVIRONMENT.replace("packs: []", f"waivers: [{waivers}]"))
    code, out, err = run(capsys, "vet", "dev")
    assert code == 0
    assert "waived deny resource-limits" in out
    assert "    waived: we know" in out
    assert "waived" in err


def test_secrets_are_encrypted_for_an_app(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipient is this machine's own; what is encrypted holds no value in clear."""
    code, recipient, _ = run(capsys, "secrets", "recipient")
    assert code == 0
    assert recipient.startswith("age1")
    assert run(capsys, "secrets", "recipient", "--app", "shop")[1] == recipient
    assert run(capsys, "secrets", "recipient", "--app", "other")[1] != recipient
    assert run(capsys, "secrets", "recipient", "--keys", str(folder / "server"))[1] != recipient

    (folder / "plain").write_text("TOKEN=hunter2\n")
    arguments = ("secrets", "encrypt", "plain", "--to", recipient.strip())
    code, out, err = run(capsys, *arguments, "--output", "deploy/dev.age")
    assert (code, out, err) == (0, "", "deploy/dev.age holds TOKEN for 1 recipient\n")
    assert b"hunter2" not in (folder / "deploy/dev.age").read_bytes()
    code, out, err = run(capsys, *arguments)
    assert code == 0
    assert out.startswith("-----BEGIN AGE ENCRYPTED FILE-----\n")

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"hunter2")))
    code, out, err = run(capsys, "secrets", "encrypt", "-", "--to", recipient.strip())
    assert (code, out) == (2, "")
    assert "neither NAME=value lines nor one YAML mapping" in err
    assert "hunter2" not in err
    assert run(capsys, "secrets", "encrypt", "plain", "--to", "age1nobody")[0] == 2
    assert run(capsys, "secrets", "encrypt", "none", "--to", recipient.strip())[0] == 2


def test_this_machine_opens_what_was_encrypted_to_it(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """From the recipient to the value, by the commands people use."""
    recipient = run(capsys, "secrets", "recipient")[1].strip()
    (folder / "plain").write_text("TOKEN=hunter2\n")
    assert run(capsys, "secrets", "encrypt", "plain", "--to", recipient, "-o", "deploy/dev.age")[0] == 0
    formation = folder / "deploy/formations/dev.yaml"
    formation.write_text(formation.read_text().replace("env:TOKEN", "age:deploy/dev.age#TOKEN"))
    project = local_formation.load("dev", folder, app=None, images=())
    assert local_formation.resolve(project, b"k")["TOKEN"].reveal() == b"hunter2"
    other = local_formation.load("dev", folder, app="other", images=())
    with pytest.raises(resolution.Unresolved, match="no age identity for this app"):
        local_formation.resolve(other, b"k")
