"""Render inputs: everything that a formation is rendered from, out of the files of one commit or working tree."""

from __future__ import annotations

from collections.abc import Collection

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles import documents, globs
from sealane.configfiles.trees import Tree, Unreadable
from sealane.findings import Finding, Place, Severity, did_you_mean, errors, not_utf8
from sealane.formations import reading
from sealane.formations.formation_names import ENDINGS, FOLDER, names
from sealane.formations.model import Formation
from sealane.stencils import chart_inputs, folder_inputs, kustomize_inputs, patch_inputs
from sealane.stencils.placeholders import Source
from sealane.stencils.sources import ConfigEntry, Sources, Stencil

STENCILS = "deploy/stencils"
MANIFESTS = (*ENDINGS, ".json")
"""The endings of files that are read as manifests."""
FILE = "file:"
RAW = "raw:"
"""Prefix of a configuration file's path in which no placeholders are replaced."""
MAX_TOTAL = 32 * 1024 * 1024
"""Most bytes of all stencils of a formation together."""


def gather(tree: Tree, name: str, adapters: Adapters = SHIPPED) -> tuple[Sources | None, list[Finding]]:
    """The inputs of the formation with that name, or everything wrong with its files."""
    formation, source, findings = _formation(tree, name, adapters)
    if formation is None:
        return None, findings
    kustomizations, of_kustomize = kustomize_inputs.gather(tree, formation)
    taken = {path for kustomization in kustomizations for path in kustomization.files}
    stencils, more = _stencils(tree, formation, taken)
    charts, of_charts = chart_inputs.gather(tree, formation, source)
    patches, of_patches = patch_inputs.gather(tree, formation)
    config, still_more = _config(tree, formation, source)
    folders, of_folders = folder_inputs.gather(tree, stencils)
    findings = [*findings, *more, *of_kustomize, *of_charts, *of_patches, *still_more, *of_folders]
    if errors(findings):
        return None, findings
    sources = Sources(
        formation=formation,
        stencils=tuple(stencils),
        charts=tuple(charts),
        kustomizations=tuple(kustomizations),
        patches=tuple(patches),
        config=config,
        folders=folders,
    )
    return sources, findings


def read_formation(tree: Tree, name: str, adapters: Adapters = SHIPPED) -> tuple[Formation | None, list[Finding]]:
    """The formation with that name, without its stencils."""
    formation, _, findings = _formation(tree, name, adapters)
    return formation, findings


def _formation(tree: Tree, name: str, adapters: Adapters) -> tuple[Formation | None, Source, list[Finding]]:
    paths = [path for ending in ENDINGS if (path := f"{FOLDER}/{name}{ending}") in tree.files(FOLDER)]
    if not paths:
        known = names(tree)
        hint = did_you_mean(name, known) if known else "`sealane init` writes a first one where there is a Dockerfile"
        finding = Finding(message=f"there is no formation {name}", place=Place(file=FOLDER), hint=hint)
        return None, Source(""), [finding]
    if len(paths) > 1:
        finding = Finding(message=f"{paths[0]} says what it is, too", place=Place(file=paths[1]), hint="keep one")
        return None, Source(""), [finding]
    text, findings = _text(tree, paths[0])
    if findings:
        return None, Source(""), findings
    formation, findings = reading.read_formation(text, paths[0], adapters)
    return formation, Source(text), findings


def read_stencils(text: str, file: str, *, raw: bool = False) -> tuple[list[Stencil], list[Finding]]:
    """One stencil for each document of the text, lists of objects not yet unfolded."""
    found_documents, findings = documents.read(text, file)
    source = Source(text)
    return [Stencil(document=document, source=source, raw=raw) for document in found_documents], findings


def _stencils(tree: Tree, formation: Formation, taken: Collection[str]) -> tuple[list[Stencil], list[Finding]]:
    stencils: list[Stencil] = []
    chosen, findings = _chosen(tree, formation)
    total = 0
    for path in chosen:
        if path in taken:
            continue
        if problem := kustomize_inputs.among_stencils(path):
            findings.append(problem)
            continue
        text, problems = _text(tree, path)
        total += len(text)
        if total > MAX_TOTAL:
            message = f"with it all stencils come to more than {MAX_TOTAL} bytes"
            findings.append(Finding(message=message, place=Place(file=path), hint="exclude what isn't needed"))
            break
        findings.extend(problems)
        raw = globs.any_matches(formation.stencils.raw, path.removeprefix(f"{STENCILS}/"))
        read, problems = read_stencils(text, path, raw=raw)
        stencils.extend(read)
        findings.extend(problems)
    if not chosen and not findings and not formation.charts and not formation.kustomize:
        hint = f"put plain manifests into {STENCILS}, or name charts or kustomize"
        findings.append(Finding(message="the formation has no stencils", place=formation.place, hint=hint))
    return stencils, findings


def _chosen(tree: Tree, formation: Formation) -> tuple[list[str], list[Finding]]:
    """Paths of the stencils that match the formation's globs, and globs without a match."""
    below = {path.removeprefix(f"{STENCILS}/"): path for path in tree.files(STENCILS) if path.endswith(MANIFESTS)}
    choice = formation.stencils
    findings = [
        Finding(
            message=f"no stencil matches {glob}",
            place=formation.at("stencils", key, index),
            hint=f"globs are matched with the path below {STENCILS}",
            severity=severity,
        )
        for key, patterns, severity in (
            ("include", choice.include, Severity.ERROR),
            ("exclude", choice.exclude, Severity.WARNING),
            ("raw", choice.raw, Severity.WARNING),
        )
        for index, glob in enumerate(patterns)
        if not any(globs.matches(glob, path) for path in below)
    ]
    included = [path for path in below if not choice.include or globs.any_matches(choice.include, path)]
    return [below[path] for path in included if not globs.any_matches(choice.exclude, path)], findings


def _config(tree: Tree, formation: Formation, source: Source) -> tuple[dict[str, ConfigEntry], list[Finding]]:
    entries: dict[str, ConfigEntry] = {}
    findings: list[Finding] = []
    for name, text in formation.config.items():
        place = formation.at("config", name)
        if not text.startswith((FILE, RAW)):
            entries[name] = ConfigEntry(content=text.encode(), place=place, source=source)
            continue
        kind, _, path = text.partition(":")
        try:
            place_of = Place(file=path, line=1, column=1)
            entries[name] = ConfigEntry(content=tree.read(path), place=place_of, raw=kind == RAW.rstrip(":"))
        except Unreadable as problem:
            findings.append(Finding(message=f"can't read {path}: {problem.message}", place=place))
    return entries, findings


def _text(tree: Tree, path: str) -> tuple[str, list[Finding]]:
    """A file's text; a file that isn't text is a finding."""
    try:
        return tree.read(path).decode("utf-8-sig"), []
    except Unreadable as problem:
        return "", [Finding(message=f"can't be read: {problem.message}", place=Place(file=path))]
    except UnicodeDecodeError as error:
        return "", [not_utf8(error, path)]
