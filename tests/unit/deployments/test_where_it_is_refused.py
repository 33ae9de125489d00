"""What a destination refuses is told with the place where it was written, as far as that is known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sealane.deployments import apply_phase
from sealane.destinations.model import Applied, ObjectRef, Reason, Refusal
from sealane.findings import Place
from sealane.stencils.model import Origin

AT = datetime(2026, 11, 30, tzinfo=UTC)
FILE = "deploy/stencils/web.yaml"
PLACES = {
    (): Place(file=FILE, line=1, column=1),
    ("spec", "containers", 1, "image"): Place(file=FILE, line=9, column=16),
    ("metadata", "labels"): Place(file=FILE, line=4, column=11),
    ("metadata", "labels", "app.kubernetes.io/name"): Place(file=FILE, line=5, column=30),
}
REF = ObjectRef(group="", version="v1", kind="Pod", namespace="shop", name="web")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (("spec.containers[1].image",), "9:16"),
        (("spec.containers[1].image", "spec"), "9:16"),
        (("spec.containers[0].image",), "1:1"),
        (("metadata.labels[app.kubernetes.io/name]",), "5:30"),
        (("metadata.labels['app.kubernetes.io/name']",), "5:30"),
        (("metadata.labels.other",), "4:11"),
        (("<nil>",), "1:1"),
        (("[",), "1:1"),
        ((), "1:1"),
    ],
)
def test_the_field_or_the_nearest_thing_around_it(fields: tuple[str, ...], place: str) -> None:
    refusal = Refusal(ref=REF, reason=Reason.INVALID, message="it is odd", hint="mend it", fields=fields)
    applied = Applied(inventory=(), refusals=(refusal,))
    cause = apply_phase.refused(applied, at=AT, origins={REF.key: Origin(file=FILE, places=PLACES)})
    assert cause is not None
    assert cause.sentence == f"Pod web is refused: it is odd. It is written at {FILE}:{place}. Mend it."


def test_what_nobody_wrote_has_no_place() -> None:
    applied = Applied(inventory=(), refusals=(Refusal(ref=REF, reason=Reason.QUOTA, message="there is no room"),))
    cause = apply_phase.refused(applied, at=AT)
    assert cause is not None
    assert cause.sentence == "Pod web is refused: there is no room."
