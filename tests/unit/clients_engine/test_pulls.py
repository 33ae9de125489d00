"""The request for an image: without TLS only from this machine's own registry, and for the platform that was asked for."""

from __future__ import annotations

import docker
import pytest

from sealane.clients.engine import pulls

NOWHERE = docker.APIClient("unix:///nowhere", version="1.40")


@pytest.mark.parametrize(
    ("image", "podman", "platform", "path", "query"),
    [
        (
            "redis",
            True,
            "linux/arm64",
            "/images/create",
            {"fromImage": "redis", "tag": "latest", "platform": "linux/arm64"},
        ),
        (
            "localhost:5000/a:1",
            True,
            "linux/arm/v7",
            "/libpod/images/pull",
            {"reference": "localhost:5000/a:1", "tlsVerify": "false", "OS": "linux", "Arch": "arm", "Variant": "v7"},
        ),
        (
            "127.0.0.2:5000/a:1",
            True,
            "",
            "/libpod/images/pull",
            {"reference": "127.0.0.2:5000/a:1", "tlsVerify": "false"},
        ),
        ("localhost:5000/a:1", False, "", "/images/create", {"fromImage": "localhost:5000/a", "tag": "1"}),
    ],
)
def test_the_request(image: str, podman: bool, platform: str, path: str, query: dict[str, str]) -> None:
    asked = pulls.request(NOWHERE, image, podman=podman, platform=platform)
    assert (asked.path, asked.query) == (path, query)
