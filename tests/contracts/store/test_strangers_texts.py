"""Texts of strangers' programs that no database takes as they are: they are kept with a mark, and stop nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sealane.records.deployments import DeploymentState
from sealane.store.all_stores import Store
from sealane.store.deployments import Line
from sealane.verdicts import gate_requests
from sealane.verdicts.gate_requests import GateRequest

from .samples import NOON
from .test_cancellations import at as in_state

HOSTILE = {"zero": "panic: \0 at 0x0\0", "half": "caf\ud83d and \udc80", "both": "\0\ud800", "quoted": "\\u0000 \\\0"}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
async def test_what_a_container_says_is_kept_whatever_it_is(store: Store, said: str) -> None:
    subject = await in_state(store, DeploymentState.ROLLING_OUT)
    kept = said.translate({0: "\ufffd", 0xD800: "\ufffd", 0xD83D: "\ufffd", 0xDC80: "\ufffd"})

    await store.failure_reports.keep(subject, {"logs": [{"lines": [said]}], said: 1}, at=NOON)
    report = (await store.views.deployment(subject)).failure_report
    assert report == {"logs": [{"lines": [kept]}], kept: 1}

    line = Line(key=f"a {said}", phase="watch", text=said, detail={"of": said})
    await store.deployments.tell(subject, at=NOON, line=line, waiting_for=said)
    asked = gate_requests.first("canary 10", "answers", said)
    answer = GateRequest(at=NOON + timedelta(seconds=1), seconds=0.1, answer=said, good=False)
    await store.gate_requests.add(subject, [(asked, answer)])
    view = await store.views.deployment(subject)
    assert (view.timeline[-1].text, view.deployment.waiting_for) == (kept, kept)
    assert view.requests[0].requests[0].answer == kept


async def test_texts_that_databases_take_stay_as_they_are(store: Store) -> None:
    subject = await in_state(store, DeploymentState.ROLLING_OUT)
    said = "\\u0000 \\ud800 🚢 \x1b[1m\u202e ünïcode"
    await store.failure_reports.keep(subject, {"said": said}, at=NOON)
    assert (await store.views.deployment(subject)).failure_report == {"said": said}
