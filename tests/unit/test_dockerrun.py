"""An image as a source bundle: the same bytes for the same image, and good by the product's own check."""

from __future__ import annotations

import io

import pytest

from sealane.destinations.elastic_beanstalk import bundle_check
from sealane.images.dockerrun import DockerrunVersion, WrappedImage

IMAGE = f"registry.example.com/shop/web@sha256:{'0' * 64}"


@pytest.mark.parametrize("version", [1, 3])
def test_a_wrapped_image_is_a_good_bundle(version: DockerrunVersion) -> None:
    wrapped = WrappedImage(image=IMAGE, port=8080, version=version)
    checked = bundle_check.check(io.BytesIO(wrapped.bundle), "the bundle")
    assert (checked.findings, checked.images) == ((), (IMAGE,))
    assert WrappedImage(image=IMAGE, port=8080, version=version).bundle == wrapped.bundle
    assert WrappedImage(image=IMAGE, port=8081, version=version).bundle != wrapped.bundle
