"""What an engine speaks: told by its answer to `/_ping`, as Docker's own client asks.

`/version` says it too, but Podman's takes 0.2 to 0.4 s: it asks dpkg for the packages of its programs each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import requests

OLDEST: Final = "1.40"
"""The oldest version of the Engine API that Sealane speaks, which every engine answers `/_ping` in."""
_OLDEST = (1, 40)
_NEWEST = (1, 44)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """The version of the Engine API that both sides speak, and whether Podman's own API is there beside it."""

    version: str
    podman: bool


def of(answer: requests.Response) -> Dialect | str:
    """What the answer to `/_ping` tells, or why it is of no use."""
    spoken = answer.headers.get("Api-Version")
    if answer.status_code != 200 or not spoken:
        return f"something answers, but it is no container engine (HTTP {answer.status_code})"
    version = _common(spoken)
    if version is None:
        return f"it speaks the Engine API {spoken}, which is too old; Docker 19.03 or Podman 3 at least"
    return Dialect(version=version, podman="Libpod-Api-Version" in answer.headers)


def _common(spoken: str) -> str | None:
    try:
        major, minor = (int(part) for part in spoken.split(".")[:2])
    except ValueError:
        return None
    if (major, minor) < _OLDEST:
        return None
    chosen = min((major, minor), _NEWEST)
    return f"{chosen[0]}.{chosen[1]}"
