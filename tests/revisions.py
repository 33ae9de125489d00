"""Revisions made of manifests, as deployments have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealane import hashing
from sealane.formations.strategy import Strategy
from sealane.stencils.model import Origin, Rendered, Revision


def of(objects: Iterable[Mapping[str, Any]], **changes: Any) -> Revision:
    """A revision of `shop` at `dev`, without secrets and configuration; changes name other fields."""
    manifests = [dict(manifest) for manifest in objects]
    plain: dict[str, Any] = {
        "id": hashing.content_id({"objects": manifests}),
        "app": "shop",
        "formation": "dev",
        "environment": changes.get("formation", "dev"),
        "destination": "here",
        "namespace": "shop",
        "release": None,
        "objects": tuple(Rendered(object=manifest, origin=Origin(file="web.yaml")) for manifest in manifests),
        "strategy": Strategy(),
        "secret_object": None,
        "secrets": {},
        "secret_versions": {},
        "config_object": None,
        "config_versions": {},
    }
    return Revision(**{**plain, **changes})
