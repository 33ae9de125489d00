"""Renders a formation, its stencils and a release to a revision. Pure: equal inputs always give equal results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sealane import hashing
from sealane.adapters import SHIPPED, Adapters
from sealane.charts import release_objects
from sealane.charts.model import PrintedChart, TemplateRequest
from sealane.findings import Finding, Place, errors
from sealane.formations import graph_annotations, output_references
from sealane.formations.gates import plain_hooks
from sealane.formations.model import Formation
from sealane.formations.output_references import NamedOutput
from sealane.kustomize.model import Built
from sealane.stencils import chart_requests as requests
from sealane.stencils import configuration, folders, kustomize_objects, objects, patches, rendering_checks, substitution
from sealane.stencils import platform as platforms
from sealane.stencils.chart_requests import ChartParts
from sealane.stencils.configuration import MadeObject, NamedConfig, NamedSecrets
from sealane.stencils.model import CONFIG, SECRET, Origin, Rendered, Revision
from sealane.stencils.placeholders import MOST_FINDINGS, Placeholders
from sealane.stencils.platform import ExtractedJobs, Platform
from sealane.stencils.sources import Sources

_Placed = tuple[dict[str, Any], Origin]

UNBUILT = "unbuilt"
"""Stands for the digest of an image, and for the deploy tag, while there is no release."""

_OF_BUNDLES = ("bundle.bucket", "bundle.key")
_NO_BUNDLE = "the release has no bundle: it comes with POST /api/deployments"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What the release and the machine contribute to the rendering of a formation."""

    app: str
    images: Mapping[str, str]
    """The reference for `${image.NAME}`, by name in the pipeline."""
    release: str | None = None
    """The release's id; None: rendered for viewing, or before anything was built."""
    deploy_tag: str = UNBUILT
    bundle: Mapping[str, str] = field(default_factory=dict)
    """The placeholders of the release's bundle, if it has one."""
    secret_versions: Mapping[str, str] = field(default_factory=dict)
    """The version of each resolved entry of the formation's secrets."""
    kind: str | None = None
    """The kind of its destination; None: no operators' file is at hand, so that the stencils' API versions tell it."""
    adapters: Adapters = SHIPPED
    charts: Mapping[str, PrintedChart] = field(default_factory=dict)
    """Helm's output for each of the formation's charts, by the name of its release: see `helm_template`."""
    outputs: tuple[NamedOutput, ...] = ()
    """Outputs of other formations that the formation's values name; references to others stay as they are."""
    kustomized: Mapping[str, Built] = field(default_factory=dict)
    """Kustomize's output for each of its directories, by folder."""
    key: bytes = field(default=b"", repr=False)
    """Keys the hashes in names of Secrets and ConfigMaps."""


def unbuilt(name: str) -> str:
    """The reference of an image that no release has built yet; no registry can have it."""
    return f"{name}@{UNBUILT}"


def chart_requests(sources: Sources, inputs: Inputs) -> tuple[list[TemplateRequest], list[Finding]]:
    """The requests to Helm before the formation can be rendered, and their findings."""
    asked: list[TemplateRequest] = []
    findings: list[Finding] = []
    if sources.charts:
        known, _ = _known(sources, inputs)
        for chart in sources.charts:
            request, problems = requests.request(chart, sources.formation, known.words)
            asked.append(request)
            findings.extend(problems)
    return asked, findings


