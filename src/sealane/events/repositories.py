"""Owner and name of an event's repository, as its address has them. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from sealane.events.model import Event


def owner_and_name(event: Event) -> tuple[str | None, str | None]:
    """Both parts, each None where the address has none; `git@host:owner/name.git` is an address, too."""
    address = event.repository or ""
    path = urlsplit(address).path if "://" in address else address.partition(":")[2]
    *owner, name = path.strip("/").removesuffix(".git").split("/")
    return "/".join(owner) or None, name or None
