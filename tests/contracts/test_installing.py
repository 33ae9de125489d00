"""Package managers work in a step as it is confined by default, on Podman and on Docker, with packages made here."""

from __future__ import annotations

import ensurepip
import hashlib
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sealane.clients.engine.model import Confinement
from sealane.pipelines.model import StepStatus
from sealane.runners import capabilities
from sealane.runners.docker import ContainerDefaults, DockerRunner
from sealane.runners.model import Workspace
from testbed.record import Bed
from tests.contracts.sides import Side

CONTROL = (
    "Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: Kim <kim@example.com>\n{more}Description: Colors\n"
)
POSTINST = """#!/bin/sh
set -e
echo 'colors:x:991:' >> /etc/group
echo 'colors:x:991:991::/nonexistent:/bin/sh' >> /etc/passwd
chown colors:colors /usr/bin/paint
chmod 4755 /usr/bin/paint
install -d -o colors -g colors -m 0750 /var/lib/colors
setpriv --reuid colors --regid colors --clear-groups touch /var/lib/colors/made
"""
SCRIPT = """
python3 -m http.server --bind 127.0.0.1 --directory mirror 8000 >/dev/null 2>&1 &
until python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8000))' 2>/dev/null; do sleep 0.1; done
mkdir -p /etc/apt/apt.conf.d /etc/apt/preferences.d
echo '_apt:x:42:65534::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
echo 'Dir::Bin::methods "/workspace/apt";' > /etc/apt/apt.conf
echo 'deb [trusted=yes] http://127.0.0.1:8000 ./' > /etc/apt/sources.list
apt/apt-get update
apt/apt-get install --yes shades
test "$(stat -c %U:%G:%a /usr/bin/paint)" = colors:colors:4755
test "$(stat -c %U /var/lib/colors/made)" = colors
paint
shade
python3 pip.whl/pip install --break-system-packages --no-index --no-cache-dir paints-1-py3-none-any.whl
python3 -c 'import paints; print(paints.NAME)'
apt/apt-get purge --yes colors
test ! -e /usr/bin/paint
"""


def package(mirror: Path, name: str, program: str, more: str = "", postinst: str = "#!/bin/sh\n") -> str:
    """A package of Debian with one program, and what a mirror tells of it."""
    root = mirror.parent / name
    (root / "DEBIAN").mkdir(parents=True)
    (root / "usr/bin").mkdir(parents=True)
    control = CONTROL.format(name=name, more=more)
    (root / "DEBIAN/control").write_text(control)
    (root / "DEBIAN/postinst").write_text(postinst)
    (root / "usr/bin" / program).write_text(f"#!/bin/sh\necho {program}s\n")
    for script in ("DEBIAN/postinst", f"usr/bin/{program}"):
        (root / script).chmod(0o755)
    file = mirror / f"{name}.deb"
    command = ["dpkg-deb", "--build", "--root-owner-group", str(root), str(file)]
    subprocess.run(command, check=True, capture_output=True)
    known = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{control}Filename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {known}\n"


def bring_apt(folder: Path) -> None:
    """This machine's apt with its own loader and libraries: the image may have none, or be of another release."""
    (folder / "real").mkdir(parents=True)
    for program in (Path("/usr/bin/apt-get"), *(Path("/usr/lib/apt/methods") / name for name in ("http", "store"))):
        needed = subprocess.run(["ldd", str(program)], check=True, capture_output=True, text=True).stdout
        for library in (Path(word) for word in needed.split() if word.startswith("/")):
            shutil.copy(library, folder / "real")
        loader = next((folder / "real").glob("ld-linux*"))
        shutil.copy(program, folder / "real")
        start = (
            f"/workspace/apt/real/{loader.name} --library-path /workspace/apt/real /workspace/apt/real/{program.name}"
        )
        (folder / program.name).write_text(f'#!/bin/sh\nexec {start} "$@"\n')
        (folder / program.name).chmod(0o755)


def packages(folder: Path) -> None:
    """A mirror of two packages, one of them with a user of its own and needed by the other; and a wheel."""
    mirror = folder / "mirror"
    mirror.mkdir()
    bring_apt(folder / "apt")
    colors = package(mirror, "colors", "paint", postinst=POSTINST)
    shades = package(mirror, "shades", "shade", more="Depends: colors\n")
    (mirror / "Packages").write_text(f"{colors}\n{shades}")
    with zipfile.ZipFile(folder / "paints-1-py3-none-any.whl", "w") as wheel:
        info = "paints-1.dist-info"
        wheel.writestr("paints/__init__.py", "NAME = 'azure'\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: paints\nVersion: 1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    bundled = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    shutil.copy(bundled, folder / "pip.whl")


async def test_packages_install_under_the_default_limits(side: Side, bed: Bed) -> None:
    """Files of another owner, setuid ones, users, a program as another user; what the limits break is not that."""
    packages(side.folder)
    usual = replace(capabilities.USUAL, memory=512 * 1024 * 1024, pids=4096)
    result, said = await (await confined(side, usual)).step(SCRIPT, image=bed.python_image)
    assert result.status is StepStatus.PASSED, said.decode()
    assert {b"paints", b"shades", b"azure"} <= set(said.splitlines())
    none = replace(usual, capabilities=())
    result, said = await (await confined(side, none)).step("dpkg -i mirror/colors.deb", image=bed.python_image)
    assert result.status is StepStatus.FAILED, "it needs no capabilities, and shows nothing"


async def confined(side: Side, confinement: Confinement) -> Side:
    habits = ContainerDefaults(grace=timedelta(seconds=5), confinement=confinement)
    runner = DockerRunner(side.engine, owner="a test", habits=habits)
    await runner.prepare(side.run, Workspace(folder=side.folder))
    return replace(side, runner=runner)
