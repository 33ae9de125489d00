"""Charts of repositories, packed, pushed and indexed by the real Helm: known by digest, from listed hosts only."""

from __future__ import annotations

import base64
import http.server
import secrets
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typing_extensions import override

from sealane.charts.archive import unpacked
from sealane.clients.chart_repositories import ChartRepositories
from sealane.clients.helm import Helm
from sealane.clients.registry_access import RegistryAccess
from sealane.configfiles.trees import StoredTree
from sealane.egress import Allowlist
from sealane.errors import Refused
from sealane.stencils import helm_template, render_inputs, rendering
from sealane.stencils.model import Revision
from tests.contracts import test_charts

PASSWORD = "reader:hunter2"
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.0\n",
    "values.yaml": "said: hello\n",
    "templates/config.yaml": test_charts.CONFIG + "  said: {{ .Values.said }}\n",
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A repository, and how another content of the same version comes into it."""

    helm: Helm
    url: str
    folder: Path

    def publish(self, **changes: str) -> None:
        chart = self.folder / "web"
        for path, text in {**CHART, **{k.replace("__", "/"): v for k, v in changes.items()}}.items():
            (chart / path).parent.mkdir(parents=True, exist_ok=True)
            (chart / path).write_text(text)
        self._helm("package", "web")
        if self.url.startswith("oci:"):
            self._helm("push", "web-1.2.0.tgz", self.url, "--plain-http")
        else:
            self._helm("repo", "index", ".")

    def _helm(self, *words: str) -> None:
        home = {f"HELM_{kind}_HOME": str(self.folder / "own") for kind in ("CACHE", "CONFIG", "DATA")}
        subprocess.run([self.helm.program, *words], cwd=self.folder, env=home, check=True, capture_output=True)


class Handler(http.server.SimpleHTTPRequestHandler):
    """The files of a folder, for whoever knows the password."""

    @override
    def do_GET(self) -> None:
        if self.headers.get("Authorization") != f"Basic {base64.b64encode(PASSWORD.encode()).decode()}":
            self.send_error(401)
            return
        super().do_GET()

    @override
    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture(params=["http", "oci"])
def place(request: pytest.FixtureRequest, helm: Helm, registry: str, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "repository"
    folder.mkdir()
    if request.param == "oci":
        yield Place(helm=helm, url=f"oci://{registry}/charts-{secrets.token_hex(4)}", folder=folder)
        return
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *given: Handler(*given, directory=str(folder))
    ) as server:
        threading.Thread(target=server.serve_forever).start()
        yield Place(helm=helm, url=f"http://127.0.0.1:{server.server_port}", folder=folder)
        server.shutdown()


def fetching(helm: Helm, repositories: ChartRepositories) -> Helm:
    return replace(helm, repositories=lambda: repositories)


async def render(helm: Helm, url: str, **more: str) -> tuple[Revision | None, str]:
    said = "".join(f"    {key}: {value}\n" for key, value in {"version": "1.2.0", **more}.items())
    formation = test_charts.FORMATION.replace("values: {host: shop.example.com}\n", "").replace(
        "    path: deploy/web\n", f'    repository: "{url}"\n    chart: web\n{said}'
    )
    sources, findings = render_inputs.gather(StoredTree({"deploy/formations/dev.yaml": formation.encode()}), "dev")
    assert sources, findings
    revision, findings = await helm_template.render(sources, rendering.Inputs(app="shop", images={}), helm)
    return revision, "\n".join(str(finding) for finding in findings)


async def test_a_chart_is_what_its_digest_says_and_from_a_listed_host(place: Place, tmp_path: Path) -> None:
    """What is published under the same version again is refused; what is kept needs nobody to answer."""
    place.publish()
    host = place.url.partition("://")[2].partition("/")[0]
    access = RegistryAccess(allowed=Allowlist(hosts=(host,), listed_in="SEALANE_HELM__HOSTS"))
    asked = ChartRepositories(access=access, passwords={host: PASSWORD})
    helm = fetching(place.helm, asked)

    revision, found = await render(helm, place.url)
    assert revision is None
    assert "dev.yaml:9:14: web 1.2.0 has no digest here (it is sha256:" in found
    digest = found.partition("it is ")[2].split()[0]
    kept = replace(asked, folder=tmp_path / "kept")
    for repositories in (asked, kept):
        revision, found = await render(fetching(helm, repositories), place.url, digest=digest)
        assert revision, found
    assert revision
    assert revision.objects[0].object["data"] == {"said": "hello"}
    assert revision.objects[0].origin.file == "web-1.2.0/templates/config.yaml"

    _, found = await render(helm, place.url, version="1.3.0", digest=digest)
    assert "1.3.0" in found
    place.publish(**{"values.yaml": "said: changed\n"})
    revision, found = await render(helm, place.url, digest=digest)
    assert revision is None
    assert "web 1.2.0 is not what it was (it is sha256:" in found
    away = replace(kept, access=RegistryAccess(allowed=Allowlist(hosts=(), listed_in="SEALANE_HELM__HOSTS")))
    revision, found = await render(fetching(helm, away), place.url, digest=digest)
    assert revision, found
    revision, found = await render(fetching(helm, replace(away, folder=None)), place.url, digest=digest)
    assert revision is None
    assert "none is listed in SEALANE_HELM__HOSTS" in found
    if place.url.startswith("http:"):
        _, found = await render(fetching(helm, replace(asked, passwords={})), place.url, digest=digest)
        assert "wants a password" in found
        assert "hunter2" not in repr(asked)
        (place.folder / "index.yaml").write_text("entries: " + "[" * 100_000)
        _, found = await render(helm, place.url, digest=digest)
        assert "nested too deeply" in found


def test_an_archive_that_is_none_is_refused() -> None:
    """Whatever a repository gives."""
    with pytest.raises(Refused, match="no archive"):
        unpacked(b"<html>")
