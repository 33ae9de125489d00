"""Pushes of strangers: what may not be is refused with the reason before anything of it runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import pretending
from tests.serving import Serving, commit, git, paths_under

BOMB = 'a: &a ["x","x","x","x","x","x","x","x","x"]\n' + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
CLUSTER_ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\nrules: []\n"
FORMATION = pretending.FORMATION.replace("NAME", "dev").replace("APP", "shop").replace("WORDS", "words")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = {
        **pretending.SETTINGS,
        "SEALANE_GIT__MAX_PACK": "300000",
        "SEALANE_SECRET_OTHER__PASSWORD": "hunter2-of-other",
    }
    server = Serving(tmp_path_factory.mktemp("server"), settings).start()
    try:
        pretending.environments(server, "shop", "other", "packs", "neighbor", "odd", "linked")
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def shop(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> pretending.App:
    return pretending.App(serving, tmp_path_factory.mktemp("shop"), "shop")


@dataclass(frozen=True, kw_only=True)
class Push:
    """What a commit changes, and what must be said of it, with the file that is to blame."""

    changes: dict[str, str]
    says: str
    file: str


def edited(file: str, old: str, new: str) -> dict[str, str]:
    text = {
        ".sealane.yml": pretending.PIPELINE,
        "deploy/formations/dev.yaml": FORMATION,
        "deploy/stencils/web.yaml": pretending.STENCIL,
    }[file]
    text = text.replace("APP", "shop").replace("WORDS", "words").replace("EXTRA", "")
    assert old in text
    return {file: text.replace(old, new)}


STRANGE = {
    "deletes the approval": Push(
        changes=edited(".sealane.yml", ", approval: {by: approvers}", ""),
        says="production wants the approval of 1 of approvers; this delivery asks for none",
        file=".sealane.yml:8:",
    ),
    "asks other people": Push(
        changes=edited(".sealane.yml", "by: approvers", "by: developers"),
        says="production wants the approval of 1 of approvers; this delivery asks developers instead",
        file=".sealane.yml:8:",
    ),
    "another namespace": Push(
        changes=edited("deploy/formations/dev.yaml", "shop-dev", "kube-system"),
        says="the namespace kube-system is not open to shop in dev: only shop-dev",
        file="deploy/formations/dev.yaml:4:",
    ),
    "another namespace, in a stencil": Push(
        changes=edited("deploy/stencils/web.yaml", "{name: web}", "{name: web, namespace: kube-system}"),
        says="kube-system",
        file="deploy/stencils/web.yaml:3:",
    ),
    "a kind that lives in no namespace": Push(
        changes={"deploy/stencils/role.yaml": CLUSTER_ROLE},
        says="objects of kind ClusterRole are denied to shop in dev",
        file="deploy/stencils/role.yaml:2:",
    ),
    "an image of another registry": Push(
        changes=edited("deploy/stencils/web.yaml", "registry.example.com/shop:1", "evil.example.com/miner:1"),
        says="the image evil.example.com/miner:1 is not authorised for shop in dev",
        file="deploy/stencils/web.yaml:12:",
    ),
    "another app's secret": Push(
        changes={"deploy/formations/dev.yaml": FORMATION + 'secrets: {PASSWORD: "env:OTHER__PASSWORD"}\n'},
        says="after env: comes a name of capital letters, digits and single underscores",
        file="deploy/formations/dev.yaml:7:",
    ),
    "a secret that is not open to it": Push(
        changes={
            **{
                f"deploy/formations/{name}.yaml": FORMATION.replace("dev", name)
                + 'secrets: {PASSWORD: "env:PASSWORD"}\n'
                for name in ("dev", "production")
            },
            **edited(
                "deploy/stencils/web.yaml",
                'value: "${words}"}',
                'value: "${words}"}, {name: P, valueFrom: {secretKeyRef: {name: "${secrets}", key: PASSWORD}}}',
            ),
        },
        says="env:PASSWORD is not open to shop in dev: only env:MINE_*",
        file="deploy/formations/dev.yaml:7:",
    ),
    "a file outside as configuration": Push(
        changes={"deploy/formations/dev.yaml": FORMATION + 'config: {passwd: "file:../../etc/passwd"}\n'},
        says="../../etc/passwd",
        file="deploy/formations/dev.yaml:7:",
    ),
    "a file by its absolute path as configuration": Push(
        changes={"deploy/formations/dev.yaml": FORMATION + 'config: {passwd: "file:/etc/passwd"}\n'},
        says="/etc/passwd",
        file="deploy/formations/dev.yaml:7:",
    ),
    "stencils of a folder outside": Push(
        changes={"deploy/formations/dev.yaml": FORMATION + "stencils: {include: [../../../etc/passwd]}\n"},
        says="..",
        file="deploy/formations/dev.yaml:7:",
    ),
    "a bomb as pipeline": Push(changes={".sealane.yml": BOMB}, says="aliases are expanded", file=".sealane.yml:"),
    "a bomb as stencil": Push(
        changes={"deploy/stencils/bomb.yaml": BOMB},
        says="aliases are expanded",
        file="deploy/stencils/bomb.yaml:",
    ),
    "another app's name": Push(
        changes=edited(".sealane.yml", "app: shop", "app: other"),
        says="this repository is registered as shop",
        file=".sealane.yml:1:",
    ),
    "a key that nobody knows": Push(
        changes=edited(".sealane.yml", "needs: [lint]", "neds: [lint]"),
        says="neds",
        file=".sealane.yml:5:",
    ),
    "a step that nobody knows": Push(
        changes=edited(".sealane.yml", "needs: [lint]", "needs: [lnt]"),
        says="lnt",
        file=".sealane.yml:5:",
    ),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_push_that_may_not_be_is_refused_before_anything_runs(shop: pretending.App, name: str) -> None:
    """The reason stands at the run, with file, line and column; no container was started, nothing was written."""
    push = STRANGE[name]
    refused(shop, lambda: shop.commit("strange", changes=push.changes), says=push.says, file=push.file)


def refused(app: pretending.App, making: Callable[[], object], *, says: str, file: str) -> None:
    """Pushes what is made, sees it refused for this reason, and takes the working copy back."""
    started, branch = app.started(), f"strange-{os.urandom(4).hex()}"
    git(app.folder, "checkout", "-q", "-b", branch, "main")
    try:
        making()
        app.push("--force", "HEAD:main")
        view = app.run_of(app.head)
    finally:
        git(app.folder, "checkout", "-q", "--force", "main")
    assert view["run"]["status"] == "failed", view
    assert view["run"]["reason"].startswith("refused before anything ran: ")
    findings = [
        (":".join(str(finding["place"].get(part) or 1) for part in ("file", "line", "column")), finding["message"])
        for finding in view["findings"]
    ]
    assert any(says in message and place.startswith(file) for place, message in findings), findings
    assert (view["deployments"], app.started()) == ([], started)
    assert not app.there("dev")
    assert not app.there("production")


def test_symlinks_lead_nowhere(shop: pretending.App) -> None:
    """A stencil, a configuration file or the pipeline itself that points out of the repository is not read."""

    def stencil() -> None:
        (shop.folder / "deploy/stencils/link.yaml").symlink_to("/etc/passwd")
        shop.commit("stencil link")

    def folder() -> None:
        (shop.folder / "deploy/stencils/linked.yaml").symlink_to("/etc")
        shop.commit("folder link")

    def configuration() -> None:
        (shop.folder / "deploy/passwd").symlink_to("/etc/passwd")
        text = FORMATION + 'config: {passwd: "file:deploy/passwd"}\n'
        shop.commit("configuration link", changes={"deploy/formations/dev.yaml": text})

    def pipeline() -> None:
        (shop.folder / ".sealane.yml").unlink()
        (shop.folder / ".sealane.yml").symlink_to("/etc/passwd")
        commit(shop.folder, {}, "pipeline link")

    refused(shop, stencil, says="symbolic link", file="deploy/stencils/link.yaml")
    refused(shop, folder, says="symbolic link", file="deploy/stencils/linked.yaml")
    refused(shop, configuration, says="symbolic link", file="deploy/formations/dev.yaml:7:")
    refused(shop, pipeline, says="symbolic link", file=".sealane.yml")


def test_a_repository_without_a_pipeline_is_told_what_is_missing(shop: pretending.App) -> None:
    def without() -> None:
        (shop.folder / ".sealane.yml").unlink()
        commit(shop.folder, {}, "no pipeline")

    refused(shop, without, says="there is no .sealane.yml", file=".sealane.yml")


def test_a_submodule_is_never_fetched(serving: Serving, tmp_path: Path) -> None:
    """Not even one that lies on the server's own disk; the run goes on without it."""
    secret = tmp_path / "secret"
    secret.mkdir()
    git(secret, "init", "-q", "-b", "main")
    commit(secret, {"deploy.yaml": "kind: Stolen"})
    app = pretending.App(serving, tmp_path / "other", "other")
    git(
        app.folder,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(secret),
        "deploy/stencils/sub",
    )
    head = app.commit("submodule")
    app.push()
    view = app.run_of(head)
    assert "Stolen" not in str(app.get(f"/api/runs/{view['run']['id']}"))
    kept = paths_under(serving.folder / "data")
    assert not [path for path in kept if path.match("modules/*/config") or path.match("sub/deploy.yaml")]


