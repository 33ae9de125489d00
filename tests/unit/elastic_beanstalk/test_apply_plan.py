"""What would change in an environment, by the facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane.destinations.elastic_beanstalk import apply_plan
from sealane.destinations.elastic_beanstalk.manifests import ref_named
from sealane.destinations.elastic_beanstalk.model import VARIABLES, Spec
from sealane.destinations.model import HIDDEN, Identity, Reason

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


def test_a_variable_that_changes_does_not_show_what_it_was() -> None:
    """Somebody may have written a secret into it; other options show both."""
    spec = Spec(name="shop", options={(VARIABLES, "PASSWORD"): "new", ("aws:autoscaling:asg", "MinSize"): "2"})
    look = replace(reading(), options={(VARIABLES, "PASSWORD"): "hunter2", ("aws:autoscaling:asg", "MinSize"): "1"})
    change = apply_plan.plan(ref_named("shop", "shop"), spec, look, None, IDENTITY, adopt=True).change
    assert {(field.before, field.after) for field in change.fields} == {(HIDDEN, "new"), ("1", "2")}
