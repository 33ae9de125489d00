"""Objects that no container runs from: what is there, what is waited for, and what has failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from sealane.clients.kubernetes import objects, resources
from sealane.destinations.kubernetes.converge import owned_objects, registry
from sealane.verdicts import model

AT = datetime(2026, 11, 21, 7, 0, 30, tzinfo=UTC)
MADE = "2026-11-21T07:00:01Z"
MOVED = "2026-11-21T07:00:20Z"
K = model.FactKind


def meta(*, generation: int = 2, **more: Any) -> dict[str, Any]:
    return {"name": "web", "uid": "web", "generation": generation, "creationTimestamp": MADE, **more}


def event(reason: str, message: str, *, warning: bool = True, uid: str = "web") -> objects.Event:
    told = {"type": "Warning" if warning else "Normal", "reason": reason, "message": message}
    return msgspec.convert({"metadata": {"name": "e"}, "involvedObject": {"uid": uid}, **told}, objects.Event)


def condition(kind: str, status: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"type": kind, "status": status, "message": message, "lastTransitionTime": MOVED, **more}


def seen(
    of: type[Any], *events: objects.Event, besides: owned_objects.NamespaceFacts = owned_objects.NOTHING, **fields: Any
) -> Any:
    live = msgspec.convert({"metadata": meta(), **fields}, of)
    return registry.converge(live, owned_objects.OwnedObjects(at=AT, events=events, besides=besides))


def short(part: owned_objects.Part) -> tuple[str, list[tuple[str, str]]]:
    """Health, and each fact's kind and words."""
    workload, instances, facts = part
    assert instances == ()
    assert not workload.runs
    return workload.health.value, [(fact.kind.value, fact.words) for fact in facts]


def ready(of: type[Any], **fields: Any) -> str:
    """What is said of it, beside that it is there."""
    workload, _, facts = seen(of, **fields)
    assert (workload.health, workload.note, facts) == (model.Health.READY, "", ())
    return str(workload.message)


# --- volume claims


def test_a_bound_claim_is_there_and_needs_no_mention() -> None:
    part = seen(resources.VolumeClaim, status={"phase": "Bound"})
    assert short(part) == ("ready", [])
    assert registry.observation([part], at=AT).workloads == ()


def test_a_claim_that_waits_for_its_first_pod_is_as_it_should_be() -> None:
    first = event("WaitForFirstConsumer", "waiting for first consumer to be created before binding", warning=False)
    assert short(seen(resources.VolumeClaim, first, status={"phase": "Pending"})) == ("ready", [])


def test_a_pending_claim_says_what_nobody_gives_it() -> None:
    nobody = event("FailedBinding", "no persistent volumes available for this claim", warning=False)
    expected = ("converging", [("volume_pending", "no persistent volumes available for this claim")])
    assert short(seen(resources.VolumeClaim, nobody, status={"phase": "Pending"})) == expected


def test_a_claim_that_lost_its_volume_has_failed() -> None:
    assert short(seen(resources.VolumeClaim, status={"phase": "Lost"}))[0] == "failed"


# --- services and what leads to them


@pytest.mark.parametrize(
    ("selector", "labels", "health"),
    [
        ({"app": "web"}, [{"app": "web", "tier": "front"}], "ready"),
        ({"app": "web"}, [{"app": "shop"}], "converging"),
        ({"app": "web", "tier": "back"}, [{"app": "web", "tier": "front"}], "converging"),
        ({"app": "web"}, [], "converging"),
        ({}, [], "ready"),  # somebody else writes its endpoints
        ({"app": "web"}, None, "ready"),  # nobody may look at pods
    ],
)
def test_a_service_must_select_something(selector: Any, labels: Any, health: str) -> None:
    part = seen(resources.Service, spec={"selector": selector}, besides=owned_objects.NamespaceFacts(labels=labels))
    assert part[0].health.value == health


