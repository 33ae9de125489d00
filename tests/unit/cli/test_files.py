"""init, validate and schema: what a developer meets first, without a server."""

from __future__ import annotations

import io
import json

import pytest

from sealane import cli
from sealane.configfiles import schemas
from sealane.pipelines.files import PipelineFile


@pytest.fixture(autouse=True)
def plain(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_validate_tells_all_findings_of_a_folder(capsys, tmp_path):
    (tmp_path / ".sealane.yml").write_text("app: shop\nsteps: [{name: a, imag: x}]\nimages: {web: {build: /}}\n")

    code, out, err = run(capsys, "validate")
    assert code == 2
    assert out.splitlines() == [
        ".sealane.yml:2:19: error: unknown key imag",
        "    did you mean image?",
        ".sealane.yml:3:23: error: build / is not a path inside the repository",
        "    it starts at the repository's root, without / in front and without ..",
    ]
    assert err == "1 file: 2 errors\n"


def test_validate_as_json(capsys, tmp_path):
    (tmp_path / ".sealane.yml").write_text("app: shop\nsteps: [{name: a, image: x, timeout: 0s}]\n")

    code, out, err = run(capsys, "validate", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out) == {
        "valid": False,
        "files": [".sealane.yml"],
        "findings": [
            {
                "severity": "error",
                "message": "timeout must be longer than nothing",
                "hint": "leave it out for the usual time",
                "file": ".sealane.yml",
                "line": 2,
                "column": 38,
            }
        ],
    }


def test_validate_names_files_as_seen_from_here(capsys, tmp_path):
    """A click on the place opens the file."""
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / ".sealane.yml").write_text("app: 3\ndeliver: [dev]\n")

    _, out, _ = run(capsys, "validate", "apps")
    assert out.startswith("apps/.sealane.yml:1:6: error: app must be a name of lower-case letters")


def test_validate_looks_at_formations_and_stencils(capsys, tmp_path):
    """Missing formations, unknown words and images that nobody builds."""
    (tmp_path / ".sealane.yml").write_text("app: shop\nimages: {web: {build: .}}\ndeliver: [dve]\n")
    formations = tmp_path / "deploy" / "formations"
    formations.mkdir(parents=True)
    (formations / "dev.yaml").write_text("formation: dev\nenvironment: dev\ndestination: c\nnamespace: n\n")
    stencils = tmp_path / "deploy" / "stencils"
    stencils.mkdir()
    (stencils / "web.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '${image.wbe}'}\n"
    )

    code, out, err = run(capsys, "validate")
    assert code == 2
    assert ".sealane.yml:3:11: error: no formation is called dve\n    did you mean dev?" in out
    assert "deploy/stencils/web.yaml:4:12: error:" in out
    assert "image.wbe" in out
    assert err.startswith("3 files: ")


def test_validate_looks_at_environments(capsys, tmp_path):
    """Also in a folder that holds nothing else, as the operators' does."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text("environment: dev\ndestinatoins: {a: {dummy: {}}}\n")

    code, out, _ = run(capsys, "validate")
    assert code == 2
    assert "environments/dev.yaml:2:1: error: unknown key destinatoins\n    did you mean destinations?" in out


def test_validate_one_file_of_any_kind(capsys, tmp_path):
    (tmp_path / "any.yml").write_text("app: shop\nsteps: [{name: a, image: x}]\n")
    (tmp_path / "formation.yml").write_text("formation: dev\nenviroment: dev\n")

    assert run(capsys, "validate", "any.yml")[0] == 0
    code, out, _ = run(capsys, "validate", "formation.yml")
    assert code == 2
    assert "did you mean environment?" in out
    (tmp_path / "environment.yml").write_text("environment: dev\ndestinations: {a: {dumy: {}}}\n")
    assert "did you mean dummy?" in run(capsys, "validate", "environment.yml")[1]


def test_validate_where_there_is_nothing(capsys, tmp_path):
    code, out, err = run(capsys, "validate")
    assert (code, out) == (2, "")
    assert "sealane init" in err

    assert run(capsys, "validate", "nowhere")[0] == 2


def test_validate_finds_a_file_under_a_wrong_name(capsys, tmp_path):
    (tmp_path / ".sealane.yaml").write_text("app: shop\n")

    code, out, _ = run(capsys, "validate")
    assert code == 2
    assert "rename it to .sealane.yml" in out


def test_validate_refuses_what_is_no_text(capsys, tmp_path):
    (tmp_path / ".sealane.yml").write_bytes(b"\xff\xfe\0")

    assert ".sealane.yml:1:1: error: not UTF-8 text" in run(capsys, "validate")[1]
    assert ".sealane.yml:1:1: error: not UTF-8 text" in run(capsys, "validate", ".sealane.yml")[2]


def test_validate_follows_no_link(capsys, tmp_path):
    """The same reader looks at strangers' commits."""
    (tmp_path / "elsewhere.yml").write_text("app: shop\n")
    (tmp_path / ".sealane.yml").symlink_to("elsewhere.yml")

    code, out, _ = run(capsys, "validate")
    assert code == 2
    assert "symbolic link" in out


