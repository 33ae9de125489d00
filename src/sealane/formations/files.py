"""The shape of `deploy/formations/NAME.yaml`, as people write it. Pure: what it means is decided in `reading.py`.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles import variants
from sealane.configfiles.fields import WHOLE, Duration, File, Glob, Matching, Maybe, Name, RelativePath, TopFile
from sealane.formations.base_files import MOST_BASES, BaseFile
from sealane.formations.chart_files import MOST_CHARTS, ChartFile, ReleaseName
from sealane.formations.gate_files import GateFile, GuardFile, gates_type
from sealane.formations.hook_files import HooksFile, annotations_type
from sealane.formations.patch_files import MOST_PATCHES, KindName, PatchFile
from sealane.secrets import references

MOST = 1000
"""Entries of one kind that a formation may have."""

_WORD = r"[A-Za-z_][A-Za-z0-9_-]*"

ValueName = Annotated[
    str,
    Matching(
        pattern=_WORD,
        expected="a word (letters, digits, _ and -, no digit in front)",
        longest=63,
    ),
]
"""The name of a value, `${name}` in stencils; dots are reserved for built-in placeholders such as `${image.web}`."""

EntryName = Annotated[
    str,
    Matching(
        pattern=r"(?!\.{1,2}$)(?!\.\.)[-._a-zA-Z0-9]+",
        expected="a key of a ConfigMap or Secret (letters, digits, - _ and .)",
    ),
]
"""It is also the name of a file when the ConfigMap or Secret is mounted."""

Percentage = Annotated[
    str,
    Matching(pattern=r"(?:100|[1-9]?[0-9])%", expected="a percentage such as 25%", longest=4),
]

Many = Annotated[int, Field(ge=0, le=100_000), WHOLE] | Percentage
"""A number of containers, or a percentage of them."""

ConfigText = Annotated[str, Field(max_length=1024 * 1024)] | bool | int | float


GroupName = Annotated[
    str,
    Matching(
        pattern=r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?",
        expected="an API group, such as cert-manager.io",
        hint=lambda text: f"without the version: {text.partition('/')[0]}" if "/" in text else None,
    ),
]
"""The part of `apiVersion` before the slash."""

Expression = Annotated[str, Field(min_length=1, max_length=4096)]
"""An expression in CEL."""


class StencilsFile(File):
    """Which stencils this formation takes."""

    include: Maybe[Annotated[list[Glob], Field(min_length=1)]] = None
    """Globs on the path below deploy/stencils of which one must match; all stencils when left out."""
    exclude: Maybe[Annotated[list[Glob], Field(min_length=1)]] = None
    """Globs of which none may match."""
    raw: Maybe[Annotated[list[Glob], Field(min_length=1)]] = None
    """Globs of stencils that are left as they are: no placeholder in them is replaced."""


class RollingFile(File):
    """A few containers at a time."""

    max_unavailable: Maybe[Many] = None
    """How many may be missing during the rollout, a count or a percentage; the destination's default when left out."""
    max_surge: Maybe[Many] = None
    """How many more there may be during the rollout, a count or a percentage; the destination's default when left out."""


class RecreateFile(File):
    """All old containers end before the first new one starts; there is an outage between."""


class BlueGreenFile(File):
    """A second, coloured set of Deployments beside the first; Services switch to it once it is healthy."""

    preview_service: Maybe[Name] = None
    """The Service that reaches the new version before the switch; each Service's name and -preview when left out."""
    keep_old_for: Maybe[Duration] = None
    """How long the old version stays up after the switch, for a fast rollback; 30s when left out."""
    promote: Literal["automatic", "manual"] = "automatic"
    """Whether the switch is automatic, or waits for a person's answer."""


Weight = Annotated[int, Field(ge=1, le=100), WHOLE]
"""A share of a hundred."""


class PauseFile(File):
    """A pause until a person answers."""

    wait: Maybe[Duration] = None
    """How long to wait for a person; 24h when left out. After that it has failed."""


def _which_pause(value: Any) -> str:
    return "(person)" if isinstance(value, Mapping) else "(span)"


Pause = Annotated[
    Annotated[Duration, Tag("(span)")] | Annotated[PauseFile, Tag("(person)")], Discriminator(_which_pause)
]


class CanaryStepFile(File):
    """One step of a canary: exactly one of its keys."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    weight: Maybe[Weight] = None
    """The percentage of instances that have the new version."""
    pause: Maybe[Pause] = None
    """How long it has to stay healthy before the next step; {} waits for a person's answer."""


class CanaryFile(File):
    """The new version beside the old one in growing shares, then everywhere."""

    steps: Annotated[list[CanaryStepFile], Field(min_length=1, max_length=50)]
    """The steps, in order; after the last one the new version goes everywhere."""


