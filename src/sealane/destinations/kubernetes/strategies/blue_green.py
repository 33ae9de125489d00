"""Blue-green: a revision's objects in one colour. Pure: manifests in, manifests out.

Each Deployment that a Service selects gets the colour in its name, its selector and its pods' labels; the Services select
by it. Its autoscaler follows it. Labels, not names, decide who serves, so a switch is one write per Service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealane.destinations.kubernetes.stencils import variants
from sealane.destinations.kubernetes.stencils.variants import Manifest
from sealane.destinations.kubernetes.strategies import model

_ADDRESS = ("clusterIP", "clusterIPs", "ports", "selector", "type")
_POINTERS = ("scaleTargetRef", "targetRef")


def whole(objects: Sequence[Manifest], shape: model.Shape) -> list[Manifest]:
    """All objects, with the shape's colour serving."""
    names = {variants.key(manifest) for manifest in variants.served(objects)}
    services = variants.selecting(objects)
    switched = {variants.key(manifest) for manifest in services}
    made: list[Manifest] = []
    for manifest in objects:
        name = variants.key(manifest)
        if name in names and variants.is_kind(manifest, "Deployment"):
            made.append(deployment(manifest, shape))
        elif name in switched and variants.is_kind(manifest, "Service"):
            made.append(service(manifest, shape.colour))
        else:
            made.append(pointing(manifest, names, shape.colour))
    return [*made, *(preview(manifest, shape) for manifest in services)]


def ahead(objects: Sequence[Manifest], shape: model.Shape) -> list[Manifest]:
    """The Deployments in the new colour and the objects that reach them, while the other colour serves."""
    deployments = [deployment(manifest, shape) for manifest in variants.served(objects)]
    return [*deployments, *(preview(manifest, shape) for manifest in variants.selecting(objects))]


def deployment(manifest: Manifest, shape: model.Shape) -> Manifest:
    """The Deployment in the shape's colour."""
    name, label = str(manifest["metadata"]["name"]), {variants.COLOUR: shape.colour}
    return marked(manifest, name=variants.coloured(name, shape.colour), label=label)


def marked(manifest: Manifest, *, name: str, label: Mapping[str, str]) -> Manifest:
    """A renamed Deployment, with pods that alone have the label."""
    spec = manifest["spec"]
    template = spec["template"]
    metadata = template.get("metadata") or {}
    selector = spec.get("selector") or {}
    return {
        **manifest,
        "metadata": {
            **manifest["metadata"],
            "name": name,
            "labels": {**(manifest["metadata"].get("labels") or {}), **label},
        },
        "spec": {
            **spec,
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **label}},
            "template": {**template, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **label}}},
        },
    }


def service(manifest: Manifest, colour: str) -> Manifest:
    """The Service, selecting pods of one colour only."""
    spec = manifest["spec"]
    return {**manifest, "spec": {**spec, "selector": {**spec["selector"], variants.COLOUR: colour}}}


def preview(manifest: Manifest, shape: model.Shape) -> Manifest:
    """A cluster-internal Service that reaches the new colour before it serves."""
    spec: dict[str, Any] = {key: manifest["spec"][key] for key in _ADDRESS if key in manifest["spec"]}
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    spec.pop("type", None)
    spec["ports"] = [
        {key: value for key, value in port.items() if key != "nodePort"} for port in spec.get("ports") or ()
    ]
    spec["selector"] = {**spec["selector"], variants.COLOUR: shape.colour}
    name = variants.preview(manifest["metadata"]["name"], shape.strategy)
    place = {"namespace": manifest["metadata"]["namespace"]} if "namespace" in manifest["metadata"] else {}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, **place}, "spec": spec}


def targets(manifest: Manifest) -> list[str]:
    """Names of the Deployments that an autoscaler, or any other kind that scales, targets."""
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping):
        return []
    pointers = [spec.get(pointer) for pointer in _POINTERS]
    return [
        str(target.get("name"))
        for target in pointers
        if isinstance(target, Mapping) and target.get("kind", "Deployment") == "Deployment"
    ]


def pointing(manifest: Manifest, names: set[str], colour: str) -> Manifest:
    """An autoscaler of a coloured Deployment, targeting that colour."""
    if not any(f"Deployment/{target}" in names for target in targets(manifest)):
        return manifest
    spec = dict(manifest["spec"])
    for pointer in _POINTERS:
        target = spec.get(pointer)
        if isinstance(target, Mapping) and f"Deployment/{target.get('name')}" in names:
            spec[pointer] = {**target, "name": variants.coloured(str(target["name"]), colour)}
    return {**manifest, "spec": spec}
