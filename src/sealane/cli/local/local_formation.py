"""One formation of a folder on this machine, for commands that work without a server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sealane import errors, findings
from sealane.adapters import SHIPPED, Adapters
from sealane.cli import output
from sealane.clients import git_bases, helm
from sealane.configfiles.trees import FolderTree, Tree
from sealane.destinations.outputs import OutputSource
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext
from sealane.environments.model import FOLDER, DestinationConfig, Environment
from sealane.findings import Finding, Place, Severity, did_you_mean
from sealane.formations import output_references
from sealane.images import references
from sealane.pipelines import pipeline_files, reading
from sealane.pipelines.model import Pipeline
from sealane.secrets import keys, resolution
from sealane.secrets.port import StoreContext
from sealane.secrets.resolution import Stores
from sealane.secrets.values import SecretValue
from sealane.stencils import base_trees, helm_template, render_inputs, rendering
from sealane.stencils.model import Revision
from sealane.stencils.output_formations import OutputValues
from sealane.stencils.rendering import Inputs
from sealane.stencils.sources import Sources


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """One formation of one app, with its files read and valid."""

    folder: Path
    tree: Tree
    app: str
    pipeline: Pipeline | None
    sources: Sources
    images: Mapping[str, str]
    adapters: Adapters = SHIPPED
    kind: str | None = None
    """The kind of its destination, if an operators' file tells it."""
    commit: str | None = None
    """The commit that its files are read from, as the person named it; None: the folder's own files."""
    outputs: OutputValues = field(default_factory=OutputValues)
    """Outputs of other formations, once it is in its environment."""

    def at(self, environment: Environment | None) -> Project:
        """The project in its environment, which names its destination's kind and tells outputs of other formations.

        Without one, outputs have no value: shown as warnings. Else raises InvalidFiles for those that have none.
        """
        formation = self.sources.formation
        if not output_references.of(formation):
            return replace(self, kind=environment.kind_of(formation.destination)) if environment else self
        from sealane.deployments import output_values

        outputs = output_values.of(
            formation,
            self.tree,
            app=self.app,
            environment=environment,
            open_source=lambda config: _outputs(config, self.adapters),
            adapters=self.adapters,
        )
        if environment is None:
            missing = [replace(finding, severity=Severity.WARNING) for _, finding in outputs.missing]
            self.tell([*outputs.wrong, *missing])
        else:
            self.tell(outputs.problems)
        kind = environment.kind_of(formation.destination) if environment else self.kind
        return replace(self, outputs=outputs, kind=kind)

    def need_outputs(self) -> None:
        """Raises InvalidFiles when an output of another formation has no value."""
        self.tell(self.outputs.problems)

    def render(self, *, versions: Mapping[str, str] | None = None, key: bytes = b"") -> Revision:
        """Renders the formation without a release. Raises InvalidFiles with all findings; shows warnings."""
        inputs = Inputs(
            app=self.app,
            images=self.images,
            secret_versions=versions or {},
            key=key,
            kind=self.kind,
            adapters=self.adapters,
            outputs=self.outputs.outputs,
        )
        revision, problems = helm_template.render_now(self.sources, inputs, helm.of(os.environ))
        self.tell(problems)
        if revision is None:
            raise errors.InvalidFiles([])  # unreachable: without a revision there are errors, and tell raises
        return revision

    def seen(self, place: Place) -> Place:
        """The place relative to where the command runs, so that a click in a terminal opens it; in a commit as git names it."""
        return _seen(self.folder, self.commit, place)

    def tell(self, problems: Iterable[Finding]) -> None:
        """Shows warnings; raises InvalidFiles when there is an error."""
        _tell(self.folder, problems, self.commit)

    def stores(self) -> Stores:
        """The stores of the app's secrets on this machine: environment variables, and identities in files."""
        folder = keys.own_folder(os.environ)
        context = StoreContext(app=self.app, variables=os.environ, read_file=self.tree.read, identities=folder)
        return resolution.open_stores(context, self.adapters)


