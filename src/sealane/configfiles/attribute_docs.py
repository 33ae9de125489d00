"""What stands under the fields of a model, read from its source when somebody asks for its JSON Schema.

Pydantic can read it, too, but does so when a class is made: that took a seventh of a command's processor time, and few
commands show a schema. Pure, since the program's own source never changes while it runs.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Mapping
from itertools import pairwise

from pydantic import BaseModel


@functools.cache
def of(model: type[BaseModel]) -> Mapping[str, str]:
    """The text under each field, by its name; those of its base classes, too. A model that was made has none itself."""
    docs: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base is not BaseModel and issubclass(base, BaseModel):
            docs |= _of_module(base.__module__).get(base.__qualname__, {})
    return docs


@functools.cache
def _of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of every class of a module, by the class's name; none where there is no source."""
    try:
        source = inspect.getsource(sys.modules[name])
    except (OSError, TypeError, KeyError):
        return {}
    docs: dict[str, Mapping[str, str]] = {}

    def look(body: list[ast.stmt], within: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                docs[f"{within}{node.name}"] = _of_class(node)
                look(node.body, f"{within}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                look(node.body, f"{within}{node.name}.<locals>.")

    look(ast.parse(source).body, "")
    return docs


def _of_class(node: ast.ClassDef) -> Mapping[str, str]:
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(node.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
