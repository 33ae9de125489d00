"""Preflight: everything a delivery needs is looked at before the first step."""

from __future__ import annotations

from datetime import UTC, datetime

from sealane.configfiles.trees import StoredTree
from sealane.environments import reading as environment_reading
from sealane.images.model import Image
from sealane.pipelines import reading
from sealane.pipelines.model import Pipeline
from sealane.releases import preflight
from sealane.releases.model import Release
from sealane.releases.preflight import Preflight
from sealane.secrets.stores.environment import EnvironmentStore

PIPELINE = """\
app: shop
images: {web: {build: .}}
deliver:
  - formation: dev
  - {formation: production, approval: {by: leads}}
"""
FORMATION = """\
formation: NAME
environment: NAME
destination: bed
namespace: shop-NAME
secrets: {TOKEN: "env:TOKEN"}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: "${image.web}", envFrom: [{secretRef: {name: "${secrets}"}}]}]}
"""
ENVIRONMENT = """\
environment: NAME
destinations: {bed: {kubernetes: {}}}
apps: {shop: {namespaces: [shop-NAME], secrets: ["env:*"], registries: ["x.com/*"] APPROVALS}}
"""


def files(**changed: str) -> dict[str, str]:
    return {
        "pipeline": PIPELINE,
        "dev": FORMATION.replace("NAME", "dev"),
        "production": FORMATION.replace("NAME", "production"),
        "pod": POD,
        "approvals": ", approvals: {by: leads}",
        **changed,
    }


async def look(texts: dict[str, str], variables: dict[str, str] | None = None) -> Preflight:
    tree = StoredTree(
        {
            "deploy/formations/dev.yaml": texts["dev"].encode(),
            "deploy/formations/production.yaml": texts["production"].encode(),
            "deploy/stencils/pod.yaml": texts["pod"].encode(),
        }
    )
    environments = {}
    for name, approvals in (("dev", ""), ("production", texts["approvals"])):
        text = ENVIRONMENT.replace("NAME", name).replace("APPROVALS", approvals)
        read, findings = environment_reading.read(text, f"{name}.yaml")
        assert read, findings
        environments[name] = read
    pipeline: Pipeline | None
    pipeline, findings = reading.read(texts["pipeline"])
    assert pipeline, findings
    stores = {"env": EnvironmentStore("shop", {"SEALANE_SECRET_SHOP__TOKEN": "x"} if variables is None else variables)}
    return await preflight.check(
        tree, pipeline, pipeline.deliver, environments, preflight.PreflightContext(stores=stores)
    )


def told(looked: Preflight) -> str:
    return "\n".join(str(finding) for finding in looked.findings)


async def test_what_is_in_order_passes() -> None:
    """Every delivery comes back with the revision it would be, its images not built yet."""
    looked = await look(files())
    assert looked.passes, told(looked)
    assert not looked.findings
    assert [planned.delivery.formation for planned in looked.prospects] == ["dev", "production"]
    assert all(planned.admitted for planned in looked.prospects)
    revision = looked.prospects[1].revision
    assert revision.release is None
    pod = next(rendered.object for rendered in revision.objects if rendered.kind == "Pod")
    assert pod["spec"]["containers"][0]["image"] == "web@unbuilt"
    assert revision.secret_versions == {}


async def test_everything_wrong_with_all_deliveries_comes_at_once() -> None:
    """Files, limits and secrets."""
    looked = await look(
        files(
            pipeline=PIPELINE.replace(", approval: {by: leads}", ""),
            dev=FORMATION.replace("NAME", "dev").replace("shop-dev", "kube-system"),
        ),
        variables={},
    )
    assert not looked.passes
    text = told(looked)
    assert "deploy/formations/dev.yaml:4:12: the namespace kube-system is not open to shop in dev" in text
    assert "this delivery asks for none" in text
    assert [planned.admitted for planned in looked.prospects] == [False, False], "so that no destination is asked"
    assert text.count("the secret TOKEN has no value: the variable SEALANE_SECRET_SHOP__TOKEN is not set") == 2
    assert "deploy/formations/production.yaml:5:18:" in text


async def test_a_broken_stencil_is_told_once_though_two_formations_use_it() -> None:
    """With no prospect for either."""
    looked = await look(files(pod=POD.replace("image.web", "image.wep")))
    assert told(looked).count("unknown word ${image.wep}") == 1
    assert looked.prospects == ()


async def test_a_formation_or_environment_that_is_not_there() -> None:
    """With those there are."""
    looked = await look(files(pipeline=PIPELINE.replace("formation: dev", "formation: def")))
    assert "there is no formation def (did you mean dev?)" in told(looked)
    looked = await look(files(dev=FORMATION.replace("NAME", "dev").replace("environment: dev", "environment: qa")))
    assert "there is no environment qa" in told(looked)


def test_a_release_survives_json() -> None:
    """What a workflow keeps is the release itself."""
    image = Image(name="web", repository="x.com/web", tag="t", digest="sha256:" + "a" * 64)
    release = Release(
        id="r1",
        app="shop",
        commit="c" * 40,
        deploy_tag="t",
        images={"web": image},
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert Release.from_json(release.to_json()) == release
    assert release.references == {"web": image.reference}
