"""The JSON Schema of a file and the reader of that file accept and refuse the same."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.configfiles import schemas, validation
from sealane.configfiles.documents import Document
from sealane.configfiles.fields import File
from sealane.environments.files import environment_file
from sealane.formations.files import FormationFile, formation_file
from sealane.pipelines.files import PipelineFile
from sealane.secrets import references
from tests.properties import examples
from tests.unit.files import corpus

KINDS = [
    (PipelineFile, corpus.PIPELINES),
    (formation_file(), corpus.FORMATIONS),
    (environment_file(), corpus.ENVIRONMENTS),
]
EACH_KIND = pytest.mark.parametrize(("model", "good"), KINDS, ids=lambda part: getattr(part, "__name__", ""))
SPOILED = examples(500)

VALIDATORS = {model: jsonschema.Draft202012Validator(schemas.schema(model)) for model, _ in KINDS}


def accepted(model: type[File], value: Any) -> bool:
    """Whether our reader lets the shape of a file pass."""
    document = Document(file="file.yaml", value=value, values={}, keys={})
    read, findings = validation.validate(document, model)
    assert (read is None) == bool(findings)
    if isinstance(read, FormationFile):  # its references are checked apart, in words that show no value
        return not any(references.problem(reference) for reference in (read.secrets or {}).values())
    return read is not None


@EACH_KIND
def test_the_schema_is_one(model, good):
    """It is a valid schema of its draft, and plain JSON."""
    jsonschema.Draft202012Validator.check_schema(schemas.schema(model))
    json.dumps(schemas.schema(model), allow_nan=False)


@EACH_KIND
def test_both_accept_good_files(model, good):
    """What the documentation shows is a good file to both."""
    for value in good:
        assert accepted(model, value)
        VALIDATORS[model].validate(value)


@EACH_KIND
def test_both_decide_the_same_on_spoiled_files(model, good):
    """Of many small slips each is seen by both or by neither."""
    count = {True: 0, False: 0}
    for seed in range(SPOILED):
        value = corpus.spoiled(good[seed % len(good)], seed)
        ours = accepted(model, value)
        count[ours] += 1
        assert ours == VALIDATORS[model].is_valid(value), value

    assert min(count.values()) > SPOILED / 20, f"the corpus proves little: {count}"


@EACH_KIND
@settings(max_examples=examples(80), deadline=None)
@given(seed=st.integers(), further=st.integers(), which=st.integers())
def test_both_decide_the_same_on_twice_spoiled_files(model, good, seed, further, which):
    """The same from anywhere in the space of slips."""
    value = corpus.spoiled(corpus.spoiled(good[which % len(good)], seed), further)

    assert accepted(model, value) == VALIDATORS[model].is_valid(value)


@EACH_KIND
def test_every_key_is_described(model, good):
    """An editor shows a sentence for each key."""
    schema = schemas.schema(model)
    parts = {"": schema, **{f"#/$defs/{name}": part for name, part in schema["$defs"].items()}}
    mute = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, value in part.get("properties", {}).items()
        if not (value.get("description") or parts[value["$ref"]].get("description"))
    ]

    assert not mute


def test_keys_are_found_through_lists_mappings_and_variants():
    """What `did you mean` chooses from."""
    assert schemas.keys_at(PipelineFile, ()) == {
        "app",
        "owner",
        "clone",
        "services",
        "steps",
        "steps_from",
        "images",
        "deliver",
        "notices",
    }
    assert "healthcheck" in schemas.keys_at(PipelineFile, ("services", "db"))
    assert {"include", "exclude"} == schemas.keys_at(PipelineFile, ("steps", 3, "when", "branch"))
    assert {"build", "retag"} <= schemas.keys_at(PipelineFile, ("images", "web"))
    assert schemas.keys_at(PipelineFile, ("deliver", 0, "approval")) == {"by", "count"}
    assert schemas.keys_at(PipelineFile, ("app", "nothing")) == set()
