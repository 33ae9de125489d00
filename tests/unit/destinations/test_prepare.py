"""What is written carries its owner and leaves out what only a server may say."""

from __future__ import annotations

import base64

from sealane.destinations import model
from sealane.destinations.kubernetes import prepare

WHO = model.Identity(app="shop", formation="dev", namespace="shop", revision="r", release="v1", sequence=4)


def prepared(manifest: dict[str, object], namespace: str | None = "shop") -> dict[str, object]:
    return prepare.prepared(manifest, identity=WHO, namespace=namespace, annotations=WHO.annotations)


def test_labels_and_annotations_are_added_to_those_that_are_there() -> None:
    given = {"metadata": {"name": "a", "labels": {"team": "x"}, "annotations": {"note": "y"}}}
    assert prepared(given)["metadata"] == {
        "name": "a",
        "namespace": "shop",
        "labels": {"team": "x", **WHO.labels},
        "annotations": {"note": "y", model.REVISION: "r", model.RELEASE: "v1", model.SEQUENCE: "4"},
    }
    assert given["metadata"] == {"name": "a", "labels": {"team": "x"}, "annotations": {"note": "y"}}


def test_the_pod_template_stays_as_it_is() -> None:
    template = {"metadata": {"labels": {"app": "a"}}}
    assert prepared({"metadata": {"name": "a"}, "spec": {"template": template}})["spec"] == {"template": template}


def test_what_an_export_brings_along_is_left_out() -> None:
    exported = {"name": "a", "uid": "u", "resourceVersion": "1", "managedFields": [], "creationTimestamp": None}
    made = prepared({"metadata": exported, "status": {"ready": 1}})
    assert "status" not in made
    assert set(made["metadata"]) == {"name", "namespace", "labels", "annotations"}  # type: ignore[call-overload]


def test_an_object_of_the_whole_cluster_gets_no_namespace() -> None:
    assert "namespace" not in prepared({"metadata": {"name": "a", "namespace": "x"}}, None)["metadata"]  # type: ignore[operator]


def test_texts_of_a_secret_become_data_and_win_over_it() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "data": {"a": "b2xk", "b": "Yg=="},
        "stringData": {"a": "new"},
    }
    made = prepared(secret)
    assert made["data"] == {"a": base64.b64encode(b"new").decode(), "b": "Yg=="}
    assert "stringData" not in made