def render(sources: Sources, inputs: Inputs) -> tuple[Revision | None, list[Finding]]:
    """The revision, or everything that is wrong; a revision may come with warnings."""
    kind = inputs.kind or platforms.told_by(sources.api_versions, inputs.adapters)
    platform = platforms.of(kind, inputs.adapters)
    of_charts = requests.parts(sources, inputs.charts)
    formation = requests.joined(sources.formation, of_charts)
    findings = [
        *rendering_checks.image_problems(formation, inputs.images),
        *rendering_checks.health_problems(formation, platform),
    ]
    known, problems = _known(sources, inputs)
    findings.extend(problems)
    words = known.words
    secret, config, problems = _made(formation, inputs.app, platform, known.secrets, known.config)
    findings.extend(problems)
    placed, problems = _objects(sources, of_charts, inputs.kustomized, words)
    findings.extend(problems)
    if sources.patches and not errors(findings):
        placed.objects, problems = patches.applied(placed.objects, sources.patches, words, platform)
        findings.extend(problems)
    settled, problems = objects.settle(placed.objects, formation.namespace, platform)
    findings.extend(problems)
    rendered = [folders.filled(item, sources.folders) for item in settled]
    findings.extend(platform.problems(rendered))
    aside = platform.jobs(formation, rendered, words)
    findings.extend(aside.findings)
    findings.extend(rendering_checks.nameless(aside.rest, placed.generated))
    finished, problems = platform.finished(aside.rest, formation)
    findings.extend(problems)
    formation = rendering_checks.with_confirmations(formation, platform, finished)
    every = [*(made_object.rendered for made_object in (config, secret) if made_object), *finished]
    findings.extend(objects.duplicates(every))
    if not errors(findings):
        findings.extend(platform.whole(every, formation))
    if not errors(findings):
        findings.extend(rendering_checks.unused(sources, words))
        findings.extend(rendering_checks.without_objects(formation, every))
    if errors(findings):
        return None, findings
    revision = _revision(formation, inputs, tuple(every), secret, config)
    return _with_jobs(revision, formation, aside, of_charts.early), findings


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    words: Placeholders
    secrets: NamedSecrets | None
    config: NamedConfig | None


def _known(sources: Sources, inputs: Inputs) -> tuple[_Known, list[Finding]]:
    """The placeholders of stencils, and the names of the formation's secrets and configuration objects."""
    formation = sources.formation
    secrets = configuration.secrets(inputs.app, formation, inputs.secret_versions, inputs.key)
    words = _words(formation, inputs, secrets)
    config, problems = configuration.config(inputs.app, formation, sources.config, words, inputs.key)
    return _Known(words=_with_config(words, config), secrets=secrets, config=config), problems


def _words(formation: Formation, inputs: Inputs, secret: NamedSecrets | None) -> Placeholders:
    """Placeholders that configuration may use; stencils may also use `${config}`."""
    chosen = {word: inputs.images[name] for word, name in formation.images.items() if name in inputs.images}
    values: dict[str, Any] = {
        **output_references.replaced(formation.values, inputs.outputs),
        **{f"image.{name}": reference for name, reference in {**inputs.images, **chosen}.items()},
        "deploy_tag": inputs.deploy_tag,
        "app": inputs.app,
        "formation": formation.name,
        "namespace": formation.namespace,
        **(inputs.bundle or (dict.fromkeys(_OF_BUNDLES, UNBUILT) if inputs.release is None else {})),
    }
    missing = {"config": configuration.ITSELF, **{word: _NO_BUNDLE for word in _OF_BUNDLES if word not in values}}
    if secret:
        values["secrets"] = secret.name
    else:
        missing["secrets"] = "the formation has no secrets:"
    written = {name: text for name in formation.values if (text := formation.written.get(("values", name)))}
    return Placeholders(values=values, missing=missing, written=written)


def _made(
    formation: Formation,
    app: str,
    platform: Platform,
    secrets: NamedSecrets | None,
    config: NamedConfig | None,
) -> tuple[MadeObject | None, MadeObject | None, list[Finding]]:
    """The platform's objects for secrets and configuration."""
    secret_object = config_object = None
    findings: list[Finding] = []
    if secrets:
        rendered, problems = platform.secret(secrets.name, app, formation, secrets.entries)
        secret_object = MadeObject(rendered=rendered, versions=secrets.versions) if rendered else None
        findings.extend(problems)
    if config:
        rendered, problems = platform.config(config.name, app, formation, config.content)
        config_object = MadeObject(rendered=rendered, versions=config.versions) if rendered else None
        findings.extend(problems)
    return secret_object, config_object, findings


def _with_config(words: Placeholders, config: NamedConfig | None) -> Placeholders:
    if config:
        return replace(words, values={**words.values, "config": config.name})
    return replace(words, missing={**words.missing, "config": "the formation has no config:"})


