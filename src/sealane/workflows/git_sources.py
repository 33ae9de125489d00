"""Where git may fetch from, as the server's settings have it."""

from __future__ import annotations

from sealane.clients.git_access import Access
from sealane.clients.git_bases import Bases
from sealane.clients.git_ssh import Keys
from sealane.egress import Allowlist, Patience
from sealane.settings.model import Settings


def access(settings: Settings, registered: tuple[str, ...]) -> Access:
    """Allows the registered host, which an administrator named, at public addresses or in listed networks only."""
    return Access(
        passwords={host: password.get_secret_value() for host, password in settings.git.credentials.items()},
        keys=Keys(by_host=settings.git.ssh_keys, known_hosts=settings.git.known_hosts),
        allowed=Allowlist(
            hosts=tuple(settings.git.hosts),
            names=registered,
            networks=settings.egress.allowed,
            listed_in="SEALANE_GIT__HOSTS",
        ),
        patience=Patience(silence=settings.egress.silence, whole=settings.git.patience),
    )


def bases(settings: Settings) -> Bases:
    """Takes files from the other repositories that operators list."""
    return Bases(folder=settings.data / "bases", allowed=tuple(settings.git.bases), access=access(settings, ()))
