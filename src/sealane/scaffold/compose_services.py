"""Services of a compose file as task definitions and services of ECS on Fargate, and how true each field stays. Pure.

The meaning of the fields is that of the Compose Specification and of ECS' task definition parameters.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sealane.configfiles.documents import Document, Path
from sealane.findings import Place

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg])?b?$", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::?-([^}]*))?[^}]*\}|\$(\w+)")
_LONGEST_STOP = 120
_SIZES = {
    256: (512, 2048),
    512: (1024, 4096),
    1024: (2048, 8192),
    2048: (4096, 16384),
    4096: (8192, 30720),
    8192: (16384, 61440),
    16384: (32768, 122880),
}
"""CPU units of Fargate, with the least and the most memory in MiB that goes with each of them."""
_UNITS = {"b": 2**-20, "k": 2**-10, "m": 1.0, "g": 1024.0}


class Fidelity(StrEnum):
    """How true a field stays."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """What became of one field."""

    fidelity: Fidelity
    field: str
    place: Place
    words: str = ""
    """What differs, or what to do about it."""


@dataclass(kw_only=True, slots=True)
class Imported:
    """The objects of one compose file, and what became of each field."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    images: dict[str, Any] = field(default_factory=dict)
    """Images that the pipeline has to build, as its file says it."""
    report: list[Carried] = field(default_factory=list)


def read(document: Document) -> Imported:
    """Everything of the file."""
    made = Imported()
    whole = document.value if isinstance(document.value, dict) else {}
    for key in whole:
        if key not in {"services", "name", "version"} and not str(key).startswith("x-"):
            words = "networks, volumes, secrets and configs are the account's: make them there, and name them in the stencils"
            made.report.append(_carried(document, (key,), Fidelity.REFUSED, words))
    for name, service in (whole.get("services") or {}).items():
        if isinstance(service, dict):
            _Service(document=document, name=str(name), made=made).carry(service)
    return made


def _carried(document: Document, path: Path, fidelity: Fidelity, words: str) -> Carried:
    shown = ".".join(str(part) for part in path)
    return Carried(fidelity=fidelity, field=shown, place=document.key_place(path), words=words)


