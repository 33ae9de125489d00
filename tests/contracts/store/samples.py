"""Values that the store's tests put in."""

from __future__ import annotations

from datetime import UTC, datetime

from sealane.events.model import Event, EventKind
from sealane.images.model import Image
from sealane.records.apps import App
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.releases.model import Release
from sealane.stencils.model import Revision
from tests import revisions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def app(name: str, repository: str | None = None) -> App:
    return App(
        name=name,
        repository=repository or f"https://git.example.com/{name}.git",
        path="",
        owner="payments",
        trunk="main",
        hosted=False,
        hook_generation=1,
        created=NOON,
    )


def push(commit: str, *, before: str | None = None, delivery: str | None = None, app_name: str = "shop") -> Event:
    return Event(
        kind=EventKind.PUSH,
        app=app_name,
        commit=commit * 40,
        branch="main",
        trunk="main",
        ref="refs/heads/main",
        before=before * 40 if before else None,
        author="ann",
        delivery=delivery,
        received=NOON,
    )


def revision(content: str = "v1", formation: str = "production") -> Revision:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"content": content}}
    return revisions.of([manifest], id=f"sha256:{content}-{formation}", formation=formation)


def release(number: int) -> Release:
    image = Image(name="web", repository="registry/shop/web", tag=str(number), digest=f"sha256:{number:064}")
    return Release(
        id=f"rel-{number}",
        app="shop",
        commit=f"{number:040}",
        deploy_tag=f"2026030112000{number}-abc",
        images={"web": image},
        created=NOON,
    )


def deployment(number: int, sequence: int = 0, formation: str = "production", **values: object) -> Deployment:
    given: dict[str, object] = {
        "id": f"d-{number}",
        "app": "shop",
        "formation": formation,
        "sequence": sequence,
        "kind": DeploymentKind.DELIVERY,
        "state": DeploymentState.WAITING,
        "environment": formation,
        "destination": "here",
        "namespace": "shop",
        "revision_id": f"sha256:v{number}-{formation}",
        "created": NOON,
    }
    return Deployment(**{**given, **values})  # type: ignore[arg-type]
