"""Who set a field, from managed fields as a real API server wrote them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.deployments import drift_check
from sealane.destinations.kubernetes import field_managers
from sealane.destinations.kubernetes.field_managers import FieldManager
from sealane.destinations.model import Action, FieldChange, ObjectChange, ObjectRef

FOUND: dict[str, Any] = {
    "metadata": {
        "name": "web",
        "managedFields": [
            {
                "manager": "sealane",
                "operation": "Apply",
                "time": "2026-11-21T07:00:00Z",
                "fieldsV1": {"f:spec": {"f:replicas": {}, "f:template": {}}},
            },
            {
                "manager": "kubectl-edit",
                "operation": "Update",
                "time": "2026-11-21T08:00:00Z",
                "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:example.com/team": {}}},
                    "f:spec": {
                        "f:replicas": {},
                        "f:template": {
                            "f:spec": {
                                "f:containers": {
                                    'k:{"name":"web"}': {
                                        ".": {},
                                        "f:image": {},
                                        "f:ports": {'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}}},
                                    }
                                }
                            }
                        },
                    },
                },
            },
            {
                "manager": "robot",
                "operation": "Update",
                "time": "2026-11-21T09:00:00Z",
                "fieldsV1": {"f:spec": {"f:replicas": {}}},
            },
            {
                "manager": "kube-controller-manager",
                "operation": "Update",
                "subresource": "status",
                "time": "2026-11-21T10:00:00Z",
                "fieldsV1": {"f:spec": {"f:replicas": {}}},
            },
        ],
    }
}
EDITED = FieldManager(manager="kubectl-edit", at=datetime(2026, 11, 21, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("path", "setter"),
    [
        ("spec.template.spec.containers[web].image", EDITED),
        ("spec.template.spec.containers[web].ports[8080]", EDITED),
        ("spec.template.spec.containers[web]", EDITED),
        ("metadata.labels[example.com/team]", EDITED),
        ("spec.replicas", FieldManager(manager="robot", at=datetime(2026, 11, 21, 9, tzinfo=UTC))),
        ("spec.template.spec.containers[webserver].image", None),
        ("spec.paused", None),
    ],
)
def test_the_last_one_who_set_it_is_named(path: str, setter: FieldManager | None) -> None:
    """Neither Sealane itself nor who only writes status; what nobody claims has no name."""
    assert field_managers.FieldManagers(FOUND, own="sealane").of(path) == setter


def test_an_object_without_managed_fields_names_nobody() -> None:
    """Not every API server keeps them."""
    assert field_managers.FieldManagers({"metadata": {}}, own="sealane").of("spec.replicas") is None


@pytest.mark.parametrize(
    ("before", "setter", "by", "by_hand"),
    [
        ("web:2", None, drift_check.ANOTHER, False),
        ("web:2", EDITED, "kubectl-edit", True),
        (None, None, None, True),
    ],
)
def test_what_sealane_set_otherwise_another_one_deployed(
    before: str | None, setter: FieldManager | None, by: str | None, by_hand: bool
) -> None:
    """Where a person changed it or took it away, their hand it is."""
    at = datetime(2026, 11, 21, 7, tzinfo=UTC)
    change = FieldChange(path="spec.paused", before=before, after="web:1")
    noted = field_managers.noted(change, setter, FieldManager(manager="sealane", at=at))
    ref = ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name="web")
    drift = drift_check.drift(ObjectChange(action=Action.CHANGE, ref=ref, fields=(noted,)))
    assert drift is not None
    assert (drift.fields[0].manager, drift.fields[0].by_hand, drift.by_hand) == (by, by_hand, by_hand)
