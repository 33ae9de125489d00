"""What a formation may say of its charts, and what is wrong with it."""

from __future__ import annotations

import pytest

from sealane.formations import reading

HEAD = "formation: dev\nenvironment: dev\ndestination: here\nnamespace: shop\ncharts:\n  web: "


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("{}", "6:8: nothing says where the chart is: repository and chart and version are missing"),
        ("{repository: https://c.example.com, chart: web}", "6:8: nothing says where the chart is: version is missing"),
        ("{path: a, version: 1.2.3}", "6:8: path and version name two places of the chart"),
        ("{path: a, imagse: {}}", "6:18: unknown key imagse (did you mean images?)"),
        ("{path: ../a}", "6:15: path ../a is not a path inside the repository"),
        (
            "{repository: http://c.example.com, chart: web, version: 1.2.3}",
            "6:21: repository http://c.example.com is not",
        ),
        ("{repository: https://c.example.com, chart: web, version: ^1.2}", "6:65: version ^1.2 is not one version"),
        ("{path: a, skip_hooks: [pre-instal]}", "6:31: item 1 of skip_hooks"),
        ("{path: a, kube_version: 1.30}", "6:32: kube_version must be a version of Kubernetes"),
        ("{path: a, images: {web: image..tag}}", "6:32: "),
    ],
)
def test_what_cannot_be_meant_is_found_at_its_place(said: str, found: str) -> None:
    """With its line and column."""
    formation, [finding] = reading.read_formation(f"{HEAD}{said}\n", "deploy/formations/dev.yaml")
    assert formation is None
    assert str(finding).removeprefix("deploy/formations/dev.yaml:").startswith(found)


def test_a_chart_of_a_repository_is_known_by_its_digest() -> None:
    """Its files are called by its name and version."""
    digest = f"sha256:{'a' * 64}"
    said = (
        f"{{repository: oci://ghcr.io/charts, chart: web, version: 1.2.3, digest: '{digest}', images: {{web: [a, b]}}}}"
    )
    formation, findings = reading.read_formation(f"{HEAD}{said}\n", "deploy/formations/dev.yaml")
    assert formation, findings
    [chart] = formation.charts
    assert (chart.release, chart.path, chart.images) == ("web", "web-1.2.3", {"web": ("a", "b")})
    assert chart.remote
    assert chart.remote.digest == digest
