"""Health checks of a formation: read, checked where they stand, and asked of objects."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.configfiles.trees import StoredTree
from sealane.formations import health_checks, reading
from sealane.formations.health_checks import HealthCheck, State
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision

HEAD = "formation: dev\nenvironment: dev\ndestination: cluster\nnamespace: shop\n"
WIDGET = "apiVersion: x.example.com/v1\nkind: Widget\nmetadata: {name: one}\n"
RUNNING = "object.status.phase == 'Running'"


def found(health: str) -> list[str]:
    _, findings = reading.read_formation(f"{HEAD}health:\n{health}", "dev.yaml")
    return [str(finding) for finding in findings]


def test_a_check_is_read_as_it_stands() -> None:
    text = f"{HEAD}health:\n- {{kind: Widget, group: x.example.com, ready: object.ok, message: \"'waits'\"}}\n"
    formation, findings = reading.read_formation(text, "dev.yaml")
    assert findings == []
    assert formation is not None
    assert formation.health == (
        HealthCheck(kind="Widget", group="x.example.com", ready="object.ok", message="'waits'"),
    )


@pytest.mark.parametrize(
    ("health", "place", "message"),
    [
        ("- kind: Widget\n  ready: objekt.ok\n", "7:10", "undeclared reference to 'objekt.ok', at column 7 "),
        ("- kind: Widget\n  ready: objekt.ok\n", "7:10", "(did you mean object?)"),
        ("- kind: Widget\n  ready: status.ok\n", "7:10", "(what is looked at is called object: object.status.ok)"),
        ("- kind: Widget\n  ready: object.status.phase == \n", "7:10", "Syntax error: "),
        ("- kind: Widget\n  ready: \"'yes'\"\n", "7:10", "ready must give true or false, and this gives string"),
        ("- kind: Widget\n  ready: 'true'\n  message: 1 + 1\n", "8:12", "message must give a text, and this gives int"),
        ("- kind: widget\n  ready: 'true'\n", "6:9", "(kinds begin with a capital: Widget)"),
        ("- kind: Widget\n  redy: 'true'\n", "7:3", "unknown key redy (did you mean ready?)"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(health: str, place: str, message: str) -> None:
    assert any(problem.startswith(f"dev.yaml:{place}: ") and message in problem for problem in found(health)), found(
        health
    )


def test_a_group_makes_it_another_kind() -> None:
    assert found("- {kind: Job, group: batch.volcano.sh, ready: 'true'}\n") == []


@pytest.mark.parametrize(
    ("check", "found_object", "answer"),
    [
        ({"ready": RUNNING}, {"status": {"phase": "Running"}}, (State.READY, "its check says that it is ready")),
        ({"ready": RUNNING}, {"status": {"phase": "x"}}, (State.WAITING, "its check says that it is not ready")),
        ({"ready": RUNNING}, {}, (State.WAITING, "its check has no answer yet: no such key: status")),
        (
            {"ready": "object.n"},
            {"n": 1},
            (State.WAITING, "its check has no answer yet: it gives neither true nor false"),
        ),
        (
            {"ready": RUNNING, "failed": "object.status.phase == 'Broken'", "message": "'at ' + object.status.phase"},
            {"status": {"phase": "Broken"}},
            (State.FAILED, "at Broken"),
        ),
        ({"ready": RUNNING, "failed": "object.status.bad"}, {"status": {"phase": "Running"}}, (State.READY, None)),
        ({"ready": RUNNING, "message": "object.status.why"}, {}, (State.WAITING, None)),
        (
            {"ready": "object.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')"},
            {"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
            (State.READY, None),
        ),
    ],
)
def test_a_check_is_asked(
    check: dict[str, str], found_object: dict[str, Any], answer: tuple[State, str | None]
) -> None:
    """What has no value yet is not ready, and nothing worse."""
    state, says = health_checks.Compiled(HealthCheck(kind="Widget", **check)).ask(found_object)
    assert state is answer[0]
    assert answer[1] in (None, says)


def rendered(health: str) -> tuple[Revision | None, list[str]]:
    files = {"deploy/stencils/widget.yaml": WIDGET.encode(), "deploy/formations/dev.yaml": f"{HEAD}{health}".encode()}
    sources, findings = render_inputs.gather(StoredTree(files), "dev")
    assert sources is not None, findings
    revision, more = rendering.render(sources, rendering.Inputs(app="shop", images={}))
    return revision, [str(finding) for finding in more]


def test_what_a_cluster_judges_by_its_pods_has_no_check() -> None:
    """Said where it stands; another group makes it another kind."""
    revision, told = rendered("health: [{kind: Deployment, ready: 'true'}]\n")
    assert revision is None
    assert "dev.yaml:5:17: Sealane judges a Deployment by its pods, which says more than an expression could" in told[0]
    _, of_another_group = rendered("health: [{kind: Job, group: batch.volcano.sh, ready: 'true'}]\n")
    assert not any("judges" in message for message in of_another_group)


def test_a_revision_carries_its_checks_and_its_id_covers_them() -> None:
    revision, _ = rendered(f'health: [{{kind: Widget, ready: "{RUNNING}"}}]\n')
    bare, _ = rendered("")
    assert revision is not None
    assert bare is not None
    assert revision.id != bare.id
    assert Revision.from_json(revision.to_json()) == revision
    assert Revision.from_json(bare.to_json()).health == ()


def test_a_check_for_a_kind_that_is_not_there_is_a_slip() -> None:
    _, findings = rendered("health: [{kind: Wigdet, ready: 'true'}]\n")
    assert findings == [
        "deploy/formations/dev.yaml:5:17: the formation has no Wigdet (did you mean Widget?)",
    ]
    _, findings = rendered("health: [{kind: Widget, group: y.example.com, ready: 'true'}]\n")
    assert findings[0].startswith("deploy/formations/dev.yaml:5:17: the formation has no Widget of y.example.com")
