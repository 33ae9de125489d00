"""A manifest as the API server passes it to policies: defaults filled in, nulls dropped. Pure.

A rule such as `object.spec.replicas > 1` must see the 1 that Kubernetes fills in. The values are those of Kubernetes'
own defaulting of its v1 kinds (k8s.io/kubernetes/pkg/apis/*/v1/defaults.go). Values that depend on a cluster are left
out: numbers of ports and addresses, the service account's volume, labels that a Job makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sealane.policies.functions import quantities

_Fields = dict[str, Any]

_POD: Mapping[str, Any] = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_CONTAINER: Mapping[str, Any] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
}
_PROBE: Mapping[str, Any] = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_HTTP: Mapping[str, Any] = {"path": "/", "scheme": "HTTP"}
_MODE: Mapping[str, Any] = {"defaultMode": 0o644}
_VOLUMES: Mapping[str, Mapping[str, Any]] = {
    "secret": _MODE,
    "configMap": _MODE,
    "downwardAPI": _MODE,
    "projected": _MODE,
    "hostPath": {"type": ""},
}
_CRON_JOB: Mapping[str, Any] = {
    "concurrencyPolicy": "Allow",
    "suspend": False,
    "successfulJobsHistoryLimit": 3,
    "failedJobsHistoryLimit": 1,
}
_JOB: Mapping[str, Any] = {
    "backoffLimit": 6,
    "completionMode": "NonIndexed",
    "suspend": False,
    "podReplacementPolicy": "TerminatingOrFailed",
    "manualSelector": False,
}
_SERVICE: Mapping[str, Any] = {"type": "ClusterIP", "sessionAffinity": "None"}


def defaulted(manifest: Mapping[str, Any], namespace: str | None) -> _Fields:
    """The manifest for policies when it is created in the namespace (None: outside of any).

    Kinds that Kubernetes does not define itself stay unchanged, except for the namespace.
    """
    filled: _Fields = dict(manifest)
    group = str(filled.get("apiVersion", "")).rpartition("/")[0]
    if not group or "." not in group or group.endswith(".k8s.io"):
        filled = _without_nulls(filled)
    if namespace:
        filled["metadata"] = {**_fields(filled.get("metadata")), "namespace": namespace}
    fill = _KINDS.get((group, str(filled.get("kind"))))
    if fill and isinstance(filled.get("spec"), dict):
        filled["spec"] = fill(filled["spec"])
    return filled


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_nulls(item) if isinstance(item, dict | list) else item
            for key, item in value.items()
            if item is not None
        }
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _fields(value: Any) -> _Fields:
    """The mapping itself; anything else becomes an empty one: defaulting does not report errors."""
    return value if isinstance(value, dict) else {}


def _with(fields: _Fields, key: str, change: Callable[[Any], Any]) -> None:
    """Changes the value at the key in place, if it exists."""
    if key in fields:
        fields[key] = change(fields[key])


def _each(change: Callable[[_Fields], _Fields]) -> Callable[[Any], Any]:
    """The change applied to every mapping of a list."""

    def changed(items: Any) -> Any:
        return (
            [change(item) if isinstance(item, dict) else item for item in items] if isinstance(items, list) else items
        )

    return changed


def _bare_pod(spec: _Fields) -> _Fields:
    """In a Pod itself, unlike in a template, limits are also the default of requests."""
    pod = {"enableServiceLinks": True, **_pod(spec)}
    for key in ("containers", "initContainers"):
        _with(pod, key, _each(_requesting))
    return pod


def _requesting(container: _Fields) -> _Fields:
    resources = _fields(container.get("resources"))
    limits = _fields(resources.get("limits"))
    if not limits:
        return container
    return {**container, "resources": {**resources, "requests": {**limits, **_fields(resources.get("requests"))}}}


def _pod(spec: _Fields) -> _Fields:
    pod = {**_POD, **spec}
    for key in ("containers", "initContainers"):
        _with(pod, key, _each(_container))
    _with(pod, "volumes", _each(_volume))
    return pod


def _container(given: _Fields) -> _Fields:
    container = {**_CONTAINER, "imagePullPolicy": _pull_policy(str(given.get("image", ""))), **given}
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        _with(container, probe, _probe)
    _with(container, "ports", _each(lambda port: {"protocol": "TCP", **port}))
    _with(container, "env", _each(_variable))
    _with(container, "resources", _resources)
    _with(container, "lifecycle", lambda hooks: {name: _handler(hook) for name, hook in _fields(hooks).items()})
    return container


def _pull_policy(image: str) -> str:
    """Always for `latest`, also for an image without tag and digest."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if tag == "latest" or (not tag and not digest) else "IfNotPresent"


