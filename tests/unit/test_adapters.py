"""What files may say follows from the tables: an unknown key is refused with its place and the known ones."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from sealane import errors, repository_check
from sealane.adapters import SHIPPED, Table
from sealane.configfiles import schemas
from sealane.configfiles.trees import StoredTree
from sealane.deployments.gates.port import GateKind
from sealane.deployments.metric_stores.port import MetricStore
from sealane.destinations.port import DestinationAdapter
from sealane.environments import files, notice_files, people
from sealane.environments import reading as environments
from sealane.events.sources.port import GitHost
from sealane.formations import reading as formations
from sealane.formations.files import formation_file
from sealane.notices.port import TargetAdapter
from sealane.pipelines.dialect import Dialect
from sealane.policies.engines import PolicyEngine
from sealane.runners.port import EngineAdapter
from sealane.secrets import references
from sealane.secrets.port import StoreAdapter
from tests.made_up import MADE_UP

DESTINATION = "environment: dev\ndestinations: {here: {madeup: {shelf: a}}}\n"
SECRET = "formation: dev\nenvironment: dev\ndestination: here\nnamespace: shop\nsecrets: {A: 'madeup:abc'}\n"
NOTICES = "targets: {note: {madeup: {file: a}}}\n"
PEOPLE = "people: {ann: {madeup: Ann}}\n"


def test_without_the_line_an_adapter_is_unknown() -> None:
    """At the key, and with what is known."""
    problems = [str(finding) for finding in environments.read(DESTINATION, "dev.yaml")[1]]
    assert (
        "dev.yaml:2:23: unknown key madeup (known here: dummy, ecs, elastic_beanstalk, kubernetes, opentofu, relay)"
        in problems
    )
    problems = [str(finding) for finding in formations.read_formation(SECRET, "dev.yaml")[1]]
    assert problems == ["dev.yaml:5:14: A: there is no store of secrets of that name (known here: age, env)"]
    problems = [str(finding) for finding in people.read(PEOPLE, "people.yaml")[1]]
    assert problems == [
        "people.yaml:1:16: unknown key madeup (known here: bitbucket, emails, gitea, github, gitlab, names)"
    ]
    problems = [str(finding) for finding in notice_files.read(NOTICES, "notices.yaml")[1]]
    assert (
        "notices.yaml:1:18: unknown key madeup (known here: apprise, commits, gitea, github, mail, slack, webhook)"
        in problems
    )
    checked = repository_check.check(StoredTree({".madeup": b"app shop\n"}))
    assert checked.files == ()


def test_with_the_line_it_is_known() -> None:
    """To whoever reads files, and to editors."""
    assert not environments.read(DESTINATION, "dev.yaml", MADE_UP)[1]
    assert not formations.read_formation(SECRET, "dev.yaml", MADE_UP)[1]
    assert not people.read(PEOPLE, "people.yaml", MADE_UP)[1]
    assert not notice_files.read(NOTICES, "notices.yaml", MADE_UP)[1]
    checked = repository_check.check(StoredTree({".madeup": b"app shop\nstep test busybox\n"}), adapters=MADE_UP)
    assert checked.valid
    assert checked.files == (".madeup",)
    for text, shape in (
        (DESTINATION, files.environment_file(MADE_UP)),
        (SECRET, formation_file(MADE_UP)),
        (PEOPLE, people.people_file(MADE_UP)),
        (NOTICES, notice_files.notices_file(MADE_UP)),
    ):
        jsonschema.validate(yaml.safe_load(text), schemas.schema(shape))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "{madeup: {}}",
            "dev.yaml:2:31: shelf is missing (The name of its file, in the folder of a server or where a command runs)",
        ),
        ("{madupe: {shelf: a}}", "dev.yaml:2:23: unknown key madupe (did you mean madeup?)"),
        ("{madeup: {shelf: a}, dummy: {}}", "dev.yaml:2:23: madeup doesn't go with the other keys here"),
    ],
)
def test_what_is_wrong_with_it_is_told_in_its_own_words(written: str, told: str) -> None:
    text = f"environment: dev\ndestinations: {{here: {written}}}\n"
    assert told in [str(problem) for problem in environments.read(text, "dev.yaml", MADE_UP)[1]]


def test_of_two_pipelines_in_one_folder_the_first_of_the_table_is_read() -> None:
    """And a warning says so."""
    tree = StoredTree({".sealane.yml": b"app: a\n", ".madeup": b"app a\n"})
    nothing, finding = repository_check.check(tree, adapters=MADE_UP).findings[::-1]
    hint = "keep one, or write `steps_from: .madeup` into .sealane.yml to run its steps"
    assert str(finding) == f".madeup: .madeup is not read: .sealane.yml is the pipeline ({hint})"
    assert (str(finding.severity), nothing.message) == ("warning", "nothing is to be done")


def test_gates_and_metric_stores_share_a_mapping() -> None:
    """Of a formation's gate, so no key may be both."""
    assert not {*SHIPPED.gates.keys} & {*SHIPPED.metric_stores.keys}


def test_a_key_that_is_in_no_table_is_refused() -> None:
    with pytest.raises(errors.NotThere, match=r"there is no git host githup \(did you mean github\?\)"):
        SHIPPED.git_hosts.get("githup", GitHost)


def test_what_stands_in_a_table_is_of_its_port() -> None:
    """A slip in a table is found where it is used first."""
    with pytest.raises(AssertionError, match="is no GitHost"):
        Table("git host", (("env", "sealane.secrets.stores.environment"),)).get("env", GitHost)


def test_a_reference_of_the_made_up_store() -> None:
    assert str(references.parse("madeup:abc", MADE_UP)) == "madeup:abc"
    with pytest.raises(ValueError, match="after madeup: come letters"):
        references.parse("madeup:1", MADE_UP)


DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "table"),
    [
        ("woodpecker drone", SHIPPED.dialects),
        ("environments", SHIPPED.destinations),
        ("environments", SHIPPED.git_hosts),
        ("secrets", SHIPPED.secret_stores),
        ("webhooks", SHIPPED.git_hosts),
        ("settings", SHIPPED.engines),
        ("gates hooks", SHIPPED.metric_stores),
        ("notices", SHIPPED.notice_targets),
    ],
)
def test_every_adapter_stands_in_its_page(page: str, table: Table) -> None:
    text = "".join((DOCS / f"{name}.md").read_text() for name in page.split())
    assert [key for key in table.keys if key not in text] == []


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (SHIPPED.dialects, Dialect),
        (SHIPPED.engines, EngineAdapter),
        (SHIPPED.git_hosts, GitHost),
        (SHIPPED.secret_stores, StoreAdapter),
        (SHIPPED.destinations, DestinationAdapter),
        (SHIPPED.policy_engines, PolicyEngine),
        (SHIPPED.gates, GateKind),
        (SHIPPED.metric_stores, MetricStore),
        (SHIPPED.notice_targets, TargetAdapter),
    ],
    ids=lambda given: given.port if isinstance(given, Table) else "",
)
def test_every_line_leads_to_an_adapter(table: Table, kind: type) -> None:
    assert list(table.every(kind)) == list(table.keys)
