"""What a hold stops."""

from __future__ import annotations

import pytest

from sealane.approvals import hold_rules
from sealane.records.deployments import DeploymentKind

from .deployments import deployment, hold


@pytest.mark.parametrize(("place", "stopped"), [(2, True), (2.5, True), (3, True), (3.25, False), (4, False)])
def test_the_failed_release_and_everything_older_is_held_on_its_formation(place: float, *, stopped: bool) -> None:
    """A newer commit goes past a hold; what came late, or is run again, stands where its commit does."""
    subject = deployment(release_id="rel-9", sequence=9, place=place)

    assert (hold_rules.blocking(subject, [hold(up_to=3)]) is not None) == stopped


def test_elsewhere_only_the_failed_release_is_held() -> None:
    """What failed in dev is not promoted; older releases that are fine elsewhere may move."""
    failed_in_dev = hold(formation="dev", up_to=3, release="rel-3")

    assert hold_rules.blocking(deployment(release_id="rel-3"), [failed_in_dev]) == failed_in_dev
    assert hold_rules.blocking(deployment(release_id="rel-2", place=2), [failed_in_dev]) is None
    again = deployment(release_id="rel-8", sequence=8)
    assert hold_rules.blocking(again, [failed_in_dev]) == failed_in_dev, "another run brought the same commit"


def test_a_hold_is_its_own_apps_business() -> None:
    """Formations of other apps have the same names."""
    assert hold_rules.blocking(deployment(app="other"), [hold()]) is None


@pytest.mark.parametrize("kind", [DeploymentKind.ROLLBACK, DeploymentKind.SCALE])
def test_going_back_and_scaling_are_free(kind: DeploymentKind) -> None:
    """They bring nothing that was not verified there."""
    assert hold_rules.blocking(deployment(kind=kind), [hold()]) is None
