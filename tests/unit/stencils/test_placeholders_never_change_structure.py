"""Whatever a value is, the objects keep the shape their stencils have; the same in gives the same out."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealane.configfiles import documents
from sealane.configfiles.trees import StoredTree
from sealane.formations.strategy import Strategy
from sealane.stencils import manifest_yaml, render_inputs, rendering
from sealane.stencils.model import Revision
from sealane.stencils.rendering import Inputs
from tests.properties import examples

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
_HOSTILE = st.sampled_from(
    [
        "${app}",
        "$${app}",
        "x: 1",
        "- a\n- b",
        "\n---\nkind: Secret",
        "'",
        '"',
        "{a: b}",
        "#",
        "*a",
        "&a",
        "<<",
        "!!int 1",
        "null",
        "1e3",
        "0o17",
        "0644",
        "1_000",
        "12:30:00",
        "=",
        "yes",
        "0x1f",
        ".5",
        "2026-01-01",
        " a ",
        "a\n",
        "\n",
        "% b",
        "@c",
    ]
)
_SCALAR = st.one_of(_TEXT, _HOSTILE, st.integers(-(10**12), 10**12), st.booleans())
_VALUE = st.recursive(
    _SCALAR | st.none() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)

STENCIL = """
apiVersion: example.com/v1
kind: Thing
metadata: {name: web}
spec:
  alone: ${value}
  inside: "<${text}>"
  block: |
    first ${text}
    last
  list: [{deep: "${value}"}, "after"]
  after: [kept]
"""


def _render(values: dict[str, Any], stencil: str = STENCIL, **inputs: Any) -> Revision:
    formation = {"formation": "dev", "environment": "dev", "destination": "bed", "namespace": "shop", "values": values}
    tree = StoredTree(
        {
            "deploy/formations/dev.yaml": manifest_yaml.as_yaml(formation).encode(),
            "deploy/stencils/a.yaml": stencil.encode(),
        }
    )
    sources, findings = render_inputs.gather(tree, "dev")
    assert sources is not None, findings
    revision, findings = rendering.render(sources, Inputs(**{"app": "shop", "images": {}, **inputs}))
    assert revision is not None, findings
    return revision


@given(value=_VALUE, text=_SCALAR)
@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_value_stays_where_its_word_stood(value: Any, text: Any) -> None:
    """Nothing a value holds adds, moves or removes anything around it."""
    (rendered,) = _render({"value": value, "text": text}).objects
    shown = {True: "true", False: "false"}.get(text, str(text)) if isinstance(text, bool) else str(text)
    assert rendered.object == {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "alone": value,
            "inside": f"<{shown}>",
            "block": f"first {shown}\nlast\n",
            "list": [{"deep": value}, "after"],
            "after": ["kept"],
        },
    }


@given(value=_VALUE, text=_SCALAR)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_printed_reads_back_as_the_same_object(value: Any, text: Any) -> None:
    """By our own reader and by a YAML 1.1 reader, as kubectl has."""
    (rendered,) = _render({"value": value, "text": text}).objects
    printed = manifest_yaml.as_yaml(rendered.object)
    read, findings = documents.read(printed, "printed.yaml")
    assert not findings
    assert read[0].value == rendered.object
    assert yaml.safe_load(printed) == rendered.object


@given(value=_VALUE, seed=st.randoms())
@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_keys_changes_no_revision(value: Any, seed: Any) -> None:
    """A revision is what it says, not how it was typed."""

    def shuffled(part: Any) -> Any:
        if isinstance(part, dict):
            keys = list(part)
            seed.shuffle(keys)
            return {key: shuffled(part[key]) for key in keys}
        return [shuffled(item) for item in part] if isinstance(part, list) else part

    values = {"value": value, "text": "t"}
    original = yaml.safe_load(STENCIL)
    assert _render(values).id == _render(shuffled(values), manifest_yaml.as_yaml(shuffled(original))).id


def test_revisions_survive_json() -> None:
    """What a workflow keeps is the revision itself, places included."""
    revision = _render({"value": [1, {"a": None}], "text": "t"}, release="r1")
    assert Revision.from_json(json.loads(json.dumps(revision.to_json()))) == revision
    assert Strategy.from_json(json.loads(json.dumps(revision.strategy.to_json()))) == revision.strategy


def test_the_id_is_of_the_content_alone() -> None:
    """Two releases that render alike are one revision; one that differs in anything that runs is another."""
    values = {"value": 1, "text": "t"}
    same = {_render(values).id, _render(values, release="r1", deploy_tag="20260101000000-abc").id, _render(values).id}
    assert len(same) == 1
    assert _render({"value": 2, "text": "t"}).id not in same
    assert _render(values, app="other").id not in same
    assert _render(values, STENCIL.replace("last", "end")).id not in same


def test_rendering_twice_gives_objects_of_their_own() -> None:
    """What one deployment does to its objects reaches no other."""
    first = _render({"value": {"a": [1]}, "text": "t"})
    spec = first.objects[0].object["spec"]
    assert spec["alone"] == spec["list"][0]["deep"]
    spec["alone"]["a"].append(2)
    assert spec["list"][0]["deep"] == {"a": [1]}
