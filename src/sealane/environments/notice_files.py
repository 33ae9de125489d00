"""`notices.yaml`, the operators' file about who receives which notices, and where. Pure: takes text."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles import globs, single_document, variants
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import File, Maybe, Name, TopFile
from sealane.egress import Allowlist, Network
from sealane.environments.files import HostName
from sealane.findings import Finding, Place, did_you_mean, errors
from sealane.pipelines.notices import GlobsOfNames, NoticeFile, NoticeRule, fits, rule, rule_problems
from sealane.secrets import references

FILE = "notices.yaml"
"""Beside the folder `environments/`."""

_ELSEWHERE = {
    "receivers": "targets",
    "channels": "targets",
    "rules": "notices",
    "routes": "notices",
    "events": "of",
    "on": "of",
    "when": "of",
    "app": "apps",
    "environment": "environments",
    "owner": "owners",
    "target": "to",
}


class TargetFile(File):
    """Where notices go: one key, its kind."""

    commits: GlobsOfNames = None
    """Globs of the apps whose own files may name this target; none when left out."""


class NoticesFile(TopFile):
    """Who is told of what, and where to: the operators' file notices.yaml."""

    targets: Maybe[Annotated[dict[Name, TargetFile], Field(max_length=200)]] = None
    """Where notices go, by name."""
    notices: Maybe[Annotated[list[NoticeFile], Field(max_length=500)]] = None
    """Who is told of what."""
    hosts: Maybe[list[HostName]] = None
    """Hosts that webhooks of an app's own file may be at; without a port the scheme's own, with :* any. None when left out."""


def _nothing_wrong(written: Any, document: Document, path: Path) -> list[Finding]:
    del written, document, path
    return []


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetShape:
    """How one kind of target is written in the file."""

    file: type[File]
    """The shape of the value after its key."""
    secrets: Callable[[Any], tuple[str, ...]]
    """The references to secrets in its entry."""
    problems: Callable[[Any, Document, Path], list[Finding]] = _nothing_wrong
    """Problems that the shape can't express; the path is that of the key."""
    edits: bool = False
    """Whether it edits its message, which then follows what it is about to the end."""
    apart: bool = False
    """Whether each thing has a place of its own there, such as a commit: no message tells of several things."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetConfig:
    """One target that operators list."""

    name: str
    kind: str
    """Its key in the table of targets."""
    written: File
    """Its entry in the file, in the shape of its kind."""
    commits: tuple[str, ...] = ()
    """Globs of the apps whose own files may name it."""
    edits: bool = False
    """Whether it edits its message."""
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeConfig:
    """The content of `notices.yaml`."""

    targets: dict[str, TargetConfig] = field(default_factory=dict)
    rules: tuple[NoticeRule, ...] = ()
    hosts: tuple[str, ...] = ()
    """Hosts that webhooks of an app's own file may use."""

    def allowed(self, networks: Sequence[Network]) -> Allowlist:
        """The hosts that webhooks of an app's own file may use; `networks` are those that operators list for commits."""
        return Allowlist(hosts=self.hosts, networks=tuple(networks), listed_in=f"hosts: of {FILE}")

    def refused(self, app: str, named: str) -> str | None:
        """Why the app's own file may not name a target, or None."""
        target_config = self.targets.get(named)
        allowed = [name for name, target in self.targets.items() if fits(target.commits, app)]
        if target_config is None:
            return f"the operators list no target {named} in {FILE}; {did_you_mean(named, allowed)}".rstrip("; ")
        if named not in allowed:
            return f"the operators don't let {app} name the target {named}: commits: of it in {FILE}"
        return None


NOTHING = NoticeConfig()
"""The default without the file: no notices."""


@functools.cache
def notices_file(adapters: Adapters = SHIPPED) -> type[NoticesFile]:
    """The shape of the file, with the kinds of targets in the table."""
    shapes = {key: shape.file for key, shape in adapters.notice_targets.every(TargetShape).items()}
    target = variants.one_of(shapes, base=TargetFile)
    made: type[NoticesFile] = variants.replaced(
        NoticesFile, targets=variants.maybe(variants.mapping(Name, target, Field(max_length=200)))
    )
    return made


def read(text: str, file: str, adapters: Adapters = SHIPPED) -> tuple[NoticeConfig | None, list[Finding]]:
    """The content of the file's text, or everything that is wrong with it."""
    content, findings = single_document.read(
        text, file, notices_file(adapters), functools.partial(_problems, adapters=adapters), elsewhere=_ELSEWHERE
    )
    if content is None:
        return (None if errors(findings) else NOTHING), findings
    return _config(*content, adapters), findings


def _config(written: NoticesFile, document: Document, adapters: Adapters) -> NoticeConfig:
    targets = {}
    for name, target in (written.targets or {}).items():
        kind = variants.key_of(target, adapters.notice_targets.keys)
        targets[name] = TargetConfig(
            name=name,
            kind=kind,
            written=getattr(target, kind),
            commits=tuple(target.commits or ()),
            edits=adapters.notice_targets.get(kind, TargetShape).edits,
            place=document.key_place(("targets", name)),
        )
    rules = tuple(rule(entry, document.place(("notices", n))) for n, entry in enumerate(written.notices or ()))
    return NoticeConfig(targets=targets, rules=rules, hosts=tuple(written.hosts or ()))


def _problems(written: NoticesFile, document: Document, adapters: Adapters) -> Iterator[Finding]:
    """Problems that the shape can't express."""
    targets = written.targets or {}
    for name, target in targets.items():
        kind = variants.key_of(target, adapters.notice_targets.keys)
        shape = adapters.notice_targets.get(kind, TargetShape)
        part = getattr(target, kind)
        yield from shape.problems(part, document, ("targets", name, kind))
        yield from _bad_references(part, shape.secrets(part), document, ("targets", name, kind), adapters)
        for index, glob in enumerate(target.commits or ()):
            if reason := globs.problem(glob):
                place = document.place(("targets", name, "commits", index))
                yield Finding(message=f"{glob} is not valid: {reason}", place=place)
    for number, notice in enumerate(written.notices or ()):
        yield from rule_problems(notice, document, ("notices", number))
        yield from _unknown_targets(notice, targets, document, ("notices", number, "to"))


def _bad_references(
    part: File, references_in: Sequence[str], document: Document, path: Path, adapters: Adapters
) -> Iterator[Finding]:
    keys = {getattr(part, key): key for key in type(part).model_fields if isinstance(getattr(part, key), str)}
    for reference in references_in:
        if problem := references.problem(reference, adapters):
            place = document.place((*path, keys[reference]) if reference in keys else path)
            yield Finding(message=problem[0], place=place, hint=problem[1])


def _unknown_targets(
    written: NoticeFile, targets: Collection[str], document: Document, path: Path
) -> Iterator[Finding]:
    named = [(written.to, path)] if isinstance(written.to, str) else [(e, (*path, n)) for n, e in enumerate(written.to)]
    for name, where in named:
        if name not in targets:
            message, hint = f"there is no target {name}", did_you_mean(name, targets)
            yield Finding(message=message, place=document.place(where), hint=hint)