def _probe(given: Any) -> Any:
    return _handler({**_PROBE, **given}) if isinstance(given, dict) else given


def _handler(given: Any) -> Any:
    handler = dict(_fields(given))
    _with(handler, "httpGet", lambda get: {**_HTTP, **_fields(get)})
    _with(handler, "grpc", lambda grpc: {"service": "", **_fields(grpc)})
    return handler


def _variable(given: _Fields) -> _Fields:
    source = _fields(given.get("valueFrom"))
    if "fieldRef" not in source:
        return given
    return {**given, "valueFrom": {**source, "fieldRef": {"apiVersion": "v1", **_fields(source["fieldRef"])}}}


def _resources(given: Any) -> Any:
    resources = dict(_fields(given))
    for key in ("limits", "requests"):
        _with(resources, key, lambda amounts: {name: _amount(amount) for name, amount in _fields(amounts).items()})
    return resources


def _amount(given: Any) -> Any:
    """A quantity in the API server's format; numbers are quantities, too."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return given
    try:
        return quantities.printed(str(given))
    except ValueError:
        return given


def _volume(given: _Fields) -> _Fields:
    volume = dict(given)
    for source, defaults in _VOLUMES.items():
        if source in volume:
            volume[source] = {**defaults, **_fields(volume[source])}
    return volume if set(volume) - {"name"} else {**volume, "emptyDir": {}}


def _template(spec: _Fields, defaults: Mapping[str, Any]) -> _Fields:
    """A spec with a pod template."""
    filled = {**defaults, **spec}
    template = _fields(filled.get("template"))
    if isinstance(template.get("spec"), dict):
        filled["template"] = {"metadata": {}, **template, "spec": _pod(template["spec"])}
    return filled


def _deployment(spec: _Fields) -> _Fields:
    filled = _template(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    return _rolling(filled, "strategy", {"maxUnavailable": "25%", "maxSurge": "25%"})


def _stateful_set(spec: _Fields) -> _Fields:
    defaults = {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady"}
    filled = _rolling(_template(spec, defaults), "updateStrategy", {"partition": 0})
    keep = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    retention = {**keep, **_fields(filled.get("persistentVolumeClaimRetentionPolicy"))}
    return {**filled, "persistentVolumeClaimRetentionPolicy": retention}


def _daemon_set(spec: _Fields) -> _Fields:
    return _rolling(
        _template(spec, {"revisionHistoryLimit": 10}), "updateStrategy", {"maxUnavailable": 1, "maxSurge": 0}
    )


def _rolling(spec: _Fields, key: str, defaults: Mapping[str, Any]) -> _Fields:
    strategy = {"type": "RollingUpdate", **_fields(spec.get(key))}
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = {**defaults, **_fields(strategy.get("rollingUpdate"))}
    return {**spec, key: strategy}


def _job(spec: _Fields) -> _Fields:
    alone = {} if {"completions", "parallelism"} & set(spec) else {"completions": 1}
    return _template(spec, {**_JOB, **alone, "parallelism": 1})


def _cron_job(spec: _Fields) -> _Fields:
    filled = {**_CRON_JOB, **spec}
    job = _fields(filled.get("jobTemplate"))
    if isinstance(job.get("spec"), dict):
        filled["jobTemplate"] = {"metadata": {}, **job, "spec": _template(job["spec"], {})}
    return filled


def _service(spec: _Fields) -> _Fields:
    filled = {**_SERVICE, **spec}
    _with(filled, "ports", _each(lambda port: {"protocol": "TCP", "targetPort": port.get("port"), **port}))
    if filled["type"] in {"NodePort", "LoadBalancer"}:
        filled.setdefault("externalTrafficPolicy", "Cluster")
    if filled["type"] == "LoadBalancer":
        filled.setdefault("allocateLoadBalancerNodePorts", True)
    if filled["type"] != "ExternalName":
        filled.setdefault("internalTrafficPolicy", "Cluster")
    return filled


_KINDS: Mapping[tuple[str, str], Callable[[_Fields], _Fields]] = {
    ("", "Pod"): _bare_pod,
    ("", "Service"): _service,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): lambda spec: _template(spec, {"replicas": 1}),
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
}