@dataclass(kw_only=True, slots=True)
class _Objects:
    """The valid objects of stencils and charts."""

    objects: list[_Placed] = field(default_factory=list)
    generated: set[str] = field(default_factory=set)
    """Names of Jobs that only have a `generateName`."""

    def add(self, value: Any, whole: Origin) -> list[Finding]:
        """Adds the value's valid objects; returns findings about the others."""
        findings: list[Finding] = []
        for written, origin in objects.unfold(value, whole):
            name = objects.generated_name(written)
            part = objects.named(written, name) if name else written
            problems = objects.problems(part, origin)
            if not problems and release_objects.is_release(part):
                message = "a Release is made of a chart, not written"
                hint = "write charts: in the formation, and mode: release there"
                problems = [Finding(message=message, place=origin.place(), hint=hint)]
            findings.extend(problems)
            if not problems:
                self.objects.append((part, origin))
                self.generated |= {name} if name else set()
        return findings


def _objects(
    sources: Sources, of_charts: ChartParts, built: Mapping[str, Built], words: Placeholders
) -> tuple[_Objects, list[Finding]]:
    """All objects of the stencils, charts and kustomizations, not patched yet."""
    good = _Objects()
    findings = [*of_charts.findings]
    for chart in sources.charts:
        asked, _ = requests.request(chart, sources.formation, words)  # which notes the placeholders of its values
        if made := requests.release(chart, asked, sources.formation):
            good.objects.append(made)
    for value, origin in of_charts.objects:
        findings.extend(good.add(value, origin))
    for item, problems in kustomize_objects.placed(sources.kustomizations, built, words):
        findings.extend(problems)
        findings.extend(good.add(*item) if item else ())
    for stencil in sources.stencils:
        document = stencil.document
        value, problems = substitution.substitute(stencil, words)
        findings.extend(problems)
        if words.enough:
            message = f"more placeholders are wrong than the first {MOST_FINDINGS}, which are told here"
            findings.append(Finding(message=message, place=Place(file=document.file)))
            break
        if problems:
            continue
        whole = Origin(file=document.file, places=document.values, written=document.written, keys=document.keys)
        findings.extend(good.add(value, whole))
    return good, findings


def _with_jobs(revision: Revision, formation: Formation, aside: ExtractedJobs, early: tuple[str, ...]) -> Revision:
    """The revision with its hooks, annotations and Jobs; its id covers them if there are any."""
    if not formation.hooks and not aside.jobs and not formation.annotations:
        return revision
    whole = replace(revision, hooks=formation.hooks, jobs=aside.jobs, annotations=formation.annotations, early=early)
    more: dict[str, Any] = {
        "of": revision.id,
        "hooks": plain_hooks(formation.hooks),
        "jobs": {k: j.object for k, j in aside.jobs.items()},
    }
    if formation.annotations:
        more["annotations"] = graph_annotations.plain(formation.annotations)
    if early:
        more["early"] = list(early)
    return replace(whole, id=hashing.content_id(more))


def _revision(
    formation: Formation,
    inputs: Inputs,
    rendered: tuple[Rendered, ...],
    secret: MadeObject | None,
    config: MadeObject | None,
) -> Revision:
    content: dict[str, Any] = {
        "app": inputs.app,
        "formation": formation.name,
        "environment": formation.environment,
        "destination": formation.destination,
        "namespace": formation.namespace,
        "secrets": dict(formation.secrets),
        "secret_versions": dict(secret.versions) if secret else {},
        "config_versions": dict(config.versions) if config else {},
    }
    objects_by_key = [item.object for item in sorted(rendered, key=lambda item: item.key)]
    hashed = {**content, "objects": objects_by_key, "strategy": formation.strategy.to_json()}
    if formation.health:
        hashed["health"] = [check.to_json() for check in formation.health]
    if inputs.outputs:
        hashed["outputs"] = [output.to_json() for output in inputs.outputs]
    return Revision(
        **content,
        id=hashing.content_id(hashed),
        release=inputs.release,
        objects=rendered,
        strategy=formation.strategy,
        secret_object=secret.rendered.name if secret else None,
        config_object=config.rendered.name if config else None,
        secret_kind=secret.rendered.key[:2] if secret else SECRET,
        config_kind=config.rendered.key[:2] if config else CONFIG,
        health=formation.health,
        outputs=inputs.outputs,
    )
