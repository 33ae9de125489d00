"""What a formation's ledger tells when there is no server: deployments, verified revisions, the last evidence. Pure.

It is kept beside the objects it is about, so that any machine with the same rights can go back. Values of secrets are
never in it: the immutable Secrets of verified revisions stay at the destination, and a Secret that somebody wrote into a
stencil is left out, hence also left as it is on going back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from sealane.destinations.model import Ledger
from sealane.rollouts import goals
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from sealane.verdicts import reverting

KEPT_DEPLOYMENTS = 50
KEPT_REVISIONS = 5
"""Verified revisions that can be gone back to."""
KEPT_LINES = 40
"""Lines of each log in the evidence that is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One deployment from a command line; without a verdict it is under way, or its machine died."""

    sequence: int
    revision: str
    is_rollback: bool
    by: str
    images: Mapping[str, str]
    """Container to image, for people."""
    started: datetime
    token: str
    """Drawn by whoever deploys: another one's in its place fences it off."""
    verdict: verdicts.Verdict | None = None
    startup: timedelta = timedelta()
    note: str | None = None
    release: str = ""
    """What `once for each release` means for its hooks: the release, or the revision where there is none."""
    hooks: tuple[str, ...] = ()
    """Hooks before the rollout that count as run for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """All that the ledger tells, oldest deployment first."""

    records: tuple[Record, ...] = ()
    revisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dossier: Mapping[str, Any] | None = None
    """The evidence of the last deployment that failed."""

    def hooked(self, release: str) -> tuple[str, ...]:
        """Hooks before a rollout that the last deployment of the release left as run."""
        known = [each for each in self.records if each.release == release and each.verdict]
        return known[-1].hooks if known else ()

    @property
    def last(self) -> Record | None:
        """The newest deployment."""
        return self.records[-1] if self.records else None

    @property
    def running(self) -> Record | None:
        """The deployment that has not ended."""
        return self.last if self.last and self.last.verdict is None else None

    @property
    def pasts(self) -> tuple[reverting.Past, ...]:
        """The ended deployments whose revision is still known, for deciding what to go back to."""
        return tuple(
            reverting.Past(sequence=each.sequence, revision=each.revision, verdict=each.verdict.kind)
            for each in self.records
            if each.verdict and (each.revision in self.revisions or each.verdict.kind != verdicts.VerdictKind.DEPLOYED)
        )

    @property
    def there(self) -> Record | None:
        """The deployment whose revision is there now: the last that was verified, or left as it is."""
        left = {verdicts.VerdictKind.ROLLED_BACK, verdicts.VerdictKind.SUPERSEDED}
        return next((each for each in reversed(self.records) if each.verdict and each.verdict.kind not in left), None)

    @property
    def startup(self) -> timedelta | None:
        """How long the revision verified last took to start."""
        verified = [each for each in self.records if each.verdict and each.verdict.kind == "deployed"]
        return verified[-1].startup if verified else None

    @property
    def verified_sequence(self) -> int:
        """The number of the last deployment that was verified; 0 when none was."""
        verified = [each.sequence for each in self.records if each.verdict and each.verdict.kind == "deployed"]
        return verified[-1] if verified else 0

    @property
    def next_sequence(self) -> int:
        """The number of the next deployment."""
        return self.last.sequence + 1 if self.last else 1

    def revision(self, revision_id: str) -> Revision:
        """A kept revision."""
        return Revision.from_json(self.revisions[revision_id])

    def find(self, text: str) -> str | None:
        """The kept revision that a person means: by its sequence (`#3` or `3`), or the beginning of its id."""
        number = text.removeprefix("#")
        for each in self.records:
            if str(each.sequence) == number and each.revision in self.revisions:
                return each.revision
        found = [key for key in self.revisions if key.removeprefix("sha256:").startswith(text.removeprefix("sha256:"))]
        return found[0] if len(found) == 1 else None

    def begun(self, record: Record) -> History:
        """With another deployment begun."""
        return replace(self, records=(*self.records, record)[-KEPT_DEPLOYMENTS:])

    def ended(self, record: Record, *, revision: Revision, dossier: Mapping[str, Any] | None) -> History:
        """With that deployment ended; a verified revision joins those that can be gone back to."""
        records = tuple(record if each.token == record.token else each for each in self.records)
        revisions = dict(self.revisions)
        if record.verdict and record.verdict.kind is verdicts.VerdictKind.DEPLOYED:
            revisions[revision.id] = keepable(revision).to_json()
        wanted = _verified(records)
        return replace(
            self,
            records=records,
            revisions={key: revisions[key] for key in wanted if key in revisions},
            dossier=_shortened(dossier) if dossier else self.dossier,
        )

    def verified(self) -> tuple[Revision, ...]:
        """The kept revisions, newest first."""
        return tuple(self.revision(key) for key in _verified(self.records) if key in self.revisions)


_ENTRY = "history"


def read(ledger: Ledger) -> History:
    """What the ledger tells; nothing at first."""
    entry = ledger.entries.get(_ENTRY)
    return msgspec.json.decode(entry, type=History) if entry else History()


def written(ledger: Ledger, history: History) -> Ledger:
    """The ledger with that history."""
    return replace(ledger, entries={**ledger.entries, _ENTRY: msgspec.json.encode(history).decode()})


def keepable(revision: Revision) -> Revision:
    """The revision without Secrets that were written into stencils, whose values nobody else has."""
    kept = tuple(each for each in revision.objects if each.kind != "Secret" or goals.is_made(each, revision))
    return replace(revision, objects=kept)


def images(revision: Revision) -> dict[str, str]:
    """`Kind/name container` to image, for people."""
    found: dict[str, str] = {}
    for each in revision.objects:
        template = each.object.get("spec", {}).get("template", {}) if isinstance(each.object.get("spec"), dict) else {}
        for container in template.get("spec", {}).get("containers", ()) if isinstance(template, dict) else ():
            found[f"{each.kind}/{each.name} {container.get('name')}"] = str(container.get("image"))
    return found


def _verified(records: Iterable[Record]) -> list[str]:
    newest = [each.revision for each in reversed(tuple(records)) if each.verdict and each.verdict.kind == "deployed"]
    return list(dict.fromkeys(newest))[:KEPT_REVISIONS]


def _shortened(dossier: Mapping[str, Any]) -> dict[str, Any]:
    logs = [{**log, "lines": list(log["lines"])[-KEPT_LINES:]} for log in dossier.get("logs", ())]
    return {**dossier, "logs": logs, "events": list(dossier.get("events", ()))[-KEPT_LINES:]}
