"""A document of another CI with its findings: values in their several forms, and keys that are not honoured. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sealane.configfiles.documents import Document, Path
from sealane.findings import Finding, Place, Severity, did_you_mean

MOST = 2 * 1024 * 1024
"""Most characters of all texts together, each as often as it is used."""

_LONGEST = 400
"""Characters of a message: a key may be as long as the file, and be used by many aliases."""


class Notation:
    """Reads values of one document at their paths, and collects what is wrong with them."""

    def __init__(self, document: Document, axis: Mapping[str, str] | None = None) -> None:
        """`axis` are the values of a matrix in one of the workflows that the document makes."""
        self.document = document
        self.axis = axis or {}
        self.findings: list[Finding] = []
        self.words = 0
        """Words `${…}` to replace, counted by whoever looks for them."""
        self._read = 0

    def wrong(
        self, path: Path, message: str, hint: str | None = None, *, warning: bool = False, value: bool = False
    ) -> None:
        """Notes a finding at the key of the path, or at its value where asked for, or where it has no key."""
        severity = Severity.WARNING if warning else Severity.ERROR
        place = self.document.place(path) if value else self.document.key_place(path)
        self.at(place, message, hint, severity)

    def at(self, place: Place, message: str, hint: str | None, severity: Severity = Severity.ERROR) -> None:
        """Notes a finding at a place that is known already."""
        shown = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
        self.findings.append(Finding(message=shown, place=place, hint=hint, severity=severity))

    def keys(
        self,
        value: Mapping[str, Any],
        path: Path,
        known: Collection[str],
        refused: Mapping[str, str],
        ignored: Mapping[str, str],
    ) -> None:
        """Notes keys that are unknown, and those that the format knows and Sealane does not honour, each with what to do."""
        for key in value:
            if key in known or value[key] is None:
                continue
            where = (*path, key)
            if key in refused:
                self.wrong(where, f"{key} is not supported", refused[key])
            elif key in ignored:
                self.wrong(where, f"{key} is ignored", ignored[key], warning=True)
            else:
                self.wrong(where, f"unknown key {key}", did_you_mean(key, {*known, *refused, *ignored}))

    def mapping(self, value: Any, path: Path) -> Mapping[str, Any]:
        """The value as a mapping; nothing where it is none, with a finding unless it is left out."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.wrong(path, f"{_label(path)} must be a mapping")
        return {}

    def texts(self, value: Any, path: Path) -> tuple[str, ...]:
        """One text or a list of them; numbers as they are written."""
        if value is None:
            return ()
        if isinstance(value, list):
            return tuple(
                text for index, item in enumerate(value) if (text := self.text(item, (*path, index))) is not None
            )
        text = self.text(value, path)
        return () if text is None else (text,)

    def text(self, value: Any, path: Path) -> str | None:
        """A text, or a number, true or false as it is written; None with a finding for all else."""
        if isinstance(value, str):
            if self._read < MOST <= self._read + len(value):
                self.wrong(path, "the file is too large once its aliases are expanded", f"at most {MOST} characters")
            self._read += len(value)
            return value if self._read < MOST else ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return self.document.written.get(path, str(value))
        if value is not None:
            self.wrong(path, f"{_label(path)} must be a text")
        return None

    def counted(self, value: Any, path: Path) -> Any:
        """The value with all that is in it; its texts and keys count, as `text` says."""
        if isinstance(value, dict):
            return {self.text(key, path): self.counted(item, path) for key, item in value.items()}
        if isinstance(value, list):
            return [self.counted(item, path) for item in value]
        return self.text(value, path) if isinstance(value, str) else value

    def flag(self, value: Any, path: Path) -> bool:
        """True or false; false where it is left out."""
        if value is None or isinstance(value, bool):
            return bool(value)
        self.wrong(path, f"{_label(path)} must be true or false")
        return False

    def named(self, value: Any, path: Path, kind: str) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
        """The parts of a list, or of a mapping by name: name, content and path of each."""
        if isinstance(value, dict):
            for name, item in value.items():
                yield name, self.mapping(item, (*path, name)), (*path, name)
            return
        if not isinstance(value, list):
            if value is not None:
                self.wrong(path, f"{_label(path)} must be a list or a mapping")
            return
        for index, item in enumerate(value):
            part = self.mapping(item, (*path, index))
            yield self.text(part.get("name"), (*path, index, "name")) or f"{kind}-{index}", part, (*path, index)


def _label(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "the file")
