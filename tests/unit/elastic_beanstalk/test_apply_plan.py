"""What would change in an environment, by the facts alone."""

from __future__ import annotations

import pytest

from sealane.destinations.elastic_beanstalk import apply_plan
from sealane.destinations.elastic_beanstalk.manifests import ref_named
from sealane.destinations.elastic_beanstalk.model import Spec
from sealane.destinations.model import Identity, Reason

from .test_converge import reading

IDENTITY = Identity(app="shop", formation="prod", namespace="shop", revision="r3", sequence=3)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("sealane/bundles/shop/1.zip", None),
        ("sealane/bundles/shop-2/1.zip", Reason.FORBIDDEN),
        ("sealane/bundles/1.zip", Reason.FORBIDDEN),
        ("shop/sealane/bundles/other/1.zip", None),
    ],
)
def test_a_bundle_that_was_uploaded_for_another_app_is_refused(key: str, reason: Reason | None) -> None:
    """By whatever road its place came into a stencil."""
    spec = Spec(name="shop", label="v3", bundle={"S3Bucket": "acme", "S3Key": key})
    change = apply_plan.plan(ref_named("shop", "shop"), spec, reading(), None, IDENTITY, adopt=True).change
    assert (change.refusal and change.refusal.reason) == reason
