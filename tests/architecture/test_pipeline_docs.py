"""The reference of the pipeline file is whole and true: every key of the schema, no other, and examples that read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sealane.configfiles import schemas
from sealane.pipelines import reading
from sealane.pipelines.dialects.variable_names import DRONE, WOODPECKER
from sealane.pipelines.files import PipelineFile
from sealane.pipelines.reading import PipelineFiles

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "pipeline-file.md").read_text()
EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
OTHERS = {page: EXAMPLE.findall((DOCS / page).read_text()) for page in ("woodpecker.md", "drone.md")}
"""Examples of other CIs' files, of which `.sealane.yml` may take its steps."""
BESIDE = PipelineFiles(texts={".woodpecker.yml": OTHERS["woodpecker.md"][0]})

TABLES = {
    "PipelineFile": "app",
    "CloneFile": "depth",
    "StepFile": "name",
    "RetryFile": "limit",
    "ReportsFile": "junit",
    "StepWhenFile": "event",
    "GlobPatterns": "include",
    "EventPatterns": "include",
    "ServiceFile": "image",
    "HealthcheckFile": "test",
    "BuildFile": "build",
    "RetagFile": "retag",
    "DeliveryFile": "formation",
    "ApprovalFile": "by",
    "ReleaseGroupFile": "formations",
    "MemberFile": "keep",
    "AppNoticeFile": "to",
    "OwnTargetFile": "webhook",
    "WebhookFile": "url",
    "TemplateFile": "title",
}
"""Each part of the file, and the key with which its table begins."""

PARTS = {"PipelineFile": schemas.schema(PipelineFile), **schemas.schema(PipelineFile)["$defs"]}


def table(first: str) -> dict[str, str]:
    """The keys of the table that begins with a key, and what stands in the column beside them."""
    block = next(block for block in PAGE.split("\n\n") if re.search(rf"\|---\|\n\| `{first}` ", block))
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", block, re.MULTILINE))


@pytest.mark.parametrize(("part", "first"), TABLES.items())
def test_every_key_is_documented_and_no_other(part, first):
    """In the order of the model, and required ones say so."""
    rows = table(first)

    assert sorted(rows) == sorted(PARTS[part]["properties"])
    assert {key for key, value in rows.items() if "required" in value} == set(PARTS[part].get("required", ()))


def test_no_part_is_forgotten():
    """A new model of the file needs a table; the conditions of images and deliveries are those of steps but one."""
    assert set(PARTS) - set(TABLES) == {"WhenFile"}
    assert set(PARTS["StepWhenFile"]["properties"]) - set(PARTS["WhenFile"]["properties"]) == {"status"}


@pytest.mark.parametrize("example", EXAMPLE.findall(PAGE))
def test_every_example_reads_without_a_finding(example):
    pipeline, findings = reading.read(example, "docs/pipeline-file.md", beside=BESIDE)

    assert pipeline
    assert not findings


@pytest.mark.parametrize(
    ("page", "example"), [(page, example) for page, listed in OTHERS.items() for example in listed]
)
def test_every_example_of_another_ci_reads_without_a_finding(page, example):
    own = "app:" in example
    file = ".sealane.yml" if own else {"woodpecker.md": ".woodpecker.yml", "drone.md": ".drone.yml"}[page]
    pipeline, findings = reading.read(example, file, beside=BESIDE)

    assert pipeline
    assert not findings


@pytest.mark.parametrize(("page", "names"), [("woodpecker.md", WOODPECKER), ("drone.md", DRONE)])
def test_every_variable_of_another_ci_is_documented_and_no_other(page, names):
    text = (DOCS / page).read_text().partition("## Variables")[2]
    assert set(re.findall(r"`((?:CI|DRONE)[A-Z_]*)`", text)) == set(names)
