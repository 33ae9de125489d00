"""The product's modules as they were parsed, once for all tests of this folder."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src" / "sealane"


@cache
def texts() -> Mapping[str, str]:
    """Every module, as it is written, by its path below `sealane`."""
    return {file.relative_to(SOURCES).as_posix(): file.read_text() for file in sorted(SOURCES.rglob("*.py"))}


@cache
def tree(path: str) -> ast.Module:
    """What the module at that path is parsed to."""
    return ast.parse(texts()[path])


@cache
def nodes(path: str) -> Sequence[ast.AST]:
    """Everything in that module, as `ast.walk` gives it, which takes as long as parsing."""
    return tuple(ast.walk(tree(path)))
