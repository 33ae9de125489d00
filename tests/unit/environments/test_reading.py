"""Operators' files: exact keys, each mistake at its place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from sealane.destinations.kubernetes.adapter import KubernetesFile
from sealane.environments import config_folder, reading
from sealane.environments.model import DestinationConfig, PolicyChoice, Waiver
from sealane.errors import NotThere
from sealane.pipelines.model import Approval

GOOD = """\
environment: production
production: true
destinations:
  europe: {kubernetes: {kubeconfig: /etc/sealane/europe, context: shop-deployer}}
  inside: {kubernetes: {in_cluster: true}}
  bed: {kubernetes: {}}
  pretend: {dummy: {}}
apps:
  shop:
    namespaces: [shop]
    secrets: ["env:*", "age:deploy/secrets/*"]
    registries: ["registry.example.com/shop/*"]
    approvals: {by: [release-managers], count: 2}
    deny_kinds: [ClusterRole]
  plain: {namespaces: [plain]}
policies:
  packs: [default@1]
  waivers: [{policy: replicas, app: shop, reason: one is enough, until: 2026-12-31}]
delete_budget: 5
"""


def test_everything_an_environment_may_say() -> None:
    """Each key arrives with its type."""
    environment, findings = reading.read(GOOD, "environments/production.yaml")
    assert not findings
    assert environment is not None
    assert environment.production
    europe = environment.destinations["europe"]
    assert (europe.kind, europe.written) == (
        "kubernetes",
        KubernetesFile(kubeconfig="/etc/sealane/europe", context="shop-deployer"),
    )
    assert environment.destinations["inside"].written == KubernetesFile(in_cluster=True)
    assert environment.destinations["bed"] == DestinationConfig(
        name="bed", kind="kubernetes", written=KubernetesFile(), place=environment.destinations["bed"].place
    )
    assert environment.destinations["pretend"].kind == "dummy"
    shop = environment.apps["shop"]
    assert shop.namespaces == ("shop",)
    assert shop.secrets == ("env:*", "age:deploy/secrets/*")
    assert shop.registries == ("registry.example.com/shop/*",)
    assert shop.approvals == Approval(by=("release-managers",), count=2)
    assert shop.deny_kinds == ("ClusterRole",)
    assert environment.policies == PolicyChoice(
        packs=("default@1",),
        waivers=(Waiver(policy="replicas", app="shop", reason="one is enough", until=date(2026, 12, 31)),),
    )
    assert environment.delete_budget == 5


def test_what_an_environment_says_nothing_about_stays_shut() -> None:
    """No app, no secret, no registry and no object of the whole cluster by silence."""
    text = "environment: dev\ndestinations: {bed: {kubernetes: {}}}\napps: {shop: {namespaces: [a]}}\n"
    environment, findings = reading.read(text, "dev.yaml")
    assert not findings
    assert environment is not None
    shop = environment.apps["shop"]
    assert shop.secrets == ()
    assert shop.registries == ()
    assert {"ClusterRole", "Namespace", "CustomResourceDefinition", "ValidatingWebhookConfiguration"} <= set(
        shop.deny_kinds
    )
    assert environment.policies.packs == ("default@1",)
    assert environment.delete_budget == 3
    assert not environment.production


HEAD = "environment: dev\ndestinations: {bed: {kubernetes: {}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "dev.yaml: the file is empty"),
        (HEAD.replace("dev", "prod"), "dev.yaml:1:14: the file is called dev and the environment prod"),
        (HEAD + "delete_budgets: 3\n", "dev.yaml:3:1: unknown key delete_budgets (did you mean delete_budget?)"),
        ("environment: dev\n", "dev.yaml:1:1: destinations is missing"),
        ("environment: dev\ndestinations: {}\n", "dev.yaml:2:15: destinations must have at least 1 item"),
        ("environment: dev\ndestinations: {bed: {}}\n", "dev.yaml:2:21: kubernetes is missing"),
        (
            "environment: dev\ndestinations: {bed: {kubernetes: {in_cluster: true, context: a}}}\n",
            "dev.yaml:2:47: in_cluster signs in with the pod's own account",
        ),
        (HEAD + "apps: {shop: {}}\n", "dev.yaml:3:14: namespaces is missing"),
        (HEAD + "apps: {shop: {namespaces: []}}\n", "dev.yaml:3:27: namespaces must have at least 1 item"),
        (
            HEAD + "apps: {shop: {namespaces: [a], secrets: ['vault:*']}}\n",
            "dev.yaml:3:42: item 1 of secrets vault:* is not a glob of references to secrets",
        ),
        (
            HEAD + "apps: {shop: {namespaces: [a], registries: [x.com/a:1]}}\n",
            "dev.yaml:3:45: x.com/a:1 is not valid: it says a tag",
        ),
        (
            HEAD + "apps: {shop: {namespaces: [a], deny_kinds: [clusterrole]}}\n",
            "dev.yaml:3:45: item 1 of deny_kinds clusterrole is not a kind of object",
        ),
        (
            HEAD + "policies: {waivers: [{policy: a}]}\n",
            "dev.yaml:3:22: reason is missing",
        ),
        (
            HEAD + "policies: {waivers: [{policy: a, reason: b, until: 2026-02-30}]}\n",
            "dev.yaml:3:52: there is no day 2026-02-30",
        ),
        (
            HEAD + "policies: {packs: [default]}\n",
            "dev.yaml:3:20: item 1 of packs default is not the name of a policy pack",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text: str, expected: str) -> None:
    """And nothing else is."""
    environment, problems = reading.read(text, "dev.yaml")
    assert environment is None
    assert len(problems) == 1
    assert str(problems[0]).startswith(expected)


def test_a_kind_of_destination_nobody_knows() -> None:
    """With those there are."""
    _, findings = reading.read("environment: dev\ndestinations: {bed: {nomad: {}}}\n", "dev.yaml")
    assert (
        "dev.yaml:2:22: unknown key nomad (known here: dummy, ecs, elastic_beanstalk, kubernetes, opentofu, relay)"
        in [str(finding) for finding in findings]
    )


def test_the_folder_of_the_operators(tmp_path: Path) -> None:
    """All files of it, by name; what is wrong with one hides no other."""
    with pytest.raises(NotThere):
        config_folder.gather(tmp_path)
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "dev.yaml").write_text(HEAD)
    (folder / "production.yaml").write_text(GOOD)
    (folder / "wrong.yaml").write_text("environment: [")
    (folder / "latin.yml").write_bytes(b"\xff")
    (folder / "dev.yml").write_text(HEAD)
    (folder / "notes.txt").write_text("not read")
    environments, findings = config_folder.gather(tmp_path)
    assert set(environments) == {"dev", "production"}
    told = "\n".join(str(finding) for finding in findings)
    assert f"{folder}/wrong.yaml:" in told
    assert f"{folder}/latin.yml:1:1: not UTF-8 text" in told
    assert f"{folder}/dev.yml: the environment dev is also in {folder}/dev.yaml" in told


WINDOWS = """\
environment: production
destinations: {bed: {kubernetes: {}}}
windows:
  allow:
    - {cron: "0 9 * * 1-5", duration: 8h, timezone: Europe/Paris, reason: office hours}
  deny:
    - {rrule: "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20", start: 2025-01-01, duration: 14d, apps: [shop], reason: holidays}
  break_glass: [sre]
