"""Charts and values in a real S3-compatible store: by digest, from listed buckets, for the apps that may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sealane.charts.buckets import BucketAccess
from sealane.clients.aws.chart_buckets import ChartBuckets
from sealane.clients.chart_repositories import ChartRepositories
from sealane.clients.helm import Helm
from sealane.configfiles.trees import StoredTree
from sealane.errors import Unavailable
from sealane.stencils import helm_template, render_inputs, rendering
from tests.buckets import Buckets, buckets
from tests.contracts.test_charts import CONFIG

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.0\n",
    "values.yaml": "a: chart\nb: chart\nc: chart\n",
    "templates/config.yaml": CONFIG + "  it: {{ .Values.a }} {{ .Values.b }} {{ .Values.c }} {{ .Values.d }}\n",
}
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop
values: {d: word}
charts:
  web:
    repository: REPOSITORY
    chart: web
    version: 1.2.0
    value_files: [VALUES]
    values: {used: "${d}"}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    with buckets(tmp_path_factory.mktemp("store")) as place:
        yield place


@pytest.fixture
def signed_in(place: Buckets, monkeypatch: pytest.MonkeyPatch) -> ChartRepositories:
    """The reader, and the operators' list with the bucket for the app `shop`."""
    key, secret = place.store.reader
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    access = BucketAccess(endpoint=place.store.address, apps=["shop"])
    listed = {"charts": access, "others": replace(access, apps=None)}
    return ChartRepositories(buckets=ChartBuckets(listed=listed))


async def render(
    helm: Helm,
    repositories: ChartRepositories,
    *values: str,
    repository: str = "s3://charts/stable",
    digest: str = "",
    app: str = "shop",
    **more: str,
) -> tuple[str | None, str]:
    """The chart's text, or what is found."""
    said = FORMATION.replace("REPOSITORY", repository + (f"\n    digest: {digest}" if digest else ""))
    said = said.replace("VALUES", ", ".join(f'"{each}"' for each in values) or "deploy/none.yaml")
    files = {"deploy/formations/dev.yaml": said, "deploy/none.yaml": "", **more}
    sources, findings = render_inputs.gather(StoredTree({path: text.encode() for path, text in files.items()}), "dev")
    revision = None
    if sources:
        by = replace(helm, repositories=lambda: repositories)
        revision, findings = await helm_template.render(sources, rendering.Inputs(app=app, images={}), by)
    found = "\n".join(str(finding) for finding in findings)
    return (revision.objects[0].object["data"]["it"] if revision else None), found


def told(found: str) -> str:
    """What a finding says to write."""
    return found.partition("it is ")[2].split()[0]


async def test_a_chart_and_values_of_buckets_are_what_their_digests_say(
    place: Buckets, signed_in: ChartRepositories, helm: Helm, tmp_path: Path
) -> None:
    """Values are laid over each other in the order of the file, also between those of the repository; an old version is there."""
    place.publish(helm, tmp_path / "web", CHART)
    text, found = await render(helm, signed_in)
    assert text is None
    assert "dev.yaml:10:14: web 1.2.0 has no digest here (it is sha256:" in found
    digest = told(found)

    first = place.put("values/base.yaml", b"a: base\nb: base\nc: base\nd: ${d}\n")
    place.put("values/production.yaml", b"a: production\n")
    _, found = await render(helm, signed_in, "s3://charts/values/base.yaml", digest=digest)
    assert "dev.yaml:12:19: s3://charts/values/base.yaml has no digest here" in found
    base = told(found)
    assert base.startswith(f"s3://charts/values/base.yaml?versionId={first}@sha256:")
    production = told((await render(helm, signed_in, "s3://charts/values/production.yaml", digest=digest))[1])
    between = {"deploy/own.yaml": "b: repository\na: repository\n"}
    kept = replace(signed_in, folder=tmp_path / "kept")
    for values, expected in {
        (base, "deploy/own.yaml", production): "production repository base word",
        (base, "deploy/none.yaml", production, "deploy/own.yaml"): "repository repository base word",
        (f"raw:{base}",): "base base base ${d}",
    }.items():
        text, found = await render(helm, kept, *values, digest=digest, **between)
        assert text == expected, found

    place.put("values/base.yaml", b"a: other\n")
    text, found = await render(helm, signed_in, base, digest=digest)
    assert text == "base base base word", found
    newest = base.partition("?")[0] + "@" + base.partition("@")[2]
    text, found = await render(helm, signed_in, newest, digest=digest)
    assert text is None
    assert "s3://charts/values/base.yaml is not what it was (it is s3://charts/values/base.yaml?versionId=" in found
    text, found = await render(helm, kept, newest, digest=digest)
    assert text == "base base base word", found


async def test_who_may_not_read_a_bucket_reads_nothing_of_it(
    place: Buckets, signed_in: ChartRepositories, helm: Helm, tmp_path: Path
) -> None:
    """By the operators' list, also what is kept of it, and by the store's own permissions."""
    place.publish(helm, tmp_path / "web", {**CHART, "README.md": "another archive"})
    place.put("values/mine.yaml", b"a: secret\nd: 1\n")
    kept = replace(signed_in, folder=tmp_path / "kept")
    digest = told((await render(helm, kept))[1])
    mine = told((await render(helm, kept, "s3://charts/values/mine.yaml", digest=digest))[1])
    text, found = await render(helm, kept, mine, digest=digest)
    assert text == "secret chart chart 1", found

    text, found = await render(helm, kept, mine, digest=digest, app="other")
    assert text is None
    assert found.count("other may not read the bucket charts") == 2
    content = mine.partition("@")[2]
    _, found = await render(helm, kept, f"s3://others/mine.yaml@{content}", digest=digest, app="shop")
    assert "s3://others/mine.yaml can't be read" in found, "what another bucket had is not this one's"
    unlisted = replace(kept, buckets=ChartBuckets())
    _, found = await render(helm, unlisted, mine, digest=digest)
    assert "the bucket charts is not listed in SEALANE_HELM__BUCKETS" in found
    _, found = await render(helm, signed_in, "s3://charts/values/none.yaml", digest=digest)
    assert "values/none.yaml" in found
    with pytest.raises(ClientError, match="AccessDenied"):
        place.client(*place.store.reader).put_object(Bucket="charts", Key="stable/index.yaml", Body=b"")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.com/web-1.2.0.tgz", "which is in no bucket"),
        ("s3://others/web-1.2.0.tgz", "s3://others/web-1.2.0.tgz can't be read"),
        ("s3://elsewhere/web-1.2.0.tgz", "the bucket elsewhere is not listed"),
    ],
)
async def test_an_index_leads_to_no_place_that_the_app_may_not_read(
    place: Buckets, signed_in: ChartRepositories, helm: Helm, url: str, said: str
) -> None:
    index = f"entries: {{web: [{{version: 1.2.0, urls: ['{url}']}}]}}\n"
    place.put("leading/index.yaml", index.encode())
    _, found = await render(helm, signed_in, repository="s3://charts/leading")
    assert said in found


async def test_a_wrong_signature_is_told_as_such(
    signed_in: ChartRepositories, helm: Helm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store checks it, and it is nothing that the commit could change."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(Unavailable, match="AWS does not take who signs in"):
        await render(helm, signed_in)
