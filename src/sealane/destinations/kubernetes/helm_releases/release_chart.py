"""The chart that Helm is given for a release: what was rendered and approved, and nothing that is still to be decided. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealane.charts.release_objects import ReleaseParts
from sealane.destinations.kubernetes.helm_releases.records import CONTENT, OWNER
from sealane.stencils import manifest_yaml

Manifest = Mapping[str, Any]


def chart(parts: ReleaseParts, bodies: Iterable[Manifest], *, owner: str) -> dict[str, str]:
    """The chart's files; `bodies` are the objects as they are to be written for the formation `owner`."""
    about = parts.release["spec"]["chart"]
    metadata = {"apiVersion": "v2", **about, "annotations": {CONTENT: parts.content, OWNER: owner}}
    files = {"Chart.yaml": manifest_yaml.as_yaml(metadata)}
    for number, body in enumerate(bodies):
        path = f"templates/{number:03d}-{str(body['kind']).lower()}.yaml"
        files[path] = _literal(manifest_yaml.as_yaml(body))
    return files


def _literal(text: str) -> str:
    """The text as a template that renders to it: no part of it is taken for an instruction."""
    return text.replace("{{", '{{ "{{" }}')
