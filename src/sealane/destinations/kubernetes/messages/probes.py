"""A probe's request and its answer, in a person's words. Pure: reads a probe's specification and an event's message."""

from __future__ import annotations

import re

from sealane.clients.kubernetes import pod_objects

_FAILED = re.compile(
    r"^(?P<probe>Readiness|Liveness|Startup) probe (?:failed|errored(?: and resulted in .*? state)?): ?", re.DOTALL
)
_KILLED = re.compile(r"^(?:Init container|Container) (?P<name>\S+) failed (?P<probe>liveness|startup) probe")
_LONGEST = 200
_CUT_BEFORE = 1000
"""Length from which a kubelet or an API server may have cut a text that is mostly blanks."""


def failed(message: str) -> tuple[str, str] | None:
    """The failed probe (`readiness`, `liveness`, `startup`) and the raw rest of the event's message, or None."""
    match = _FAILED.match(message)
    return (match["probe"].lower(), message[match.end() :]) if match else None


def killed(message: str) -> tuple[str, str] | None:
    """The container and the probe that caused its kill, from the message of a `Killing` event, or None."""
    match = _KILLED.match(message)
    return (match["name"], match["probe"]) if match else None


def asks(probe: pod_objects.Probe | None) -> str:
    """The probe's request: `GET :8080/healthz`, `connecting to :5432`, `command cat /tmp/ready`."""
    if probe is None:
        return ""
    if probe.http_get:
        path = probe.http_get.path if probe.http_get.path.startswith("/") else f"/{probe.http_get.path}"
        return f"GET :{probe.http_get.port}{path}"
    if probe.tcp_socket:
        return f"connecting to :{probe.tcp_socket.port}"
    if probe.grpc:
        return f"gRPC health check on :{probe.grpc.port}"
    if probe.exec:
        return f"command {shorten(' '.join(probe.exec.command), 80)}"
    return "probe"


def answer(probe: pod_objects.Probe | None, raw: str) -> str:
    """The answer, as a continuation of `asks`: `answered 500`, `was refused`, `did not answer within 1 s`."""
    if match := re.search(r"statuscode: (\d+)|service unhealthy \(responded with \"(\w+)\"\)", raw):
        return f"answered {match[1] or match[2]}"
    if "connection refused" in raw:
        return "was refused, nothing listens there"
    if re.search(r"deadline exceeded|i/o timeout|Client.Timeout|timed out|timeout:", raw, re.IGNORECASE):
        return f"did not answer within {probe.timeout_seconds} s" if probe else "did not answer in time"
    if match := re.search(r"no such host|no route to host|connection reset by peer|EOF", raw):
        return f"failed: {match[0]}"
    if "executable file not found" in raw or ("exec" in raw and "no such file or directory" in raw):
        return "could not be run: there is no such program in the container"
    text = shorten(raw)
    return f"failed and said “{text}”" if text else "failed without a word"


def shorten(text: str, longest: int = _LONGEST) -> str:
    """One line of at most `longest` characters; it ends in … if something may be missing, cut here or before."""
    line = " ".join(text.split())
    return line if len(line) <= longest and len(text) < _CUT_BEFORE else f"{line[: longest - 1]}…"
