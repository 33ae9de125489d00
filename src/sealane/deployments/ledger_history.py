"""A formation's history in its ledger, without a server: deployments, verified revisions, the last evidence.

It stands beside the objects, so that any machine with the same rights can roll back. The immutable Secrets of verified
revisions stay at the destination; Secrets that somebody wrote into stencils are kept in Secrets (see `ledger_entries.py`).

The revision of a deployment is written first, before anything else: it may become a verified one. What the end adds is
bounded, and room is reserved for it. The oldest kept revisions are dropped first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from sealane.deployments import finished_work, size_limits
from sealane.destinations.port import Destination
from sealane.errors import Conflicting, NotThere, Refused
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from sealane.verdicts import rollback_target

KEPT_DEPLOYMENTS = 50
KEPT_REVISIONS = 5
"""How many verified revisions are kept for rollbacks."""
KEPT_BYTES = 24 * 1024 * 1024
"""Bytes of all kept revisions; the newest verified one and the deployed one are kept in any case."""
RESERVE = 192 * 1024
"""Bytes reserved for the verdict, its evidence, and the evidence of a failed rollback."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerRecord:
    """One deployment by a command; without a verdict it is under way, or its machine died."""

    sequence: int
    revision: str
    is_rollback: bool
    by: str
    images: Mapping[str, str]
    """Container to image, for people."""
    started: datetime
    token: str
    """A random token of the deploying process: another token in its place fences it off."""
    verdict: verdicts.Verdict | None = None
    startup: timedelta = timedelta()
    note: str | None = None
    way_back: str | None = None
    """Why the revision to roll back to could not be redeployed, when last tried; None when it could."""
    release: str = ""
    """The key of `once for each release` for its hooks: the release, or the revision where there is none."""
    hooks: tuple[str, ...] = ()
    """Hooks before the rollout that count as run for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """All that the ledger holds, oldest deployment first."""

    records: tuple[LedgerRecord, ...] = ()
    revisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failure_report: Mapping[str, Any] | None = None
    """The evidence of the last deployment that failed."""
    second_failure_report: Mapping[str, Any] | None = None
    """The evidence of its rollback, when that failed, too."""
    partial: frozenset[str] = frozenset()
    """Revisions whose Secrets of stencils are not known."""

    def hooked(self, release: str) -> tuple[str, ...]:
        """Hooks before a rollout that count as run after the release's last deployment."""
        known = [record for record in self.records if record.release == release and record.verdict]
        return known[-1].hooks if known else ()

    @property
    def last(self) -> LedgerRecord | None:
        """The newest deployment."""
        return self.records[-1] if self.records else None

    @property
    def running(self) -> LedgerRecord | None:
        """The deployment that has not ended."""
        return self.last if self.last and self.last.verdict is None else None

    @property
    def pasts(self) -> tuple[rollback_target.PastDeployment, ...]:
        """The ended deployments whose revision is still known, for choosing a rollback's target."""
        return tuple(
            rollback_target.PastDeployment(
                sequence=record.sequence,
                revision=record.revision,
                verdict=record.verdict.kind,
                finished=record.verdict.finished,
                at=record.verdict.at,
            )
            for record in self.records
            if record.verdict
            and (record.revision in self.revisions or record.verdict.kind != verdicts.VerdictKind.DEPLOYED)
        )

    def finished(self, destination: Destination, revision: Revision) -> tuple[str, ...]:
        """The revision's work that had ended whenever it was verified."""
        manifests = (rendered.object for rendered in revision.objects)
        return finished_work.of(destination, manifests, revision.id, self.pasts)

    @property
    def there(self) -> LedgerRecord | None:
        """The deployment whose revision is there now: the last one that was verified or left as it is."""
        past_deployment = rollback_target.there(
            rollback_target.PastDeployment(
                sequence=record.sequence,
                revision=record.revision,
                verdict=record.verdict.kind,
                untouched=record.verdict.wrote_nothing,
            )
            for record in self.records
            if record.verdict
        )
        return next(
            (record for record in self.records if past_deployment and record.sequence == past_deployment.sequence), None
        )

    @property
    def startup(self) -> timedelta | None:
        """How long the last verified revision took to start."""
        verified = [record for record in self.records if record.verdict and record.verdict.kind == "deployed"]
        return verified[-1].startup if verified else None

    @property
    def verified_sequence(self) -> int:
        """The number of the last deployment that was verified; 0 when none was."""
        verified = [record.sequence for record in self.records if record.verdict and record.verdict.kind == "deployed"]
        return verified[-1] if verified else 0

    @property
    def next_sequence(self) -> int:
        """The number of the next deployment."""
        return self.last.sequence + 1 if self.last else 1

    def revision(self, revision_id: str) -> Revision:
        """A kept revision."""
        return Revision.from_json(self.revisions[revision_id])

    def verified_there(self, label: str) -> Revision:
        """The revision that is there now. Raises NotThere before the first, Conflicting when it was not verified."""
        there = self.there
        if there is None:
            raise NotThere(f"nothing was verified at {label} yet", hint="deploy it first")
        if there.revision not in self.revisions:
            message = f"what is at {label} now was not verified, so nothing can drift"
            raise Conflicting(message, hint="deploy it, or roll back with `sealane rollback`")
        return self.revision(there.revision)

    def find(self, text: str) -> str | None:
        """The kept revision that a person means: by its sequence (`#3` or `3`), or the beginning of its id."""
        number = text.removeprefix("#")
        for record in self.records:
            if str(record.sequence) == number and record.revision in self.revisions:
                return record.revision
        matching = [
            key for key in self.revisions if key.removeprefix("sha256:").startswith(text.removeprefix("sha256:"))
        ]
        return matching[0] if len(matching) == 1 else None

    def begun(self, record: LedgerRecord, revision: Revision) -> History:
        """The history with a deployment begun; its revision is kept from now on. Raises Refused for a too long one."""
        if (size := _size(plain := revision.to_json())) > KEPT_BYTES:
            message = (
                f"{revision.label} renders to {size >> 20} MiB, more than the {KEPT_BYTES >> 20} MiB that can be kept"
            )
            raise Refused(message, hint="split it into several formations, or deploy it by a server")
        records = (*(_shorter(ledger_record) for ledger_record in self.records[-_WHOLE_RECORDS:]), record)
        older = tuple(_shortest(ledger_record) for ledger_record in self.records[:-_WHOLE_RECORDS])
        begun = replace(self, records=(*older, *records)[-KEPT_DEPLOYMENTS:])
        revisions = _fitting({**self.revisions, revision.id: plain}, _verified(self.records), besides=revision.id)
        partial = self.partial if record.is_rollback else self.partial - {revision.id}
        return replace(begun, revisions=revisions, partial=partial)

    def ended(
        self,
        record: LedgerRecord,
        *,
        failure_report: Mapping[str, Any] | None,
        second_failure_report: Mapping[str, Any] | None = None,
    ) -> History:
        """The history with that deployment ended; only verified revisions stay kept for rollbacks."""
        second = None if failure_report else self.second_failure_report
        records = tuple(
            _shorter(record) if ledger_record.token == record.token else ledger_record for ledger_record in self.records
        )
        return replace(
            self,
            records=records,
            revisions=_fitting(self.revisions, _verified(records)),
            failure_report=size_limits.trimmed(failure_report) if failure_report else self.failure_report,
            second_failure_report=size_limits.trimmed(second_failure_report) if second_failure_report else second,
        )

    def verified(self) -> tuple[Revision, ...]:
        """The kept revisions, newest first."""
        return tuple(self.revision(key) for key in _verified(self.records) if key in self.revisions)


