"""Objects are written so that what one needs is there first."""

from __future__ import annotations

import random

from sealane.destinations.kubernetes import apply_order

IN_ORDER = [
    ("", "Namespace"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("storage.k8s.io", "StorageClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("", "ServiceAccount"),
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "PersistentVolumeClaim"),
    ("", "Service"),
    ("cert-manager.io", "Certificate"),
    ("apps", "Deployment"),
    ("batch", "Job"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("policy", "PodDisruptionBudget"),
    ("networking.k8s.io", "Ingress"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
]


def test_kinds_come_in_the_order_in_which_they_need_each_other() -> None:
    shuffled = IN_ORDER.copy()
    random.Random(7).shuffle(shuffled)
    phases = [apply_order.phase(*kind) for kind in apply_order.ordered(shuffled, lambda kind: kind)]
    assert phases == sorted(phases) == [apply_order.phase(*kind) for kind in IN_ORDER]


def test_within_a_phase_the_given_order_stays() -> None:
    given = [("", "Secret", "b"), ("", "ConfigMap", "a"), ("", "Secret", "a")]
    assert apply_order.ordered(given, lambda item: item[:2]) == given


def test_a_name_that_another_group_also_uses_is_not_taken_for_kubernetes_own() -> None:
    """Knative has a Service, too; it is a workload of an unknown kind."""
    assert apply_order.phase("serving.knative.dev", "Service") is apply_order.Phase.CUSTOM
