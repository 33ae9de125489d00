"""The shape of `patches:` in a formation, as people write it. Pure.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sealane.configfiles.fields import File, Glob, Matching, Maybe, RelativePath

MOST_PATCHES = 100

PatchGroup = Annotated[
    str,
    Matching(
        pattern=r"|[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?",
        expected='an API group, such as apps; "" is the group of v1',
        hint=lambda text: f"without the version: {text.partition('/')[0]}" if "/" in text else None,
    ),
]

KindName = Annotated[
    str,
    Matching(
        pattern=r"[A-Z][A-Za-z0-9]*",
        expected="a kind, such as Certificate",
        longest=63,
        hint=lambda text: f"kinds begin with a capital: {text[:1].upper()}{text[1:]}" if text[:1].islower() else None,
    ),
]
"""As manifests write it."""


class PatchTargetFile(File):
    """Which objects a patch changes: those that all of it holds for."""

    group: Maybe[PatchGroup] = None
    """The part of `apiVersion` before the slash; `""` for kinds of `v1`."""
    kind: Maybe[KindName] = None
    """Their kind."""
    name: Maybe[Glob] = None
    """A glob that their name matches."""
    labels: Maybe[Annotated[dict[str, str], Field(min_length=1, max_length=100)]] = None
    """Labels that they have."""


class PatchFile(File):
    """A file that changes objects once they are rendered."""

    path: RelativePath
    """The file in the repository: documents that are objects in part, or a list of JSON Patch operations."""
    target: Maybe[PatchTargetFile] = None
    """Which objects it changes; when left out, each document names its object by apiVersion, kind and metadata.name."""
