"""Fields of a service of a compose file, each put into the parts of a task definition and a service of ECS. Pure.

The meaning of the fields is that of the Compose Specification and of ECS' task definition parameters.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg])?b?$", re.IGNORECASE)
_LONGEST_STOP = 120
_UNITS = {"b": 2**-20, "k": 2**-10, "m": 1.0, "g": 1024.0}


class Fidelity(StrEnum):
    """How true a field stays."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    REFUSED = "refused"


@dataclass(kw_only=True, slots=True)
class ServiceParts:
    """What a service becomes, filled field by field."""

    name: str
    container: dict[str, Any]
    definition: dict[str, Any] = field(default_factory=dict)
    """Fields of its task definition, beside the container's."""
    service: dict[str, Any] = field(default_factory=dict)
    images: dict[str, Any] = field(default_factory=dict)
    """The image that the pipeline has to build for it, as its file says it."""
    cpu: float = 0.25
    """Cores."""
    memory: float = 0.0
    """MiB."""


Said = Fidelity | tuple[Fidelity, str]
"""How true a field stays, and what differs or what to do about it."""


def _put(key: str, convert: Callable[[Any], Any] = lambda value: value) -> Callable[[ServiceParts, Any], Said]:
    def how(service: ServiceParts, value: Any) -> Said:
        service.container[key] = convert(value)
        return Fidelity.EXACT

    return how


def _no(words: str) -> Callable[[ServiceParts, Any], Said]:
    return lambda _, __: (Fidelity.REFUSED, words)


def _nearly(words: str) -> Callable[[ServiceParts, Any], Said]:
    return lambda _, __: (Fidelity.APPROXIMATED, words)


def _image(service: ServiceParts, value: Any) -> Said:
    service.container["image"] = service.container["image"] or str(value)
    return Fidelity.EXACT


def _build(service: ServiceParts, value: Any) -> Said:
    service.images[service.name] = {"build": value if isinstance(value, str) else value.get("context", ".")}
    service.container["image"] = "\0{image." + service.name + "}"
    return Fidelity.APPROXIMATED, f"the pipeline builds it: put image {service.name} under images: of .sealane.yml"


def _environment(service: ServiceParts, value: Any) -> Said:
    pairs = value.items() if isinstance(value, dict) else (_pair(str(entry)) for entry in value or ())
    every = [(str(name), known) for name, known in pairs]
    named = [name for name, known in every if known is None]
    service.container["environment"] = [{"name": n, "value": _plain(v)} for n, v in every if v is not None]
    if named:
        return Fidelity.REFUSED, f"{', '.join(named)} would come from the shell: write the values"
    return Fidelity.EXACT


