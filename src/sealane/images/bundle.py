"""What a release runs that is no image: an archive of files in a bucket. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """An archive of files to run, in a bucket."""

    bucket: str
    key: str

    @property
    def words(self) -> Mapping[str, str]:
        """The placeholders `${bundle.bucket}` and `${bundle.key}`."""
        return {"bundle.bucket": self.bucket, "bundle.key": self.key}