def load(
    name: str,
    folder: Path,
    *,
    app: str | None,
    images: Iterable[str],
    adapters: Adapters = SHIPPED,
    commit: str | None = None,
) -> Project:
    """Reads all files of the formation, in the folder or as a commit has them.

    Raises InvalidFiles with everything that is wrong with them, NotThere for a commit that is not there.
    """
    tree, pipeline, app = _beginning(folder, app, adapters, commit)
    based, problems = base_trees.based_now(tree, name, git_bases.of(os.environ), adapters)
    _tell(folder, problems, commit)
    sources, problems = render_inputs.gather(based, name, adapters)
    _tell(folder, problems, commit)
    assert sources is not None, "without sources there are errors, and then nothing comes here"
    return Project(
        folder=folder,
        tree=tree,
        app=app,
        pipeline=pipeline,
        sources=sources,
        images=_images(pipeline, images),
        adapters=adapters,
        commit=commit,
    )


def app_name(folder: Path, app: str | None, adapters: Adapters) -> str:
    """The app's name: from the option, else from the folder's pipeline file."""
    return app or _beginning(folder, app, adapters)[2]


def environment(project: Project, config: Path | None) -> Environment | None:
    """The operators' environment of the formation; None where nobody wrote any. Raises InvalidFiles."""
    folder = config or project.folder
    if config is None and not (folder / FOLDER).is_dir():
        return None
    from sealane.environments import config_folder as operators

    environments, problems = operators.gather(folder, adapters=project.adapters)
    _tell(Path(), problems)
    wanted = project.sources.formation.environment
    if wanted not in environments:
        place = project.seen(project.sources.formation.at("environment"))
        hint = f"{did_you_mean(wanted, environments)} (looked in {folder / FOLDER})"
        raise errors.InvalidFiles([Finding(message=f"there is no environment {wanted}", place=place, hint=hint)])
    return environments[wanted]


def environments(config: Path, adapters: Adapters) -> dict[str, Environment]:
    """All environments of a folder. Raises InvalidFiles, NotThere."""
    from sealane.environments import config_folder as operators

    gathered, problems = operators.gather(config, adapters=adapters)
    _tell(Path(), problems)
    return gathered


def outputs_now(
    project: Project, environment: Environment | None, revision: Revision
) -> tuple[output_references.NamedOutput, ...]:
    """The outputs in the revision as they are now; none without an environment, which tells where they are."""
    if not revision.outputs or environment is None:
        return ()
    from sealane.deployments import output_values

    def source(config: DestinationConfig) -> OutputSource | None:
        return _outputs(config, project.adapters)

    return output_values.now(revision.outputs, app=project.app, environment=environment, open_source=source)


def names_outputs(project: Project) -> bool:
    """Whether values of the formation are outputs of another one."""
    return bool(output_references.of(project.sources.formation))


def places(environment: Environment | None, app: str) -> tuple[str, ...]:
    """The namespaces that the operators' file opens to the app: a formation may have been in any of them."""
    limits = environment.apps.get(app) if environment else None
    return limits.namespaces if limits else ()


def resolve(project: Project, key: bytes) -> dict[str, SecretValue]:
    """The values of the formation's secrets on this machine. Raises `resolution.Unresolved`."""
    return asyncio.run(resolution.resolve(project.sources.formation.secrets, project.stores(), key=key))


@asynccontextmanager
async def destination(
    config: DestinationConfig, adapters: Adapters = SHIPPED, *, patience: float = 15.0
) -> AsyncIterator[Destination]:
    """The destination, signed in; `patience` is how many seconds calls are retried while it doesn't answer.

    Raises errors.Unavailable.
    """
    adapter = adapters.destinations.get(config.kind, DestinationAdapter)
    async with adapter.open(config.written, _context(config, patience=patience)) as opened:
        yield opened


async def planned(
    revision: Revision, config: DestinationConfig, environment: Environment | None, folder: Path, adapters: Adapters
) -> Revision:
    """The revision with its plans, where its destination applies only what was planned. Raises InvalidFiles, Unavailable."""
    adapter = adapters.destinations.get(config.kind, DestinationAdapter)
    if adapter.planner is None:
        return revision
    deletes = environment.delete_budget if environment else 0
    made, problems = await adapter.planner(config.written, _context(config)).plan(revision, deletes=deletes)
    _tell(folder, problems)
    assert made is not None, "without a revision there are errors, and then nothing comes here"
    return made


