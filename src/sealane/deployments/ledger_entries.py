"""A formation's history as it is stored in its ledger: an entry for the deployments, and one for each kept revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from sealane import older_names, typed_data
from sealane.deployments.ledger_history import History
from sealane.destinations.model import Ledger
from sealane.secrets import manifest_secrets

_ENTRY = "history"
_REVISION = "revision "
"""Before the id of a kept revision."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A revision as it is kept where everybody reads."""

    revision: dict[str, Any]
    secrets: bool
    """Whether Secrets of stencils are kept apart."""


def records(ledger: Ledger) -> History:
    """The ledger's deployments, without revisions, which are long."""
    entry = ledger.entries.get(_ENTRY)
    return typed_data.convert(older_names.history(msgspec.json.decode(entry)), History) if entry else History()


def read(ledger: Ledger) -> History:
    """The ledger's history; empty at first."""
    history = records(ledger)
    revisions = dict(history.revisions)  # as an older Sealane kept them, without Secrets of stencils
    partial = set(revisions)
    for entry, text in ledger.entries.items():
        if not entry.startswith(_REVISION):
            continue
        key = entry.removeprefix(_REVISION)
        stored = typed_data.from_json(text, _Kept)
        apart = typed_data.from_json(ledger.private.get(entry, "[]"), list[dict[str, Any]])
        revisions[key] = {**older_names.revision(stored.revision), "objects": [*stored.revision["objects"], *apart]}
        partial.discard(key)
        if stored.secrets and entry not in ledger.private:
            partial.add(key)
    return replace(history, revisions=revisions, partial=frozenset(partial))


def written(ledger: Ledger, history: History, *, reserve: int = 0) -> Ledger:
    """The ledger with that history; its write is refused where less than `reserve` bytes are left."""
    entries, private = {}, {}
    for key, revision in history.revisions.items():
        entry = f"{_REVISION}{key}"
        apart = [rendered for rendered in revision["objects"] if _is_written_into_a_stencil(rendered, revision)]
        rest = [rendered for rendered in revision["objects"] if rendered not in apart]
        missing = key in history.partial
        stored = _Kept(revision={**revision, "objects": rest}, secrets=bool(apart) or missing)
        entries[entry] = msgspec.json.encode(stored).decode()
        if apart:
            private[entry] = msgspec.json.encode(apart).decode()
    entries[_ENTRY] = msgspec.json.encode(replace(history, revisions={}, partial=frozenset())).decode()
    others = {name: text for name, text in ledger.entries.items() if name != _ENTRY and not name.startswith(_REVISION)}
    return replace(ledger, entries={**others, **entries}, private=private, reserve=reserve)


def _is_written_into_a_stencil(rendered: Mapping[str, Any], revision: Mapping[str, Any]) -> bool:
    """Whether it is a Secret whose values stand in it."""
    manifest = rendered["object"]
    own = (
        manifest["metadata"]["name"] == revision["secret_object"]
        and manifest["metadata"].get("namespace") == revision["namespace"]
    )
    return manifest_secrets.is_secret(manifest) and not own
