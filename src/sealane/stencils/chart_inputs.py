"""The inputs of a formation's charts, from the files of one commit or working tree."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from sealane.charts import buckets
from sealane.charts.archive import MOST_FILES, unpacked
from sealane.configfiles import documents, trees
from sealane.configfiles.documents import Document
from sealane.configfiles.trees import FileMissing, Tree, Unreadable
from sealane.errors import Refused
from sealane.findings import Finding, Place, did_you_mean, not_utf8
from sealane.formations.model import Chart, Formation
from sealane.stencils.placeholders import Source
from sealane.stencils.sources import ChartSource, Stencil, StoredValues

RAW = "raw:"
MAX_TOTAL = 32 * 1024 * 1024
"""Most bytes of all files of a chart together."""
_PACKED = re.compile(r"(?:.*/)?charts/[^/]+\.tgz", re.DOTALL)
_DEEPEST = 3
_MOST_PACKED = 100
"""Charts packed in one: each is a folder of files, however small it is packed."""
_CHART, _VALUES, _IGNORED = "Chart.yaml", "values.yaml", ".helmignore"


def gather(tree: Tree, formation: Formation, source: Source) -> tuple[list[ChartSource], list[Finding]]:
    """The formation's charts; `source` is the formation's file."""
    charts: list[ChartSource] = []
    findings: list[Finding] = []
    for chart in formation.charts:
        values, stored, more = _values(tree, formation, chart)
        findings += more
        values += _inline(formation, chart, source)
        wanted = ChartSource(chart=chart, values=tuple(values), stored=tuple(stored))
        if chart.remote is not None:
            charts.append(wanted)
            continue
        place = formation.at("charts", chart.release, "path")
        try:
            files, problems = _files(tree, chart, place)
        except Unreadable as problem:
            problems = [Finding(message=f"can't read {chart.path}: {problem.message}", place=place)]
        findings += problems
        if problems:
            continue
        try:
            charts.append(filled(wanted, files))
        except Refused as problem:
            findings.append(Finding(message=f"can't read {chart.path}: {problem.message}", place=place))
    return charts, findings


def filled(source: ChartSource, given: Mapping[str, bytes]) -> ChartSource:
    """The chart with its files, and those of charts that are packed in it. Raises Refused."""
    chart, files = source.chart, _expanded(given)
    about, own = (_document(files, name, chart) for name in (_CHART, _VALUES))
    chart_fields = about.value if about else {}
    below = {
        path.split("/")[1]: document.value
        for path in files
        if path.startswith("charts/") and path.endswith(f"/{_VALUES}") and path.count("/") == 2
        if (document := _document(files, path, chart))
    }
    name, version, app = (str(chart_fields.get(key) or "") for key in ("name", "version", "appVersion"))
    return replace(source, name=name, version=version, app_version=app, files=files, own=own, subcharts=below)


def with_stored(source: ChartSource, contents: Sequence[bytes]) -> tuple[ChartSource, list[Finding]]:
    """The chart with the values of its buckets, each where the formation has it among those of files."""
    values, findings, put = list(source.values), list[Finding](), 0
    for wanted, content in zip(source.stored, contents, strict=True):
        read, problems = _read(content, wanted.object.address, raw=wanted.raw)
        findings += problems
        values[wanted.after + put : wanted.after + put] = read
        put += len(read)
    return replace(source, values=tuple(values), stored=()), findings


def _expanded(given: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with packed charts unpacked, so that nothing of them is hidden from what looks at files."""
    files, opened = dict(given), 0
    room = MAX_TOTAL - sum(len(text) for text in files.values())
    for _ in range(_DEEPEST):
        packed = [path for path in files if _PACKED.fullmatch(path)]
        if not packed:
            return files
        opened += len(packed)
        if opened > _MOST_PACKED:
            raise Refused(f"the chart has more than {_MOST_PACKED} charts packed in it")
        for path in packed:
            archive = files.pop(path)
            name, inside = unpacked(archive)
            room += len(archive) - sum(len(text) for text in inside.values())
            files.update({f"{path.rpartition('/')[0]}/{name}/{inner}": text for inner, text in inside.items()})
            if room < 0 or len(files) > MOST_FILES:
                raise Refused(f"the chart unpacks to more than {MAX_TOTAL} bytes or {MOST_FILES} files")
    raise Refused(f"the chart has charts packed in charts, more than {_DEEPEST} deep")