"""


def test_windows_arrive_with_their_types() -> None:
    """Cron lines, rules, zones, spans and who may break the glass."""
    environment, findings = reading.read(WINDOWS, "production.yaml")
    assert not findings
    assert environment is not None
    (office,), (holidays,) = environment.windows.allow, environment.windows.deny
    assert (office.cron, office.rrule, office.timezone) == ("0 9 * * 1-5", None, "Europe/Paris")
    assert (office.duration, office.apps, office.reason) == (timedelta(hours=8), (), "office hours")
    assert (holidays.cron, holidays.rrule) == (None, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20")
    assert (holidays.start, holidays.apps, holidays.timezone) == (datetime(2025, 1, 1), ("shop",), "UTC")
    assert environment.windows.break_glass == ("sre",)


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ('cron: "0 9 * * 1-5"', 'cron: "0 9 * *"', "5:14: cron 0 9 * * is not a cron line of five fields"),
        ('cron: "0 9 * * 1-5"', 'cron: "0 25 * * *"', "5:7: this window: can't be understood"),
        ("timezone: Europe/Paris", "timezone: Europe/Pari", "5:7: this window: there is no time zone Europe/Pari"),
        ("start: 2025-01-01", "start: 2025-13-01", "7:7: this window: can't be understood"),
        ("duration: 8h", "duration: 8", "a duration"),
        ("FREQ=YEARLY", "FREQ=SECONDLY", "7:7: this window: can't be understood: FREQ is"),
        ("break_glass: [sre]", "break_glas: [sre]", "break_glass"),
    ],
)
def test_mistakes_in_windows_are_told_at_their_place(line: str, instead: str, said: str) -> None:
    """The line and column of the window, or of the key."""
    environment, problems = reading.read(WINDOWS.replace(line, instead), "production.yaml")
    assert environment is None
    assert any(said in str(problem) for problem in problems), [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("keys/europe", "CONFIG/environments/keys/europe"),
        ("../europe", "CONFIG/europe"),
        ("~/.kube/europe", "HOME/.kube/europe"),
        ("/etc/kube/europe", "/etc/kube/europe"),
    ],
)
def test_a_kubeconfig_is_found_from_wherever_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, wanted: str
) -> None:
    """As in a kubeconfig's own references: from the folder of the file that names it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config" / "environments"
    folder.mkdir(parents=True)
    text = f"environment: dev\ndestinations: {{europe: {{kubernetes: {{kubeconfig: {written}}}}}}}\n"
    (folder / "dev.yaml").write_text(text)
    environments, problems = config_folder.gather(Path("config"))
    assert problems == []
    wanted = wanted.replace("CONFIG", str(tmp_path / "config")).replace("HOME", str(tmp_path / "home"))
    assert environments["dev"].destinations["europe"].written == KubernetesFile(kubeconfig=wanted)


def test_what_others_deploy_has_a_place_and_a_name_of_its_own() -> None:
    """Without a formation it is called like the environment."""
    lines = "observed: [{app: billing, destination: europe, namespace: pay, owner: finance}, {app: billing, formation: eu, destination: inside, namespace: pay-eu}]\n"
    environment, findings = reading.read(GOOD + lines, "environments/production.yaml")
    assert (environment is not None, findings) == (True, [])
    assert environment is not None
    first, second = environment.observed
    assert (first.formation, first.namespace, first.owner) == ("production", "pay", "finance")
    assert (second.formation, second.destination, second.owner) == ("eu", "inside", "")

    wrong = lines.replace("destination: inside", "destination: insde").replace("formation: eu, ", "")
    _, findings = reading.read(GOOD + wrong, "environments/production.yaml")
    assert [finding.message for finding in findings] == [
        "there is no destination insde",
        "billing/production is there twice",
    ]
