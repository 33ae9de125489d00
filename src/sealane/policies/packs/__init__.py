"""Packs of policies that come with Sealane, by name and version: `default@1`.

A version never changes what it decides; a stricter pack is a new version.
"""

from __future__ import annotations

import functools
from importlib import resources
from importlib.resources.abc import Traversable

from sealane import errors
from sealane.findings import did_you_mean
from sealane.policies import reading
from sealane.policies.model import Policy


@functools.cache
def load(reference: str) -> tuple[Policy, ...]:
    """The policies of a pack; raises UsageError for one that is not there."""
    name, _, version = reference.partition("@")
    folder = resources.files(__name__) / name / version
    if reference not in known():
        raise errors.UsageError(f"no pack of policies is called {reference}", mend=did_you_mean(reference, known()))
    texts = {f"{reference}/{path}": file.read_text() for path, file in sorted(_files(folder).items())}
    policies, findings = reading.read(texts)
    if findings:
        raise errors.InvalidFiles(findings)
    return tuple(policies)


@functools.cache
def known() -> tuple[str, ...]:
    """The packs there are."""
    packs = [pack for pack in resources.files(__name__).iterdir() if pack.is_dir() and not pack.name.startswith("_")]
    return tuple(sorted(f"{pack.name}@{version.name}" for pack in packs for version in pack.iterdir()))


def _files(folder: Traversable) -> dict[str, Traversable]:
    """Policy files by path: those a cluster takes too, and below `release/` those that only Sealane evaluates."""
    found = {file.name: file for file in folder.iterdir() if file.name.endswith(".yaml")}
    release = folder / "release"
    if release.is_dir():
        found |= {f"release/{file.name}": file for file in release.iterdir() if file.name.endswith(".yaml")}
    return found
