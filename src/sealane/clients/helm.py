"""Helm, which renders charts and keeps releases. A chart is hostile input.

To render it runs in temporary folders of its own, without plugins, repositories and variables of this process, and with
limits for time, memory and output. It reaches no cluster: `--dry-run=server` with an address where nothing listens
makes a chart that calls `lookup` fail there; otherwise, `lookup` would return nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from sealane import typed_data
from sealane.charts.buckets import BucketAccess
from sealane.charts.model import ReleaseCommand, TemplateRequest, TemplateResult
from sealane.clients import program_folder, programs
from sealane.clients.program_folder import MOST_PRINTED
from sealane.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from sealane.clients.chart_repositories import ChartRepositories

T = TypeVar("T")

PROGRAM = "helm"
PATIENCE = 60.0
RELEASE_PATIENCE = 600.0
"""Seconds that one command on a release may take, its hooks included."""
_NOWHERE = """apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
users: [{name: none, user: {}}]
current-context: none
"""
_NONE = (
    "there is no helm on this machine, which renders charts",
    "install Helm 3.16 or newer, or say where it is: SEALANE_HELM__PROGRAM",
)


def _open() -> ChartRepositories:
    from sealane.clients import chart_repositories

    return chart_repositories.ChartRepositories()


@dataclass(frozen=True, kw_only=True, slots=True)
class Helm:
    """The program, and the time limit of one chart."""

    program: str = PROGRAM
    patience: float = PATIENCE
    repositories: Callable[[], ChartRepositories] = _open
    """Opens the client for remote charts: few commands need the clients of registries."""

    async def template(self, request: TemplateRequest) -> TemplateResult:
        """The rendered chart, or why it can't be rendered; nothing of it stays on this machine."""
        program = shutil.which(self.program)
        if program is None:
            return TemplateResult(problem=_NONE)
        async with program_folder.temporary("sealane-helm-") as home:
            problem = await asyncio.to_thread(_lay_out, home, request)
            return TemplateResult(problem=problem) if problem else await self._run(program, home, request)

    async def release(self, command: ReleaseCommand, kubeconfig: str) -> str | None:
        """Runs a command on a release; returns Helm's complaint if it failed. Raises Unavailable, UsageError."""
        program = shutil.which(self.program)
        if program is None:
            raise UsageError(_NONE[0], hint=_NONE[1])
        async with program_folder.temporary("sealane-helm-") as home:
            await asyncio.to_thread(_lay_out_release, home, command, kubeconfig)
            try:
                ended = await programs.run(
                    program, *command.arguments(str(home)), within=RELEASE_PATIENCE, environment=_environment(home)
                )
            except TimeoutError as error:
                raise Unavailable(f"helm {command.verb} took longer than {RELEASE_PATIENCE:g} s") from error
        if ended.code < 0:
            raise Unavailable(f"helm {command.verb} was ended by signal {-ended.code}", hint="was there enough memory?")
        return _complaint(ended) if ended.code else None

    async def _run(self, program: str, home: Path, request: TemplateRequest) -> TemplateResult:
        try:
            ended = await programs.run(
                *program_folder.bounded(program, *_arguments(home, request)),
                within=self.patience,
                environment=_environment(home),
                most=MOST_PRINTED,
            )
        except TimeoutError:
            return TemplateResult(problem=(f"helm took longer than {self.patience:g} s to render it", "simplify it"))
        if ended.code:
            return TemplateResult(complaint=_complaint(ended))
        if len(ended.out) >= MOST_PRINTED:
            return TemplateResult(problem=(f"it renders more than {MOST_PRINTED} bytes", "render less"))
        return TemplateResult(printed=ended.out.decode(errors="replace"))


ON_PATH = Helm()


def of(variables: Mapping[str, str]) -> Helm:
    """Helm as the variables configure it, like a server's settings do."""
    home = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    passwords = _object(variables, "SEALANE_HELM__PASSWORDS", dict[str, str])
    listed = _object(variables, "SEALANE_HELM__BUCKETS", dict[str, BucketAccess])
    region = variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or BucketAccess().region
    endpoint = variables.get("AWS_ENDPOINT_URL_S3") or variables.get("AWS_ENDPOINT_URL")
    others = BucketAccess(region=region, endpoint=endpoint)

    def repositories() -> ChartRepositories:
        from sealane.clients import chart_repositories
        from sealane.clients.aws.chart_buckets import ChartBuckets

        return chart_repositories.ChartRepositories(
            passwords=passwords,
            buckets=ChartBuckets(listed=listed, others=others),
            folder=home / "sealane" / "charts",
        )

    return Helm(program=variables.get("SEALANE_HELM__PROGRAM", PROGRAM), repositories=repositories)


def _object(variables: Mapping[str, str], name: str, shape: type[T]) -> T:
    """A variable that holds a JSON object. Raises UsageError for another one."""
    try:
        return typed_data.from_json(variables.get(name) or "{}", shape)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{name} is not the JSON object that it has to be: {error}") from error


def _complaint(ended: programs.Ended) -> str:
    return ended.problem or f"helm ended with {ended.code} and said nothing"


def _lay_out(home: Path, request: TemplateRequest) -> tuple[str, str] | None:
    """Writes Helm's input, or returns the chart file that can't be written."""
    problem = program_folder.lay_out(home / "chart", request.files.items(), whose="the chart's ")
    if problem is None:
        _configure(home, request.values, _NOWHERE)
    return problem


def _lay_out_release(home: Path, command: ReleaseCommand, kubeconfig: str) -> None:
    for path, content in command.chart.items():
        program_folder.write(home / "chart" / path, content.encode())
    _configure(home, command.values, kubeconfig)


def _configure(home: Path, values: Mapping[str, Any], kubeconfig: str) -> None:
    (home / "values.yaml").write_text(json.dumps(values), encoding="utf-8")
    (home / "kubeconfig").write_text(kubeconfig)


def _arguments(home: Path, request: TemplateRequest) -> Iterable[str]:
    yield from ("template", request.release, str(home / "chart"), "--namespace", request.namespace)
    yield from ("--values", str(home / "values.yaml"), "--include-crds", "--dry-run=server")
    if not request.tests:
        yield "--skip-tests"
    if not request.by_schema:
        yield "--skip-schema-validation"
    yield from ("--kube-version", request.kube_version)
    for version in request.api_versions:
        yield from ("--api-versions", version)


def _environment(home: Path) -> dict[str, str]:
    own = {f"HELM_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    return {
        **own,
        "HOME": str(home),
        "HELM_PLUGINS": str(home / "plugins"),
        "HELM_NO_PLUGINS": "1",
        "KUBECONFIG": str(home / "kubeconfig"),
        "PATH": os.defpath,
        "TMPDIR": str(home),
        "GOMEMLIMIT": "1GiB",
    }