def test_a_service_that_selects_nothing_names_the_labels() -> None:
    part = seen(resources.Service, spec={"selector": {"app": "web"}}, besides=owned_objects.NamespaceFacts(labels=[]))
    assert short(part)[1] == [("target_missing", "selects no pods: none here has the labels app=web")]


def test_pods_may_come_from_what_a_custom_resource_stands_for() -> None:
    besides = owned_objects.NamespaceFacts(labels=[], makers=True)
    _, _, facts = seen(resources.Service, spec={"selector": {"app": "web"}}, besides=besides)
    assert facts[0].detail == {"may_come": "yes"}


@pytest.mark.parametrize(
    ("endpoints", "message"),
    [(None, ""), (0, "no ready endpoints"), (1, "1 ready endpoint"), (3, "3 ready endpoints")],
)
def test_a_service_tells_its_ready_endpoints(endpoints: int | None, message: str) -> None:
    """None are no fault of its own, and the account may have no right to see them."""
    besides = owned_objects.NamespaceFacts(labels=[{"app": "web"}], endpoints=endpoints)
    part = seen(resources.Service, spec={"selector": {"app": "web"}}, besides=besides)
    assert (part[0].health, part[0].message) == ("ready", message)
    spec = {"type": "LoadBalancer", "externalIPs": ["192.0.2.1"]}
    told = seen(resources.Service, spec=spec, besides=owned_objects.NamespaceFacts(endpoints=2))
    assert told[0].message == "2 ready endpoints, at 192.0.2.1"


def test_an_endpoint_whose_readiness_is_unknown_counts() -> None:
    """As the API asks of its readers (discovery.k8s.io/v1, `EndpointConditions`)."""
    given = {"endpoints": [{}, {"conditions": {"ready": True}}, {"conditions": {"ready": False}}]}
    slice_ = msgspec.convert({"metadata": {}, "addressType": "IPv4", **given}, resources.EndpointSlice)
    assert slice_.ready == 2
    assert msgspec.convert({"metadata": {}, "endpoints": None}, resources.EndpointSlice).ready == 0


def test_a_load_balancer_waits_for_its_address() -> None:
    spec = {"type": "LoadBalancer"}
    assert short(seen(resources.Service, spec=spec))[1][0][0] == "address_pending"
    told = short(seen(resources.Service, event("SyncLoadBalancerFailed", "quota of addresses used up"), spec=spec))
    assert told == ("converging", [("address_pending", "quota of addresses used up")])
    status = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
    assert ready(resources.Service, spec=spec, status=status) == "at lb.example.com"
    assert ready(resources.Service, spec={**spec, "externalIPs": ["192.0.2.1"]}) == "at 192.0.2.1"


def test_an_ingress_must_lead_to_services_that_are_there() -> None:
    """Its address is not waited for; what it sends requests to is."""
    paths = [{"backend": {"service": {"name": name}}} for name in ("web", "api")]
    spec = {"rules": [{"http": {"paths": paths}}, {"host": "bare.example.com"}]}
    there = owned_objects.NamespaceFacts(services=frozenset({"web", "api"}))
    assert short(seen(resources.Ingress, spec=spec, besides=there)) == ("ready", [])
    missing = owned_objects.NamespaceFacts(services=frozenset({"web"}))
    words = "sends requests to Service api, which is not there"
    assert short(seen(resources.Ingress, spec=spec, besides=missing)) == ("converging", [("target_missing", words)])
    assert ready(resources.Ingress, spec=spec) == ""
    given = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "lb.example.com"}, {}]}}
    assert ready(resources.Ingress, spec=spec, status=given) == "at 192.0.2.1, lb.example.com"


# --- what is there once it is written


