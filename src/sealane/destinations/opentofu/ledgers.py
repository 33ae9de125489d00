"""Ledgers of command lines without a server, in the folder of a destination."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from sealane import typed_data
from sealane.destinations import model
from sealane.destinations.opentofu.folders import write_whole
from sealane.errors import Conflicting


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerFiles:
    """The ledgers below one folder, each under its namespace, app and formation."""

    root: Path

    def read(self, app: str, formation: str, namespace: str) -> model.Ledger:
        """The ledger; empty at first."""
        try:
            return typed_data.from_json(self._path(app, formation, namespace).read_bytes(), model.Ledger)
        except FileNotFoundError:
            return model.Ledger()

    def places(self, app: str, formation: str) -> tuple[str, ...]:
        """The namespaces with a ledger of the formation."""
        found = (self.root / "ledgers").glob(f"*/{app}/{formation}.json")
        return tuple(sorted(path.parent.parent.name for path in found))

    def write(self, ledger: model.Ledger, app: str, formation: str, namespace: str) -> model.Ledger:
        """Writes it. Raises Conflicting when another writer was faster."""
        path = self._path(app, formation, namespace)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.read(app, formation, namespace).version != ledger.version:
                raise Conflicting(f"another deployment of {app}/{formation} is under way", hint="wait for it")
            kept = replace(ledger, version=str(int(ledger.version or 0) + 1), reserve=0)
            write_whole(path, msgspec.json.encode(kept))
        return kept

    def _path(self, app: str, formation: str, namespace: str) -> Path:
        return self.root / "ledgers" / namespace / app / f"{formation}.json"
