"""What is in a build's context, and which Dockerfile and ignore file count."""

from __future__ import annotations

import io
import os
import re
import socket
import tarfile
from pathlib import Path

import pytest

from sealane.clients import build_context
from sealane.clients.build_context import Source
from sealane.errors import UsageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "apps/web/docker").mkdir(parents=True)
    (tmp_path / "apps/web/src").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "apps/web/docker/web.Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "apps/web/src/main.py").write_text("print()\n")
    return tmp_path


def pack(
    root: Path, *, podman: bool, context: str = ".", dockerfile: str = "docker/web.Dockerfile"
) -> tuple[str, dict[str, tarfile.TarInfo], dict[str, bytes]]:
    archive = io.BytesIO()
    source = Source(root=root, inside="apps/web", context=context, dockerfile=dockerfile)
    name, _ = build_context.pack(source, {"secret": "s"}, archive, podman=podman)
    with tarfile.open(fileobj=archive) as tar:
        members = {member.name: member for member in tar}
        plain = [member for member in members.values() if member.isreg()]
        texts = {member.name: file.read() for member in plain if (file := tar.extractfile(member))}
    return name, members, texts


@pytest.mark.parametrize("podman", [True, False])
def test_files_folders_links_and_pipes_are_packed_as_they_are(root: Path, podman: bool) -> None:
    app = root / "apps/web"
    (app / "run").write_text("x")
    (app / "run").chmod(0o750)
    os.link(app / "run", app / "same")
    (app / "out").symlink_to("/etc/passwd")
    (app / "in").symlink_to("src")
    os.mkfifo(app / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(app / "socket"))
        _, members, texts = pack(root, podman=podman)
    assert (members["run"].mode, texts["run"], members["src"].isdir()) == (0o750, b"x", True)
    assert (members["same"].islnk(), members["same"].linkname) == (True, "run")
    assert (members["out"].linkname, members["in"].linkname) == ("/etc/passwd", "src")
    assert members["pipe"].isfifo()
    assert "socket" not in members
    assert not [name for name in members if name.startswith("in/")]
    assert texts["secret"] == b"s"


@pytest.mark.parametrize(
    ("link", "target"),
    [("up", "../x"), ("src/up", "../../x"), ("up", "/../x"), ("up", ".."), ("up", "src/../../x")],
)
def test_podman_is_given_no_link_that_leads_out(root: Path, link: str, target: str) -> None:
    """It would answer with an empty failure. The engine of Docker takes them."""
    (root / "apps/web" / link).symlink_to(target)
    _, members, _ = pack(root, podman=False)
    assert members[link].linkname == target
    with pytest.raises(UsageError, match=rf"^the link {link} leads out of the build context, to {re.escape(target)}, "):
        pack(root, podman=True)
    (root / "apps/web/.dockerignore").write_text(link)
    pack(root, podman=True)


@pytest.mark.parametrize(
    ("link", "target"), [("loop", "loop"), ("none", "/does/not/exist"), ("src/in", "../x"), ("dots", "..x")]
)
def test_podman_is_given_links_that_stay_and_links_to_nothing(root: Path, link: str, target: str) -> None:
    (root / "apps/web" / link).symlink_to(target)
    _, members, _ = pack(root, podman=True)
    assert members[link].linkname == target


def test_a_dockerfile_may_be_a_link_that_stays_in_the_apps_folder(root: Path) -> None:
    """Also through several links; where it is in the context, Docker is given its real name."""
    app = root / "apps/web"
    (app / "more").symlink_to("docker/../docker")
    (app / "Dockerfile").symlink_to("more/web.Dockerfile")
    assert pack(root, podman=False, dockerfile="Dockerfile")[0] == "docker/web.Dockerfile"
    name, _, texts = pack(root, podman=False, context="src", dockerfile="Dockerfile")
    assert texts[name] == b"FROM scratch\n"
    (app / "sources").symlink_to("./src")
    assert "main.py" in pack(root, podman=True, context="sources")[1]


@pytest.mark.parametrize("target", ["../../shared", "/etc", "../web/../../shared", "loop"])
def test_what_leads_out_of_the_apps_folder_is_refused(root: Path, target: str) -> None:
    (root / "apps/web/loop").symlink_to(target)
    (root / "shared/Dockerfile").write_text("FROM scratch\n")
    for given in ({"context": "loop"}, {"dockerfile": "loop/Dockerfile"}, {"context": "../../shared"}):
        with pytest.raises(UsageError, match="leads out of the repository"):
            pack(root, podman=True, **given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"dockerfile": "Dokerfile"}, "there is no Dokerfile to build by"),
        ({"dockerfile": "docker"}, "there is no docker to build by"),
        ({"dockerfile": "pipe"}, "there is no pipe to build by"),
        ({"context": "nowhere"}, "the build context nowhere can't be read: no such file or directory"),
        ({"context": "src/main.py"}, "the build context src/main.py is no folder"),
    ],
)
def test_what_can_t_be_built_of_is_told(root: Path, given: dict[str, str], says: str) -> None:
    os.mkfifo(root / "apps/web/pipe")
    with pytest.raises(UsageError, match=says):
        pack(root, podman=True, **given)


def test_an_ignore_file_counts_beside_the_dockerfile_first_and_never_from_elsewhere(root: Path) -> None:
    app = root / "apps/web"
    (root / "shared/.dockerignore").write_text("src\n")
    (app / ".dockerignore").symlink_to("../../shared/.dockerignore")
    assert "src/main.py" in pack(root, podman=False)[1]
    (app / ".dockerignore").unlink()
    (app / ".dockerignore").write_text("*\n!src\n")
    name, members, texts = pack(root, podman=False)
    assert sorted(members) == [".dockerignore", ".sealane-dockerfile", "secret", "src", "src/main.py"]
    assert texts[".dockerignore"].decode() == "*\n!src\n\n/.sealane-dockerfile\n/.dockerignore\n"
    assert name == ".sealane-dockerfile"
    (app / "docker/web.Dockerfile.dockerignore").write_text("src\n")
    assert "docker" in pack(root, podman=True)[1]
    (app / ".dockerignore").write_bytes(b"\xff")
    (app / "docker/web.Dockerfile.dockerignore").unlink()
    with pytest.raises(UsageError, match=r"\.dockerignore is not UTF-8 text"):
        pack(root, podman=True)


def test_a_context_nested_too_deeply_is_refused(root: Path) -> None:
    """With an error, not by running out of descriptors."""
    here = os.open(root / "apps/web/src", os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    with pytest.raises(UsageError, match="nested more than 200 folders deep"):
        pack(root, podman=True)
