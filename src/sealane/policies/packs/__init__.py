"""Packs of policies by name and version: Sealane's own, `default@1`, and the operators'.

A version never changes its decisions; a stricter pack is a new version. The operators' packs are beside their
environments, in `policies/NAME/VERSION/`; a file's ending selects the policy engine.
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from sealane import errors, findings
from sealane.adapters import SHIPPED, Adapters
from sealane.findings import did_you_mean
from sealane.policies.engines import EnginePolicy, PolicyEngine

FOLDER = "policies"
_REFERENCE = re.compile(r"([a-z][a-z0-9-]*)@([1-9][0-9]*)")
_RELEASE = "release"
"""The folder in a pack for policies that a cluster can't evaluate; all others can be applied to one unchanged."""


def load(reference: str, config: Path | None = None, adapters: Adapters = SHIPPED) -> tuple[EnginePolicy, ...]:
    """The policies of a pack; `config` is the folder of the operators' files.

    Raises UsageError for an unknown pack, InvalidFiles for one with mistakes.
    """
    match = _REFERENCE.fullmatch(reference)
    places = _places(config)
    if not match or reference not in _known(places):
        raise errors.UsageError(
            f"no pack of policies is called {reference}", hint=did_you_mean(reference, _known(places))
        )
    folders = [place / match[1] / match[2] for place in places]
    there = [folder for folder in folders if folder.is_dir()]
    if len(there) > 1:
        raise errors.UsageError(
            f"{FOLDER}/{match[1]}/{match[2]} takes the name of a pack that comes with Sealane", hint="rename it"
        )
    policies: list[EnginePolicy] = []
    for engine in adapters.policy_engines.every(PolicyEngine).values():
        own = sorted(_files(there[0], engine.endings).items())
        texts = [(f"{reference}/{path}", file.read_text("utf-8")) for path, file in own]
        policies += _read(engine, tuple(texts)) if texts else ()
    return tuple(policies)


def known(config: Path | None = None) -> tuple[str, ...]:
    """The names of all packs."""
    return _known(_places(config))


@functools.lru_cache(maxsize=32)
def _read(engine: PolicyEngine, texts: tuple[tuple[str, str], ...]) -> tuple[EnginePolicy, ...]:
    policies, problems = engine.read(dict(texts))
    if wrong := findings.errors(problems):
        raise errors.InvalidFiles(wrong)
    return tuple(policies)


def _places(config: Path | None) -> list[Traversable]:
    own = config / FOLDER if config else None
    return [resources.files(__name__), *([own] if own and own.is_dir() else [])]


def _known(places: list[Traversable]) -> tuple[str, ...]:
    names = (
        f"{pack.name}@{version.name}"
        for place in places
        for pack in place.iterdir()
        if pack.is_dir()
        for version in pack.iterdir()
    )
    return tuple(sorted({name for name in names if _REFERENCE.fullmatch(name)}))


def _files(folder: Traversable, endings: tuple[str, ...]) -> dict[str, Traversable]:
    files = {file.name: file for file in folder.iterdir() if file.name.endswith(endings)}
    release = folder / _RELEASE
    if release.is_dir():
        files |= {f"{_RELEASE}/{file.name}": file for file in release.iterdir() if file.name.endswith(endings)}
    return files
