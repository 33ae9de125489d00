"""Hooks of charts: what runs when, in which order, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.charts import hooks
from sealane.charts.model import ChartObject


def made(name: str, events: str | None = None, *, kind: str = "Job", **more: Any) -> ChartObject:
    annotations = {**({"helm.sh/hook": events} if events is not None else {}), **more}
    api = {"Job": "batch/v1", "Pod": "v1"}.get(kind, "v1")
    value = {"apiVersion": api, "kind": kind, "metadata": {"name": name, "annotations": annotations}, "spec": {}}
    return ChartObject(file="f", line=1, value=value)


@pytest.mark.parametrize(
    ("events", "before", "after", "test", "unknown"),
    [
        ("pre-install", ("install",), (), False, []),
        ("pre-upgrade,pre-install", ("upgrade", "install"), (), False, []),
        ("post-install, pre-upgrade", ("upgrade",), ("install",), False, []),
        ("post-install,post-upgrade", (), ("install", "upgrade"), False, []),
        ("test", (), (), True, []),
        ("test-success", (), (), True, []),
        ("pre-install,test", ("install",), (), True, []),
        ("post-upgrade,post-rollback", (), ("upgrade",), False, ["post-rollback"]),
        ("pre-instal,post-install", (), ("install",), False, ["pre-instal"]),
    ],
)
def test_events_say_when_a_job_runs(
    events: str, before: tuple[str, ...], after: tuple[str, ...], test: bool, unknown: list[str]
) -> None:
    """Before and after the rollout, of the first deployment or of later ones, or as a gate."""
    there = hooks.sort([made("a", events)])
    [job] = there.jobs
    assert (job.before, job.after, job.test) == (before, after, test)
    assert [event for _, event in there.unknown] == unknown
    assert there.objects == ()


def test_hooks_run_by_weight_and_then_by_name() -> None:
    """Weights are numbers in texts; without one it is 0."""
    weights = {"d": "10", "c": "-1", "b": "2", "a": "2", "e": "x"}
    there = hooks.sort([made(name, "pre-install", **{"helm.sh/hook-weight": w}) for name, w in weights.items()])
    assert [job.job.value["metadata"]["name"] for job in there.jobs] == ["c", "e", "a", "b", "d"]


def test_what_hooks_need_is_an_object_and_what_is_skipped_is_nothing() -> None:
    """An account that a hook before the release runs as is written before it; all of it is Helm's no longer."""
    printed = [
        made("web", None, kind="Service"),
        made("account", "pre-install", kind="ServiceAccount", **{"helm.sh/hook-delete-policy": "hook-succeeded"}),
        made("late", "post-install", kind="ConfigMap", team="shop"),
        made("cleaner", "pre-delete", kind="ServiceAccount"),
        made("clean", "pre-delete"),
    ]
    there = hooks.sort(printed, skip=["pre-delete"])
    assert [each.value["metadata"]["name"] for each in there.objects] == ["web", "account", "late"]
    assert [each.value["metadata"] for each in there.early] == [{"name": "account"}]
    assert there.objects[2].value["metadata"]["annotations"] == {"team": "shop"}
    assert (there.jobs, there.unknown) == ((), ())


def test_a_pod_is_run_by_a_job() -> None:
    """It ends, and is not started again; a Pod of the release itself stays one."""
    pod = made("t", "test", kind="Pod")
    pod.value["metadata"]["labels"] = {"app": "t"}
    pod.value["spec"] = {"containers": [{"name": "c"}], "restartPolicy": "Always"}
    there = hooks.sort([pod, made("own", None, kind="Pod")])
    [job] = there.jobs
    assert job.job.value == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "t", "labels": {"app": "t"}},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": {"app": "t"}},
                "spec": {"containers": [{"name": "c"}], "restartPolicy": "Never"},
            },
        },
    }
    assert [each.value["kind"] for each in there.objects] == ["Pod"]
