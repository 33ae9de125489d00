"""Which images a run of an app may use: its own, public ones, and those that operators list. Pure.

An engine has the images of all apps, and the server's password for a registry gives access to all of it. Neither means
that this app may use them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealane.environments import patterns
from sealane.images import references

_ID = re.compile(r"[0-9a-f]+")
_LISTED_IN = "operators can list it under images: in access.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What an app may use."""

    app: str
    prefix: str
    """Host and path before the apps' images, from SEALANE_REGISTRY__PREFIX; empty if not set."""
    others: frozenset[str] = frozenset()
    """The other apps of the server, which own the folders with their names below the prefix."""
    listed: tuple[str, ...] = ()
    """Globs of repositories that operators let the app use."""


def refused(image: str, rights: Rights) -> str | None:
    """Why a run may not use an image in any case, or None. Invalid references are reported elsewhere."""
    try:
        reference = references.parse(image)
    except ValueError:
        return None
    named = image.partition("/")[0] if "/" not in image else ""
    if named and (named.startswith("sha256:") or _ID.fullmatch(named)):
        return f"the image {image} may be an id of the engine, which has every app's images: write its whole name"
    if is_listed(reference, rights):
        return None
    if reference.host == "localhost":
        return f"the image {image} is only on the engine, which has every app's images; {_LISTED_IN}"
    if (owner := _owner(reference.repository, rights.prefix)) in rights.others:
        return f"the image {image} belongs to the app {owner}, not to {rights.app}; {_LISTED_IN}"
    return None


def is_own(reference: references.Reference, rights: Rights) -> bool:
    """Whether it is one of the app's own images."""
    return bool(rights.prefix) and _is_below(reference.repository, f"{rights.prefix}/{rights.app}")


def is_listed(reference: references.Reference, rights: Rights) -> bool:
    """Whether operators list it for the app."""
    return patterns.image_allowed(rights.listed, reference.repository)


def private(image: str, rights: Rights) -> str:
    """Why the app may not use an image that only the server can read."""
    return f"the image {image} is not public, and {rights.app} has no right to it; {_LISTED_IN}"


def _owner(repository: str, prefix: str) -> str:
    """Its folder below the prefix; empty if it is elsewhere."""
    inside = _is_below(repository, prefix)
    return _plain(repository)[len(_plain(prefix)) + 1 :].partition("/")[0] if inside else ""


def _is_below(repository: str, prefix: str) -> bool:
    return bool(prefix) and f"{_plain(repository)}/".startswith(f"{_plain(prefix)}/")


def _plain(repository: str) -> str:
    """Its canonical spelling: the host in lower case, without port 443."""
    host, slash, path = repository.lower().partition("/")
    return f"{host.removesuffix(':443')}{slash}{path}"
