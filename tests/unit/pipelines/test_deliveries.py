"""What is wrong with deliveries once formations and groups are known."""

from __future__ import annotations

from sealane.pipelines import reading
from sealane.pipelines.checks import delivery

PIPELINE, _ = reading.read(
    """\
app: shop
deliver:
  - dev
  - {formation: qa, approval: {by: testers}}
  - {formation: production, approval: {by: [testers, sre], count: 3}}
""",
    "f",
)


def texts(findings):
    return [str(finding) for finding in findings]


def test_a_formation_without_a_file_is_a_finding():
    assert delivery.unknown_formations(PIPELINE, {"dev", "qa", "production"}) == []
    assert texts(delivery.unknown_formations(PIPELINE, {"dev", "qa", "productive"})) == [
        "f:5:5: no formation is called production (did you mean productive?)"
    ]
    assert texts(delivery.unknown_formations(PIPELINE, ()))[0] == (
        "f:3:5: no formation is called dev (describe it in deploy/formations/dev.yaml)"
    )


def test_approvals_that_nobody_can_give_are_findings():
    """A person in both groups counts once."""
    groups = {"testers": {"ann", "bob"}, "sre": {"bob", "cem"}}

    assert delivery.impossible_approvals(PIPELINE, groups) == []
    assert texts(delivery.impossible_approvals(PIPELINE, groups | {"sre": {"bob"}})) == [
        "f:5:5: production asks for 3 people of testers and sre, who have 2 (lower count, or ask an administrator to add people)"
    ]
    assert texts(delivery.impossible_approvals(PIPELINE, {"sre": {"a", "b", "c"}, "tester": set()})) == [
        "f:4:5: qa asks the group testers, which doesn't exist (did you mean tester?)",
        "f:5:5: production asks the group testers, which doesn't exist (did you mean tester?)",
    ]
