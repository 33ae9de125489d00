"""Grafana, which is told only: `POST /api/annotations`."""

from __future__ import annotations

import json

from sealane.clients.metric_stores import markers
from sealane.clients.metric_stores.markers import Marker
from sealane.configfiles.fields import File
from sealane.deployments.metric_stores.port import MetricStore, StoreAccess
from sealane.formations.gate_files import KeyReference, Url
from sealane.formations.graph_annotations import Annotation


class GrafanaFile(File):
    """An annotation in Grafana."""

    url: Url
    """Address of the server."""
    token: KeyReference
    """Reference of a service account's token that may write annotations."""


async def _tell(annotation: Annotation, marker: Marker, access: StoreAccess) -> None:
    """An annotation on every dashboard that shows those tagged `deployment`."""
    body = {
        "time": int(marker.at.timestamp() * 1000),
        "tags": ["deployment", *markers.tags(marker)],
        "text": f"{marker.title}\n{marker.text}"[: markers.MOST],
    }
    headers = {**markers.JSON, "Authorization": f"Bearer {access.keys['token']}"}
    url = f"{annotation.url.rstrip('/')}/api/annotations"
    await markers.tell(url, headers, json.dumps(body).encode(), access.allowed)


ADAPTER = MetricStore(marker=GrafanaFile, tell=_tell)
