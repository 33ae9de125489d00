"""Patches that strangers push stay within limits, and what comes out knows where it was written."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.stencils import json_patch, patches, placed_objects, render_inputs, rendering
from sealane.stencils.model import Origin
from tests.scenarios.test_rendering import tree_of

FORMATION = {"formation": "dev", "environment": "dev", "destination": "bed", "namespace": "shop"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~$", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)


def rendered(*objects: Any, patch: Any, target: dict[str, Any] | None = None) -> tuple[Any, list[str]]:
    """The first object, and what is found."""
    entry = {"path": "p.yaml", **({"target": target} if target else {})}
    files = {
        "deploy/formations/dev.yaml": yaml.safe_dump({**FORMATION, "patches": [entry]}),
        "deploy/stencils/all.yaml": yaml.safe_dump_all(objects),
        "p.yaml": patch if isinstance(patch, str) else yaml.safe_dump(patch),
    }
    sources, findings = render_inputs.gather(tree_of(files), "dev")
    revision = None
    if sources is not None:
        revision, findings = rendering.render(sources, rendering.Inputs(app="shop", images={}))
    return revision and revision.objects[0].object, [str(finding) for finding in findings]


def config(name: str = "web", **data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_copies_that_double_an_object_are_cut() -> None:
    doubling = [{"op": "copy", "from": "/data", "path": f"/data/c{index}"} for index in range(64)]
    _, findings = rendered(config(a="1"), patch=doubling, target={"kind": "ConfigMap"})
    assert any("the patch copies too much" in finding or "nested too deeply" in finding for finding in findings)


def test_a_patch_can_not_nest_an_object_beyond_what_a_file_can() -> None:
    deep: Any = {}
    for _ in range(50):
        deep = {"a": deep}
    operations = [{"op": "add", "path": "/spec", "value": deep}]
    operations += [{"op": "add", "path": "/spec" + "/a" * 50, "value": deep}]
    moon = {"apiVersion": "example.com/v1", "kind": "Moon", "metadata": {"name": "web"}}
    _, findings = rendered(moon, patch=operations, target={"name": "web"})
    assert any("nested too deeply" in finding for finding in findings)


def test_many_operations_on_many_objects_are_refused() -> None:
    operations = [{"op": "test", "path": "/kind", "value": "ConfigMap"}] * 1000
    many = [config(f"web-{index}") for index in range(patches.MOST_OPERATIONS // 1000 + 1)]
    _, findings = rendered(*many, patch=operations, target={"kind": "ConfigMap"})
    assert [finding.partition(": ")[2] for finding in findings] == [
        "the patches are too large for that many objects (name fewer objects, or write smaller patches)"
    ]


def test_a_release_that_helm_writes_is_left_to_it() -> None:
    """It is Helm that writes its objects: what Sealane would show and judge could not come true."""
    member = config()
    member["metadata"] |= {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "shop"},
    }
    release = {"apiVersion": "helm.sh/v1", "kind": "Release", "metadata": {"name": "shop"}}
    patched, findings = patches.applied(
        [(member, Origin(file="a")), (release, Origin(file="a"))],
        _sources({"data": {"a": "1"}}, target={"kind": "ConfigMap"}),
        rendering.Placeholders(values={}, missing={}, written={}),
        rendering.platforms.PLAIN,
    )
    assert patched[0][0] == member
    assert [finding.message for finding in findings] == ["ConfigMap web is written by Helm as part of the release shop"]


def _sources(patch: Any, **entry: Any) -> Any:
    files = {
        "deploy/formations/dev.yaml": yaml.safe_dump({**FORMATION, "patches": [{"path": "p.yaml", **entry}]}),
        "deploy/stencils/all.yaml": yaml.safe_dump(config()),
        "p.yaml": yaml.safe_dump(patch),
    }
    sources, findings = render_inputs.gather(tree_of(files), "dev")
    assert sources is not None, findings
    return sources.patches


@settings(max_examples=60, deadline=None)
@given(
    VALUES,
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "op": st.sampled_from([*json_patch.OPERATIONS, "else"]),
                "path": st.text("/ab01-~", max_size=6),
                "from": st.text("/ab01-~", max_size=6),
                "value": VALUES,
            },
        ),
        max_size=4,
    ),
)
def test_any_operations_end_in_an_object_or_an_error(value: Any, operations: list[Any]) -> None:
    """An object that is not changed is the same afterwards, whatever is tried."""
    there = placed_objects.placed(value, Origin(file="a"))
    before = json.dumps(value)
    try:
        made = json_patch.patched(there, [placed_objects.placed(each, Origin(file="b")) for each in operations])
    except json_patch.BadOperation as bad:
        assert bad.message
    else:
        json.dumps(made.plain)
    assert json.dumps(there.plain) == before
