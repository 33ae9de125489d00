"""Package managers work in a step as it is confined by default, on Podman and on Docker, with packages made here."""

from __future__ import annotations

import ensurepip
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

CONTROL = "Package: colors\nVersion: 1\nArchitecture: all\nMaintainer: Kim <kim@example.com>\nDescription: Colors\n"
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
dpkg -i colors.deb
test "$(stat -c %U:%G:%a /usr/bin/paint)" = colors:colors:4755
test "$(stat -c %U /var/lib/colors/made)" = colors
paint
python3 pip.whl/pip install --break-system-packages --no-index --no-cache-dir paints-1-py3-none-any.whl
python3 -c 'import paints; print(paints.NAME)'
dpkg --purge colors
"""


def package(folder: Path) -> None:
    """A package of Debian with a user of its own, and a wheel."""
    root = folder / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(CONTROL)
    (root / "DEBIAN/postinst").write_text(POSTINST)
    (root / "usr/bin/paint").write_text("#!/bin/sh\necho painted\n")
    for program in ("DEBIAN/postinst", "usr/bin/paint"):
        (root / program).chmod(0o755)
    command = ["dpkg-deb", "--build", "--root-owner-group", str(root), str(folder / "colors.deb")]
    subprocess.run(command, check=True, capture_output=True)
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
    package(side.folder)
    usual = replace(capabilities.USUAL, memory=512 * 1024 * 1024, pids=4096)
    result, said = await (await confined(side, usual)).step(SCRIPT, image=bed.python_image)
    assert result.status is StepStatus.PASSED, said.decode()
    assert {b"painted", b"azure"} <= set(said.splitlines())
    none = replace(usual, capabilities=())
    result, said = await (await confined(side, none)).step("dpkg -i colors.deb", image=bed.python_image)
    assert result.status is StepStatus.FAILED, "it needs no capabilities, and shows nothing"


async def confined(side: Side, confinement: Confinement) -> Side:
    habits = ContainerDefaults(grace=timedelta(seconds=5), confinement=confinement)
    runner = DockerRunner(side.engine, owner="a test", habits=habits)
    await runner.prepare(side.run, Workspace(folder=side.folder))
    return replace(side, runner=runner)