def test_schema(capsys):
    code, out, _ = run(capsys, "schema")
    assert code == 0
    assert json.loads(out) == schemas.schema(PipelineFile)

    assert json.loads(run(capsys, "schema", "formation")[1])["properties"]["namespace"]
    assert json.loads(run(capsys, "schema", "environment")[1])["properties"]["delete_budget"]


DOCKERFILE = "FROM scratch\nEXPOSE 9000\nUSER 1000\n"
PROJECTS = {
    "nothing": {},
    "python": {"pyproject.toml": "[build-system]\n", "tests/test_a.py": "", "Dockerfile": DOCKERFILE},
    "python-extra": {
        "pyproject.toml": (
            "[build-system]\n[project]\nname = 'x'\n[project.optional-dependencies]\n"
            "docs = ['sphinx']\nplugins = ['pytest-cov']\nchecks = ['responses', 'pytest>=8']\n"
        ),
        "tests/test_a.py": "",
    },
    "python-requirements": {"requirements.txt": "flask\n", "app.py": ""},
    "node": {"package.json": '{"scripts": {"test": "jest"}}', "package-lock.json": "{}", "Dockerfile": "FROM x"},
    "node-untested": {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\""}}'},
    "node-broken": {"package.json": "{"},
    "go": {"go.mod": "module x\n\ngo 1.22\n"},
    "monorepo": {"api/Dockerfile": DOCKERFILE, "Web UI/Dockerfile": DOCKERFILE, "1/Dockerfile": DOCKERFILE},
    "deployed": {
        "Dockerfile": DOCKERFILE,
        "deploy/formations/qa.yaml": "formation: qa\nenvironment: qa\ndestination: c\nnamespace: n\n",
        "deploy/stencils/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '${image.web}'}\n",
    },
    "woodpecker": {".woodpecker/test.yml": "steps: [{name: test, image: x}]\n", "Dockerfile": DOCKERFILE},
    "drone": {".drone.yml": "kind: pipeline\nsteps: [{name: test, image: x}]\n"},
    "Odd Name (1)": {"Dockerfile": DOCKERFILE},
    "123": {"Dockerfile": DOCKERFILE},
}


@pytest.mark.parametrize("name", PROJECTS)
def test_what_init_writes_is_valid(capsys, tmp_path, name):
    """In whatever kind of project, down to rendered stencils."""
    folder = tmp_path / name
    for path, text in PROJECTS[name].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    folder.mkdir(exist_ok=True)

    code, out, err = run(capsys, "init", str(folder))
    assert code == 0
    assert ".sealane.yml" in out.splitlines()
    assert "sealane run" in err
    assert [(folder / line).is_file() for line in out.splitlines()]
    assert run(capsys, "validate", str(folder))[:2] == (0, "")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("python", ["pip install .", "python -m pytest", "image: docker.io/library/python", "web: {build: .}"]),
        ("python-extra", ["pip install '.[checks]'\n      - python -m pytest"]),
        ("python-requirements", ["pip install -r requirements.txt", "python -m compileall -q ."]),
        ("node", ["npm ci", "npm test"]),
        ("node-untested", ["npm install", "npm run --if-present build"]),
        ("go", ["image: docker.io/library/golang:1.22", "go test ./..."]),
        ("monorepo", ["api: {build: api}", "web-ui: {build: Web UI}", '"1": {build: "1"}']),
        ("deployed", ["  - qa"]),
        ("woodpecker", ["steps_from: .woodpecker\n", "web: {build: .}"]),
        ("drone", ["steps_from: .drone.yml\n"]),
    ],
)
def test_init_fits_the_project(capsys, tmp_path, name, lines):
    for path, text in PROJECTS[name].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    run(capsys, "init")

    text = (tmp_path / ".sealane.yml").read_text()
    assert all(line in text for line in lines), text