class StrategyFile(File):
    """How it rolls out, and when it is judged."""

    rolling: Maybe[RollingFile] = None
    """A few containers at a time, for each Deployment whose stencil doesn't say otherwise."""
    recreate: Maybe[RecreateFile] = None
    """All old containers end before new ones start, for each Deployment whose stencil doesn't say otherwise."""
    blue_green: Maybe[BlueGreenFile] = None
    """The new version beside the whole old one, and then all traffic at once."""
    canary: Maybe[CanaryFile] = None
    """The new version beside the old one in growing shares, then everywhere."""
    healthy_for: Maybe[Duration] = None
    """How long it must stay ready before it counts as healthy; 10s when left out."""
    patience: Maybe[Duration] = None
    """How long to wait for something that may still recover by itself; when left out the larger of 60s and three times the start-up of the last verified revision."""
    deadline: Maybe[Duration] = None
    """How long the whole rollout may take; 10m when left out."""
    drain: Maybe[Duration] = None
    """How long containers behind a Service go on serving after they are told to end, if they have no preStop of their own."""
    watch_for: Maybe[Duration] = None
    """How long after a good verdict the revision is rolled back if its own pods fail; when left out 10m where the environment is production, and not at all elsewhere."""
    gates: Maybe[list[GateFile]] = None
    """Checks that have to pass once it is healthy, and before old versions go."""
    guard: Maybe[GuardFile] = None
    """Checks that need no metrics; restarts and flaps when left out."""


class HealthCheckFile(File):
    """How to tell the health of objects of one kind, in CEL; the live object is called object."""

    kind: KindName
    """The kind of the objects, such as Certificate."""
    group: Maybe[GroupName] = None
    """The API group of the kind, such as cert-manager.io; any when left out."""
    ready: Expression
    """True when the object is healthy; while a field that it reads is missing, the object is not."""
    failed: Maybe[Expression] = None
    """True when the object won't become healthy by itself: that ends the rollout at once."""
    message: Maybe[Expression] = None
    """A text: what an object that is not ready waits for."""


class FormationFile(TopFile):
    """One instance of an app: environment, destination, values, secrets and strategy; a file in deploy/formations."""

    formation: Name
    """Its name, the same as the file's."""
    environment: Name
    """The operators' environment it belongs to."""
    destination: Name
    """The destination in that environment."""
    namespace: Name
    """The namespace of its objects."""
    stencils: Maybe[StencilsFile] = None
    """Which stencils it takes; all when left out."""
    images: Maybe[Annotated[dict[Name, Name], Field(max_length=MOST)]] = None
    """For each placeholder of the stencils, the image of the pipeline: {web: web-debug} puts web-debug where ${image.web} stands."""
    values: Maybe[Annotated[dict[ValueName, Any], Field(max_length=MOST)]] = None
    """Placeholders of the stencils and their values: texts, numbers, true or false, lists or mappings."""
    charts: Maybe[Annotated[dict[ReleaseName, ChartFile], Field(min_length=1, max_length=MOST_CHARTS)]] = None
    """Helm charts by the name of their release: what they render is deployed beside the stencils."""
    kustomize: Maybe[Annotated[list[RelativePath], Field(min_length=1, max_length=MOST_CHARTS)]] = None
    """Folders of the repository with a kustomization.yaml: what Kustomize builds of them is deployed beside the stencils."""
    bases: Maybe[Annotated[dict[RelativePath, BaseFile], Field(min_length=1, max_length=MOST_BASES)]] = None
    """Folders of other repositories by the folder where their files seem to be: stencils, charts, kustomizations, patches and configuration may come from there."""
    patches: Maybe[Annotated[list[PatchFile], Field(min_length=1, max_length=MOST_PATCHES)]] = None
    """Files that change objects of the stencils, charts and kustomizations for this formation, in this order."""
    config: Maybe[Annotated[dict[EntryName, ConfigText], Field(max_length=MOST)]] = None
    """Entries of the ConfigMap ${config}: texts, or file: and a path in the repository; placeholders in them are replaced, but for raw: and a path."""
    secrets: Maybe[Annotated[dict[EntryName, str], Field(max_length=MOST)]] = None
    """Entries of the Secret ${secrets}: references such as env:DATABASE_URL or age:deploy/secrets.age#DATABASE_URL."""
    strategy: Maybe[StrategyFile] = None
    """How it rolls out, and when it is judged."""
    health: Maybe[Annotated[list[HealthCheckFile], Field(min_length=1, max_length=100)]] = None
    """Health checks for kinds that Sealane can't judge by itself, mostly custom resources."""
    hooks: Maybe[HooksFile] = None
    """Jobs around a rollout: migrations before it, and tasks after it or after its failure."""


@functools.cache
def formation_file(adapters: Adapters = SHIPPED) -> type[FormationFile]:
    """The shape of the file, with the secret stores, gates and metric stores in the tables."""
    reference = Annotated[str, references.ReferenceField(adapters)]
    strategy = variants.replaced(StrategyFile, gates=variants.maybe(gates_type(adapters)))
    hooks = variants.replaced(HooksFile, annotate=variants.maybe(annotations_type(adapters)))
    made: type[FormationFile] = variants.replaced(
        FormationFile,
        secrets=variants.maybe(variants.mapping(EntryName, reference, Field(max_length=MOST))),
        strategy=variants.maybe(strategy),
        hooks=variants.maybe(hooks),
    )
    return made