@dataclass(kw_only=True, slots=True)
class _Service:
    document: Document
    name: str
    made: Imported
    container: dict[str, Any] = field(default_factory=dict)
    definition: dict[str, Any] = field(default_factory=dict)
    service: dict[str, Any] = field(default_factory=dict)
    cpu: float = 0.25
    memory: float = 0.0

    def carry(self, given: Mapping[str, Any]) -> None:
        """All of its fields."""
        self.container = {"name": self.name, "image": "", "essential": True}
        for key, value in given.items():
            path: Path = ("services", self.name, key)
            how = _FIELDS.get(key)
            if how is None and str(key).startswith("x-"):
                continue
            said = how(self, value) if how else (Fidelity.REFUSED, "ECS has nothing like it")
            fidelity, words = (said, "") if isinstance(said, Fidelity) else said
            self.made.report.append(_carried(self.document, path, fidelity, words))
        self._variables(given)
        fitting = (units for units, (_, most) in _SIZES.items() if units >= self.cpu * 1024 and most >= self.memory)
        units = next(fitting, max(_SIZES))
        size = max(_SIZES[units][0], -(-int(self.memory) // 1024) * 1024)
        spec = {
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": str(units),
            "memory": str(size),
            **self.definition,
            "containerDefinitions": [_escaped(self.container)],
        }
        network = {"subnets": ["${subnet_a}", "${subnet_b}"], "securityGroups": ["${security_group}"]}
        service = {
            "taskDefinition": self.name,
            "launchType": "FARGATE",
            "desiredCount": 1,
            "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
            "networkConfiguration": {"awsvpcConfiguration": network},
            **self.service,
        }
        for kind, content in (("TaskDefinition", spec), ("Service", service)):
            head = {"apiVersion": "ecs.amazonaws.com/v1", "kind": kind, "metadata": {"name": self.name}}
            self.made.objects.append({**head, "spec": content})

    def _variables(self, given: Any) -> None:
        """Variables of the shell: nobody knows them here."""
        for path, text in _texts(given, ("services", self.name)):
            for match in _VARIABLE.finditer(text):
                name = match.group(1) or match.group(3)
                if name and match.group(2) is not None:
                    words = f"{name} is taken as its default: {match.group(2)!r}"
                    self.made.report.append(_carried(self.document, path, Fidelity.APPROXIMATED, words))
                elif name:
                    words = f"{name} is a variable of the shell: write its value, or a value of the formation"
                    self.made.report.append(_carried(self.document, path, Fidelity.REFUSED, words))


_Said = Fidelity | tuple[Fidelity, str]


def _put(key: str, convert: Callable[[Any], Any] = lambda value: value) -> Callable[[_Service, Any], _Said]:
    def how(service: _Service, value: Any) -> _Said:
        service.container[key] = convert(value)
        return Fidelity.EXACT

    return how


def _no(words: str) -> Callable[[_Service, Any], _Said]:
    return lambda _, __: (Fidelity.REFUSED, words)


def _nearly(words: str) -> Callable[[_Service, Any], _Said]:
    return lambda _, __: (Fidelity.APPROXIMATED, words)


def _image(service: _Service, value: Any) -> _Said:
    service.container["image"] = service.container["image"] or str(value)
    return Fidelity.EXACT


def _build(service: _Service, value: Any) -> _Said:
    service.made.images[service.name] = {"build": value if isinstance(value, str) else value.get("context", ".")}
    service.container["image"] = "\0{image." + service.name + "}"
    return Fidelity.APPROXIMATED, f"the pipeline builds it: put image {service.name} under images: of .sealane.yml"


def _environment(service: _Service, value: Any) -> _Said:
    pairs = value.items() if isinstance(value, dict) else (_pair(str(each)) for each in value or ())
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


def _ports(service: _Service, value: Any) -> _Said:
    mapped, published = [], False
    for each in value:
        target = each.get("target") if isinstance(each, dict) else str(each).rpartition(":")[2]
        number, _, protocol = str(target).partition("/")
        if not number.isdigit():
            return Fidelity.REFUSED, f"{target}: ECS takes one port after the other here"
        published = published or isinstance(each, dict) or ":" in str(each)
        mapped.append({"containerPort": int(number), "protocol": protocol or "tcp"})
    service.container["portMappings"] = mapped
    words = "the port of the host is a listener's of a load balancer: name its target group under loadBalancers"
    return (Fidelity.APPROXIMATED, words) if published else Fidelity.EXACT


def _health(service: _Service, value: Any) -> _Said:
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


def _stop(service: _Service, value: Any) -> _Said:
    seconds = round(_seconds(value))
    service.container["stopTimeout"] = min(seconds, _LONGEST_STOP)
    return (
        (Fidelity.APPROXIMATED, f"Fargate gives {_LONGEST_STOP} s at most")
        if seconds > _LONGEST_STOP
        else Fidelity.EXACT
    )


def _restart(service: _Service, value: Any) -> _Said:
    del service
    if str(value) in {"always", "unless-stopped"}:
        return Fidelity.EXACT
    if str(value).startswith("on-failure"):
        return Fidelity.APPROXIMATED, "a service starts a task again whatever its exit code"
    return Fidelity.REFUSED, "a service starts its tasks again: write what ends as a Task that a hook names"


def _deploy(service: _Service, value: Any) -> _Said:
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


def _cpus(service: _Service, value: Any) -> _Said:
    service.cpu = float(value)
    return Fidelity.APPROXIMATED, "Fargate has sizes: the next greater one is taken"


def _memory(service: _Service, value: Any) -> _Said:
    service.memory = _mebibytes(value)
    return Fidelity.APPROXIMATED, "Fargate has sizes: the next greater one is taken"


def _scale(service: _Service, value: Any) -> _Said:
    service.service["desiredCount"] = int(value)
    return Fidelity.EXACT


def _platform(service: _Service, value: Any) -> _Said:
    arm = "arm64" in str(value)
    service.definition["runtimePlatform"] = {
        "cpuArchitecture": "ARM64" if arm else "X86_64",
        "operatingSystemFamily": "LINUX",
    }
    return Fidelity.EXACT


def _init(service: _Service, value: Any) -> _Said:
    service.container["linuxParameters"] = {"initProcessEnabled": bool(value)}
    return Fidelity.EXACT


def _labels(value: Any) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else (str(each).partition("=")[::2] for each in value)
    return {str(name): _plain(text) for name, text in pairs}


def _words(value: Any) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else shlex.split(str(value))


_AWSVPC = "tasks on Fargate have a network of their own, where the account's names count"
_FIELDS: Mapping[str, Callable[[_Service, Any], _Said]] = {
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


def _seconds(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    hours, minutes, seconds, milli = (_DURATION.match(str(value)) or re.match("()()()()", "")).groups()  # type: ignore[union-attr]
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0) + int(milli or 0) / 1000


def _mebibytes(value: Any) -> float:
    match = _SIZE.match(str(value).strip())
    return float(match.group(1)) * _UNITS[(match.group(2) or "b").lower()] if match else 0.0


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _texts(part, (*path, number))
    elif isinstance(value, str):
        yield path, value


def _escaped(value: Any) -> Any:
    """Compose's variables as they are taken, and what a stencil would take for a placeholder as it is."""
    if isinstance(value, dict):
        return {key: _escaped(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_escaped(part) for part in value]
    if not isinstance(value, str):
        return value
    taken = _VARIABLE.sub(lambda match: "$" if match.group(0) == "$$" else match.group(2) or "", value)
    return taken.replace("${", "$${").replace("\0{", "${")
