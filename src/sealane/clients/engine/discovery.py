"""Finds the container engine that answers: a socket on disk or a program on PATH is no proof of one."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
import docker.errors
import requests

from sealane.clients.engine import dialect
from sealane.clients.engine.api import Engine
from sealane.clients.engine.errors import EngineUnavailable

_PATIENCE = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """An address that an engine may have, and the source of this guess."""

    address: str
    source: str


async def find(environ: Mapping[str, str] | None = None) -> Engine:
    """The first engine that answers. Raises EngineUnavailable, naming every address tried and how to fix it."""
    return await asyncio.to_thread(_find, os.environ if environ is None else environ)


def candidates(environ: Mapping[str, str], platform: str = sys.platform) -> tuple[Candidate, ...]:
    """Possible addresses of engines, best first; with DOCKER_HOST, only that one."""
    if host := environ.get("DOCKER_HOST"):
        return (Candidate(address=host, source="DOCKER_HOST"),)
    places = [_docker_context(environ), Candidate(address="unix:///var/run/docker.sock", source="Docker")]
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        places.append(Candidate(address=f"unix://{runtime}/docker.sock", source="rootless Docker"))
        places.append(Candidate(address=f"unix://{runtime}/podman/podman.sock", source="rootless Podman"))
    places.append(Candidate(address="unix:///run/podman/podman.sock", source="Podman"))
    if platform == "darwin" and (home := environ.get("HOME")):
        places += [Candidate(address=f"unix://{home}/{path}", source=source) for path, source in _ON_MACOS]
    seen: dict[str, Candidate] = {}
    for candidate in places:
        if candidate is not None:
            seen.setdefault(candidate.address, candidate)
    return tuple(seen.values())


_ON_MACOS = (
    (".docker/run/docker.sock", "Docker Desktop"),
    (".orbstack/run/docker.sock", "OrbStack"),
    (".colima/default/docker.sock", "Colima"),
    (".rd/docker.sock", "Rancher Desktop"),
    (".local/share/containers/podman/machine/podman.sock", "Podman machine"),
)


def _docker_context(environ: Mapping[str, str]) -> Candidate | None:
    """The endpoint of the docker program's current context, if one is chosen."""
    config = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/")) / ".docker")
    try:
        name = environ.get("DOCKER_CONTEXT") or json.loads((config / "config.json").read_text()).get("currentContext")
        if not name or name == "default":
            return None
        for meta in sorted((config / "contexts" / "meta").glob("*/meta.json")):
            context = json.loads(meta.read_text())
            if context.get("Name") == name:
                host = str(context["Endpoints"]["docker"]["Host"])
                return Candidate(address=host, source=f"Docker context {name}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # the file is missing, or has an unknown form
        return None
    return None


def _find(environ: Mapping[str, str]) -> Engine:
    tried: list[str] = []
    for candidate in candidates(environ):
        answer = _ask(candidate.address, environ)
        if isinstance(answer, Engine):
            return answer
        tried.append(f"{candidate.address} ({candidate.source}): {answer}")
    raise EngineUnavailable(
        "no container engine answers; tried\n  " + "\n  ".join(tried),
        hint=_hint(environ, tried),
    )


def _hint(environ: Mapping[str, str], tried: list[str]) -> str:
    if environ.get("DOCKER_HOST"):
        return "DOCKER_HOST names the only engine asked: start that one, or unset DOCKER_HOST"
    if any("permission denied" in line for line in tried):
        return "your user may not use it: join the docker group (`sudo usermod -aG docker $USER`, then sign in again)"
    if sys.platform == "darwin":
        return "start Docker Desktop, or `podman machine start`"
    mine = "" if os.geteuid() == 0 else "--user "
    return f"start one: `systemctl start docker`, or `systemctl {mine}start podman.socket`"


def _ask(address: str, environ: Mapping[str, str]) -> Engine | str:
    """The engine at the address, or the reason why there is none."""
    if address.startswith("unix://") and (problem := _unreachable(address.removeprefix("unix://"))):
        return problem
    try:
        api = docker.APIClient(
            address, version=dialect.OLDEST, timeout=3, use_ssh_client=address.startswith("ssh://"), tls=_tls(environ)
        )
    except (docker.errors.DockerException, OSError, ValueError) as error:
        return _why(error)
    try:
        answer = api.get(f"{api.base_url}/_ping", timeout=_PATIENCE)
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError, ValueError) as error:
        return _why(error)
    finally:
        api.close()
    spoken = dialect.of(answer)
    if isinstance(spoken, str):
        return spoken
    return Engine(address, spoken.version, tls=_tls(environ), podman=spoken.podman)


def _unreachable(path: str) -> str | None:
    """Why a socket can't be used; None if a process listens there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(path)
        except FileNotFoundError:
            return "no such socket"
        except OSError as error:
            return _why(error)
    return None


def _tls(environ: Mapping[str, str]) -> docker.tls.TLSConfig | bool:
    """The TLS settings from DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, read like the docker program does."""
    if not environ.get("DOCKER_TLS_VERIFY"):
        return False
    folder = Path(environ.get("DOCKER_CERT_PATH") or Path(environ.get("HOME", "/")) / ".docker")
    certificate = (str(folder / "cert.pem"), str(folder / "key.pem"))
    return docker.tls.TLSConfig(client_cert=certificate, ca_cert=str(folder / "ca.pem"), verify=True)


def _why(error: BaseException) -> str:
    """The innermost cause in a few words: "connection refused", "permission denied"."""
    words = str(error)
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, TimeoutError | requests.exceptions.Timeout):
            words = f"no answer within {_PATIENCE:.0f} s"
        elif isinstance(current, OSError) and current.strerror:
            words = current.strerror.lower()
        current = current.__cause__ or current.__context__
    return " ".join(words.split())[:200]