ODD = ("feature/new_#333", "metasearch->ransack", "a'b\"c;$(id)", "ünïcode-🚀", "-x")
"""Names of branches that programs like this one could not clone, show or filter."""


def test_odd_names_and_words_are_run_like_any_other(serving: Serving, tmp_path: Path) -> None:
    """A subject longer than any column, an author in another charset, and a tag with a branch's name."""
    app = pretending.App(serving, tmp_path / "odd", "odd")
    tree = git(app.folder, "rev-parse", "HEAD^{tree}").stdout.strip()
    words = b"tree %s\nauthor J\xe9r\xf4me <j@example.com> 1700000000 +0000\ncommitter K <k@example.com> 1700000000 +0000\n\n%s\n"
    made = app.folder / "made"
    made.write_bytes(words % (tree.encode(), "🚀 ".encode() + b"caf\xe9 " + b"x" * 10_000))
    head = git(app.folder, "hash-object", "-t", "commit", "-w", "made").stdout.strip()
    refs = {f"refs/heads/{name}" for name in (*ODD, "main")} | {"refs/tags/main"}
    app.push("--force", *(f"{head}:{ref}" for ref in sorted(refs)))
    for ref in refs:
        run = app.run_of(head, ref=ref)["run"]
        assert (run["status"], run["event"]["ref"]) == ("passed", ref), run
        assert run["event"]["message"].startswith("🚀 caf"), run["event"]
        assert run["event"]["author"].startswith("J"), run["event"]
    listed = app.cli("status", "odd")
    assert listed.returncode == 0, listed.stderr