def _pair(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name, value if equals else None


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ports(service: ServiceParts, value: Any) -> Said:
    mapped, published = [], False
    for port in value:
        target = port.get("target") if isinstance(port, dict) else str(port).rpartition(":")[2]
        number, _, protocol = str(target).partition("/")
        if not number.isdigit():
            return Fidelity.REFUSED, f"{target}: ECS takes one port after the other here"
        published = published or isinstance(port, dict) or ":" in str(port)
        mapped.append({"containerPort": int(number), "protocol": protocol or "tcp"})
    service.container["portMappings"] = mapped
    words = "the port of the host is a listener's of a load balancer: name its target group under loadBalancers"
    return (Fidelity.APPROXIMATED, words) if published else Fidelity.EXACT


def _health(service: ServiceParts, value: Any) -> Said:
    if value.get("disable"):
        return Fidelity.EXACT
    test = value.get("test")
    command = test if isinstance(test, list) else ["CMD-SHELL", str(test)]
    check: dict[str, Any] = {"command": command}
    for key, name in (("interval", "interval"), ("timeout", "timeout"), ("start_period", "startPeriod")):
        if key in value:
            check[name] = round(_seconds(value[key]))
    if "retries" in value:
        check["retries"] = int(value["retries"])
    service.container["healthCheck"] = check
    other = sorted(value.keys() - {"test", "interval", "timeout", "start_period", "retries"})
    return (Fidelity.APPROXIMATED, f"without {', '.join(other)}") if other else Fidelity.EXACT


def _stop(service: ServiceParts, value: Any) -> Said:
    seconds = round(_seconds(value))
    service.container["stopTimeout"] = min(seconds, _LONGEST_STOP)
    return (
        (Fidelity.APPROXIMATED, f"Fargate gives {_LONGEST_STOP} s at most")
        if seconds > _LONGEST_STOP
        else Fidelity.EXACT
    )


def _restart(service: ServiceParts, value: Any) -> Said:
    del service
    if str(value) in {"always", "unless-stopped"}:
        return Fidelity.EXACT
    if str(value).startswith("on-failure"):
        return Fidelity.APPROXIMATED, "a service starts a task again whatever its exit code"
    return Fidelity.REFUSED, "a service starts its tasks again: write what ends as a Task that a hook names"


def _deploy(service: ServiceParts, value: Any) -> Said:
    if "replicas" in value:
        service.service["desiredCount"] = int(value["replicas"])
    limits = (value.get("resources") or {}).get("limits") or {}
    if "cpus" in limits:
        service.cpu = float(limits["cpus"])
    if "memory" in limits:
        service.memory = _mebibytes(limits["memory"])
    other = sorted(value.keys() - {"replicas", "resources"})
    words = "Fargate has sizes: the next greater one is taken" + (f"; without {', '.join(other)}" if other else "")
    return (Fidelity.APPROXIMATED, words) if limits or other else Fidelity.EXACT


def _cpus(service: ServiceParts, value: Any) -> Said:
    service.cpu = float(value)
    return Fidelity.APPROXIMATED, "Fargate has sizes: the next greater one is taken"


def _memory(service: ServiceParts, value: Any) -> Said:
    service.memory = _mebibytes(value)
    return Fidelity.APPROXIMATED, "Fargate has sizes: the next greater one is taken"


def _scale(service: ServiceParts, value: Any) -> Said:
    service.service["desiredCount"] = int(value)
    return Fidelity.EXACT


def _platform(service: ServiceParts, value: Any) -> Said:
    arm = "arm64" in str(value)
    service.definition["runtimePlatform"] = {
        "cpuArchitecture": "ARM64" if arm else "X86_64",
        "operatingSystemFamily": "LINUX",
    }
    return Fidelity.EXACT


def _init(service: ServiceParts, value: Any) -> Said:
    service.container["linuxParameters"] = {"initProcessEnabled": bool(value)}
    return Fidelity.EXACT


def _labels(value: Any) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else (str(label).partition("=")[::2] for label in value)
    return {str(name): _plain(text) for name, text in pairs}


def _words(value: Any) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else shlex.split(str(value))


_AWSVPC = "tasks on Fargate have a network of their own, where the account's names count"
FIELDS: Mapping[str, Callable[[ServiceParts, Any], Said]] = {
    "image": _image,
    "build": _build,
    "command": _put("command", _words),
    "entrypoint": _put("entryPoint", _words),
    "environment": _environment,
    "working_dir": _put("workingDirectory", str),
    "user": _put("user", str),
    "read_only": _put("readonlyRootFilesystem", bool),
    "tty": _put("pseudoTerminal", bool),
    "stdin_open": _put("interactive", bool),
    "labels": _put("dockerLabels", _labels),
    "ports": _ports,
    "expose": _ports,
    "healthcheck": _health,
    "stop_grace_period": _stop,
    "restart": _restart,
    "deploy": _deploy,
    "cpus": _cpus,
    "mem_limit": _memory,
    "scale": _scale,
    "platform": _platform,
    "init": _init,
    "container_name": _nearly("tasks have names of their own"),
    "depends_on": _nearly("services start side by side: a program has to wait for what it needs"),
    "networks": _nearly("security groups say who reaches whom; names come from Service Connect or Cloud Map"),
    "links": _nearly("names come from Service Connect or Cloud Map"),
    "logging": _nearly("write logConfiguration: awslogs is what Sealane reads"),
    "profiles": _nearly("it is always deployed: exclude its stencil in a formation"),
    "pull_policy": _nearly("a task pulls its image whenever it starts"),
    "volumes": _no("Fargate keeps nothing: name an EFS file system under volumes of the task definition"),
    "tmpfs": _no("Fargate has none: the task's own storage is there"),
    "secrets": _no("name it under secrets of the container: Secrets Manager or SSM"),
    "configs": _no("build it into the image, or read it from SSM"),
    "env_file": _no("write its content under environment:, secrets of it under secrets: of the container"),
    "privileged": _no("Fargate has no privileged containers"),
    "devices": _no("Fargate has no devices"),
    "network_mode": _no(_AWSVPC),
    "hostname": _no(_AWSVPC),
    "extra_hosts": _no(_AWSVPC),
    "dns": _no(_AWSVPC),
}
"""How each field is put there."""


def _seconds(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    hours, minutes, seconds, milli = (_DURATION.match(str(value)) or re.match("()()()()", "")).groups()  # type: ignore[union-attr]
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0) + int(milli or 0) / 1000


def _mebibytes(value: Any) -> float:
    match = _SIZE.match(str(value).strip())
    return float(match.group(1)) * _UNITS[(match.group(2) or "b").lower()] if match else 0.0
