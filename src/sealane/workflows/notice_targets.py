"""Opens targets of notices from the operators' file, with their secrets and the hosts they may ask."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealane.adapters import SHIPPED, Adapters
from sealane.egress import Allowlist, Network
from sealane.environments.notice_files import FILE, NoticeConfig
from sealane.errors import NotThere, UsageError
from sealane.findings import did_you_mean
from sealane.notices.port import NoticeTarget, TargetAdapter, TargetContext, Threads
from sealane.pipelines.notices import WebhookFile
from sealane.secrets import resolution
from sealane.secrets.port import StoreContext

OPERATORS = "_operators"
"""The owner of the operators' secrets; no app can have this name. `env:KEY` is SEALANE_SECRET__OPERATORS__KEY."""
_WEBHOOK = "webhook"


@dataclass(frozen=True, kw_only=True, slots=True)
class Targets:
    """Opens them anew each time, so that operators' changes count at once."""

    config: Callable[[], NoticeConfig]
    folder: Path
    """The operators' folder, for encrypted files in it."""
    identities: Path
    key: bytes
    """Keys versions of secrets."""
    threads: Threads
    """The threads for libraries that block."""
    networks: tuple[Network, ...] = ()
    """Networks in which hosts named by a commit may be."""
    adapters: Adapters = SHIPPED

    async def open(self, name: str, own: Mapping[str, Any] | None, *, app: str) -> NoticeTarget:
        """The target of that name, or the one that a commit of the app brought along.

        Raises NotThere when operators don't list it, Refused when a secret has no value.
        """
        config = await asyncio.to_thread(self.config)
        if own is not None:
            return await self._own(own, config, app)
        if name not in config.targets:
            raise NotThere(f"there is no target {name} in {FILE}", hint=did_you_mean(name, config.targets))
        target = config.targets[name]
        adapter = self.adapters.notice_targets.get(target.kind, TargetAdapter)
        allowed = Allowlist(hosts=(), listed_in=FILE, own=adapter.hosts(target.written))
        secrets = await self._secrets(OPERATORS, adapter.secrets(target.written), self._file)
        return adapter.open(self._context(target.written, secrets, allowed))

    async def tells_apart(self, name: str) -> bool:
        """Whether each thing has a place of its own at the target."""
        config = await asyncio.to_thread(self.config)
        target = config.targets.get(name)
        return target is not None and self.adapters.notice_targets.get(target.kind, TargetAdapter).apart

    async def _own(self, own: Mapping[str, Any], config: NoticeConfig, app: str) -> NoticeTarget:
        adapter = self.adapters.notice_targets.get(_WEBHOOK, TargetAdapter)
        written = WebhookFile(**own)
        allowed = config.allowed(self.networks)
        secrets = await self._secrets(app, adapter.secrets(written), _no_file)
        return adapter.open(self._context(written, secrets, allowed))

    def _context(self, written: Any, secrets: Mapping[str, str], allowed: Allowlist) -> TargetContext:
        return TargetContext(written=written, secrets=secrets, allowed=allowed, threads=self.threads)

    async def _secrets(self, app: str, wanted: tuple[str, ...], read_file: Callable[[str], bytes]) -> dict[str, str]:
        context = StoreContext(app=app, variables=os.environ, read_file=read_file, identities=self.identities)
        stores = resolution.open_stores(context, self.adapters)
        values = await resolution.resolve({reference: reference for reference in wanted}, stores, key=self.key)
        return {name: value.reveal().decode(errors="replace") for name, value in values.items()}

    def _file(self, path: str) -> bytes:
        try:
            return (self.folder / path).read_bytes()
        except OSError as error:
            raise UsageError(error.strerror or str(error)) from error


def _no_file(path: str) -> bytes:
    raise UsageError(f"{path} is a file of a commit, and a notice has none")
