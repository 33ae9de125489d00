"""Archives, indexes and complaints that strangers made to take memory, time or the server."""

from __future__ import annotations

import asyncio
import gzip
import io
import tarfile
from pathlib import Path

import pytest

from sealane.charts import archive as archives
from sealane.charts import complaints
from sealane.charts.archive import unpacked
from sealane.charts.model import RemoteChart, TemplateRequest
from sealane.clients import chart_repositories
from sealane.clients.chart_repositories import ChartRepositories
from sealane.clients.helm import Helm
from sealane.errors import NotThere, Refused
from sealane.formations.model import Chart
from sealane.stencils import chart_inputs
from sealane.stencils.sources import ChartSource

CHART = RemoteChart(repository="https://charts.example.com", name="web", version="1.2.0")


def archive(*members: tuple[str, bytes, dict[str, str]]) -> bytes:
    """Files by name, with what their headers say besides."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for name, content, says in members:
            member = tarfile.TarInfo(name)
            member.size, member.pax_headers = len(content), says
            packed.addfile(member, io.BytesIO(content))
    return gzip.compress(written.getvalue(), 1)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ({"GNU.sparse.size": "-1000000000", "GNU.sparse.map": "0,1"}, "unpacks to more than"),
        ({"GNU.sparse.size": "1000000000000", "GNU.sparse.map": "0,1"}, "unpacks to more than"),
        ({"GNU.sparse.map": "many"}, "no archive that can be read"),
        ({"path": "web\0x/values.yaml"}, "leads out of it"),
    ],
)
def test_what_a_header_says_is_not_believed(says: dict[str, str], expected: str) -> None:
    with pytest.raises(Refused, match=expected):
        unpacked(archive(("web/a", b"x", says), ("web/b", b"y", {})))


def test_a_header_is_no_longer_than_a_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_PLAIN", 100_000)
    with pytest.raises(Refused, match="unpacks to more than"):
        unpacked(archive(("web/a", b"x", {"comment": "y" * 100_000})))


def test_charts_packed_in_a_chart_are_counted_while_they_are_opened() -> None:
    source = ChartSource(chart=Chart(release="web", path="web"))
    inner = archive(("inner/Chart.yaml", b"name: inner", {}))
    with pytest.raises(Refused, match="more than 100 charts"):
        chart_inputs.filled(source, {f"charts/{number}.tgz": inner for number in range(101)})
    large = archive(("large/data", bytes(12 * 1024 * 1024), {}))
    with pytest.raises(Refused, match="unpacks to more than"):
        chart_inputs.filled(source, {f"charts/{number}.tgz": large for number in range(3)})


def test_an_index_is_read_without_being_built() -> None:
    index = b"""
entries:
  other: [{version: 1.2.0, urls: [other.tgz]}]
  ? {a: key}
  : [nobody, reads, this]
  web:
  - version: 1.3.0
    urls: [web-1.3.0.tgz]
  - annotations: {version: 1.2.0, urls: [not-this.tgz]}
    urls: [web-1.2.0.tgz, mirror.tgz]
    version: 1.2.0
"""
    assert chart_repositories._address(index, CHART) == "web-1.2.0.tgz"


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (b"entries: {web: [{version: 1.2.0, urls: {a: b}}]}", r"no web 1\.2\.0"),
        (b"entries: {web: 3}", "no chart web"),
        (b"entries: {other: []}", "no chart web"),
        (b"\xff\xfe\x00", "no index"),
        (b"", "no chart web"),
    ],
)
def test_an_index_that_is_none_says_so(index: bytes, expected: str) -> None:
    with pytest.raises(NotThere, match=expected):
        chart_repositories._address(index, CHART)


def test_an_index_that_is_nested_deeply_is_refused() -> None:
    with pytest.raises(Refused, match="nested too deeply"):
        chart_repositories._address(b"entries: " + b"[" * 50_000, CHART)


def test_an_address_that_is_none_says_so() -> None:
    chart = RemoteChart(repository="https://[charts", name="web", version="1.2.0")
    with pytest.raises(NotThere, match="is no address"):
        asyncio.run(ChartRepositories().fetch(chart, app="shop"))


def test_a_complaint_of_one_long_word_is_read_in_no_time() -> None:
    said = f'Error: template: web/templates/a.yaml:3:4: executing "a" at <include "x" .>: no template {"a" * 60_000}'
    (finding,) = complaints.findings(said, _request({}), {}, lambda _: None)
    assert (finding.place.file, finding.place.line) == ("web/templates/a.yaml", 3)


@pytest.mark.parametrize("files", [{"a": b"", "a/b": b""}, {"n" * 300: b""}, {"a\0b": b""}, {"a": b"", ".": b""}])
def test_files_that_can_not_be_written_are_named(files: dict[str, bytes], tmp_path: Path) -> None:
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    result = asyncio.run(Helm(program=str(program)).template(_request(files)))
    assert result.problem is not None
    assert "can't be a file" in result.problem[0]


def _request(files: dict[str, bytes]) -> TemplateRequest:
    return TemplateRequest(
        chart="web", release="web", namespace="web", folder="web", files=files, values={}, kube_version="1.36"
    )
