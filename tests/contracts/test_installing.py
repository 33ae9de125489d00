"""Package managers work in a step as it is confined by default, on Podman and on Docker, with packages made here."""

from __future__ import annotations

import base64
import ensurepip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sealane.clients.engine.model import Confinement
from sealane.pipelines.model import StepStatus
from sealane.runners import capabilities
from sealane.runners.docker import ContainerDefaults, DockerRunner
from sealane.runners.model import Workspace
from testbed import nodejs
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
SERVED = """
python3 -m http.server --bind 127.0.0.1 --directory mirror 8000 >/dev/null 2>&1 &
until python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8000))' 2>/dev/null; do sleep 0.1; done
"""
SCRIPT = f"""{SERVED}
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
python3 pip.whl/pip install --break-system-packages --no-cache-dir --index-url http://127.0.0.1:8000/simple/ paints
python3 -c 'import paints; print(paints.NAME)'
apt/apt-get purge --yes colors
test ! -e /usr/bin/paint
"""

NPM_SCRIPT = f"""{SERVED}
export PATH=$PWD/node:$PATH HOME=/root npm_config_prefix=$PWD/node/global
export npm_config_registry=http://127.0.0.1:8000 npm_config_update_notifier=false
node --version
cd project
npm ci
npm test
rm -r node_modules package-lock.json
npm install
npm test
npm install --global shades
/workspace/node/global/bin/shade
echo 'node:x:1000:1000::/home/node:/bin/sh' >> /etc/passwd
install -d -o 1000 -g 1000 /home/node /home/node/project
cp package.json package-lock.json test.js /home/node/project
cd /home/node/project
HOME=/home/node setpriv --reuid 1000 --regid 1000 --clear-groups npm ci
HOME=/home/node setpriv --reuid 1000 --regid 1000 --clear-groups npm test
test "$(stat -c %u node_modules/colors/made)" = 1000
"""
PROJECT = {
    "name": "project",
    "version": "1.0.0",
    "dependencies": {"shades": "^1.0.0"},
    "scripts": {"test": "node test.js && shade"},
}


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


def bring(program: Path, start: Path) -> None:
    """A program of this machine with its own loader and libraries: the image may have none, or be of another release."""
    real = start.parent / "real"
    real.mkdir(parents=True, exist_ok=True)
    needed = subprocess.run(["ldd", str(program)], check=True, capture_output=True, text=True).stdout
    for library in (Path(word) for word in needed.split() if word.startswith("/")):
        shutil.copy(library, real)
    loader = next(real.glob("ld-linux*"))
    shutil.copy(program, real)
    inside = f"/workspace/{start.parent.name}/real"
    start.write_text(f'#!/bin/sh\nexec {inside}/{loader.name} --library-path {inside} {inside}/{program.name} "$@"\n')
    start.chmod(0o755)


def bring_apt(folder: Path) -> None:
    """What fetches and installs packages of Debian."""
    for program in (Path("/usr/bin/apt-get"), *(Path("/usr/lib/apt/methods") / name for name in ("http", "store"))):
        bring(program, folder / program.name)


def packages(folder: Path) -> None:
    """A mirror of two packages, one of them with a user of its own and needed by the other; and a wheel."""
    mirror = folder / "mirror"
    mirror.mkdir()
    bring_apt(folder / "apt")
    colors = package(mirror, "colors", "paint", postinst=POSTINST)
    shades = package(mirror, "shades", "shade", more="Depends: colors\n")
    (mirror / "Packages").write_text(f"{colors}\n{shades}")
    paints = mirror / "simple/paints"
    paints.mkdir(parents=True)
    with zipfile.ZipFile(paints / "paints-1-py3-none-any.whl", "w") as wheel:
        info = "paints-1.dist-info"
        wheel.writestr("paints/__init__.py", "NAME = 'azure'\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: paints\nVersion: 1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    bundled = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    shutil.copy(bundled, folder / "pip.whl")


def npm_package(mirror: Path, name: str, **more: object) -> dict[str, object]:
    """A package in a registry, of one program that its own script makes ready; gives what a lock file says of it."""
    said = {"name": name, "version": "1.0.0", **more}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        program = f"#!/usr/bin/env node\nconsole.log('{name}')\n"
        for path, content in (
            ("package.json", json.dumps(said)),
            ("index.js", f"module.exports = '{name}'\n"),
            ("bin.js", program),
        ):
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content.encode()))
    (mirror / "-").mkdir(exist_ok=True)
    (mirror / f"-/{name}-1.0.0.tgz").write_bytes(packed.getvalue())
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()
    resolved = f"http://127.0.0.1:8000/-/{name}-1.0.0.tgz"
    version = {**said, "dist": {"tarball": resolved, "integrity": integrity}}
    document = {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    (mirror / name).write_text(json.dumps(document))
    locked = {"version": "1.0.0", "resolved": resolved, "integrity": integrity, **more}
    return locked | ({"hasInstallScript": True} if "scripts" in more else {})


def npm_project(folder: Path) -> None:
    """Node.js with npm; a registry of two packages, one of them with a script; and a project with a lock file."""
    mirror = folder / "mirror"
    mirror.mkdir()
    colors = npm_package(
        mirror, "colors", scripts={"postinstall": "node -e \"require('fs').writeFileSync('made', '')\""}
    )
    shades = npm_package(mirror, "shades", dependencies={"colors": "1"}, bin={"shade": "bin.js"})
    del colors["scripts"]
    project = folder / "project"
    project.mkdir()
    (project / "package.json").write_text(json.dumps(PROJECT))
    (project / "test.js").write_text(
        "require('fs').accessSync('node_modules/colors/made'); console.log(require('colors'))\n"
    )
    packages = {"": PROJECT, "node_modules/colors": colors, "node_modules/shades": shades}
    lock = {"name": "project", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    (project / "package-lock.json").write_text(json.dumps(lock))
    bring(nodejs.folder() / "bin/node", folder / "node/node")
    shutil.copytree(nodejs.folder() / "lib/node_modules/npm", folder / "node/npm.js")
    npm = folder / "node/npm"
    npm.write_text('#!/bin/sh\nexec node /workspace/node/npm.js/bin/npm-cli.js "$@"\n')
    npm.chmod(0o755)


async def test_npm_installs_under_the_default_limits(side: Side, bed: Bed) -> None:
    """By a lock file and without, for all, with scripts of packages, as root and as another user."""
    side.folder.chmod(0o755)  # pytest keeps it to itself
    npm_project(side.folder)
    usual = replace(capabilities.USUAL, memory=1024 * 1024 * 1024, pids=4096)
    result, said = await (await confined(side, usual)).step(NPM_SCRIPT, image=bed.python_image)
    assert result.status is StepStatus.PASSED, said.decode()
    assert said.splitlines().count(b"colors") == 3, said.decode()
    assert said.splitlines().count(b"shades") == 4, said.decode()


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
