"""What is shipped beside the code: it fits the code, and the system it is for."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sealane.settings.errors import known
from sealane.settings.model import Settings

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
UNIT = (PACKAGING / "sealane.service").read_text()
IMAGE = (PACKAGING / "Containerfile").read_text()
GUIDE = (ROOT / "docs" / "run-it-for-real.md").read_text()
CONTAINER = GUIDE.partition('=== "container image"')[2].partition("===")[0]
"""How the guide runs the image."""


def locked(path: Path) -> dict[str, str]:
    """Each package of a lock file with its version and hashes."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    parts = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return {name: "".join(part.split("\\\n")) for part in parts if (name := part.partition("==")[0].strip())}


def test_what_builds_an_editable_install_is_all_that_the_demo_takes_of_the_developers_lock() -> None:
    """The demo's `.venv` has the operators' packages and these; without one of them the build asks an index for it."""
    makefile = (ROOT / "Makefile").read_text()
    taken = re.findall(r"^BACKEND := (\S+)$", makefile, flags=re.MULTILINE)[0].split("|")
    needed, seen = {"editables", "hatchling"}, set[str]()
    while new := needed - seen:
        seen |= new
        for line in (line for name in new for line in requires(name) or ()):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate():
                needed.add(requirement.name)

    assert set(taken) == needed
    assert needed <= set(locked(ROOT / "requirements.lock"))


def test_an_installation_gets_what_was_tested() -> None:
    """The lock for operators has the same versions and hashes as the one for this repository, and nothing else."""
    ours, theirs = locked(ROOT / "requirements.lock"), locked(PACKAGING / "requirements.lock")
    assert len(theirs) > 40
    for name, pinned in theirs.items():
        assert re.findall(r"==[^\s;\\]+|--hash=\S+", pinned) == re.findall(r"==[^\s;\\]+|--hash=\S+", ours[name]), (
            f"{name}: `make lock` writes both files anew"
        )
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for requirement in wanted:
        name = re.split(r"[\[<>=]", requirement)[0].lower()
        assert name in theirs, f"{name} is not in packaging/requirements.lock: run `make lock`"


@pytest.mark.parametrize("text", [UNIT, IMAGE, GUIDE], ids=["unit", "image", "guide"])
def test_only_settings_that_there_are_are_set(text: str) -> None:
    used = set(re.findall(r"\bSEALANE_\w+", text))
    assert used
    assert used <= set(known())


def test_the_image_s_user_is_nobody_special_and_reaches_beyond_the_container() -> None:
    assert re.search(r"^USER 10001:10001$", IMAGE, re.MULTILINE)
    assert Settings.model_fields["http"].default_factory().host == "127.0.0.1"  # type: ignore[misc, call-arg, union-attr]
    assert "SEALANE_HTTP__HOST=0.0.0.0" in IMAGE


def test_the_guide_runs_the_image_as_it_was_made() -> None:
    """Its user owns what the guide makes before the first start, all that is mounted is made, and the health check is right."""
    words = shlex.split(CONTAINER.partition("podman run")[2].partition("podman logs")[0].replace("\\\n", " "))
    user, group = re.findall(r"^USER (\d+):(\d+)$", IMAGE, re.MULTILINE)[0]
    assert f"-o {user} -g {group} /var/lib/sealane\n" in CONTAINER
    assert f"-o root -g {group} /etc/sealane /etc/sealane/environments\n" in CONTAINER
    mounted = [words[number + 1].split(":") for number, word in enumerate(words) if word == "-v"]
    data = re.findall(r"SEALANE_DATA=(\S+)", IMAGE)
    assert {volume[0]: volume[1] for volume in mounted} == {
        path: path for path in ("/run/docker.sock", *data, "/etc/sealane")
    }
    assert words[words.index("--env-file") + 1] in CONTAINER.partition("podman run")[0], "made before it is read"
    checks = shlex.split(words[words.index("--health-cmd") + 1])
    port = Settings.model_fields["http"].default_factory().port  # type: ignore[misc, call-arg, union-attr]
    assert checks[:2] == ["python3", "-c"]
    assert f"http://127.0.0.1:{port}/readyz" in checks[2]
    compile(checks[2], "health", "exec")
    assert words[-1] == re.findall(r"^IMAGE \??= (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0]


def test_the_unit_has_a_place_for_temporary_files() -> None:
    """Where all of the system is read-only, `/tmp` is, too; contexts of images and keys for git are laid down there."""
    assert {"ProtectSystem=strict", "PrivateTmp=yes"} <= set(UNIT.splitlines())
    assert "--read-only --tmpfs /tmp" in CONTAINER


def test_the_image_is_not_made_on_a_base_that_lacks_a_library() -> None:
    """What a server loads is loaded once while the image is made, in the stage that is shipped."""
    shipped = IMAGE.rpartition("\nFROM ")[2]
    loaded = re.findall(r'^RUN \["/opt/sealane/bin/python", "-c", "import ([^"]+)"\]$', shipped, re.MULTILINE)
    modules = loaded[0].split(", ")
    assert {"sealane.composition", "sealane.server.application"} <= set(modules)
    assert all(find_spec(module) for module in modules)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd is installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """And calls what it leaves open little."""
    program = tmp_path / "sealane"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "sealane.service"
    unit.write_text(UNIT.replace("/opt/sealane/bin/sealane", str(program)))
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-300:]
