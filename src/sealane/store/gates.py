"""Inconclusive gates, and people's answers to them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sealane.errors import Conflicting, NotThere
from sealane.outbox.model import Kind
from sealane.records.deployments import DeploymentState, GateWord
from sealane.store import deployments, event_writes, rows
from sealane.store.database import Database
from sealane.store.deployment_tables import gate_words

_OF_DEPLOYMENT = (
    sa.select(gate_words).where(gate_words.c.deployment_id == sa.bindparam("deployment")).order_by(gate_words.c.asked)
)


class GateWords:
    """The table of questions and answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, question: GateWord) -> GateWord:
        """Stores a question. Key: deployment, place in the rollout and gate; a repeated one returns the first."""

        def work(connection: sa.Connection) -> GateWord:
            if known := _find(connection, question.deployment_id, question.key, question.gate):
                return known
            connection.execute(sa.insert(gate_words).values(rows.fields(question)))
            asked_of = deployments.get(connection, question.deployment_id)
            data = {"gate": question.gate, "message": question.message}
            event_writes.deployment_event(connection, Kind.GATE_ASKED, asked_of, question.asked, data)
            return question

        return await self._database.write(work)

    async def of(self, deployment_id: str) -> tuple[GateWord, ...]:
        """All questions to people about a deployment, oldest first."""
        return await self._database.read(lambda c: of(c, deployment_id))

    async def say(self, deployment_id: str, gate: str, *, passes: bool, by: str, reason: str, at: datetime) -> GateWord:
        """Stores a person's answer; the first counts. Raises NotThere without an open question, Conflicting if answered."""

        def work(connection: sa.Connection) -> GateWord:
            deployment = deployments.get(connection, deployment_id)
            asked = [gate_word for gate_word in of(connection, deployment_id) if gate_word.gate == gate]
            if not asked or deployment.state is not DeploymentState.ROLLING_OUT:
                raise NotThere(
                    f"nobody was asked about gate {gate} of {deployment.label}",
                    hint=f"sealane why {deployment.label} says what it waits for",
                )
            question = asked[-1]
            if question.passes is not None:
                outcome = "passes" if question.passes else "fails"
                raise Conflicting(f"{question.by} has said already that gate {gate} {outcome}")
            values = {"passes": passes, "by": by, "reason": reason, "said": at}
            connection.execute(sa.update(gate_words).where(_is(deployment_id, question.key, gate)).values(values))
            kind = Kind.GATE_PASSED if passes else Kind.GATE_FAILED
            answer = {"gate": gate, "reason": reason, "message": question.message}
            event_writes.deployment_event(connection, kind, deployment, at, answer, actor=by)
            word = _find(connection, deployment_id, question.key, gate)
            return rows.there(word, f"question about {gate}")

        return await self._database.write(work)


def of(connection: sa.Connection, deployment_id: str) -> tuple[GateWord, ...]:
    """The questions about a deployment, in this transaction."""
    return tuple(GateWord(**row) for row in rows.all_of(connection, _OF_DEPLOYMENT, deployment=deployment_id))


def _find(connection: sa.Connection, deployment_id: str, key: str, gate: str) -> GateWord | None:
    row = rows.one(connection, sa.select(gate_words).where(_is(deployment_id, key, gate)))
    return GateWord(**row) if row else None


def _is(deployment_id: str, key: str, gate: str) -> sa.ColumnElement[bool]:
    columns = gate_words.c
    return (columns.deployment_id == deployment_id) & (columns.key == key) & (columns.gate == gate)