def test_an_autoscaler_needs_a_target_and_no_metrics() -> None:
    blind = condition("ScalingActive", "False", "no metrics known", reason="FailedGetResourceMetric")
    assert short(seen(resources.Autoscaler, status={"conditions": [blind]})) == ("ready", [])
    assert short(seen(resources.Autoscaler, status={"conditions": None})) == ("ready", [])
    lost = condition("AbleToScale", "False", 'deployments.apps "shop" not found', reason="FailedGetScale")
    part = short(seen(resources.Autoscaler, status={"conditions": [lost]}))
    assert part == ("converging", [("target_missing", 'finds nothing to scale: deployments.apps "shop" not found')])


@pytest.mark.parametrize(
    ("spec", "status", "said"),
    [
        ({"minReplicas": 3, "maxReplicas": 9}, {"currentReplicas": 3}, "3 pods, between 3 and 9"),
        ({"maxReplicas": 2}, {"currentReplicas": 1}, "1 pod, between 1 and 2"),
        ({"minReplicas": 3, "maxReplicas": 9}, {"desiredReplicas": 0}, "between 3 and 9"),
    ],
)
def test_an_autoscaler_says_how_many_there_are_and_may_be(
    spec: dict[str, Any], status: dict[str, Any], said: str
) -> None:
    assert ready(resources.Autoscaler, spec=spec, status=status) == said


def test_a_disruption_budget_is_there_once_it_is_taken_in() -> None:
    assert short(seen(resources.DisruptionBudget, status={"observedGeneration": 1})) == ("converging", [])
    assert short(seen(resources.DisruptionBudget, status={"observedGeneration": 2})) == ("ready", [])


def test_a_definition_is_there_once_it_is_established() -> None:
    assert short(seen(resources.Definition)) == ("converging", [])
    assert short(seen(resources.Definition, status={"conditions": [condition("Established", "True")]}))[0] == "ready"
    taken = condition("NamesAccepted", "False", '"webs" is already in use')
    part = short(seen(resources.Definition, status={"conditions": [taken]}))
    assert part == ("converging", [("resource_pending", '"webs" is already in use')])


def test_a_cron_job_is_there_once_it_is_written() -> None:
    assert short(seen(resources.CronJob)) == ("ready", [])


# --- custom resources


def custom(
    *conditions: dict[str, Any], besides: owned_objects.NamespaceFacts = owned_objects.NOTHING, **more: Any
) -> owned_objects.Part:
    """A custom resource of generation 2 with this status."""
    status = {"conditions": list(conditions), **more}
    return seen(resources.Custom, kind="Certificate", apiVersion="x.io/v1", status=status, besides=besides)


@pytest.mark.parametrize(
    ("conditions", "more", "health", "facts"),
    [
        ([condition("Ready", "True")], {}, "ready", []),
        ([condition("Available", "True")], {}, "ready", []),
        ([], {}, "ready", []),
        ([condition("Ready", "False", "no issuer")], {}, "converging", [("resource_pending", "no issuer")]),
        ([condition("Ready", "Unknown", "asking")], {}, "converging", [("resource_pending", "asking")]),
        ([condition("Available", "False", "0 of 3")], {}, "converging", [("resource_pending", "0 of 3")]),
        (
            [condition("Ready", "True"), condition("Reconciling", "True", "moving")],
            {},
            "converging",
            [("resource_pending", "moving")],
        ),
        ([condition("Ready", "True"), condition("Reconciling", "False")], {}, "ready", []),
        ([condition("Ready", "True")], {"observedGeneration": 1}, "converging", []),
        ([condition("Ready", "True", observedGeneration=1)], {}, "converging", []),  # it is about another generation
        ([condition("Ready", "False", "old", observedGeneration=1)], {}, "converging", []),
        (
            [condition("Stalled", "True", "no such issuer")],
            {"observedGeneration": 2},
            "failed",
            [("resource_failed", "no such issuer")],
        ),
        (
            [condition("Stalled", "True", "no such issuer", observedGeneration=2)],
            {},
            "failed",
            [("resource_failed", "no such issuer")],
        ),
        # nothing says which generation it is about: it may be what an older one left behind
        ([condition("Stalled", "True", "broken")], {}, "converging", [("resource_pending", "broken")]),
    ],
)
def test_conditions_tell_how_a_custom_resource_is(conditions: Any, more: Any, health: str, facts: Any) -> None:
    assert short(custom(*conditions, **more)) == (health, facts)


