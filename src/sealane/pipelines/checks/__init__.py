"""Checks how the parts of a pipeline file fit together; each module is one family of findings. Pure."""

from __future__ import annotations

from sealane.findings import Finding
from sealane.pipelines.checks import conditions, containers, delivery, names, needs
from sealane.pipelines.partial import Draft


def check(draft: Draft) -> list[Finding]:
    """All findings about the meaning of the file, by place."""
    families = (names, needs, containers, conditions, delivery)
    findings = {finding for family in families for finding in family.check(draft)}
    return sorted(findings, key=lambda finding: (finding.place, finding.message))
