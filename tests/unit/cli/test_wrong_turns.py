"""What a newcomer does wrong, and the sentence that helps: files, clusters and servers that are not what was meant."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from sealane import cli

FORMATION = "formation: dev\nenvironment: dev\ndestination: bed\nnamespace: shop-dev\n"
STENCIL = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: '${image.web}'}]}\n"
KUBECONFIG = (
    "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:%d'}}]\n"
    "users: [{name: u, user: {token: t}}]\ncontexts: [{name: staging, context: {cluster: c, user: u}}]\n"
    "current-context: staging\n"
)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An app's folder, signed in nowhere."""
    for name in ("SEALANE_URL", "SEALANE_TOKEN", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "shop"
    for name, text in {
        ".sealane.yml": "app: shop\nimages: {web: {build: .}}\n",
        "deploy/formations/dev.yaml": FORMATION,
        "deploy/stencils/web.yaml": STENCIL,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.chdir(root)
    return root


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code and what was said, in one line."""
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    return code, " ".join((out + err).split())


@pytest.mark.parametrize("name", [".sealane.yaml", "sealane.yml", "sealane.yaml"])
@pytest.mark.parametrize("command", [("run",), ("render", "dev"), ("vet", "dev"), ("validate",), ("init",)])
def test_a_file_under_a_wrong_name_is_told_by_every_command(
    capsys: pytest.CaptureFixture[str], folder: Path, name: str, command: tuple[str, ...]
) -> None:
    (folder / ".sealane.yml").rename(folder / name)
    code, said = told(capsys, *command)
    assert code == 2
    assert name in said
    assert "rename" in said
    assert not (folder / ".sealane.yml").exists()


@pytest.mark.parametrize("command", [("run",), ("render", "dev"), ("deploy", "dev")])
def test_a_folder_without_a_pipeline_is_told_how_to_begin(
    capsys: pytest.CaptureFixture[str], folder: Path, command: tuple[str, ...]
) -> None:
    (folder / ".sealane.yml").unlink()
    code, said = told(capsys, *command)
    assert code == 2
    assert "there is no .sealane.yml" in said
    assert "`sealane init`" in said


def test_a_path_that_is_not_there_is_named_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert told(capsys, "run", str(tmp_path / "shopp"))[1].startswith(f"error: there is no {tmp_path}/shopp ")


@pytest.mark.parametrize(
    ("file", "text", "place", "says"),
    [
        (".sealane.yml", b"app: shop\nowner: caf\xe9\n", ":2:11", "the byte 0xE9 can't stand here"),
        (".sealane.yml", "app: shop\n".encode("utf-16"), ":1:1", "UTF-16"),
        ("deploy/formations/dev.yaml", FORMATION.encode() + b"# \xc3\xa4\xfc\n", ":5:4", "0xFC"),
        ("deploy/stencils/web.yaml", b"# ok\n\xff", ":2:1", "0xFF"),
        ("environments/dev.yaml", b"environment: \x80", ":1:14", "0x80"),
    ],
)
def test_text_that_is_not_utf8_has_its_place(
    capsys: pytest.CaptureFixture[str], folder: Path, file: str, text: bytes, place: str, says: str
) -> None:
    """In every kind of file."""
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(text)
    code, said = told(capsys, "validate")
    assert code == 2
    assert f"{file}{place}: error: not UTF-8 text" in said
    assert says in said


def test_two_words_for_one_image_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The last one does not win in silence; the same one twice is no question."""
    code, said = told(capsys, "render", "dev", "--image", "web=x.com/web:1", "--image", "web=x.com/web:2")
    assert code == 2
    assert "--image says two things of web: x.com/web:1 and x.com/web:2" in said
    assert told(capsys, "render", "dev", "--image", "web=x.com/web:1", "--image", "web=x.com/web:1")[0] == 0


KUBECONFIGS = {
    "no mapping": ("root:x:0:0\n", "is not a kubeconfig: it names no cluster, user or context"),
    "another file": ("services: {web: {image: x}}\n", "is not a kubeconfig: it names no cluster, user or context"),
    "not YAML": ("clusters: [\n", ":2:1: not YAML"),
    "no current one": (KUBECONFIG.replace("current-context: staging\n", ""), "has no current-context"),
    "a current one that is not there": (KUBECONFIG.replace(": staging\n", ": stagin\n"), "did you mean staging?"),
}


@pytest.mark.parametrize("name", KUBECONFIGS)
def test_a_kubeconfig_that_is_none(capsys: pytest.CaptureFixture[str], folder: Path, name: str) -> None:
    text, says = KUBECONFIGS[name]
    (folder / "kc").write_text(text)
    code, said = told(capsys, "status", "dev", "--kubeconfig", "kc")
    assert code == 2
    assert said.startswith("error: kc")
    assert says in said


def test_a_context_that_is_none(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "kc").write_text(KUBECONFIG % 1)
    code, said = told(capsys, "status", "dev", "--kubeconfig", "kc", "--context", "stageing")
    assert (code, said) == (2, "error: kc has no context stageing did you mean staging?")


def test_status_where_nothing_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said = told(capsys, "status", "--folder", str(tmp_path))
    assert code == 2
    assert f"no formation is in {tmp_path}, and no server is known" in said


@pytest.mark.parametrize(("there", "missing"), [("SEALANE_URL", "SEALANE_TOKEN"), ("SEALANE_TOKEN", "SEALANE_URL")])
def test_half_an_address(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, there: str, missing: str
) -> None:
    monkeypatch.setenv(there, "http://127.0.0.1:1")
    assert f"{missing} is not set, and {there} is" in told(capsys, "status")[1]


@pytest.mark.parametrize("command", [("render", "dev"), ("validate", "--json"), ("schema",)])
def test_output_that_has_no_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Is the disk's fault, not Sealane's."""
    with contextlib.suppress(OSError), Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert cli.main(command) == 3
    said = capsys.readouterr().err
    assert "can't be written: No space left on device" in said
    assert "itself broke" not in said