def _files(tree: Tree, chart: Chart, place: Place) -> tuple[dict[str, bytes], list[Finding]]:
    """The chart's files by their path in it. Raises Unreadable."""
    listed = tree.files(chart.path)
    if f"{chart.path}/{_CHART}" not in listed:
        hint = did_you_mean(chart.path, _near(tree, chart.path))
        return {}, [Finding(message=f"there is no {chart.path}/{_CHART}", place=place, hint=hint)]
    files: dict[str, bytes] = {}
    room = MAX_TOTAL
    with suppress(FileMissing):
        files[_IGNORED] = tree.read(f"{chart.path}/{_IGNORED}")
    for path in listed:
        try:
            content = tree.read(path)
        except Unreadable as problem:
            return {}, [Finding(message=f"can't be read: {problem.message}", place=Place(file=path))]
        room -= len(content)
        if room < 0:
            message = f"with it the chart comes to more than {MAX_TOTAL} bytes"
            return {}, [
                Finding(message=message, place=Place(file=path), hint="keep files that aren't the chart's elsewhere")
            ]
        files[path.removeprefix(f"{chart.path}/")] = content
    return files, []


def _near(tree: Tree, path: str) -> list[str]:
    """Folders with charts in the same folder as the path."""
    above = path.rpartition("/")[0]
    listed = tree.files(above) if above else ()
    return [file.removesuffix(f"/{_CHART}") for file in listed if file.endswith(f"/{_CHART}")]


def _document(files: Mapping[str, bytes], path: str, chart: Chart) -> Document | None:
    """A file of the chart as far as it can be read; Helm reports its errors."""
    read, _ = documents.read(files.get(path, b"").decode(errors="replace"), f"{chart.path}/{path}")
    return read[0] if read and isinstance(read[0].value, dict) else None


def _values(tree: Tree, formation: Formation, chart: Chart) -> tuple[list[Stencil], list[StoredValues], list[Finding]]:
    values: list[Stencil] = []
    stored: list[StoredValues] = []
    findings: list[Finding] = []
    for index, written in enumerate(chart.value_files):
        path, raw = written.removeprefix(RAW), written.startswith(RAW)
        place = formation.at("charts", chart.release, "value_files", index)
        if wanted := buckets.parse(path):
            stored.append(StoredValues(object=wanted, after=len(values), raw=raw, place=place))
            continue
        try:
            read, problems = _read(tree.read(path), path, raw=raw)
        except Unreadable as problem:
            hint = did_you_mean(path, trees.beside(tree, path)) if isinstance(problem, FileMissing) else None
            findings.append(Finding(message=f"can't read {path}: {problem.message}", place=place, hint=hint))
            continue
        values += read
        findings += problems
    return values, stored, findings


def _read(content: bytes, path: str, *, raw: bool) -> tuple[list[Stencil], list[Finding]]:
    """The values of a file: one mapping, or none in an empty file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [not_utf8(error, path)]
    read, findings = documents.read(text, path)
    for document in read[1:] if read and isinstance(read[0].value, dict) else read:
        message = "values are one mapping"
        findings.append(Finding(message=message, place=document.place(()), hint="keep one document of key: value"))
    return [Stencil(document=document, source=Source(text), raw=raw) for document in read[:1]], findings


def _inline(formation: Formation, chart: Chart, source: Source) -> tuple[Stencil, ...]:
    """The values in the formation's file."""
    if not chart.values:
        return ()
    above = ("charts", chart.release, "values")
    document = Document(
        file=formation.place.file,
        value=chart.values,
        values={path[3:]: place for path, place in formation.places.items() if path[:3] == above},
        keys={},
        written={path[3:]: text for path, text in formation.written.items() if path[:3] == above},
    )
    return (Stencil(document=document, source=source),)
