"""A module whose docstring says "Pure" computes values from values: no files, sockets, clock, processes or chance.

What it imports says so of itself, too, so that the word holds all the way down.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture import trees

OUTSIDE = frozenset(
    [
        "aiohttp",
        "alembic",
        "asyncio",
        "dbos",
        "docker",
        "fastapi",
        "fcntl",
        "http",
        "httpx",
        "jinja2",
        "kubernetes",
        "logging",
        "multiprocessing",
        "oras",
        "os",
        "psycopg",
        "pyrage",
        "random",
        "requests",
        "secrets",
        "select",
        "shutil",
        "socket",
        "sqlalchemy",
        "sqlite3",
        "starlette",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib.request",
        "uvicorn",
    ]
)
READS = frozenset(
    [
        "open",
        "read_bytes",
        "read_text",
        "write_bytes",
        "write_text",
        "exists",
        "is_dir",
        "is_file",
        "iterdir",
        "stat",
        "resolve",
    ]
)

LOCKS = frozenset({("sealane.typed_data", "threading")})
"""Locks around what a library keeps for itself: the same values give the same value."""


def _name(path: str) -> str:
    return f"sealane.{path.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__")


@cache
def _modules() -> dict[str, str]:
    """The path of every module."""
    return {_name(path): path for path in trees.texts()}


@cache
def _pure() -> dict[str, ast.Module]:
    said = {name: trees.tree(path) for name, path in _modules().items() if "Pure" in trees.texts()[path]}
    return {name: tree for name, tree in said.items() if re.search(r"\bPure\b", ast.get_docstring(tree) or "")}


def _imports(tree: ast.Module) -> Iterator[str]:
    """What is imported when the module runs; what only types need is left out."""
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in _modules() else node.module for name in whole)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    left = [node]
    while left:
        for child in ast.iter_child_nodes(left.pop()):
            if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
                continue
            yield child
            left.append(child)


def _files(tree: ast.Module) -> Iterator[str]:
    """Calls that look at files."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id="open"):
                    yield "open"
                case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if attribute in READS and owner == "Path":
                    yield f"{owner}.{attribute}"
                case _:
                    pass


def problems(tree: ast.Module) -> list[str]:
    """Why a module is not pure, a word each."""
    imports = [*_imports(tree)]
    outside = [name for name in imports if name in OUTSIDE or name.partition(".")[0] in OUTSIDE]
    unproven = [name for name in imports if name in _modules() and name not in _pure() and name != "sealane"]
    return [*outside, *unproven, *_files(tree)]


def test_what_says_pure_is_pure() -> None:
    violations = {
        module: [problem for problem in problems(tree) if (module, problem) not in LOCKS]
        for module, tree in _pure().items()
    }
    assert {module: wrong for module, wrong in violations.items() if wrong} == {}


def test_the_rooms_that_decide_say_so() -> None:
    """The word may not be dropped where the whole package is meant to decide only."""
    rooms = (
        "approvals",
        "charts",
        "events",
        "findings",
        "images",
        "pipelines",
        "records",
        "releases",
        "reports",
        "stencils",
        "verdicts",
    )
    silent = {
        name for name in _modules() if name.split(".")[1:2] and name.split(".")[1] in rooms and name not in _pure()
    }
    assert silent <= IMPURE, sorted(silent - IMPURE)


IMPURE = frozenset(
    {
        "sealane.pipelines.pipeline_files",
        "sealane.releases.preflight",
        "sealane.stencils.base_trees",
        "sealane.stencils.chart_inputs",
        "sealane.stencils.folder_inputs",
        "sealane.stencils.helm_template",
        "sealane.stencils.kustomize_inputs",
        "sealane.stencils.output_formations",
        "sealane.stencils.patch_inputs",
        "sealane.stencils.render_inputs",
    }
)
"""Modules of those rooms that look at files or stores of secrets, or ask Helm."""


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from subprocess import run",
        "from sealane.clock import now",
        "import urllib.request",
        "open('a')",
    ],
)
def test_the_look_sees_what_is_not_pure(text: str) -> None:
    assert problems(ast.parse(text))


def test_what_only_types_need_does_not_count() -> None:
    assert problems(ast.parse("if TYPE_CHECKING:\n    from sealane.store.runs import Runs\n")) == []
