"""A pushed file is hostile: whatever it holds, reading ends soon with a pipeline or with findings."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane import findings as found
from sealane.configfiles.trees import StoredTree
from sealane.pipelines import pipeline_files, planning, reading
from tests.properties import examples
from tests.unit.files import corpus
from tests.unit.pipelines.test_reading import GOOD

WORDS = [
    "app",
    "steps",
    "name",
    "image",
    "needs",
    "when",
    "a",
    "1",
    "~",
    "---",
    "<<",
    "*a",
    "&a",
    "!!python/object:x",
    "${image.a}",
]
MARKS = [": ", ":\n", "\n", "  ", "- ", "{", "}", "[", "]", ",", '"', "'", "|", ">", "\t", "#", "\0", " "]

yaml_like = st.lists(st.sampled_from([*WORDS, *MARKS]), max_size=60).map("".join)


@st.composite
def damaged(draw):
    """A good file with a piece cut out, doubled or overwritten."""
    start = draw(st.integers(0, len(GOOD)))
    end = draw(st.integers(start, min(len(GOOD), start + 80)))
    return GOOD[:start] + draw(st.one_of(st.just(""), st.just(GOOD[start:end] * 2), yaml_like)) + GOOD[end:]


@settings(max_examples=examples(120), deadline=None)
@given(st.one_of(st.text(max_size=200), yaml_like, damaged()))
def test_any_text_gives_a_pipeline_or_findings(text):
    """Never an exception, and every finding points into the file."""
    pipeline, findings = reading.read(text, "f")

    assert (pipeline is None) == bool(found.errors(findings))
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029") + 1
    assert all(finding.place.file == "f" and 0 <= finding.place.line <= lines + 1 for finding in findings)


@pytest.mark.parametrize("seed", range(150))
def test_what_reads_without_findings_can_be_planned(seed, event):
    """The planner asks no further questions of a checked pipeline."""
    import yaml

    value = corpus.spoiled(corpus.PIPELINES[seed % 2], seed)
    pipeline, _ = reading.read(yaml.safe_dump(value, sort_keys=False), "f")
    if pipeline:
        plan = planning.plan(pipeline, event)
        keys = [step.key for step in plan.steps]
        assert len(keys) == len(pipeline.steps) + len(pipeline.images) + len(pipeline.deliver) == len(set(keys))
        assert all(set(step.needs) <= set(keys[:index]) for index, step in enumerate(plan.steps))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefghijkl" * 2, "bcdefghijklm" * 2, strict=True)), id="bomb"),
        pytest.param("app: shop\nsteps: " + "[" * 5000, id="deep"),
        pytest.param("app: shop\nsteps: " + "{a: " * 5000, id="deeper"),
        pytest.param("app: shop\nsteps:\n" + "  - {name: a, image: x}\n" * 6000, id="many-steps"),
        pytest.param("app: shop\nsteps: [{name: a, image: x, needs: [" + "b," * 30000 + "]}]", id="many-needs"),
        pytest.param("app: shop\nsteps: [{name: a, image: x, secrets: [" + "b," * 30000 + "]}]", id="many-secrets"),
        pytest.param("app: shop\nsteps: [{name: a, image: " + "a-" * 200000 + "}]", id="long-image"),
        pytest.param("app: shop\nsteps: [{name: a, image: " + "a" * 500 + "!}]", id="backtracking-image"),
        pytest.param("app: shop\nsteps: [{name: a, image: " + "a." * 250 + "!}]", id="backtracking-host"),
        pytest.param("app: shop\nsteps: [{name: a, image: x, when: {branch: '" + "*a" * 500 + "'}}]", id="glob"),
        pytest.param("app: shop\nx: " + "a" * (2 * 1024 * 1024), id="long"),
    ],
)  # fmt: skip
def test_hostile_files_cost_little(text):
    """In time that a server can spare for every push of everybody."""
    started = time.process_time()
    reading.read(text, "f")

    assert time.process_time() - started < 10


NAMES = ["ab" * 27 + f"-{number}" for number in range(199)]
LONG = "variables: [&long '" + "x" * 100_000 + "', &key {'" + "k" * 100_000 + "': 1}]\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("steps: {a: {image: x, settings: {q: [[" + "*long, " * 300 + "]]}}}\n", id="nested settings"),
        pytest.param("steps: {a: {image: x, settings: {q: [[" + "*key, " * 300 + "]]}}}\n", id="keys of settings"),
        pytest.param("steps: {a: {image: x, when: [" + "*key, " * 20_000 + "]}}\n", id="long unknown keys"),
        pytest.param("steps: {" + "".join(f"s{n}: {{image: x}}, " for n in range(20_000)) + "}\n", id="steps"),
        pytest.param("steps: {a: {image: x}}\nservices: {" + "".join(f"s{n}: {{image: x}}, " for n in range(51)) + "}\n", id="services"),
        pytest.param("steps: {a: {image: x, depends_on: [" + "b, " * 20_000 + "]}}\n", id="needs"),
        pytest.param("matrix: {A: [" + ", ".join(map(str, range(200))) + "]}\nsteps: {" + "".join(f"s{n}: {{image: x}}, " for n in range(1000)) + "}\n", id="matrix"),
        pytest.param("steps: {a: {image: x, commands: ['" + "${A##*b*c}" * 1001 + "']}}\n", id="words"),
    ],
)  # fmt: skip
def test_hostile_files_of_woodpecker_are_refused_at_little_cost(text):
    """Aliases made texts of 100 GB of a file of 1 MB, and messages, too."""
    started = time.process_time()
    pipeline, findings = reading.read(LONG + text, ".woodpecker.yml")

    assert pipeline is None
    assert found.errors(findings)
    assert sum(len(finding.message) for finding in findings) < 20_000_000
    assert time.process_time() - started < 10


def test_the_files_of_a_folder_have_a_bound_together():
    """A hundred files of 1 MiB each took minutes to read."""
    large = b"steps: {a: {image: x}}\n#" + b"x" * 900_000
    gathered = pipeline_files.gather(StoredTree({f".woodpecker/{name}.yaml": large for name in "abcd"}))

    assert sorted(gathered.texts) == [".woodpecker/a.yaml", ".woodpecker/b.yaml"]
    assert sorted(gathered.unreadable) == [".woodpecker/c.yaml", ".woodpecker/d.yaml"]


@pytest.mark.parametrize("dialect", [".sealane.yml", ".woodpecker.yml"])
def test_unknown_needs_are_not_all_compared_with_all_steps(dialect):
    """This took an hour. The first are told what was meant."""
    key, top = ("needs", "app: shop\n") if dialect == ".sealane.yml" else ("depends_on", "")
    unknown = ", ".join("ba" * 27 + f"-{number}" for number in range(20))
    steps = "".join(f"  - {{name: {name}, image: x, {key}: [{unknown}]}}\n" for name in NAMES)
    started = time.process_time()
    _, findings = reading.read(f"{top}steps:\n{steps}", dialect)

    assert time.process_time() - started < 30
    assert len(findings) == 20 * len(NAMES)
    assert [bool(finding.hint) for finding in findings].count(True) == found.MOST_SUGGESTED


def test_what_is_stored_of_findings_has_a_bound():
    """A file's findings are stored with its run, and shown on its page."""
    place = found.Place(file="f")
    many = [found.Finding(message="x" * 10_000, place=place) for _ in range(found.MOST_LISTED + 7)]
    warning = found.Finding(message="w", place=place, severity=found.Severity.WARNING)
    *errors, told, more = found.listed([*many, warning])

    assert [len(finding.message) for finding in errors] == [found.LONGEST + 1] * found.MOST_LISTED
    assert (told, more.message) == (warning, "7 more errors are not listed")