DESCRIBED = {
    "ext::sh%20-c%20id": "the transport ext:: runs programs of this machine",
    "../other.git": "the repository itself has no URL",
    "https://127.0.0.1/shop.git": "submodules may not come from 127.0.0.1/shop",
}
"""More of them, without a server, in tests/unit/clients_git/test_urls.py."""


def test_submodules_lead_to_no_program_file_or_other_app(serving: Serving, tmp_path: Path) -> None:
    """Though the pipeline asks for them: what a commit writes of them is refused with its reason before anything runs."""
    app = pretending.App(serving, tmp_path / "linked", "linked")
    asks = app.files("x")[".sealane.yml"] + "clone: {submodules: recursive}\n"
    heads = {}
    for number, url in enumerate(DESCRIBED):
        described = f'[submodule "sub"]\n\tpath = sub\n\turl = {url}\n'
        git(app.folder, "checkout", "-q", "-B", f"b{number}", "main")
        (app.folder / "sub").mkdir(exist_ok=True)  # as git leaves the place of a submodule that is not fetched
        git(app.folder, "update-index", "--add", "--cacheinfo", f"160000,{app.head},sub")
        heads[url] = app.commit(url, changes={".sealane.yml": asks, ".gitmodules": described})
    app.push(*(f"b{number}" for number in range(len(heads))))
    for number, (url, says) in enumerate(DESCRIBED.items()):
        run = app.run_of(heads[url], ref=f"refs/heads/b{number}")["run"]
        assert run["status"] == "failed", run
        assert says in run["reason"], run["reason"]


def test_a_pack_that_is_too_large_is_refused_by_git_itself(serving: Serving, tmp_path: Path) -> None:
    """The push fails with a message, nothing of it stays on the disk, and the next ordinary one goes through."""
    app = pretending.App(serving, tmp_path / "packs", "packs")
    (app.folder / "large").write_bytes(os.urandom(1_000_000))
    app.commit("large")
    pushed = app.push(check=False)
    assert pushed.returncode != 0
    assert "300" in pushed.stderr or "exceeds" in pushed.stderr or "too large" in pushed.stderr, pushed.stderr
    assert app.runs() == []
    kept = paths_under(serving.folder / "data" / "repositories" / "packs.git")
    assert sum(path.stat().st_size for path in kept if path.is_file()) < 300_000

    git(app.folder, "reset", "-q", "--hard", "HEAD~1")
    app.push()
    assert app.run_of(app.head)["run"]["status"] == "passed"


def test_what_may_not_come_learns_nothing_of_what_is_there(
    serving: Serving, shop: pretending.App, tmp_path: Path
) -> None:
    """No destination is asked about a namespace that is not open to the app: it would tell whose objects are there.

    The last test of the module: something of another app is there from now on.
    """
    neighbor = pretending.App(serving, tmp_path / "neighbor", "neighbor")
    neighbor.push()
    neighbor.deployment("dev", neighbor.head)
    spying = edited("deploy/formations/dev.yaml", "shop-dev", "neighbor-dev")
    branch = f"strange-{os.urandom(4).hex()}"
    git(shop.folder, "checkout", "-q", "-b", branch, "main")
    try:
        shop.commit("spy", changes=spying)
        shop.push("--force", "HEAD:main")
        view = shop.run_of(shop.head)
    finally:
        git(shop.folder, "checkout", "-q", "--force", "main")
    assert [finding["message"] for finding in view["findings"]] == [
        "the namespace neighbor-dev is not open to shop in dev: only shop-dev"
    ]