def _outputs(config: DestinationConfig, adapters: Adapters) -> OutputSource | None:
    adapter = adapters.destinations.get(config.kind, DestinationAdapter)
    return adapter.outputs(config.written, _context(config)) if adapter.outputs else None


def _context(config: DestinationConfig, *, patience: float = 15.0) -> DestinationContext:
    program = helm.of(os.environ).program
    folder = keys.own_folder(os.environ)
    return DestinationContext(name=config.name, environment="", patience=patience, helm=program, keys=folder)


def destination_config(
    project: Project, environment: Environment | None, kubeconfig: Path | None, context: str | None
) -> DestinationConfig:
    """The chosen destination: that of the options, else the environment's, else the one kubectl would use."""
    formation = project.sources.formation
    if kubeconfig is not None or context is not None or environment is None:
        from sealane.destinations.kubernetes.adapter import KubernetesFile

        given = {"kubeconfig": str(kubeconfig) if kubeconfig else None, "context": context}
        return DestinationConfig(
            name=formation.destination,
            kind="kubernetes",
            written=KubernetesFile.model_validate({key: value for key, value in given.items() if value}),
            place=formation.at("destination"),
        )
    if formation.destination not in environment.destinations:
        message = f"{environment.name} has no destination {formation.destination}"
        hint = did_you_mean(formation.destination, environment.destinations)
        place = project.seen(formation.at("destination"))
        raise errors.InvalidFiles([Finding(message=message, place=place, hint=hint)])
    return environment.destinations[formation.destination]


def _beginning(
    folder: Path, app: str | None, adapters: Adapters, commit: str | None = None
) -> tuple[Tree, Pipeline | None, str]:
    """The folder's files, its pipeline if it has one, and the app's name."""
    if not folder.is_dir():
        raise errors.NotThere(f"there is no folder {folder}")
    tree: Tree = FolderTree(folder)
    if commit is not None:
        from sealane.cli.local import commit_files

        tree = asyncio.run(commit_files.of(folder, commit))
    pipeline, problems = _pipeline(tree, adapters)
    _tell(folder, problems, commit)
    name = app or (pipeline.app if pipeline else None)
    if not name:
        hint = f"{reading.beginning({path.name for path in folder.iterdir()}, adapters)}; or name the app: --app NAME"
        raise errors.UsageError(f"there is no {reading.FILE} in {folder.resolve()}", hint=hint)
    return tree, pipeline, name


def _pipeline(tree: Tree, adapters: Adapters) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline, which names the app and its images; None when there is no file of one."""
    read = reading.read_folder(pipeline_files.gather(tree, adapters), adapters, app="")
    return read.pipeline, list(read.findings) if read.source else []


def _images(pipeline: Pipeline | None, given: Iterable[str]) -> dict[str, str]:
    """The reference of each image: unbuilt, or from an option."""
    images = {image.name: rendering.unbuilt(image.name) for image in (pipeline.images if pipeline else ())}
    seen: dict[str, str] = {}
    for text in given:
        name, equals, reference = text.partition("=")
        if not equals or not name:
            raise errors.UsageError(f"--image {text} has no =", hint="write --image NAME=REFERENCE")
        if pipeline and name not in images:
            raise errors.UsageError(f"the pipeline makes no image {name}", hint=did_you_mean(name, images))
        try:
            references.parse(reference)
        except ValueError as problem:
            raise errors.UsageError(f"--image {text}: {problem}") from problem
        if seen.setdefault(name, reference) != reference:
            raise errors.UsageError(f"--image says two things of {name}: {seen[name]} and {reference}", hint="keep one")
        images[name] = reference
    return images


def _seen(folder: Path, commit: str | None, place: Place) -> Place:
    file = str(folder / place.file)
    return replace(place, file=f"{commit}:{file}" if commit else file)


def _tell(folder: Path, problems: Iterable[Finding], commit: str | None = None) -> None:
    seen = [replace(finding, place=_seen(folder, commit, finding.place)) for finding in problems]
    if findings.errors(seen):
        raise errors.InvalidFiles(seen)
    output.findings(seen, to_stderr=True)
