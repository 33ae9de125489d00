"""A formation's ledger, kept in ConfigMaps and Secrets beside its objects, for command lines that have no server.

One ConfigMap holds short entries and names the parts with long ones. Parts never change: they are written before the
ConfigMap that names them, and deleted when nothing names them any more. So every reader sees one complete ledger, and a
fence that reads often reads only the one ConfigMap. Values of secrets are stored in Secrets only.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sealane import clock
from sealane import errors as ours
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model, ownership
from sealane.destinations.kubernetes import ledger_parts
from sealane.destinations.kubernetes.ledger_parts import Content, Names, Places

TRIES = 3
FORGOTTEN = timedelta(minutes=10)
"""After this time, a part that nothing names was left by a killed command."""


class Ledgers:
    """The ledgers of one cluster. Caches parts, because they never change."""

    def __init__(self, cluster: clusters.Cluster, *, now: clock.Clock = clock.now) -> None:
        self._cluster = cluster
        self._now = now
        self._seen: dict[tuple[str, str], bytes] = {}

    async def read(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        """The ledger; empty if there is none yet. An entry with deleted parts is left out."""
        for _ in range(TRIES - 1):
            ledger, whole = await self._read(app, formation, namespace)
            if whole:  # otherwise another command has just written it
                return ledger
        return (await self._read(app, formation, namespace))[0]

    async def _read(self, app: str, formation: str, namespace: str) -> tuple[model.Ledger, bool]:
        """The ledger, and whether all its parts existed."""
        name = ledger_parts.name_of(app, formation)
        live = await self._cluster.find(kinds.CONFIG_MAP, name, namespace=namespace)
        if live is None:
            return model.Ledger(), True
        content = ledger_parts.decoded(live, f"ConfigMap {namespace}/{name}")
        long, private = await asyncio.gather(
            self._gathered(ledger_parts.CONFIG_MAP, content.parts, namespace),
            self._gathered(ledger_parts.SECRET, content.private, namespace),
        )
        ledger = model.Ledger(
            inventory=content.inventory,
            entries=content.entries | long,
            private=private,
            version=live["metadata"]["resourceVersion"],
        )
        return ledger, len(long) == len(content.parts) and len(private) == len(content.private)

    async def places(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        """The namespaces with a ledger of the formation."""
        name = ledger_parts.name_of(app, formation)
        selector = f"{model.APP}={app},{model.FORMATION}={formation},!{ledger_parts.PART_LABEL}"
        try:
            listed = await self._cluster.list(kinds.CONFIG_MAP, selector=selector)
        except errors.Forbidden:
            rights = [
                (place, await self._cluster.may("get", kinds.CONFIG_MAP, namespace=place))
                for place in dict.fromkeys(among)
            ]
            readable = [place for place, may in rights if may]
            return tuple([place for place in readable if await self._has(name, place)])
        named = (item["metadata"] for item in listed.items)
        return tuple(ledger["namespace"] for ledger in named if ledger["name"] == name)

    async def _has(self, name: str, namespace: str) -> bool:
        return await self._cluster.find(kinds.CONFIG_MAP, name, namespace=namespace) is not None

    async def write(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        """Writes it if its version is still current, and returns it with the new one.

        Raises Refused when it, with the reserve for later, is too long for a cluster; then nothing has changed.
        """
        label = f"{app}/{formation}"
        before = await self._before(app, formation, namespace)
        packed = {entry: ledger_parts.split(text) for entry, text in ledger.entries.items()}
        long = {entry: parts for entry, parts in packed.items() if len(b"".join(parts)) > ledger_parts.INLINE}
        private = {entry: ledger_parts.split(text) for entry, text in ledger.private.items()}
        places = Places(app=app, formation=formation, namespace=namespace)
        known = {
            entry: self._same(ledger_parts.CONFIG_MAP, before.parts.get(entry, ()), parts, namespace)
            for entry, parts in long.items()
        }
        hidden = {
            entry: self._same(ledger_parts.SECRET, before.private.get(entry, ()), parts, namespace)
            for entry, parts in private.items()
        }
        content = Content(
            inventory=ledger.inventory,
            entries={entry: text for entry, text in ledger.entries.items() if entry not in long},
            parts={entry: names or places.fresh(len(long[entry])) for entry, names in known.items()},
            private={entry: names or places.fresh(len(private[entry])) for entry, names in hidden.items()},
        )
        manifest = places.main(content)
        ledger_parts.check(manifest, label, ledger.reserve)
        fresh = [
            (ledger_parts.CONFIG_MAP, content.parts[entry], long[entry]) for entry, had in known.items() if not had
        ]
        fresh += [
            (ledger_parts.SECRET, content.private[entry], private[entry]) for entry, had in hidden.items() if not had
        ]
        await fence()
        try:
            for kind, names, parts in fresh:
                await self._create(places, kind, names, parts)
            version = await self._put(manifest, ledger.version, label, namespace)
        except ours.SealaneError as error:
            for kind, names, _ in () if error.retry else fresh:  # without an answer, it may have been written
                await self._delete(places, kind, names)
            raise
        await self._forget(places, before, content)
        return model.Ledger(
            inventory=ledger.inventory, entries=dict(ledger.entries), private=dict(ledger.private), version=version
        )

    async def _before(self, app: str, formation: str, namespace: str) -> Content:
        name = ledger_parts.name_of(app, formation)
        live = await self._cluster.find(kinds.CONFIG_MAP, name, namespace=namespace)
        return ledger_parts.decoded(live, f"ConfigMap {namespace}/{name}") if live else Content()

    def _same(self, kind: str, names: Names, parts: Sequence[bytes], namespace: str) -> Names:
        """The existing parts with this content; none if it must be written."""
        seen = [self._seen.get((f"{kind} {namespace}", name)) for name in names]
        return names if names and seen == list(parts) else ()

    async def _gathered(self, kind: str, parts: Mapping[str, Names], namespace: str) -> dict[str, str]:
        entries: dict[str, str] = {}
        for entry, names in parts.items():
            pieces = await asyncio.gather(*(self._piece(kind, name, namespace) for name in names))
            with suppress(ValueError):
                if all(piece is not None for piece in pieces):
                    entries[entry] = ledger_parts.joined([piece for piece in pieces if piece is not None])
        return entries

    async def _piece(self, kind: str, name: str, namespace: str) -> bytes | None:
        key = (f"{kind} {namespace}", name)
        if key not in self._seen:
            try:
                live = await self._cluster.find(kinds.whole("v1", kind), name, namespace=namespace)
            except errors.Forbidden:
                return None
            held = ((live or {}).get("data" if kind == ledger_parts.SECRET else "binaryData") or {}).get(
                ledger_parts.PART_KEY
            )
            if held is None:
                return None
            self._seen[key] = base64.b64decode(held)
        return self._seen[key]

    async def _create(self, places: Places, kind: str, names: Names, parts: Sequence[bytes]) -> None:
        for name, part in zip(names, parts, strict=True):
            try:
                await self._cluster.create(places.part(kind, name, part), namespace=places.namespace)
            except errors.NoNamespace as error:
                raise _no_namespace(places.namespace) from error
            except errors.NamespaceTerminating as error:
                raise ownership.namespace_terminating(places.namespace) from error
            except (errors.Forbidden, errors.QuotaExceeded, errors.AdmissionDenied, errors.Invalid) as error:
                message = f"the cluster does not take what a rollback to this revision needs: {error.answer}"
                hint = f"it is kept in {kind}s of namespace {places.namespace}; nothing was changed"
                raise ours.Refused(message, hint=hint) from error
            self._seen[f"{kind} {places.namespace}", name] = part

    async def _put(self, manifest: Mapping[str, Any], version: str | None, label: str, namespace: str) -> str:
        try:
            if version is None:
                made = await self._cluster.create(manifest, namespace=namespace)
            else:
                made = await self._cluster.apply(manifest, namespace=namespace, force=True, version=version)
        except errors.NoNamespace as error:
            raise _no_namespace(namespace) from error
        except errors.NamespaceTerminating as error:
            raise ownership.namespace_terminating(namespace) from error
        except errors.Conflict as error:
            message = f"another deployment of {label} is under way in namespace {namespace}"
            raise ours.Conflicting(message, hint="wait for it, then try again") from error
        return str(made["metadata"]["resourceVersion"])

    async def _forget(self, places: Places, before: Content, now: Content) -> None:
        """Deletes parts that nothing names any more. A later write deletes those that can't be deleted now."""
        away = {name: ledger_parts.CONFIG_MAP for names in before.parts.values() for name in names}
        away |= {name: ledger_parts.SECRET for names in before.private.values() for name in names}
        if before.parts != now.parts or before.private != now.private:
            away |= await self._left_over(places)
        for name, kind in away.items():
            if name not in now.named:
                await self._delete(places, kind, (name,))

    async def _delete(self, places: Places, kind: str, names: Names) -> None:
        for name in names:
            self._seen.pop((f"{kind} {places.namespace}", name), None)
            with suppress(errors.ClusterError):
                await self._cluster.delete(kinds.whole("v1", kind), name, namespace=places.namespace)

    async def _left_over(self, places: Places) -> dict[str, str]:
        orphans: dict[str, str] = {}
        selector = ",".join(f"{key}={value}" for key, value in places.labels(part=True).items())
        for kind in (ledger_parts.CONFIG_MAP, ledger_parts.SECRET):
            with suppress(errors.ClusterError):  # the account may list neither, so they stay
                listed = await self._cluster.list(
                    kinds.whole("v1", kind), namespace=places.namespace, selector=selector
                )
                for item in listed.items:
                    made = datetime.fromisoformat(item["metadata"]["creationTimestamp"])
                    if self._now() - made > FORGOTTEN:
                        orphans[item["metadata"]["name"]] = kind
        return orphans


def _no_namespace(namespace: str) -> ours.SealaneError:
    return ours.NotThere(
        f"there is no namespace {namespace}", hint=f"create it first: kubectl create namespace {namespace}"
    )
