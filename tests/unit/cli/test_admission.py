"""Without a server, the operators' file on this machine holds for stored revisions, too."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from sealane.cli.local import admission, deploy_request, deploy_session, deployment
from sealane.cli.screens import rollout_lines
from sealane.destinations.dummy.destination import DummyDestination
from sealane.environments import reading
from sealane.environments.model import Environment
from sealane.errors import Refused
from tests.unit.deployments import parts

OPERATORS = """\
environment: dev
destinations: {here: {dummy: {}}}
apps:
  shop: {namespaces: [shop], registries: ["web"]}
policies: {packs: []}
"""
NARROWED = OPERATORS.replace('["web"]', '["docker.io/library/other"]')


def environment(text: str) -> Environment:
    read, findings = reading.read(text, "dev.yaml")
    assert read, findings
    return read


@pytest.mark.parametrize("more", ["", "rollback: {allow_outdated: true}\n"], ids=["strict", "outdated"])
async def test_a_failure_goes_back_only_to_what_is_allowed(tmp_path: Path, more: str) -> None:
    """Or where operators say that it may all the same."""
    destination = DummyDestination()

    async def deploy(name: str, behaves: dict[str, str], operators: str) -> deploy_request.DeployOutcome:
        revision = parts.revision(name, parts.deployment(behaves=behaves))
        permitted = deploy_session.permitted(environment(operators), tmp_path, confirmed=False, take_over=False)
        wish = deploy_request.DeployRequest(revision=revision, values={}, permitted=permitted)
        return await deployment.deploy(wish, destination, rollout_lines.Json())

    await deploy("one", {}, OPERATORS)
    ended = (await deploy("bad", dict(parts.NO_IMAGE), NARROWED + more)).outcome.verdict

    assert ended.kind == ("rolled_back" if more else "rollback_failed")
    told = "Revision one is not allowed any more: Deployment web: the image web:1" in ended.reason
    assert told == (not more)


def test_what_a_person_asks_for_is_refused_or_wants_a_yes(tmp_path: Path) -> None:
    """Going back by hand and putting drift right."""
    revision = parts.revision("one", parts.deployment())
    check = partial(admission.check, revision, config=tmp_path)

    check(environment=None, yes=False)
    check(environment=environment(OPERATORS), yes=False)
    for gone in (NARROWED, OPERATORS.replace("  shop:", "  mail:"), NARROWED + "rollback: {allow_outdated: true}\n"):
        with pytest.raises(Refused, match="dev denies it now: "):
            check(environment=environment(gone), yes=True)
    with pytest.raises(Refused, match=r"dev denies it now: .*Deployment web"):
        check(environment=environment(OPERATORS.replace("packs: []", "packs: [default@1]")), yes=True)
    asking = environment(OPERATORS.replace("registries:", "approvals: {by: [crew]}, registries:"))
    with pytest.raises(Refused, match=r"dev requires a person to confirm an approval by crew"):
        check(environment=asking, yes=False)
    check(environment=asking, yes=True)
