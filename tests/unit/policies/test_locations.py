"""Fields named in texts are found in manifests."""

from __future__ import annotations

import pytest

from sealane.policies import locations

POD = {
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "shop"}},
    "spec": {"containers": [{"name": "web", "image": "a"}, {"name": "side.car", "ports": [{"containerPort": 1}]}]},
}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.containers[1].ports[0]", ("spec", "containers", 1, "ports", 0)),
        ("spec.containers[name=side.car].ports", ("spec", "containers", 1, "ports")),
        ("spec.containers[name=web].resources.limits", ("spec", "containers", 0)),
        ("spec.containers[name=gone].image", ("spec", "containers")),
        ("metadata.labels['app.kubernetes.io/name']", ("metadata", "labels", "app.kubernetes.io/name")),
        ("spec.nope.deeper", ("spec",)),
        ("", ()),
    ],
)
def test_a_text_leads_as_far_as_the_manifest_goes(text: str, path: tuple[str | int, ...]) -> None:
    assert locations.resolve(text, POD) == path


def test_the_one_field_that_an_expression_selects_is_meant() -> None:
    assert locations.guess("object.spec.hostNetwork != true", POD) == "spec.hostNetwork"
    assert locations.guess("object.kind == 'Pod' && object.spec.containers.size() == 1", POD) == "spec.containers"


def test_two_fields_are_too_many_to_guess_from() -> None:
    assert locations.guess("object.spec.a == object.spec.b", POD) is None
    assert locations.guess("object.data.a == 'x'", POD) is None


def test_paths_are_written_as_people_write_them() -> None:
    assert locations.written(("spec", "containers", 0, "image")) == "spec.containers[0].image"
    assert locations.written(("metadata", "labels", "a.b/c")) == "metadata.labels['a.b/c']"