_WHOLE_RECORDS = 5
"""How many of the newest deployments are kept with all details."""
_LONGEST, _SHORTEST = 4_000, 400
"""Characters of a reason or note."""
_IMAGES = 100


def _fitting(
    revisions: Mapping[str, Mapping[str, Any]], verified: Sequence[str], *, besides: str | None = None
) -> dict[str, Mapping[str, Any]]:
    """The revisions to keep: as many as fit, newest verified first, and one besides them."""
    fitting = {besides: revisions[besides]} if besides else {}
    left = KEPT_BYTES - sum(_size(entry) for entry in fitting.values())
    for index, key in enumerate(key for key in verified[:KEPT_REVISIONS] if key in revisions):
        left -= _size(revisions[key])
        if index and left < 0:
            break
        fitting[key] = revisions[key]
    return fitting


def _size(revision: Mapping[str, Any]) -> int:
    return len(msgspec.json.encode(revision))


def _shorter(record: LedgerRecord) -> LedgerRecord:
    return _cut(record, _LONGEST, _IMAGES)


def _shortest(record: LedgerRecord) -> LedgerRecord:
    return _cut(record, _SHORTEST, 10)


def _cut(record: LedgerRecord, longest: int, most: int) -> LedgerRecord:
    """The record with no text longer than that, and no more images."""
    verdict = record.verdict
    if verdict:
        cause = verdict.cause and replace(verdict.cause, sentence=size_limits.cut(verdict.cause.sentence, longest))
        verdict = replace(verdict, reason=size_limits.cut(verdict.reason, longest), cause=cause)
    shown = dict(list(record.images.items())[:most])
    note = record.note and size_limits.cut(record.note, longest)
    shut = record.way_back and size_limits.cut(record.way_back, longest)
    return replace(record, verdict=verdict, images=shown, note=note, way_back=shut)


def images(revision: Revision) -> dict[str, str]:
    """`Kind/name container` to image, for people."""
    by_container: dict[str, str] = {}
    for rendered in revision.objects:
        template = (
            rendered.object.get("spec", {}).get("template", {}) if isinstance(rendered.object.get("spec"), dict) else {}
        )
        for container in template.get("spec", {}).get("containers", ()) if isinstance(template, dict) else ():
            by_container[f"{rendered.kind}/{rendered.name} {container.get('name')}"] = str(container.get("image"))
    return by_container


def _verified(records: Iterable[LedgerRecord]) -> list[str]:
    newest = [
        record.revision for record in reversed(tuple(records)) if record.verdict and record.verdict.kind == "deployed"
    ]
    return list(dict.fromkeys(newest))
