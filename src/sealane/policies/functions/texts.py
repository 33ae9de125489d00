"""Text: find and findAll, and the declarations of CEL's string extension, version 2. Pure: knows nothing about policies."""

from __future__ import annotations

from sealane.clients import re2
from sealane.clients.cel_functions import Function

_TEXT = "string"


def _native(name: str, parameters: tuple[str, ...], result: str = _TEXT) -> Function:
    """A function that the engine has."""
    return Function(name=name, parameters=parameters, result=result, call=None, member=True)


FUNCTIONS = (
    Function(name="find", parameters=(_TEXT, _TEXT), result=_TEXT, call=re2.find, member=True),
    Function(name="findAll", parameters=(_TEXT, _TEXT), result="list<string>", call=re2.find_all, member=True),
    Function(name="findAll", parameters=(_TEXT, _TEXT, "int"), result="list<string>", call=re2.find_all, member=True),
    _native("charAt", (_TEXT, "int")),
    _native("format", (_TEXT, "list<dyn>")),
    _native("indexOf", (_TEXT, _TEXT), "int"),
    _native("indexOf", (_TEXT, _TEXT, "int"), "int"),
    _native("lastIndexOf", (_TEXT, _TEXT), "int"),
    _native("lastIndexOf", (_TEXT, _TEXT, "int"), "int"),
    _native("join", ("list<string>",)),
    _native("join", ("list<string>", _TEXT)),
    _native("lowerAscii", (_TEXT,)),
    _native("upperAscii", (_TEXT,)),
    _native("replace", (_TEXT, _TEXT, _TEXT)),
    _native("replace", (_TEXT, _TEXT, _TEXT, "int")),
    _native("split", (_TEXT, _TEXT), "list<string>"),
    _native("split", (_TEXT, _TEXT, "int"), "list<string>"),
    _native("substring", (_TEXT, "int")),
    _native("substring", (_TEXT, "int", "int")),
    _native("trim", (_TEXT,)),
    Function(name="strings.quote", parameters=(_TEXT,), result=_TEXT, call=None),
)
