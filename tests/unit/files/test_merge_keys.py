"""`<<` merges mappings wherever Sealane reads YAML, as other readers of YAML do, and never without bounds."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane import repository_check
from sealane.configfiles import documents
from sealane.configfiles.trees import StoredTree
from sealane.findings import Place
from sealane.policies import reading as policy_reading
from sealane.secrets import entries
from sealane.stencils import render_inputs, rendering
from tests.properties import examples

KEYS = st.sampled_from(["a", "b", "c", "name", '"<<"'])
WORDS = st.sampled_from(["1", "two", '"3"', "'four'", "[5, six]"])


@st.composite
def mappings(draw: st.DrawFn, anchors: list[str], depth: int = 2) -> str:
    """A mapping in flow style that may merge what stands before it."""
    keys = draw(st.lists(KEYS, max_size=3, unique=True))
    inner = mappings(anchors, depth - 1) if depth else WORDS
    parts = [f"{key}: {draw(st.one_of(WORDS, inner))}" for key in keys]
    if anchors and draw(st.booleans()):
        merged = draw(st.lists(st.sampled_from(anchors), min_size=1, max_size=3))
        aliases = ", ".join(f"*{name}" for name in merged)
        merge = f"<<: *{merged[0]}" if len(merged) == 1 and draw(st.booleans()) else f"<<: [{aliases}]"
        parts.insert(draw(st.integers(min_value=0, max_value=len(parts))), merge)
    return "{" + ", ".join(parts) + "}"


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document of anchored mappings, each of which may merge those before it."""
    anchors: list[str] = []
    lines = []
    for number in range(draw(st.integers(min_value=1, max_value=6))):
        lines.append(f"k{number}: &m{number} {draw(mappings(list(anchors)))}")
        anchors.append(f"m{number}")
    return "\n".join(lines) + "\n"


@settings(max_examples=examples(120), deadline=None)
@given(texts())
def test_what_is_merged_is_what_other_readers_merge(text: str) -> None:
    """Own keys win over merged ones, and of several merged mappings the earlier one."""
    (document,), problems = documents.read(text, "f.yaml")

    assert document.value == yaml.safe_load(text)
    assert not problems
    assert set(document.values) == set(paths(document.value))


def paths(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*path, key))


def test_what_is_merged_has_the_place_where_it_was_written():
    text = "x-a: &a\n  image: one\n  env: {A: b}\nstep:\n  image: two\n  <<: *a\n"
    (document,), _ = documents.read(text, "f.yaml")

    assert document.value["step"] == {"image": "two", "env": {"A": "b"}}
    assert document.place(("step",)) == Place(file="f.yaml", line=5, column=3)
    assert document.place(("step", "image")) == Place(file="f.yaml", line=5, column=10)
    assert document.place(("step", "env", "A")) == Place(file="f.yaml", line=3, column=12)
    assert document.key_place(("step", "env")) == Place(file="f.yaml", line=3, column=3)


PIPELINE = """\
x-step: &step {image: "python:3.13", timeout: 4m}
app: kiosk
steps:
  - {name: lint, <<: *step, commands: [ruff check]}
  - {name: unit, <<: *step, commands: [pytest], timeout: 9m}
"""
FORMATION = """\
x-where: &where {environment: dev, destination: bed}
formation: dev
namespace: kiosk
<<: *where
values: {limits: &limits {memory: 1Gi}, requests: {<<: *limits, cpu: 0.50}}
"""
ENVIRONMENT = """\
x-limits: &limits {namespaces: [kiosk], registries: ["registry.example.com/*"]}
environment: dev
destinations: {bed: {dummy: {}}}
apps:
  kiosk: {<<: *limits}
  shop: {<<: *limits, namespaces: [shop]}
"""
STENCIL = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: &labels {app: web}}
spec:
  selector: {matchLabels: {<<: *labels}}
  template:
    metadata: {labels: {<<: *labels, tier: front}}
    spec:
      containers:
        - &base {name: web, image: "registry.example.com/web:1", resources: {limits: "${limits}", requests: "${requests}"}}
        - {<<: *base, name: side}
"""


def tree(**changed: str) -> StoredTree:
    files = {
        ".sealane.yml": PIPELINE,
        "deploy/formations/dev.yaml": FORMATION,
        "deploy/stencils/web.yaml": STENCIL,
        "environments/dev.yaml": ENVIRONMENT,
    }
    return StoredTree({path: text.encode() for path, text in (files | changed).items()})


def test_every_file_of_a_repository_may_merge():
    assert repository_check.check(tree()).findings == ()


def test_a_container_takes_its_image_from_a_merge():
    sources, _ = render_inputs.gather(tree(), "dev")
    revision, _ = rendering.render(sources, rendering.Inputs(app="kiosk", images={}))
    (deployment,) = (rendered.object for rendered in revision.objects)
    web, side = deployment["spec"]["template"]["spec"]["containers"]

    assert side == {**web, "name": "side"}
    assert web["resources"] == {"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi", "cpu": 0.5}}
    assert deployment["spec"]["template"]["metadata"]["labels"] == {"app": "web", "tier": "front"}


POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: named}
spec:
  matchConstraints:
    resourceRules:
      - &rule {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}
      - {<<: *rule, resources: [daemonsets]}
  validations: [{expression: "true"}]
"""


