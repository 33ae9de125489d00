"""The pages about stencils, formations, environments and secrets say what is so: their files are read and rendered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sealane.configfiles import schemas
from sealane.configfiles.fields import File
from sealane.configfiles.trees import StoredTree
from sealane.environments import people
from sealane.environments import reading as environments
from sealane.environments.files import environment_file
from sealane.formations.files import formation_file
from sealane.secrets import entries
from sealane.stencils import render_inputs, rendering

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("stencils", "formations", "environments", "secrets")


def files_of(page: str) -> dict[str, str]:
    """The titled blocks of a page, by title."""
    text = (DOCS / f"{page}.md").read_text()
    return dict(re.findall(r'^```(?:yaml|text) title="([^"]+)"\n(.*?)^```', text, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("page", ["formations", "secrets"])
def test_formations_render(page: str) -> None:
    """With the stencils shown beside them."""
    files = {**files_of("stencils"), **files_of("formations"), **files_of(page)}
    tree = StoredTree({path: text.encode() for path, text in files.items()})
    if page == "secrets":
        del tree.contents["config/database.yml"]
    sources, problems = render_inputs.gather(tree, "production")
    assert sources, problems
    revision, problems = rendering.render(sources, rendering.Inputs(app="shop", images={"web": "web@unbuilt"}))
    assert revision, [str(finding) for finding in problems]
    if page == "formations":
        config = revision.objects[0].object
        assert (
            config["data"]["database.yml"] == "host: db.shop.svc\npool: 4\ncomment: a literal dollar and brace is ${\n"
        )


def test_the_environment_is_read() -> None:
    """As it stands on the page, and who is who beside it."""
    files = files_of("environments")
    environment, findings = environments.read(files["environments/production.yaml"], "environments/production.yaml")
    assert environment, findings
    known, findings = people.read(files["people.yaml"], "people.yaml")
    assert known, findings


def test_decrypted_yaml_is_read() -> None:
    """As it stands on the page."""
    block = re.search(r"^```yaml\n(.*?)^```", (DOCS / "secrets.md").read_text(), re.DOTALL | re.MULTILINE)
    assert block
    assert set(entries.parse(block[1])) == {"DATABASE_URL", "tls.key"}


@pytest.mark.parametrize(
    ("page", "model", "path"),
    [
        ("formations", formation_file(), ()),
        ("formations", formation_file(), ("strategy",)),
        ("environments", environment_file(), ()),
        ("environments", environment_file(), ("apps", "shop")),
        ("environments", people.people_file(), ("people", "ann")),
    ],
)
def test_every_key_has_its_row(page: str, model: type[File], path: Path) -> None:
    """A key that is added without a word about it fails here."""
    text = (DOCS / f"{page}.md").read_text()
    for key in schemas.keys_at(model, path):
        assert f"| `{key}` |" in text