@pytest.mark.parametrize(
    "said",
    ["EXPOSE 9000", "expose 9000/tcp", "ENV PORT=9000", "ENV PORT 9000\nEXPOSE $PORT", "ENV PORT=1\nEXPOSE 9000"],
)
def test_init_takes_the_port_from_the_build_file(capsys, tmp_path, said):
    (tmp_path / "Dockerfile").write_text(f"FROM scratch\n{said}\nUSER 1000\n")
    run(capsys, "init")

    assert "containerPort: 9000" in (tmp_path / "deploy/stencils/web.yaml").read_text()


def test_init_never_overwrites(capsys, tmp_path):
    """What is there stays as it is, byte for byte."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    stencil = tmp_path / "deploy/stencils/web.yaml"
    stencil.parent.mkdir(parents=True)
    stencil.write_text("mine")

    code, out, err = run(capsys, "init")
    assert code == 0
    assert stencil.read_text() == "mine"
    assert "deploy/stencils/web.yaml" not in out
    assert "kept as it is: deploy/stencils/web.yaml" in err

    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    code, out, err = run(capsys, "init")
    assert (code, out) == (0, "")
    assert "nothing written" in err
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_init_again_after_a_dockerfile_has_come(capsys, tmp_path):
    """What deploys it is written, the pipeline that lives already stays, and what it lacks is printed."""
    _, _, err = run(capsys, "init")
    assert "once there is a Dockerfile" in err
    pipeline = (tmp_path / ".sealane.yml").read_text()

    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    code, out, err = run(capsys, "init")

    assert (code, out.split()) == (0, ["deploy/stencils/web.yaml", "deploy/formations/dev.yaml"])
    assert (tmp_path / ".sealane.yml").read_text() == pipeline
    added = err.partition("add to it:\n")[2].partition("next:")[0]
    assert added == "images:\n  web: {build: .}\n\ndeliver:\n  - dev\n"
    (tmp_path / ".sealane.yml").write_text(f"{pipeline}\n{added}")
    assert run(capsys, "validate")[0] == 0


@pytest.mark.parametrize("command", [("render",), ("vet",)])
def test_a_formation_where_there_is_none_at_all(capsys, tmp_path, command):
    run(capsys, "init")  # no Dockerfile, no formation

    code, _, err = run(capsys, *command, "dev")
    assert code == 2
    assert "there is no formation dev" in err
    assert "`sealane init` writes a first one" in err


@pytest.mark.parametrize("folder", ["shop", "services/shop"])
def test_validate_above_an_app_says_where_it_is(capsys, tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True)
    run(capsys, "init", folder)

    code, _, err = run(capsys, "validate")
    assert code == 2
    assert f"an app is below: `sealane validate {folder}`" in err


def test_login_without_token_and_terminal(capsys, monkeypatch):
    monkeypatch.delenv("SEALANE_TOKEN", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    code, _, err = run(capsys, "login", "http://127.0.0.1:1")
    assert code == 2
    assert "no token was given" in err
    assert "SEALANE_TOKEN" in err


def test_init_as_json(capsys, tmp_path):
    code, out, err = run(capsys, "init", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"language": "nothing known", "written": [".sealane.yml"], "kept": []}


def test_init_in_no_folder(capsys, tmp_path):
    code, _, err = run(capsys, "init", "nowhere")
    assert code == 2
    assert "there is no folder nowhere" in err


def test_what_init_writes_offends_no_default_policy(capsys, tmp_path, monkeypatch):
    """A beginner's first `sealane vet` has nothing to object."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "Dockerfile").write_text(DOCKERFILE)
    monkeypatch.chdir(shop)
    run(capsys, "init")

    code, out, _ = run(capsys, "vet", "dev")
    assert (code, out) == (0, "")
