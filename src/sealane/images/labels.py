"""The OCI labels every built image gets (image-spec, annotations.md). Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def oci_labels(*, source: str, revision: str, version: str, created: datetime) -> dict[str, str]:
    """Where it came from: repository, commit, deploy tag, RFC 3339 time. Empty ones are left out."""
    labels = {
        "source": source,
        "revision": revision,
        "version": version,
        "created": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {f"org.opencontainers.image.{name}": value for name, value in labels.items() if value}
