"""Reading environments: text to values and findings. Pure: takes text, knows nothing about files on disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import PurePosixPath

from sealane.configfiles import documents, validation
from sealane.configfiles.documents import Document, Path
from sealane.environments import calendars, files, patterns
from sealane.environments.model import AppLimits, DestinationConfig, Environment, PolicyChoice, Waiver
from sealane.findings import Finding, Place, errors
from sealane.pipelines.model import Approval
from sealane.stencils import scopes

DENIED = tuple(sorted({kind for _, kind in scopes.CLUSTER}))
"""Kinds an app may not have where its limits don't say."""

_ELSEWHERE = {"name": "environment", "clusters": "destinations", "approval": "approvals", "namespace": "namespaces"}


def read(text: str, file: str) -> tuple[Environment | None, list[Finding]]:
    """The environment that the file's text says, or everything that is wrong with it."""
    found_documents, found = documents.read(text, file)
    if errors(found):
        return None, found
    if len(found_documents) != 1:
        mend = "an environment's file is one document"
        return None, [Finding(message="the file is empty or several documents", place=Place(file=file), mend=mend)]
    document = found_documents[0]
    written, wrong = validation.validate(document, files.EnvironmentFile, elsewhere=_ELSEWHERE)
    meant = written or validation.salvage(document.value, files.EnvironmentFile)
    if meant is not None:
        wrong.extend(_problems(meant, document))
    found = [*found, *wrong]
    if written is None or wrong:
        return None, found
    return _environment(written, document), found


def _environment(written: files.EnvironmentFile, document: Document) -> Environment:
    policies = written.policies or files.PoliciesFile()
    return Environment(
        name=written.environment,
        production=written.production,
        destinations={
            name: _destination(name, each, document.key_place(("destinations", name)))
            for name, each in written.destinations.items()
        },
        apps={name: _limits(each, document.key_place(("apps", name))) for name, each in (written.apps or {}).items()},
        policies=PolicyChoice(
            packs=PolicyChoice().packs if policies.packs is None else tuple(policies.packs),
            waivers=tuple(
                Waiver(policy=each.policy, app=each.app, reason=each.reason, until=_day(each.until))
                for each in policies.waivers or ()
            ),
        ),
        delete_budget=written.delete_budget,
        gate_hosts=tuple((written.gates.hosts if written.gates else None) or ()),
        windows=calendars.windows(written.windows, document),
        allow_outdated=written.rollback.allow_outdated if written.rollback else False,
        place=document.place(()),
    )


def _destination(
    name: str, written: files.KubernetesDestination | files.DummyDestination, place: Place
) -> DestinationConfig:
    if isinstance(written, files.DummyDestination):
        return DestinationConfig(name=name, kind="dummy", place=place)
    cluster = written.kubernetes
    return DestinationConfig(
        name=name,
        kind="kubernetes",
        kubeconfig=cluster.kubeconfig,
        context=cluster.context,
        in_cluster=cluster.in_cluster,
        place=place,
    )


def _limits(written: files.AppFile, place: Place) -> AppLimits:
    return AppLimits(
        namespaces=tuple(written.namespaces),
        secrets=tuple(written.secrets or ()),
        registries=tuple(written.registries or ()),
        approvals=_approval(written.approvals) if written.approvals else None,
        deny_kinds=DENIED if written.deny_kinds is None else tuple(written.deny_kinds),
        place=place,
    )


def _approval(written: files.ApprovalsFile) -> Approval:
    return Approval(by=_groups(written.by), count=written.count or 1, unknown_pusher=written.unknown_pusher)


def _groups(by: str | list[str]) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else tuple(by)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _problems(written: files.EnvironmentFile, document: Document) -> list[Finding]:
    """What the shape can't say."""
    found = []
    stem = PurePosixPath(document.file).stem
    if stem != written.environment:
        message = f"the file is called {stem} and the environment {written.environment}"
        place = document.place(("environment",))
        found.append(Finding(message=message, place=place, mend="call both the same"))
    for name, each in written.destinations.items():
        if isinstance(each, files.KubernetesDestination):
            found.extend(_destination_problems(each.kubernetes, document, ("destinations", name, "kubernetes")))
    for name, app in (written.apps or {}).items():
        path: Path = ("apps", name)
        found.extend(_pattern_problems(app.secrets, patterns.secret_problem, document, (*path, "secrets")))
        found.extend(_pattern_problems(app.registries, patterns.registry_problem, document, (*path, "registries")))
    for index, waiver in enumerate((written.policies or files.PoliciesFile()).waivers or ()):
        try:
            _day(waiver.until)
        except ValueError:
            place = document.place(("policies", "waivers", index, "until"))
            found.append(Finding(message=f"there is no day {waiver.until}", place=place))
    found.extend(calendars.problems(written.windows, document))
    return found


def _destination_problems(cluster: files.KubernetesFile, document: Document, path: Path) -> list[Finding]:
    if cluster.in_cluster and (cluster.kubeconfig or cluster.context):
        message = "in_cluster signs in with the pod's own account; a kubeconfig has no say then"
        return [Finding(message=message, place=document.place((*path, "in_cluster")), mend="keep one")]
    return []


def _pattern_problems(
    listed: list[str] | None, problem: Callable[[str], str | None], document: Document, path: Path
) -> list[Finding]:
    return [
        Finding(message=f"{pattern} can't be meant: {reason}", place=document.place((*path, index)))
        for index, pattern in enumerate(listed or ())
        if (reason := problem(pattern))
    ]
