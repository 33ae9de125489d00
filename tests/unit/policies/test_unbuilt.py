"""What a policy says of an image that is not built yet is left for when it is; a fact of the manifest decides."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sealane.findings import Place
from sealane.policies.model import Decision, Effect, Field, Subject
from sealane.stencils.model import Origin, Rendered, Revision
from sealane.workflows.steps import policies

PLACE = Place(file="web.yaml", line=4)
IMAGE, CPU = "spec.containers[name=web].image", "spec.containers[name=web].resources"


def revision(image: str) -> Revision:
    container = {"name": "web", "image": image, "resources": {"limits": {"cpu": 1}}}
    pod = {"kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"containers": [container]}}
    rendered = Rendered(object=pod, origin=Origin(file="web.yaml"))
    return cast("Revision", SimpleNamespace(everything=(rendered,)))


@pytest.mark.parametrize(
    ("image", "field", "message", "later"),
    [
        ("web@unbuilt", IMAGE, "images have a digest", True),
        ("web@unbuilt", CPU, "limits are too small for an unbuilt world", False),
        ("registry.example.com/web@sha256:0", IMAGE, "images have a digest", False),
        ("web@unbuilt", None, "web@unbuilt has no digest", True),
        ("web@unbuilt", None, "nothing unbuilt here", False),
    ],
)
def test_only_what_is_said_of_an_unbuilt_image_is_left_for_later(
    image: str, field: str | None, message: str, later: bool
) -> None:
    given: dict[str, Any] = {"fields": (Field(path=field, place=PLACE),)} if field else {}
    decision = Decision(
        effect=Effect.DENY,
        policy="own",
        message=message,
        hint="",
        subject=Subject(kind="Pod", namespace="shop", name="web"),
        written=PLACE,
        **given,
    )
    assert policies.on_unbuilt(decision, revision(image)) is later
