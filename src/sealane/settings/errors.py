"""Messages about invalid settings: unknown variables, and the variable that an error is about."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from sealane.findings import nearest
from sealane.settings.model import Settings

PREFIX = "SEALANE_"

_ELSEWHERE = frozenset(
    {
        *("URL", "TOKEN", "DEBUG"),  # the command line's own
        *(
            "APP",
            "ATTEMPT",
            "AUTHOR",
            "BRANCH",
            "CAUSE",
            "COMMIT",
            "DEPLOY_TAG",
            "EVENT",
            "FORMATION",
            "REF",
            "RELEASE",
        ),
        *("REPOSITORY", "REVISION", "RUN", "SEQUENCE", "STEP", "VERDICT", "WORKSPACE"),  # given to steps and hooks
    }
)
_BEGINNINGS = ("SECRET_", "TEST_", "TESTBED_", "BED_", "DEMO_")
"""Prefixes of apps' secrets, and of this project's own tests."""
_NAMED_BY_TABLES = "SEALANE_METRICS__SINKS__"
"""Settings of adapters, whose names are checked when the adapters are opened."""
_OF_A_SERVICE = re.compile(r"(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_LINKED = re.compile(r"(tcp|udp|sctp)://")
"""Kubernetes gives each container variables of its namespace's Services; one called `sealane` is likely."""


def known() -> dict[str, tuple[str, ...]]:
    """Every variable, with the path of names to its setting."""
    return dict(_variables(Settings, ()))


def unknown(environment: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each environment variable that looks like a setting but is none."""
    variables = {name.upper() for name in known()}
    return tuple(
        _sentence(name, variables)
        for name, value in sorted(environment.items())
        if name.upper().startswith(PREFIX)
        and name.upper() not in variables
        and not name.upper().startswith(_NAMED_BY_TABLES)
        and not _is_elsewhere(name.upper(), value)
    )


def wrong(error: ValidationError, options: Mapping[tuple[str, ...], str] | None = None) -> tuple[str, ...]:
    """A sentence for each wrong value, which names the variable, or the option of the command that gave it.

    The value itself may be secret, and is not shown.
    """
    return tuple(
        _told(_names(problem["loc"]), problem["msg"].removeprefix("Value error, "), options or {})
        for problem in error.errors()
    )


def unreadable(environment: Mapping[str, str]) -> str:
    """The variables that should hold JSON and don't."""
    lists = {name for name, names in known().items() if _is_listed(names)}
    unread = [name for name, value in environment.items() if name.upper() in lists and not _is_json(value)]
    return " or ".join(sorted(unread) or sorted(lists))


def variable(names: Iterable[str]) -> str:
    """The variable of a setting: SEALANE_RUNS__AT_ONCE for `runs`, `at_once`."""
    return PREFIX + "__".join(name.upper() for name in names)


def _told(names: list[str], message: str, options: Mapping[tuple[str, ...], str]) -> str:
    """An error about settings that do not fit together is reported for their group."""
    if option := options.get(tuple(names)):
        return f"{option} {message}"
    return f"{variable(names)}{':' if _is_group(names) else ''} {message}"


def _names(location: tuple[int | str, ...]) -> list[str]:
    """The path of the setting that an error is about, without places in a list and unknown names after it."""
    paths = set(known().values())
    names = [str(part) for part in location]
    for length in range(len(names), 0, -1):
        if tuple(names[:length]) in paths:
            return names[:length] if length > 1 or len(names) == 1 else names[:2]
    return names


def _variables(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, field in model.model_fields.items():
        names = (*above, name)
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _variables(kind, names)
        yield variable(names), names


def _kind(names: Iterable[str]) -> Any:
    kind: Any = Settings
    for name in names:
        kind = kind.model_fields[name].annotation
    return kind


def _is_group(names: Iterable[str]) -> bool:
    return (
        tuple(names) in set(known().values()) and isinstance(_kind(names), type) and issubclass(_kind(names), BaseModel)
    )


def _is_listed(names: tuple[str, ...]) -> bool:
    return typing.get_origin(_kind(names)) in {list, dict} or _is_group(names)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _is_elsewhere(name: str, value: str) -> bool:
    rest = name.removeprefix(PREFIX)
    if rest in _ELSEWHERE or rest.startswith(_BEGINNINGS):
        return True
    return bool(_OF_A_SERVICE.fullmatch(rest)) or (rest.endswith("PORT") and bool(_LINKED.match(value)))


def _sentence(name: str, variables: Iterable[str]) -> str:
    close = nearest(name.upper(), sorted(variables))
    return f"{name} is no setting{f': did you mean {close}?' if close else ''}"