def test_many_needs_in_a_chain_are_planned_quickly(event):
    """The largest graph that is let in."""
    steps = "".join(f"  - {{name: s{n}, image: x, needs: [{f's{n - 1}' if n else ''}]}}\n" for n in range(200))
    started = time.process_time()
    pipeline, findings = reading.read("app: shop\nsteps:\n" + steps, "f")

    assert not findings
    assert len(planning.plan(pipeline, event).steps) == 200
    assert time.process_time() - started < 10


def test_many_patterns_and_many_changed_paths_are_not_all_compared(event):
    """A commit chooses both: together they kept a server for weeks. The conditions hold, as where the changes are unknown."""
    pattern = "**/" + "{a,b,c,d,e}" * 3 + "*x*y*z"
    listed = ", ".join(f"'{pattern}{number}'" for number in range(50))
    steps = "".join(f"  - {{name: s{n}, image: x, when: {{paths: [{listed}]}}}}\n" for n in range(200))
    pipeline, findings = reading.read("app: shop\nsteps:\n" + steps, "f")
    assert not findings
    paths = tuple(f"src/folder/file-{number}.txt" for number in range(20_000))
    started = time.process_time()
    plan = planning.plan(pipeline, replace(event, paths=paths))
    assert time.process_time() - started < 10
    assert [step.skip for step in plan.steps] == [None] * 200

    few, _ = reading.read("app: shop\nsteps:\n" + steps.splitlines()[0].replace(listed, "docs/**"), "f")
    assert planning.plan(few, replace(event, paths=paths)).steps[0].skip == "nothing changed in docs/**"
