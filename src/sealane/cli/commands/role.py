"""`sealane role`: the account and the rights that Sealane needs in a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.destinations.kubernetes.rights import Resource
    from sealane.environments.model import AppLimits, Environment


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples(
        "sealane role --config /etc/sealane | kubectl apply -f -",
        "sealane role --config /etc/sealane --destination europe --also cert-manager.io/certificates",
    )
    app.command("role", rich_help_panel=headings.RUNNING, epilog=more)(role)


def role(
    ctx: typer.Context,
    config: options.EnvironmentsFolder = Path(),
    destination: Annotated[
        str | None,
        typer.Option(
            help="The cluster, where the files name several destinations.", autocompletion=options.destinations
        ),
    ] = None,
    account: Annotated[
        str, typer.Option(help="The account, as NAMESPACE/NAME.", metavar="NAMESPACE/NAME")
    ] = "sealane/sealane",
    also: options.Also = None,
    as_json: output.Json = False,
) -> None:
    """Print the rights that Sealane needs in a cluster.

    A ServiceAccount, a ClusterRole that is bound in each namespace which the operators' files open to an app, and the right
    to read namespaces. It reads no cluster and changes nothing: an administrator applies it.
    """
    import yaml

    from sealane.cli.local import local_formation
    from sealane.destinations.kubernetes import rights

    environments = local_formation.environments(config, options.tables(ctx))
    name = _destination(environments, destination)
    apps = [
        limits
        for environment in environments.values()
        if name in environment.destinations
        for limits in environment.apps.values()
    ]
    namespaces = {namespace for limits in apps for namespace in limits.namespaces}
    observed = {
        observed_place.namespace
        for environment in environments.values()
        for observed_place in environment.observed
        if observed_place.destination == name
    }
    made = rights.manifests(
        [*_usual(apps, rights.USUAL), *map(rights.Resource.of, also or ())],
        namespaces,
        rights.Account.of(account),
        observed=observed,
    )
    if as_json:
        output.json({"apiVersion": "v1", "kind": "List", "items": made})
        return
    output.data(yaml.safe_dump_all(made, sort_keys=False, default_flow_style=None, width=100).rstrip())
    output.say(f"for the destination {name}; the namespaces {', '.join(sorted(namespaces))} must be there", "dim")


def _destination(environments: Mapping[str, Environment], wanted: str | None) -> str:
    """The named destination. Raises UsageError."""
    from sealane.errors import UsageError
    from sealane.findings import did_you_mean

    clusters = {
        destination.name
        for env in environments.values()
        for destination in env.destinations.values()
        if destination.kind == "kubernetes"
    }
    if wanted is not None and wanted not in clusters:
        raise UsageError(f"no environment has the destination {wanted}", hint=did_you_mean(wanted, clusters))
    if wanted is None and len(clusters) != 1:
        message = "the environments have no cluster as a destination"
        if clusters:
            message = f"the environments have several destinations: {', '.join(sorted(clusters))}"
        raise UsageError(message, hint="say which: --destination NAME" if clusters else None)
    return wanted or clusters.pop()


def _usual(apps: list[AppLimits], usual: tuple[Resource, ...]) -> list[Resource]:
    """The usual kinds, without those that no app may have."""
    return [
        resource for resource in usual if not apps or any(resource.kind not in limits.deny_kinds for limits in apps)
    ]