def test_a_policy_may_merge():
    (policy,), findings = policy_reading.read({"a.yaml": POLICY})

    assert not findings
    assert [rule.resources for rule in policy.match.rules] == [("deployments",), ("daemonsets",)]
    assert {rule.groups for rule in policy.match.rules} == {("apps",)}


def test_a_wrong_value_that_was_merged_is_told_where_it_was_written():
    text = PIPELINE.replace("timeout: 4m", "timeout: soon")
    findings = repository_check.check_text(text, ".sealane.yml").findings

    assert [(finding.place.line, finding.place.column) for finding in findings] == [(1, 47)]


def test_an_encrypted_file_may_merge():
    assert entries.parse("<<: {A: b, C: d}\nC: e\n") == {"A": "b", "C": "e"}


WRONG = {
    "a text": ("x-a: &a word\n<<: *a\n", "a text"),
    "a number": ("<<: 3.10\n", "the value 3.10"),
    "nothing": ("<<:\nz: 1\n", "nothing"),
    "a list in a list": ("x-a: &a [{b: 1}]\n<<: [*a]\n", "a list"),
    "a text among mappings": ("x-a: &a {b: 1}\n<<: [*a, word]\n", "a text"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize(
    ("file", "first"),
    [
        (".sealane.yml", "app: kiosk\nsteps: [{name: a, image: b}]\n"),
        ("deploy/formations/dev.yaml", "formation: dev\nenvironment: dev\ndestination: bed\nnamespace: kiosk\n"),
        ("environments/dev.yaml", "environment: dev\ndestinations: {bed: {dummy: {}}}\n"),
        ("deploy/stencils/web.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"),
    ],
)
def test_what_can_not_be_merged_is_told_in_every_file(file, first, name):
    text, kind = WRONG[name]
    findings = repository_check.check(tree(**{file: first + text})).findings
    (told,) = [finding for finding in findings if finding.message.startswith("<<")]

    assert told.message == f"<< merges mappings, and this is {kind}"
    assert (told.place.file, told.place.column) == (file, 1)
    assert "<<: *NAME" in told.hint


def test_two_merges_in_one_mapping_are_told():
    """YAML's readers differ in what they make of it."""
    _, findings = documents.read("a: &a {b: 1}\nc: {<<: *a, <<: {d: 2}}\n", "f.yaml")

    assert [str(finding) for finding in findings] == [
        "f.yaml:2:13: << is given twice (one << merges several: <<: [*first, *second])"
    ]


def test_a_quoted_key_merges_nothing():
    (document,), findings = documents.read('"<<": {a: 1}\n', "f.yaml")

    assert (document.value, findings) == ({"<<": {"a": 1}}, [])


BOMBS = {
    "doubling": "a0: &a0 {k: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)),
    "aliases": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
    "wide": "a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\nb: {<<: [" + ", ".join(["*a"] * 200) + "]}\n",
    "many": "a: &a {k: {}}\nb: [" + ", ".join(["{<<: [" + ", ".join(["*a"] * 100) + "]}"] * 600) + "]\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_grows_by_merging_is_refused(name):
    found_documents, problems = documents.read(BOMBS[name], "f.yaml")

    assert not found_documents
    assert len(problems) == 1
    assert (
        "too large once its aliases are expanded" in problems[0].message or "nested too deeply" in problems[0].message
    )


@pytest.mark.parametrize("key", ["x-steps", "x-", "x-A b"])
def test_keys_for_sharing_stand_at_the_top_alone(key):
    """And only with x- in front."""
    good = f"app: kiosk\nsteps: [{{name: a, image: b}}]\n{key}: [anything, {{at: all}}]\n"
    inside = good.replace("image: b", f"image: b, {key}: c")
    other = good.replace(f"\n{key}", f"\nX{key}")

    assert not repository_check.check_text(good, ".sealane.yml").findings
    assert [finding.message for finding in repository_check.check_text(inside, "f").findings] == [f"unknown key {key}"]
    assert [finding.message for finding in repository_check.check_text(other, "f").findings] == [f"unknown key X{key}"]


ITSELF = {
    "a list": ("a: 1\nb: &b [1, *b]\n", 2),
    "a mapping": ("a: &a {x: 1, y: *a}\n", 1),
    "deeper": ("a: &a\n  x: {y: [{z: *a}]}\n", 1),
    "merged": ("a: &a {<<: *a, b: 1}\n", 1),
    "merged twice": ("a: &a {<<: [*a, *a], b: 1}\n", 1),
    "merged from within": ("a: &a\n  b: {<<: *a}\n", 1),
    "one in another": ("a: &a {b: &b {c: *a}}\n", 1),
}


@pytest.mark.parametrize("name", ITSELF)
def test_what_stands_within_itself_is_told_as_that(name):
    """Not as too deep: that would not help whoever wrote it."""
    text, line = ITSELF[name]
    found_documents, (finding,) = documents.read(text, "f.yaml")
    assert not found_documents
    assert finding.message == "an alias stands within what it names"
    assert finding.place.line == line


def test_an_alias_beside_what_it_names_is_as_good_as_ever():
    """Also within something else that has it, too."""
    (document,), findings = documents.read("a: &a {x: 1}\nb: [*a, {y: *a, z: [*a]}]\nc: {<<: *a}\n", "f.yaml")
    assert not findings
    assert document.value == {"a": {"x": 1}, "b": [{"x": 1}, {"y": {"x": 1}, "z": [{"x": 1}]}], "c": {"x": 1}}
