"""The shape of `bases:` in a formation, as people write it. Pure.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

from typing import Annotated

from sealane.configfiles.fields import File, Matching, Maybe, RelativePath

MOST_BASES = 20

RepositoryUrl = Annotated[
    str,
    Matching(
        pattern=r"(?:(?:https|ssh)://|http://(?:localhost|127\.0\.0\.1)[:/])[^\s?#]+",
        expected="the URL of a git repository, https://… or ssh://…",
        longest=1024,
    ),
]

CommitHash = Annotated[
    str,
    Matching(
        pattern=r"[0-9a-f]{40}(?:[0-9a-f]{24})?",
        expected="the whole hash of a commit",
        hint=lambda _: "a branch or tag may lead elsewhere tomorrow; `git rev-parse v1.2^{commit}` prints the hash",
    ),
]


class BaseFile(File):
    """A folder of another repository, as a commit has it."""

    repository: RepositoryUrl
    """Its URL. A server takes only those that operators list."""
    commit: CommitHash
    """The commit, by its whole hash."""
    path: Maybe[RelativePath] = None
    """The folder of that repository; all of it when left out."""
