"""Image references, deploy tags and labels."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.images import labels, references, tags

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("redis", "docker.io/library/redis"),
        ("redis:7.2.4", "docker.io/library/redis:7.2.4"),
        ("grafana/grafana", "docker.io/grafana/grafana"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("localhost/pause:1", "localhost/pause:1"),
        ("localhost:5000/a/b/c:1", "localhost:5000/a/b/c:1"),
        ("index.docker.io/library/redis", "docker.io/library/redis"),
        (f"quay.io/a/b@{DIGEST}", f"quay.io/a/b@{DIGEST}"),
        (f"quay.io/a/b:1@{DIGEST}", f"quay.io/a/b:1@{DIGEST}"),
    ],
)
def test_short_forms_are_read_as_docker_reads_them(text: str, full: str) -> None:
    assert str(references.parse(text)) == full


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing can't be part"),
        ("Redis", "Redis can't be part"),
        ("a/../b", r"\.\. can't be part"),
        ("a//b", "nothing can't be part"),
        ("redis:", "nothing is no tag"),
        ("redis:a/b", "redis:a is no registry"),
        ("redis@sha256:12", "sha256:12 is no digest"),
        ("redis@", "nothing is no digest"),
        ("ex ample.com/a", "no registry's host"),
        ("redis\n", "can't be part"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        references.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_reading_again_changes_nothing(text: str) -> None:
    try:
        once = references.parse(text)
    except ValueError:
        return
    assert references.parse(str(once)) == once


def test_only_this_machine_is_spoken_to_without_tls() -> None:
    hosts = {
        host: references.parse(f"{host}/a").insecure
        for host in ("localhost:5000", "127.0.0.1:1", "a.b", "localhost.evil.com")
    }
    assert hosts == {"localhost:5000": True, "127.0.0.1:1": True, "a.b": False, "localhost.evil.com": False}


def test_the_deploy_tag_is_utc_time_and_short_hash() -> None:
    at = datetime(2026, 11, 21, 4, 15, 12, 900, tzinfo=timezone(timedelta(hours=1)))
    assert tags.deploy_tag(at, "8C21F0E99aa") == "20261121031512-8c21f0e"
    assert tags.deploy_tag(at, "") == "20261121031512-workdir"


def test_labels_say_where_an_image_came_from() -> None:
    made = labels.oci_labels(
        source="https://x/y", revision="abc", version="t", created=datetime(2026, 1, 2, tzinfo=UTC)
    )
    assert made["org.opencontainers.image.created"] == "2026-01-02T00:00:00Z"
    assert labels.oci_labels(
        source="", revision="abc", version="t", created=datetime(2026, 1, 2, tzinfo=UTC)
    ).keys() == {
        "org.opencontainers.image.revision",
        "org.opencontainers.image.version",
        "org.opencontainers.image.created",
    }
