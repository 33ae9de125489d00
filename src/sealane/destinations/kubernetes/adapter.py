"""Kubernetes' line in the table of destinations: how a cluster is written, and reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path as FilePath
from typing import Annotated

from pydantic import Field

from sealane import paths
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import File, Maybe
from sealane.destinations.kubernetes.stencils.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext
from sealane.findings import Finding

_Text = Annotated[str, Field(min_length=1, max_length=4096)]


class KubernetesFile(File):
    """A Kubernetes cluster, and how to reach it: {} for what kubectl would use."""

    kubeconfig: Maybe[_Text] = None
    """Path of a kubeconfig on the machine that deploys, from this file's folder; when left out KUBECONFIG, then
    ~/.kube/config."""
    context: Maybe[_Text] = None
    """The context in it; its current one when left out."""
    in_cluster: bool = False
    """Whether Sealane runs in that cluster and signs in with its pod's own service account."""


def _problems(written: KubernetesFile, document: Document, path: Path) -> list[Finding]:
    if written.in_cluster and (written.kubeconfig or written.context):
        message = "in_cluster signs in with the pod's own account; a kubeconfig has no say then"
        return [Finding(message=message, place=document.place((*path, "in_cluster")), hint="keep one")]
    return []


def _placed(written: KubernetesFile, folder: FilePath) -> KubernetesFile:
    if not written.kubeconfig:
        return written
    return written.model_copy(update={"kubeconfig": str(paths.absolute(written.kubeconfig, folder))})


@asynccontextmanager
async def _open(written: KubernetesFile, context: DestinationContext) -> AsyncIterator[Destination]:
    """The cluster. Users of a server's apps read its errors, so these don't tell where a kubeconfig is."""
    from sealane.clients.helm import Helm
    from sealane.clients.kubernetes.cluster import Cluster
    from sealane.destinations.kubernetes.destination import KubernetesDestination

    kubeconfig = FilePath(written.kubeconfig) if written.kubeconfig else None
    called = f"kubeconfig of destination {context.name}" if kubeconfig and context.state else ""
    signing_in = Cluster.connect(
        kubeconfig, context=written.context, in_cluster=written.in_cluster, called=called, patience=context.patience
    )
    async with signing_in as cluster:
        yield KubernetesDestination(cluster, helm=Helm(program=context.helm))


ADAPTER = DestinationAdapter(file=KubernetesFile, problems=_problems, placed=_placed, open=_open, platform=PLATFORM)
