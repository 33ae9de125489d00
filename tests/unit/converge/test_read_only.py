"""What lets a container write where it could not: told by its log and its manifest together, never by one alone."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.destinations.kubernetes.messages import read_only


def workload(kind: str = "Deployment", name: str = "web", *, root: bool = True, **more: Any) -> dict[str, Any]:
    container = {"name": "app", "securityContext": {"readOnlyRootFilesystem": root}, **more}
    spec = {
        "containers": [{"name": "log"}, container],
        "volumes": [{"name": "conf", "configMap": {"name": "c"}}, {"name": "data", "emptyDir": {}}],
    }
    pod = {"template": {"spec": spec}}
    if kind == "Pod":
        return {"kind": kind, "metadata": {"name": name}, "spec": spec}
    return {
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"jobTemplate": {"spec": pod}} if kind == "CronJob" else pod,
    }


SAID = {
    "OSError: [Errno 30] Read-only file system: '/srv/cache/x.db'": "/srv/cache/x.db",
    "mkdir: can't create directory '/srv/cache': Read-only file system": "/srv/cache",
    "open /srv/cache/a.pid: read-only file system": "/srv/cache/a.pid",
    "Error: EROFS: read-only file system, mkdir '/srv/cache'": "/srv/cache",
    "java.nio.file.FileSystemException: /srv/cache/hs: Read-only file system": "/srv/cache/hs",
    '2026/03/01 [emerg] 1#1: mkdir() "/srv/cache/client_temp" failed (30: Read-only file system)': "/srv/cache/client_temp",
}


@pytest.mark.parametrize(("line", "path"), SAID.items())
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"])
def test_a_read_only_root_is_told_with_where_it_writes(kind: str, line: str, path: str) -> None:
    told = read_only.hint([workload(kind)], f"{kind}/web", "app", ["starting", line, "bye"])
    assert told is not None
    assert "readOnlyRootFilesystem" in told
    assert f"writes to {path}: mount an emptyDir there" in told


def test_without_a_path_the_usual_place_is_named() -> None:
    told = read_only.hint([workload()], "Deployment/web", "app", ["sh: read-only file system"])
    assert told is not None
    assert "/tmp" in told


@pytest.mark.parametrize(
    ("manifest", "lines"),
    [
        (workload(root=False), list(SAID)),
        (workload(), ["no space left on device: '/srv/cache'", "permission denied"]),
        (workload(), []),
        (workload(name="other") | {"kind": "ConfigMap", "spec": None}, list(SAID)),
    ],
)
def test_neither_the_log_nor_the_manifest_alone_is_believed(manifest: dict[str, Any], lines: list[str]) -> None:
    assert read_only.hint([manifest], "Deployment/web", "app", lines) is None


def test_a_mount_that_is_read_only_is_named_whatever_the_root_is() -> None:
    mounts = [{"name": "data", "mountPath": "/srv"}, {"name": "conf", "mountPath": "/srv/conf"}]
    manifest = workload(root=False, volumeMounts=mounts)
    for at, told in (("/srv/conf/x", "/srv/conf is read-only"), ("/srv/x", None)):
        hint = read_only.hint([manifest], "Deployment/web", "app", [f"open {at}: read-only file system"])
        assert (hint is None) if told is None else (hint is not None and told in hint)
    frozen = workload(root=False, volumeMounts=[{"name": "data", "mountPath": "/srv", "readOnly": True}])
    assert "mounted at /srv" in str(
        read_only.hint([frozen], "Deployment/web", "app", ["open /srv/x: read-only file system"])
    )


def test_a_colour_s_container_is_found_by_its_name() -> None:
    assert read_only.hint([workload(name="web-blue")], "Deployment/web", "app", list(SAID)) is not None
