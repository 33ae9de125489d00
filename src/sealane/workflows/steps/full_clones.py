"""Completes a clone, once its pipeline file says how much it should have."""

from __future__ import annotations

from dataclasses import dataclass

from sealane.clients import git_history, git_lfs, git_submodules, git_tree
from sealane.findings import Finding
from sealane.pipelines.checks import clone as checks
from sealane.pipelines.model import Clone, Pipeline
from sealane.records.apps import App
from sealane.records.runs import Changed, Run
from sealane.workflows import checkouts
from sealane.workflows.checkouts import Source
from sealane.workflows.context import Tools
from sealane.workflows.steps import changed_paths

_MOST_COMMITS = 1_000
"""How many commits before a run's own are kept, for telling what a version brings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FullClone:
    """A complete clone."""

    changed: Changed | None
    """What the run's event changed."""
    findings: tuple[Finding, ...]
    """What the commit has and the clone lacks."""


async def complete(tools: Tools, run: Run, here: checkouts.Checkout, pipeline: Pipeline) -> FullClone:
    """Fetches history, submodules and files of Git LFS. Key: the clone; what it has already stays.

    Raises RepositoryUnavailable, and UsageError for what can't be fetched.
    """
    commit = run.event.commit or ""
    folder, source = checkouts.clone_of(tools, run.id), checkouts.source(tools, here.app)
    await git_history.complete(
        folder, source.url, commit, ref=run.event.ref, depth=pipeline.clone.depth, access=source.access
    )
    await git_history.name_origin(folder, checkouts.public_repository(here.app, tools.settings))
    await _fill(tools, run.id, commit, source, pipeline.clone)
    lfs = pipeline.clone.lfs is None and await git_lfs.pointers(folder)
    lacking = checks.lacking(pipeline.clone, submodules=bool(await git_submodules.links(folder, commit)), lfs=bool(lfs))
    history = await git_history.commits(folder, commit, most=_MOST_COMMITS)
    await tools.store.commits.add(run.app, history)
    return FullClone(changed=await changed_paths.of(run.event, folder, source), findings=tuple(lacking))


async def check_out_files(tools: Tools, owner: str, app: App, commit: str) -> None:
    """Clones a commit for a deployment: all its files, without history. Raises what `checkouts.check_out` raises."""
    await checkouts.check_out(tools, owner, app, commit)
    pipeline = checkouts.pipeline(await checkouts.site(tools, owner, app.name, commit))
    if pipeline is not None:
        await _fill(tools, owner, commit, checkouts.source(tools, app), pipeline.clone)


async def _fill(tools: Tools, owner: str, commit: str, source: Source, clone: Clone) -> None:
    """Fetches what the commit only points to, into the clone and the kept repository."""
    folder, cache = checkouts.clone_of(tools, owner), checkouts.kept_of(tools, owner)
    if clone.submodules:
        rules = git_submodules.Rules(
            base=source.url,
            allowed=tools.settings.git.submodules,
            hint="operators list it in SEALANE_GIT__SUBMODULES",
            access=source.access,
        )
        await git_submodules.fetch(folder, commit, rules, recursive=clone.recursive)
        await git_tree.keep_submodules(folder, commit, cache)
    if clone.lfs:
        await git_lfs.fetch(folder, source.url, access=source.access)
        await git_tree.keep_lfs(folder, cache)
