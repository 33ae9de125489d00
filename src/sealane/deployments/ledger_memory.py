"""The memory of a deployment without a server: the ledger beside the objects remembers what a server would."""

from __future__ import annotations

from dataclasses import dataclass, replace

from typing_extensions import override

from sealane.deployments import ledger_entries, messages, model, rollback_check, targets
from sealane.deployments.ledger_history import History, LedgerRecord
from sealane.deployments.memory import Prepared
from sealane.deployments.process_memory import ProcessMemory
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.errors import Conflicting, Fenced, SealaneError
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from sealane.verdicts import rollback_target


@dataclass(kw_only=True, slots=True)
class LedgerMemory(ProcessMemory):
    """A deployment that the ledger has as begun."""

    ledger: destinations.Ledger
    history: History
    record: LedgerRecord
    revision: Revision
    glass: str | None = None
    """Why it began though the environment's window was shut."""

    @override
    async def next_rollback_refusal(self, prepared: Prepared) -> str | None:
        there = prepared.plan.target
        aim = rollback_target.before(self.history.pasts, now_there=there.identity.revision)
        if aim.past is None:
            return None
        old = await targets.to_look_at(self.history.revision(aim.past.revision), self.destination)
        return await rollback_check.refusal(self.destination, old, there)

    @override
    async def conclude(self, outcome: model.Outcome) -> None:
        """Keeps how it ended: without the evidence where that is not taken, and else tells that nothing was kept."""
        self.outcome = outcome
        self.record = replace(
            self.record,
            verdict=outcome.verdict,
            startup=outcome.startup or self.record.startup,
            note=self._note(outcome),
            way_back=outcome.way_back,
            hooks=self.hooks,
        )
        if outcome.inventory is not None:
            self.ledger = replace(self.ledger, inventory=outcome.inventory)
        first = self.report.to_json() if self.report else None
        second = self.second_report.to_json() if self.second_report else None
        refused = ""
        for reports in ((first, second), (first, None), (None, None)):
            try:
                ended = self.history.ended(self.record, failure_report=reports[0], second_failure_report=reports[1])
                self.ledger = await write(self.destination, ledger_entries.written(self.ledger, ended), self.revision)
            except (Conflicting, Fenced):
                raise
            except SealaneError as error:
                refused = f"how it ended could not be kept: {error.message}"
            else:
                return
        self.record = replace(self.record, note="; ".join(filter(None, (self.record.note, refused))))

    async def close(self, verdict: verdicts.Verdict) -> None:
        """Ends a deployment that was interrupted or broke; hooks that ran count as run."""
        record = replace(self.record, verdict=verdict, hooks=self.hooks)
        ended = self.history.ended(record, failure_report=None)
        await write(self.destination, ledger_entries.written(self.ledger, ended), self.revision)

    def _note(self, outcome: model.Outcome) -> str | None:
        broken = f"{self.record.by} broke the glass: {self.glass}" if self.glass else ""
        return "; ".join(sentence for sentence in (broken, messages.held_words(outcome.held)) if sentence) or None


async def write(destination: Destination, ledger: destinations.Ledger, revision: Revision) -> destinations.Ledger:
    """Writes the ledger of the revision's formation."""
    return await destination.write_ledger(
        ledger, revision.app, revision.formation, namespace=revision.namespace, fence=destinations.unfenced
    )
