"""Variables of a container in the formats of Woodpecker and Drone: `environment`, `settings` and the older `secrets`. Pure.

Conversions of settings as in Woodpecker's compiler (pipeline/frontend/yaml/compiler/settings/params.go): scalars as they
are, a list of scalars joined by commas, all else as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.configfiles.documents import Path
from sealane.pipelines.dialects.notation import Notation

_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 253
"""Characters of a name; stores of secrets keep files and rows of that name."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Variables:
    """The plain variables of a container, and variable to secret for the others."""

    plain: dict[str, str] = field(default_factory=dict)
    secret: dict[str, str] = field(default_factory=dict)
    structures: dict[str, str] = field(default_factory=dict)
    """JSON, with `{"from_secret": NAME}` where a secret belongs."""


def read(
    notation: Notation,
    part: Mapping[str, Any],
    path: Path,
    *,
    shared: Mapping[str, Any] | None = None,
    beside: bool = False,
) -> Variables:
    """All variables of a container; `shared` are those of all steps, and `beside` says that settings have no key of their own."""
    variables = Variables()
    _environment(notation, shared, ("environment",), variables)
    _environment(notation, part.get("environment"), (*path, "environment"), variables)
    where = path if beside else (*path, "settings")
    for key, value in notation.mapping(part.get("settings"), where).items():
        name = "PLUGIN_" + key.replace(".", "_").replace("-", "_").upper()
        _put(notation, name, value, (*where, key), variables)
    _secrets(notation, part.get("secrets"), (*path, "secrets"), variables)
    for name in variables.secret.keys() & variables.plain.keys():
        del variables.plain[name]
    return variables


def _environment(notation: Notation, written: Any, path: Path, variables: Variables) -> None:
    """A mapping, or the older list of NAME=value."""
    if isinstance(written, list):
        for index, text in enumerate(notation.texts(written, path)):
            name, _, value = text.partition("=")
            _put(notation, name, value, (*path, index), variables)
        return
    for name, value in notation.mapping(written, path).items():
        _put(notation, name, value, (*path, name), variables)


def _put(notation: Notation, name: str, value: Any, path: Path, variables: Variables) -> None:
    if not _allowed(notation, name, path):
        return
    if isinstance(value, dict) and "from_secret" in value:
        secret = notation.text(value["from_secret"], (*path, "from_secret"))
        _secret(notation, name, secret or "", path, variables)
    elif isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, list | dict) for item in value)):
        _secrets_within(notation, value, path)
        variables.structures[name] = json.dumps(
            notation.counted(value, path), separators=(",", ":"), ensure_ascii=False
        )
    elif value is not None:
        variables.secret.pop(name, None)
        variables.plain[name] = _converted(notation, value, path)


def _allowed(notation: Notation, name: str, path: Path) -> bool:
    """Whether a container may be given a variable of that name; a finding if not."""
    if len(name) > _LONGEST or not _VARIABLE.fullmatch(name):
        hint = f"letters, digits and underscores, no digit in front, at most {_LONGEST} of them"
        notation.wrong(path, f"{name[:80] or 'nothing'} is no name of a variable", hint)
        return False
    if name.startswith("SEALANE_"):
        notation.wrong(path, f"{name} is set by Sealane", "choose another name")
        return False
    return True


def _secrets(notation: Notation, written: Any, path: Path, variables: Variables) -> None:
    """Names, or `{source, target}`; the variable is the target in capitals."""
    for index, item in enumerate(written if isinstance(written, list) else [] if written is None else [written]):
        where = (*path, index)
        source = item.get("source") if isinstance(item, dict) else item
        target = item.get("target", source) if isinstance(item, dict) else item
        if isinstance(source, str) and isinstance(target, str):
            if _allowed(notation, target.upper(), where):
                _secret(notation, target.upper(), source, where, variables)
        else:
            notation.wrong(where, "secrets must be names, or {source: …, target: …}")


def _secret(notation: Notation, variable: str, name: str, path: Path, variables: Variables) -> None:
    if len(name) <= _LONGEST and _SECRET.fullmatch(name):
        variables.secret[variable] = name
    else:
        hint = "letters, digits and underscores, no digit in front: rename it here and where its value is kept"
        notation.wrong(path, f"{name[:80] or 'nothing'} is no name of a secret", hint)


def _converted(notation: Notation, value: Any, path: Path) -> str:
    if isinstance(value, list):
        return ",".join(notation.text(item, (*path, index)) or "" for index, item in enumerate(value))
    return notation.text(value, path) or ""


def _secrets_within(notation: Notation, value: Any, path: Path) -> None:
    """Checks the secrets in a list or mapping."""
    if isinstance(value, dict) and "from_secret" in value:
        name = value["from_secret"]
        _secret(notation, "", name if isinstance(name, str) else "", path, Variables())
    elif isinstance(value, list | dict):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            _secrets_within(notation, item, (*path, key))
