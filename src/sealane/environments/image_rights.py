"""Which images a run of an app may use: its own, public ones, and those that operators list. Pure.

An engine has the images of all apps, and the server's password for a registry opens all of it: neither says that this
app may have them.
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
    """Host and path before the apps' images, as SEALANE_REGISTRY__PREFIX says; empty when there is none."""
    others: frozenset[str] = frozenset()
    """The other apps of the server: what is below the prefix in a folder of theirs is theirs."""
    listed: tuple[str, ...] = ()
    """Globs of repositories that operators let the app use."""


def refused(image: str, rights: Rights) -> str | None:
    """Why a run may not use an image whatever its registry says, or None. What is no reference is found elsewhere."""
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
    """Whether it is among those that the app itself makes."""
    return bool(rights.prefix) and _is_below(reference.repository, f"{rights.prefix}/{rights.app}")


def is_listed(reference: references.Reference, rights: Rights) -> bool:
    """Whether operators list it for the app."""
    return patterns.image_allowed(rights.listed, reference.repository)


def private(image: str, rights: Rights) -> str:
    """Why an image that the server may read, and not everybody, is not for the app."""
    return f"the image {image} is not public, and {rights.app} has no right to it; {_LISTED_IN}"


def _owner(repository: str, prefix: str) -> str:
    """The folder below the prefix that it is in; empty for what is elsewhere."""
    inside = _is_below(repository, prefix)
    return _plain(repository)[len(_plain(prefix)) + 1 :].partition("/")[0] if inside else ""


def _is_below(repository: str, prefix: str) -> bool:
    return bool(prefix) and f"{_plain(repository)}/".startswith(f"{_plain(prefix)}/")


def _plain(repository: str) -> str:
    """The one spelling of it: hosts know no capitals, and 443 is the port without saying so."""
    host, slash, path = repository.lower().partition("/")
    return f"{host.removesuffix(':443')}{slash}{path}"
