"""Files and objects that are left as they are: whatever they hold comes out as it was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sealane import repository_check
from sealane.configfiles.trees import StoredTree
from sealane.stencils import manifest_yaml, render_inputs, rendering
from sealane.stencils.substitution import RAW

FORMATION: dict[str, Any] = {"formation": "dev", "environment": "dev", "destination": "bed", "namespace": "kiosk"}
ANY = st.text(alphabet="a${}:-. \n{", max_size=30)


def tree(stencil: str, **formation: Any) -> StoredTree:
    pipeline = {"app": "kiosk", "steps": [{"name": "a", "image": "b"}]}
    files = {
        ".sealane.yml": json.dumps(pipeline),
        "deploy/formations/dev.yaml": json.dumps({**FORMATION, **formation}),
        "deploy/stencils/sub/a.yaml": stencil,
    }
    return StoredTree({path: text.encode() for path, text in files.items()})


def config_map(data: dict[str, str], *, raw: bool = False) -> dict[str, Any]:
    metadata = {"name": "a", **({"annotations": {RAW: "true"}} if raw else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def rendered(files: StoredTree) -> list[dict[str, Any]]:
    """The objects; and checking all files says no more than rendering does."""
    sources, findings = render_inputs.gather(files, "dev")
    assert sources is not None
    revision, more = rendering.render(sources, rendering.Inputs(app="kiosk", images={}))
    assert [*findings, *more] == []
    assert repository_check.check(files).findings == ()
    assert revision is not None
    return [item.object for item in revision.objects]


@given(ANY, ANY)
@example("${app}", "$${app}")
def test_an_object_left_raw_comes_out_as_it_was_written(key: str, text: str) -> None:
    stencil = config_map({key: text}, raw=True)

    (made,) = rendered(tree(json.dumps(stencil)))
    assert made == {**stencil, "metadata": {**stencil["metadata"], "namespace": "kiosk"}}
    assert rendered(tree(manifest_yaml.as_yaml(made))) == [made]


@given(ANY)
def test_a_file_left_raw_comes_out_as_it_was_written(text: str) -> None:
    (made,) = rendered(tree(json.dumps(config_map({"a": text})), stencils={"raw": ["sub/*"]}))

    assert made["data"] == {"a": text}


@given(ANY)
def test_any_text_can_be_written_with_double_dollars(text: str) -> None:
    (made,) = rendered(tree(json.dumps(config_map({"a": text.replace("${", "$${")}))))

    assert made["data"] == {"a": text}


def test_only_the_object_that_says_so_is_left_raw() -> None:
    """Not a pod by its template's annotation, nor what stands beside it in a list."""
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "b"},
        "spec": {"template": {"metadata": {"annotations": {RAW: "true", "of": "${app}"}}}},
    }
    listed = [
        config_map({"a": "${app}"}, raw=True),
        deployment,
        config_map({"a": "${app}"}) | {"metadata": {"name": "c"}},
    ]
    one, two, three = rendered(tree(json.dumps({"apiVersion": "v1", "kind": "List", "items": listed})))

    assert one["data"] == {"a": "${app}"}
    assert two["spec"]["template"]["metadata"]["annotations"]["of"] == "kiosk"
    assert three["data"] == {"a": "kiosk"}


@pytest.mark.parametrize("formation", [{"stencils": {"raw": ["**"]}}, {}], ids=["file", "object"])
def test_a_value_used_only_where_no_words_are_read_is_told(formation: dict[str, Any]) -> None:
    stencil = config_map({"a": "${tint}"}, raw=not formation)
    (finding,) = repository_check.check(tree(json.dumps(stencil), values={"tint": 1}, **formation)).findings

    assert finding.message == "nothing uses ${tint}"
    assert finding.hint == "take it away; in deploy/stencils/sub/a.yaml it stands where placeholders are not read"
