"""`sealane release`, told by the variables of a release tool: charts and values in S3, the image by the hash of a commit."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sealane.adapters import SHIPPED
from sealane.charts.buckets import BucketAccess
from sealane.cli.local import release_formation, release_metrics
from sealane.cli.local.release_formation import ReleaseWords
from sealane.clients.aws.chart_buckets import ChartBuckets
from sealane.clients.chart_repositories import ChartRepositories
from sealane.clients.helm import Helm
from sealane.errors import SealaneError, UsageError
from sealane.formations import reading
from tests import server_nursery
from tests.buckets import Buckets, buckets
from tests.integration.deployments import test_charts

WEB = test_charts.CHART["chart/templates/web.yaml"].replace(
    'command: [sleep, "{{ .Values.sleep }}"]', "command: [sh, -c, {{ .Values.command | quote }}]"
)


def chart(number: int) -> dict[str, str]:
    return {
        "Chart.yaml": f"apiVersion: v2\nname: web\nversion: 1.2.{number}\n",
        "values.yaml": 'image: {repository: nginx, tag: "1"}\ncommand: exit 1\n',
        "templates/web.yaml": WEB,
    }


@dataclass
class Tool:
    """The command, and the metrics that it sends."""

    variables: dict[str, str]
    agent: socket.socket
    folder: Path

    async def run(self, *options: str, **more: str) -> tuple[int, str, str]:
        environment = {**os.environ, **self.variables, **more}
        words = ["release", *options]
        ended = await asyncio.to_thread(server_nursery.run, words, environment, folder=self.folder, within=240)
        return ended.returncode, ended.stdout, ended.stderr

    def metrics(self) -> list[str]:
        """What came since; datagrams on one machine are there once they were sent."""
        got = []
        while True:
            try:
                got.append(self.agent.recv(65_536).decode())
            except BlockingIOError:
                return [line for text in got for line in text.split("\n")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, helm: Helm) -> Iterator[Buckets]:
    folder = tmp_path_factory.mktemp("store")
    with buckets(folder) as place:
        place.publish(helm, folder / "charts", chart(0), chart(1))
        yield place


@pytest.fixture
def tool(
    place: Buckets, tmp_path: Path, helm: Helm, kubeconfig: Path, namespace: str, busybox_image: str
) -> Iterator[Tool]:
    repository, _, tag = busybox_image.rpartition(":")
    place.put("values/base.yaml", f"command: exec sleep 3600\nimage: {{repository: {repository}}}\n".encode())
    place.put("values/production.yaml", b"{}\n")
    key, secret = place.store.reader
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as agent:
        agent.bind(("127.0.0.1", 0))
        agent.setblocking(False)
        variables = {
            "RELEASE_NAME": "shop",
            "RELEASE_NAMESPACE": namespace,
            "HELM_CHART_NAME": "web",
            "HELM_CHART_REPOSITORY": "s3://charts/stable",
            "HELM_VALUES_S3_FOLDER": "charts/values/",
            "HELM_VALUES_FILENAME": "production.yaml",
            "HELM_VALUES_BASE_ON": "base.yaml",
            "SHORT_GIT_HASH": tag,
            "RELEASE_HEALTHY_FOR": "0s",
            "RELEASE_PATIENCE": "3m",
            "KUBECONFIG": str(kubeconfig),
            "SEALANE_HELM__PROGRAM": helm.program,
            "SEALANE_HELM__BUCKETS": json.dumps({"charts": {"endpoint": place.store.address}}),
            "SEALANE_METRICS__SINKS__DOGSTATSD__PORT": str(agent.getsockname()[1]),
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
        yield Tool(variables, agent, tmp_path)


async def test_a_release_tools_variables_install_upgrade_and_go_back(
    tool: Tool, place: Buckets, namespace: str, kubeconfig: Path, helm: Helm
) -> None:
    """What they leave open is told by its content, and metrics tell count, failures and time."""
    code, _, told = await tool.run()
    assert code == 0, told
    assert "HELM_CHART_NAME       web 1.2.1, the newest, of s3://charts/stable (sha256:" in told
    assert "HELM_VALUES_BASE_ON   s3://charts/values/base.yaml?versionId=" in told
    sent = tool.metrics()
    tags = "app:shop,environment:release,formation:shop,status:deployed"
    assert [line for line in sent if line.startswith("sealane.release.count:1|c|#") and tags in line], sent
    assert [line for line in sent if line.startswith("sealane.release.elapsed_time:")], sent
    assert not [line for line in sent if line.startswith("sealane.release.failures:")], sent

    place.put("values/production.yaml", b"command: echo broken; exit 3\n")
    code, _, told = await tool.run(RELEASE_HEALTHY_FOR="5s")
    assert code == 1, told
    sent = tool.metrics()
    assert [line for line in sent if line.startswith("sealane.release.failures:1|c|#") and "rolled_back" in line], sent
    command = [helm.program, "history", "shop", "-n", namespace, "--kubeconfig", str(kubeconfig), "-o", "json"]
    history = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    assert [version["status"] for version in json.loads(history.stdout)] == ["superseded", "superseded", "deployed"]


@pytest.fixture
def repositories(place: Buckets, monkeypatch: pytest.MonkeyPatch) -> ChartRepositories:
    """Signed in."""
    key, secret = place.store.reader
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    return ChartRepositories(buckets=ChartBuckets(others=BucketAccess(endpoint=place.store.address)))


@pytest.fixture
def words(place: Buckets, busybox_image: str) -> ReleaseWords:
    repository, _, tag = busybox_image.rpartition(":")
    place.put("values/base.yaml", f"image: {{repository: {repository}}}\n".encode())
    place.put("values/production.yaml", b"command: exec sleep 1\n")
    return ReleaseWords(
        name="shop",
        namespace="shop",
        chart="s3://charts/stable/web",
        folder="s3://charts/values",
        values="production.yaml",
        base="base.yaml",
        tag=tag,
    )


async def test_the_variables_mean_a_formation_that_can_be_committed(
    words: ReleaseWords, repositories: ChartRepositories, tmp_path: Path, busybox_image: str
) -> None:
    """With everything by its content; a tag stays one if its registry is not to be asked."""
    made = await release_formation.resolve(words, tmp_path, repositories, app="shop")
    written = yaml.safe_load(made.text)
    chart = written["charts"]["shop"]
    assert (written["namespace"], chart["mode"], chart["version"]) == ("shop", "release", "1.2.1")
    assert [path.partition("?")[0] for path in chart["value_files"]] == [
        "raw:s3://charts/values/base.yaml",
        "raw:s3://charts/values/production.yaml",
    ]
    assert made.images["image"].startswith(f"{busybox_image}@sha256:")
    (tmp_path / made.path).parent.mkdir(parents=True)
    (tmp_path / made.path).write_text(made.text)
    committed, findings = reading.read_formation(made.text, made.path)
    assert committed, findings
    assert committed == made.project(tmp_path, "shop").sources.formation

    older = replace(words, chart="web", repository="s3://charts/stable", version="1.2.0", by_tag=True, base=None)
    plain = replace(older, image="side", values=None)
    with pytest.raises(UsageError, match="no image at side"):
        await release_formation.resolve(plain, tmp_path, repositories, app="shop")
    made = await release_formation.resolve(replace(plain, image="image"), tmp_path, repositories, app="shop")
    chart = yaml.safe_load(made.text)["charts"]["shop"]
    assert (chart["version"], chart["values"]) == (
        "1.2.0",
        {"image": {"repository": "docker.io/library/nginx", "tag": "1"}},
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tag": "0000000"}, "0000000"),
        ({"values": "prodction.yaml"}, "s3://charts/values/prodction.yaml"),
        ({"image": "imag"}, "no image at imag"),
        ({"chart": "web"}, "nothing says where the chart web is"),
        ({"version": "9.0.0"}, "has no web 9.0.0"),
        ({"folder": None}, "nothing says where the values base.yaml are"),
    ],
    ids=str,
)
async def test_what_is_missing_is_told_before_anything_is_written(
    words: ReleaseWords, repositories: ChartRepositories, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(SealaneError) as refused:
        await release_formation.resolve(replace(words, **more), tmp_path, repositories, app="shop")
    assert said in refused.value.message


def test_a_misspelt_metric_store_is_told_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALANE_METRICS__SINKS__DOGSTATSD__PROT", "1")
    with pytest.raises(UsageError, match=r"DOGSTATSD__PROT is no setting \(did you mean port\?\)"):
        release_metrics.sinks(SHIPPED)
