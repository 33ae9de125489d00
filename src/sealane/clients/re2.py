"""Regular expressions of RE2, by the CEL engine: linear in the text, whatever the pattern. Pure."""

from __future__ import annotations

import functools
import re
from typing import Any

from cel_expr_python import cel

from sealane.clients import cel_errors
from sealane.clients.cel import configuration


def find(text: str, pattern: str) -> str:
    """The first match of an RE2 pattern, or an empty string; raises ValueError for a bad pattern.

    Runs in the engine's own RE2: linear in the text, whatever the pattern.
    """
    return str(_search("regex.extract(text, pattern).orValue('')", text, pattern))


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    """All matches of an RE2 pattern, at most `limit` unless that is negative; raises ValueError for a bad pattern."""
    matches: list[str] = _search("regex.extractAll(text, pattern)", text, pattern)
    return matches if limit < 0 else matches[:limit]


def _search(source: str, text: str, pattern: str) -> Any:
    environment, program = _searching(source)
    value = program.eval(environment.Activation({"text": text, "pattern": _without_groups(pattern)}))
    if value.type() == cel.Type.ERROR:
        message = f"Illegal regex: {cel_errors.bare(str(value.value()))}"
        raise ValueError(message)
    return value.plain_value()


@functools.cache
def _searching(source: str) -> tuple[Any, Any]:
    config = cel.NewEnvConfigFromYaml(configuration(("optional", "regex")))
    environment = cel.NewEnv(config=config, variables={"text": cel.Type.STRING, "pattern": cel.Type.STRING})
    return environment, environment.compile(source)


_GROUP = re.compile(
    r"(?P<kept>\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])|\((?:\?P?<\w+>|(?!\?))", re.DOTALL
)
"""The start of a group that captures; what only looks like one is `kept`."""


@functools.lru_cache(maxsize=1024)
def _without_groups(pattern: str) -> str:
    """The pattern with groups that don't capture: otherwise, the engine would return the group instead of the match."""
    return _GROUP.sub(lambda group: group["kept"] or "(?:", pattern)
