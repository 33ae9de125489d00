"""A cluster: get, list, apply, create, delete, logs, and live views of its objects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from sealane.clients.kubernetes import (
    api_resources,
    credentials,
    direct,
    discovery,
    errors,
    exchange,
    kinds,
    lists,
    pod_metrics,
    schemas,
    transport,
)
from sealane.clients.kubernetes.informer import cache, reflector, subscriber, watch_stream

if TYPE_CHECKING:
    from sealane.clients.kubernetes import gateway

T = TypeVar("T")
L = TypeVar("L", bound=cache.Named)

LOG_LINE = 1024 * 1024
"""Most bytes of one line of a followed log; the rest of the line is left out."""
LOG_LIMIT = 1024 * 1024
_WRITE = {"fieldManager": kinds.MANAGER, "fieldValidation": "Strict"}
_APPLY = "application/apply-patch+yaml"
_JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Precondition:
    """A condition for a write; a Conflict if it is not met."""

    uid: str | None = None
    version: str | None = None


class Cluster:
    """One cluster, with credentials. Made by `connect`."""

    def __init__(self, connection: transport.Transport) -> None:
        self._connection = connection
        self._api_resources = api_resources.ApiResources(connection)
        self._live = reflector.Shared(connection)
        self._pace = subscriber.ReadPace()

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        kubeconfig: Path | None = None,
        *,
        context: str | None = None,
        in_cluster: bool = False,
        called: str = "",
        patience: float = 15.0,
    ) -> AsyncIterator[Self]:
        """Signs in with a kubeconfig (`KUBECONFIG` or `~/.kube/config` when None) or as the pod it runs in.

        `patience`: seconds of retries of repeatable calls while the server is away or busy. `called`: a name for the
        kubeconfig in errors, which otherwise show its path. Raises NoSignIn; whether the server answers shows with the
        first call.
        """
        source = credentials.Source(kubeconfig=kubeconfig, context=context, in_cluster=in_cluster, called=called)
        async with cls.over(direct.Direct(source), patience=patience) as cluster:
            yield cluster

    @classmethod
    @asynccontextmanager
    async def over(cls, by: exchange.Exchange, *, patience: float = 15.0) -> AsyncIterator[Self]:
        """The cluster behind an exchange. Raises NoSignIn."""
        connection = transport.Transport(by, patience=patience)
        await connection.open()
        cluster = cls(connection)
        try:
            yield cluster
        finally:
            await cluster._live.close()
            await connection.close()

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self._connection.server

    @asynccontextmanager
    async def gateway(
        self, *, fence: Callable[[], Awaitable[None]], rewrite: gateway.Rewrite, spares: gateway.Spares
    ) -> AsyncIterator[gateway.Gateway]:
        """A way for another program, whose writes wait for the fence and are rewritten, and which deletes not all that it would."""
        from sealane.clients.kubernetes.gateway import Gateway  # a web server, which few need

        way = Gateway(self._connection.exchange, fence=fence, rewrite=rewrite, spares=spares)
        async with way.open():
            yield way

    # --- kinds and objects

    async def resource(self, kind: kinds.Kind[Any]) -> discovery.Resource:
        """The resource of a kind. Asks the server once, and again for a missing kind: its definition may be new.

        Raises UnknownKind.
        """
        return await self._api_resources.resource(kind)

    async def resource_kinds(self) -> Iterable[tuple[str, str, str]]:
        """Group, version and kind of everything in the cluster."""
        return await self._api_resources.resource_kinds()

    async def schema(self, kind: kinds.Kind[Any]) -> schemas.Schema | None:
        """The type of a kind's objects; None if the cluster doesn't describe it. Asks once a group and version."""
        return await self._api_resources.schema(kind)

    async def get(self, kind: kinds.Kind[T], name: str, *, namespace: str | None = None) -> T:
        """One object. Raises NotFound."""
        path = (await self.resource(kind)).path(namespace=namespace, name=name)
        call = exchange.Call(method="GET", path=path)
        answer = await self._connection.call(call)
        return lists.decoded(answer.body, kind.type, str(call))

    async def find(self, kind: kinds.Kind[T], name: str, *, namespace: str | None = None) -> T | None:
        """One object, or None if the object, namespace or kind does not exist."""
        try:
            return await self.get(kind, name, namespace=namespace)
        except errors.NotFound:
            return None

    async def list(self, kind: kinds.Kind[T], *, namespace: str | None = None, selector: str = "") -> lists.Listing[T]:
        """All objects of a kind in a namespace (everywhere when None) that match a label selector."""
        path = (await self.resource(kind)).path(namespace=namespace)
        return await lists.listed(self._connection, path, kind.type, {"labelSelector": selector} if selector else {})

    @asynccontextmanager
    async def live(self, kind: kinds.Kind[L], *, namespace: str | None = None) -> AsyncIterator[reflector.Reflector[L]]:
        """A filled live view of a kind in a namespace, shared by all who open it at the same time.

        Raises the errors of the first listing.
        """
        resource = await self.resource(kind)
        async with self._live.view(resource, kind.type, namespace) as view:
            yield view

    @contextmanager
    def reader(self) -> Iterator[subscriber.Reader]:
        """A reader of this cluster's live views, which takes turns with all others."""
        reader = subscriber.Reader(self._pace)
        try:
            yield reader
        finally:
            reader.close()

    # --- writing

    async def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        namespace: str | None = None,
        force: bool = False,
        dry_run: bool = False,
        version: str | None = None,
    ) -> dict[str, Any]:
        """Server-side apply: sets the fields and returns the whole object. An apply without changes writes nothing.

        `version` is the resourceVersion the object must still have. Raises Conflict when that moved or, without
        `force`, when another manager set a field differently; Rejected for a field the schema doesn't know.
        """
        body: Mapping[str, Any] = manifest
        if version is not None:
            body = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}}
        query = {**_WRITE, **_dry(dry_run), "force": "true" if force else "false"}
        name = str(manifest["metadata"]["name"])
        path = (await self.resource(kinds.of(manifest))).path(namespace=namespace, name=name)
        call = exchange.Call(method="PATCH", path=path, query=query, body=_json(body), content_type=_APPLY)
        return await self._object(call)

    async def create(
        self, manifest: Mapping[str, Any], *, namespace: str | None = None, dry_run: bool = False
    ) -> dict[str, Any]:
        """Creates the object if it does not exist. Raises AlreadyExists; after Unreachable it may exist."""
        path = (await self.resource(kinds.of(manifest))).path(namespace=namespace)
        query = {**_WRITE, **_dry(dry_run)}
        name = str(manifest["metadata"].get("name", ""))
        body = _json(manifest)
        call = exchange.Call(method="POST", path=path, query=query, body=body, repeatable=dry_run, name=name)
        return await self._object(call)

    async def patch(
        self,
        kind: kinds.Kind[Any],
        name: str,
        operations: Sequence[Mapping[str, Any]],
        *,
        namespace: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """JSON patch (RFC 6902); its `test` operations make it safe to repeat. Raises Invalid when a test fails."""
        path = (await self.resource(kind)).path(namespace=namespace, name=name)
        query = {"fieldManager": kinds.MANAGER, **_dry(dry_run)}
        body = _json(operations)
        call = exchange.Call(method="PATCH", path=path, query=query, body=body, content_type=_JSON_PATCH)
        return await self._object(call)

    async def delete(
        self,
        kind: kinds.Kind[Any],
        name: str,
        *,
        namespace: str | None = None,
        only: Precondition | None = None,
        propagation: str = "Background",
    ) -> None:
        """Deletes an object; `only` guards against deleting a newer one. Raises NotFound, or Conflict by `only`."""
        path = (await self.resource(kind)).path(namespace=namespace, name=name)
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if only is not None:
            guards = {"uid": only.uid, "resourceVersion": only.version}
            body["preconditions"] = {key: value for key, value in guards.items() if value}
        await self._object(exchange.Call(method="DELETE", path=path, body=_json(body)))

    async def _object(self, call: exchange.Call) -> dict[str, Any]:
        answer = await self._connection.call(call)
        return lists.decoded(answer.body, dict[str, Any], str(call))

    # --- pods

    async def log(
        self,
        pod: str,
        container: str,
        *,
        namespace: str,
        previous: bool = False,
        tail: int = 100,
    ) -> tuple[str, ...]:
        """The last lines of a container's log, or of its previous run. Raises NotFound, or Invalid when there is none."""
        query = {
            "container": container,
            "previous": "true" if previous else "false",
            "tailLines": str(tail),
            "limitBytes": str(LOG_LIMIT),
        }
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        answer = await self._connection.call(exchange.Call(method="GET", path=path, query=query, accept="*/*"))
        return tuple(answer.body.decode(errors="replace").splitlines())

    async def follow_log(self, pod: str, container: str, *, namespace: str, tail: int = 100) -> AsyncIterator[str]:
        """The last lines of a running container's log and then each new one, until the container ends."""
        query = {"container": container, "follow": "true", "tailLines": str(tail)}
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        call = exchange.Call(method="GET", path=path, query=query, accept="*/*")
        async with self._connection.stream(call) as chunks:
            async for line in watch_stream.lines(watch_stream.shortened(chunks, LOG_LINE), str(call)):
                yield line.decode(errors="replace").rstrip("\r")

    async def pod_metrics(self, namespace: str) -> lists.Listing[pod_metrics.PodMetrics]:
        """Resource use of the namespace's pods. Raises NotFound if the cluster has no metrics API."""
        path = pod_metrics.path(namespace)
        return await lists.listed(self._connection, path, pod_metrics.PodMetrics, {})

    async def may(self, verb: str, kind: kinds.Kind[Any], *, namespace: str | None = None, name: str = "") -> bool:
        """Whether the account is allowed to do this."""
        resource = await self.resource(kind)
        asked = {"verb": verb, "group": resource.group, "resource": resource.plural, "name": name}
        if namespace and resource.namespaced:
            asked["namespace"] = namespace
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = await self._object(exchange.Call(method="POST", path=path, body=_json(review)))
        return bool(answer.get("status", {}).get("allowed"))


def _dry(dry_run: bool) -> dict[str, str]:  # noqa: FBT001 - the one argument says it
    return {"dryRun": "All"} if dry_run else {}


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
