"""Helm as the server's settings have it, and where its charts may come from."""

from __future__ import annotations

from sealane.clients.aws.chart_buckets import ChartBuckets
from sealane.clients.chart_repositories import ChartRepositories
from sealane.clients.helm import Helm
from sealane.clients.registry_access import RegistryAccess
from sealane.egress import Allowlist, Patience
from sealane.settings.model import Settings


def helm(settings: Settings) -> Helm:
    """Renders charts; those of repositories come from hosts that operators list."""
    prefix = settings.registry.prefix
    access = RegistryAccess(
        allowed=Allowlist(
            hosts=tuple(settings.helm.hosts),
            own=(prefix.partition("/")[0],) if prefix else (),
            networks=settings.egress.allowed,
            listed_in="SEALANE_HELM__HOSTS",
        ),
        token_hosts=settings.registry.token_hosts,
        patience=Patience(silence=settings.egress.silence, whole=settings.registry.patience),
    )
    repositories = ChartRepositories(
        access=access,
        passwords={host: password.get_secret_value() for host, password in settings.helm.passwords.items()},
        buckets=ChartBuckets(listed=settings.helm.buckets),
        folder=settings.data / "charts",
    )
    return Helm(program=settings.helm.program, patience=settings.helm.patience, repositories=lambda: repositories)
