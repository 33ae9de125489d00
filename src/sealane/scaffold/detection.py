"""Detects the kind of project in a folder, so that its first pipeline is useful."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from sealane.configfiles.trees import FolderTree
from sealane.findings import Place
from sealane.kustomize import closure, fields
from sealane.pipelines.reading import FILE

PORT = 8080
"""The port of a container when its build file names none."""


_DEEPEST = 5
_MOST_KUSTOMIZATIONS = 50
_NOT_OURS = frozenset({"node_modules", "vendor", "target", "dist", "build"})
_PYTEST = re.compile(r"pytest\b(?!-)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Buildable:
    """A folder with a Dockerfile."""

    name: str
    folder: str
    """From the repository's root; `.` for the root itself."""
    port: int = PORT
    as_root: bool = False
    """Whether the container would run as root, because the build file names no user."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """What was found in a folder."""

    app: str
    language: str
    """In words: Python, Node.js, Go, or nothing known."""
    image: str
    commands: tuple[str, ...]
    images: tuple[Buildable, ...] = ()
    formations: tuple[str, ...] = ()
    """Formations that have a file already."""
    steps_from: str | None = None
    """A pipeline of another CI that is there already."""
    kustomizations: Mapping[str, str] = field(default_factory=dict)
    """Kustomize directories that no other one takes, by the name of a formation for each."""


def detect(folder: Path, pipelines: Iterable[str] = ()) -> Project:
    """Examines the folder; reads only files with well-known names and what those name, and runs nothing.

    `pipelines` are the names of other CIs' files and folders.
    """
    language, image, commands = _python(folder) or _node(folder) or _go(folder) or _nothing_known()
    return Project(
        app=_slug(folder.resolve().name) or "app",
        language=language,
        image=image,
        commands=commands,
        images=tuple(_images(folder)),
        formations=tuple(sorted(path.stem for path in folder.glob("deploy/formations/*.y*ml"))),
        steps_from=next((name for name in pipelines if (folder / name).exists()), None),
        kustomizations=_kustomizations(folder),
    )


def is_started(folder: Path) -> bool:
    """Whether the folder has a pipeline file already."""
    return (folder / FILE).exists()


Found = tuple[str, str, tuple[str, ...]]


def _python(folder: Path) -> Found | None:
    requirements = folder / "requirements.txt"
    packaged = [name for name in ("pyproject.toml", "setup.py", "setup.cfg") if (folder / name).exists()]
    if not packaged and not requirements.exists():
        return None
    commands = ["pip install -r requirements.txt"] if requirements.exists() else []
    extra = _test_extra(_text(folder / "pyproject.toml"))
    if "[build-system]" in _text(folder / "pyproject.toml") or "setup.py" in packaged:
        commands.append(f"pip install '.[{extra}]'" if extra else "pip install .")
    tested = any((folder / name).is_dir() for name in ("tests", "test")) or any(folder.glob("test_*.py"))
    pytest = [] if extra else ["pip install pytest"]
    commands += [*pytest, "python -m pytest"] if tested else ["python -m compileall -q ."]
    return "Python", "docker.io/library/python:3.12-slim", tuple(commands)


def _test_extra(pyproject: str) -> str | None:
    """The optional dependencies that tests need: those with pytest among them."""
    try:
        extras = tomllib.loads(pyproject).get("project", {}).get("optional-dependencies", {})
        return next((name for name, needs in extras.items() if any(_PYTEST.match(need) for need in needs)), None)
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        return None


def _node(folder: Path) -> Found | None:
    if not (folder / "package.json").exists():
        return None
    install = "npm ci" if (folder / "package-lock.json").exists() else "npm install"
    if (folder / "yarn.lock").exists():
        install = "corepack enable && yarn install --immutable"
    if (folder / "pnpm-lock.yaml").exists():
        install = "corepack enable && pnpm install --frozen-lockfile"
    scripts = _scripts(folder)
    tested = "test" in scripts and "no test specified" not in str(scripts["test"])
    return (
        "Node.js",
        "docker.io/library/node:22-slim",
        (install, "npm test" if tested else "npm run --if-present build"),
    )


def _go(folder: Path) -> Found | None:
    if not (folder / "go.mod").exists():
        return None
    version = re.search(r"^go (\d+\.\d+)", _text(folder / "go.mod"), re.MULTILINE)
    image = f"docker.io/library/golang:{version[1] if version else '1.26'}"
    return "Go", image, ("go vet ./...", "go test ./...")


def _nothing_known() -> Found:
    return "nothing known", "docker.io/library/busybox:1.37", ("echo put your tests here",)


def _images(folder: Path) -> list[Buildable]:
    """The root's Dockerfile, or else those of the folders directly below."""
    if (folder / "Dockerfile").is_file():
        return [_buildable("web", ".", folder / "Dockerfile")]
    below = sorted(path for path in folder.glob("*/Dockerfile") if path.is_file())
    names = {_slug(path.parent.name): path for path in reversed(below) if _slug(path.parent.name) not in {"", "test"}}
    return [_buildable(name, names[name].parent.name, names[name]) for name in sorted(names)]


def _buildable(name: str, folder: str, file: Path) -> Buildable:
    text = _text(file)
    exposed = re.findall(r"^\s*EXPOSE\s+(\d{1,5})", text, re.MULTILINE | re.IGNORECASE)
    exposed += re.findall(r"^\s*ENV\s+(?:HTTP_)?PORT[ =]\s*(\d{1,5})\s*$", text, re.MULTILINE)
    users = re.findall(r"^\s*USER\s+(\S+)", text, re.MULTILINE | re.IGNORECASE)
    port = next((int(port) for port in exposed if 0 < int(port) < 65536), PORT)
    return Buildable(name=name, folder=folder, port=port, as_root=not users or users[-1] in {"root", "0"})


def _kustomizations(folder: Path) -> dict[str, str]:
    """Overlays by the name of their folder; one alone is `dev`. Components and bases of others are none."""
    tree = FolderTree(folder)
    listed = itertools.islice(_with_kustomization(folder, _DEEPEST), _MOST_KUSTOMIZATIONS)
    read = [closure.read(tree, path.relative_to(folder).as_posix(), Place(file=FILE))[0] for path in listed]
    there = [item for item in read if item is not None and item.value.get("kind") != "Component"]
    taken = Counter(path for item in there for path in item.parsed)
    tops = sorted(item.folder or "." for item in there if taken[item.file] == 1)
    named = {_slug(PurePosixPath(top).name): top for top in tops}
    if len(tops) == 1 or len(named) < len(tops) or "" in named:
        return {"dev": tops[0]} if len(tops) == 1 else {}
    return named


def _with_kustomization(folder: Path, deepest: int) -> Iterator[Path]:
    if any((folder / name).is_file() for name in fields.NAMES):
        yield folder
    try:
        below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return
    for path in below:
        if deepest and not path.name.startswith(".") and path.name not in _NOT_OURS:
            yield from _with_kustomization(path, deepest - 1)


def _scripts(folder: Path) -> dict[str, Any]:
    try:
        package = json.loads(_text(folder / "package.json"))
    except ValueError:
        return {}
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return scripts if isinstance(scripts, dict) else {}


def _slug(name: str) -> str:
    """The name in Sealane's form: lower case, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
