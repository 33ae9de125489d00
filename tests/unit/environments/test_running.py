"""Images that a manifest would run, wherever its kind writes them."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.environments import manifest_images

FOUND: list[tuple[dict[str, Any], list[tuple[object, ...]]]] = [
    ({"spec": {"containers": [{"image": "a"}], "initContainers": [{"image": "b"}]}}, [("spec", "containers", 0, "image"), ("spec", "initContainers", 0, "image")]),
    ({"spec": {"templates": [{"name": "x", "container": {"image": "a", "args": []}}]}}, [("spec", "templates", 0, "container", "image")]),
    ({"spec": {"templates": [{"script": {"image": "a", "source": "id"}, "sidecars": [{"image": "b"}]}]}}, [("spec", "templates", 0, "script", "image"), ("spec", "templates", 0, "sidecars", 0, "image")]),
    ({"spec": {"steps": [{"name": "build", "image": "a"}, {"ref": "other"}], "stepTemplate": {"image": "b"}}}, [("spec", "steps", 0, "image"), ("spec", "stepTemplate", "image")]),
    ({"spec": {"volumes": [{"image": {"reference": "a"}}]}}, [("spec", "volumes", 0, "image", "reference")]),
    ({"spec": {"steps": [[{"name": "x", "template": "y"}]], "script": "echo", "container": None}}, []),
    ({"properties": {"container": {"properties": {"image": {"type": "string"}}}, "steps": {"image": {"type": "string"}}}}, []),
    ({"spec": {"image": "logo.png", "banner": {"image": "sky.png"}}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "paths"), FOUND, ids=lambda value: str(value)[:50])
def test_every_image_is_found(manifest: dict[str, Any], paths: list[tuple[object, ...]]) -> None:
    """A picture's name is none."""
    assert [path for path, _ in manifest_images.images(manifest)] == paths