@pytest.mark.parametrize(
    "status",
    [None, "fine", 7, ["x"], {"conditions": "none"}, {"conditions": [{"type": 1}, "y"]}, {"observedGeneration": "2"}],
)
def test_a_status_of_any_shape_is_taken_as_none(status: Any) -> None:
    part = seen(resources.Custom, kind="Widget", apiVersion="x.io/v1", status=status)
    assert short(part) == ("ready", [])


def test_ready_of_a_custom_resource_has_to_hold_like_any_other() -> None:
    """It stays in the observation, since it may be lost again; and holds from its condition's time on."""
    part = custom(condition("Ready", "True"))
    assert registry.observation([part], at=AT).workloads[0].ready_since == datetime(2026, 11, 21, 7, 0, 20, tzinfo=UTC)
    assert registry.observation([part], at=AT).running == ()


WRITTEN = datetime(2026, 11, 21, 7, 0, 28, tzinfo=UTC)
OURS = {"manager": "sealane", "time": "2026-11-21T07:00:28Z"}


@pytest.mark.parametrize("asked", [False, True], ids=["by its conditions", "by a health check"])
@pytest.mark.parametrize(
    ("more", "records", "since"),
    [
        ({}, [OURS], WRITTEN),  # nothing says that its controller has looked at what was written
        ({"observedGeneration": 2}, [OURS], datetime(2026, 11, 21, 7, 0, 20, tzinfo=UTC)),
        ({}, [{**OURS, "manager": "its-controller"}], datetime(2026, 11, 21, 7, 0, 20, tzinfo=UTC)),
        ({}, [{**OURS, "time": "soon"}], datetime(2026, 11, 21, 7, 0, 20, tzinfo=UTC)),
    ],
)
def test_ready_of_an_older_version_holds_from_the_write_on(
    more: dict[str, Any], records: list[dict[str, str]], since: datetime, asked: bool
) -> None:
    """A controller that is busy or away leaves the former status (fluxcd/kustomize-controller#387, akuity/kargo#1411)."""
    moved = datetime(2026, 11, 21, 7, 0, 20, tzinfo=UTC)
    answer = owned_objects.HealthAnswer(health=model.Health.READY, message="ready", since=moved) if asked else None
    besides = owned_objects.NamespaceFacts(ask=lambda _: answer)
    status = {"conditions": [condition("Ready", "True")], **more}
    live = {"metadata": meta(managedFields=records), "kind": "Certificate", "apiVersion": "x.io/v1", "status": status}
    part = registry.converge(
        msgspec.convert(live, resources.Custom), owned_objects.OwnedObjects(at=AT, besides=besides)
    )
    assert (part[0].health, part[0].ready_since) == (model.Health.READY, since)


@pytest.mark.parametrize(
    ("health", "kind"), [(model.Health.CONVERGING, "resource_pending"), (model.Health.FAILED, "resource_failed")]
)
def test_a_health_check_says_more_than_conditions(health: model.Health, kind: str) -> None:
    answer = owned_objects.HealthAnswer(health=health, message="phase is Broken")
    part = custom(condition("Ready", "True"), besides=owned_objects.NamespaceFacts(ask=lambda _: answer))
    assert short(part) == (health.value, [(kind, "phase is Broken")])


def test_a_health_check_is_not_asked_about_an_older_generation() -> None:
    answer = owned_objects.HealthAnswer(health=model.Health.READY, message="ready", since=AT)
    besides = owned_objects.NamespaceFacts(ask=lambda _: answer)
    assert custom(observedGeneration=1, besides=besides)[0].health is model.Health.CONVERGING
    assert custom(observedGeneration=2, besides=besides)[0].ready_since == AT
