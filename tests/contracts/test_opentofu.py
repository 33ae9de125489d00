"""Configurations through the real program: what is applied is what was planned, once, and told as it is."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sealane import errors
from sealane.cli.local import deployment
from sealane.clients import confinement
from sealane.deployments import drift_check, ledger_entries
from sealane.destinations.opentofu import program_output
from sealane.destinations.opentofu.folders import ConfigurationFolder
from sealane.destinations.opentofu.previews import TofuPreviewer
from tests.opentofu import Place, changes, identity
from tests.serving import until

ONE = """
    resource "terraform_data" "net" { input = "one" }
"""
TWO = ONE.replace("one", "two")
REPLACED = """
    resource "terraform_data" "net" {
      input            = "SIZE"
      triggers_replace = "SIZE"
    }
"""
COUNTED = """
    resource "terraform_data" "net" {
      provisioner "local-exec" { command = "COMMAND" }
    }
"""


@pytest.fixture
def place(tmp_path: Path, opentofu: str) -> Place:
    return Place(folder=tmp_path, program=opentofu)


def verdict(ended: Any) -> tuple[str, str]:
    return ended.outcome.verdict.kind.value, ended.outcome.verdict.reason


async def test_it_is_deployed_fails_and_goes_back_by_a_plan_of_what_was_verified(place: Place) -> None:
    one = await place.plan(ONE)
    assert changes(one) == {"terraform_data.net": ["create"]}
    assert verdict(await place.deploy(one)) == ("deployed", "Everything is ready.")
    two = await place.plan(TWO)
    assert changes(two) == {"terraform_data.net": ["update"]}
    assert verdict(await place.deploy(two))[0] == "deployed"

    bad = await place.plan(TWO + COUNTED.replace("net", "bad").replace("COMMAND", "echo no such network; exit 7"))
    kind, reason = verdict(await place.deploy(bad))
    assert kind == "failed"
    assert "terraform_data.bad" in reason
    assert "exit status 7" in reason
    assert "left as it was" not in reason
    assert "sealane rollback" in reason, "nothing goes back without a plan"

    history = ledger_entries.read(await place.destination.read_ledger("net", "live", namespace="base"))
    back = deployment.target(history, one.id[7:14], label="net/live")
    replanned, _ = await place.planner.plan(back, deletes=1)
    assert replanned
    assert changes(replanned) == {"terraform_data.net": ["update"], "terraform_data.bad": ["delete"]}
    assert replanned.id != one.id, "another plan is another revision, and is approved anew"
    assert verdict(await place.deploy(replanned, is_rollback=True))[0] == "deployed"


async def test_a_plan_is_applied_once_and_behind_the_fence(place: Place, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    revision = await place.plan(COUNTED.replace("COMMAND", f"echo x >> {ran}"))

    async def fenced() -> None:
        raise errors.Fenced("another worker has taken over")

    with pytest.raises(errors.Fenced):
        await place.apply(revision, fence=fenced)
    assert not ran.exists()
    for _ in range(2):
        applied = await place.apply(revision)
        assert applied.refusals == ()
        assert ran.read_text() == "x\n"


async def test_a_plan_of_another_state_and_another_plan_are_refused(place: Place) -> None:
    first, second = await place.plan(ONE), await place.plan(TWO)
    assert not await place.planner.is_outdated(first)
    await place.apply(second)
    assert await place.planner.is_outdated(first)
    assert await place.planner.is_outdated(second), "it is used up"
    (refusal,) = (await place.apply(first, sequence=2)).refusals
    assert refusal.message == "its state is not what was planned from: serial 1 now, no state yet then"

    third = await place.plan(ONE)
    swapped = next((place.folder / "kept/plans/base/network").glob("*.age"))
    other = await place.plan(TWO + ONE.replace("net", "more"))
    (forged,) = [path for path in swapped.parent.glob("*.age") if path != swapped]
    forged.replace(swapped)
    (refusal,) = (await place.apply(third, sequence=3)).refusals
    assert refusal.message == "the saved plan is not the one that was approved"
    assert other.id != third.id

    (refusal,) = (await place.apply(await place.plan(ONE), formation="other")).refusals
    assert refusal.message == "it belongs to net/live"


async def test_what_a_plan_deletes_counts_unless_it_is_named(place: Place) -> None:
    await place.apply(await place.plan(REPLACED.replace("SIZE", "3")))
    larger = REPLACED.replace("SIZE", "4")
    said = (
        "deploy/stencils/network.yaml:6:3: error: Configuration network: the plan deletes or replaces "
        "terraform_data.net: more than the 0 that are allowed (if that is meant, name them in spec.deletes)"
    )
    assert [line.split(": ", 1)[1].removeprefix("error: ") for line in await place.problems(larger)] == [
        said.split("error: ")[1]
    ]
    assert changes(await place.plan(larger, deletes=1)) == {"terraform_data.net": ["delete", "create"]}
    named = await place.plan(larger, spec="deletes: [terraform_data.net]")
    assert (await place.apply(named, sequence=2)).refusals == ()

    (wrong,) = await place.problems(larger, spec="destroy: everything")
    assert "write its name there, network, if that is meant" in wrong
    gone = await place.plan(larger, spec="destroy: network")
    assert changes(gone) == {"terraform_data.net": ["delete"]}
    assert verdict(await place.deploy(gone))[0] == "deployed"
    assert place.record.result.resources == 0


async def test_what_is_sensitive_is_in_no_revision_and_no_file_but_the_state(place: Place) -> None:
    secret = """
        variable "password" {
          default   = "hunter2"
          sensitive = true
        }
        resource "terraform_data" "net" { input = { user = "app", password = var.password } }
        output "password" {
          value     = var.password
          sensitive = true
        }
    """
    revision = await place.plan(secret)
    (change,) = [
        item.object["spec"] for item in revision.objects if item.object["spec"].get("type") == "terraform_data"
    ]
    assert change["after"]["input"] == {"user": "app", "password": "<sensitive>"}
    without_files = [item.object for item in revision.objects if item.kind != "Configuration"]
    assert "hunter2" not in json.dumps(without_files)
    (saved,) = (place.folder / "kept/plans").rglob("*.age")
    assert saved.read_bytes().startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")
    await place.deploy(revision)
    assert "hunter2" not in (place.folder / "kept/logs/base/network.jsonl").read_text()
    assert "hunter2" not in (place.folder / "kept/records/base/network.json").read_text()
    assert not list((place.folder / "kept/plans").rglob("*.age")), "it can't be applied again"


async def test_what_somebody_changed_is_drift(place: Place) -> None:
    revision = await place.plan(ONE)
    await place.deploy(revision)
    assert (await drift_check.of(revision, place.destination)).objects == ()
    state = place.folder / "kept/states/base/network/terraform.tfstate"
    state.write_text(state.read_text().replace('"one"', '"mine"'))
    (drift,) = (await drift_check.of(revision, place.destination)).objects
    assert drift.object == "Configuration/network"
    assert next((field.path, field.before, field.after) for field in drift.fields) == (
        "terraform_data.net.input",
        "mine",
        "one",
    )


async def test_mistakes_are_told_where_they_are(place: Place) -> None:
    (wrong,) = await place.problems(ONE + '    resource "terraform_data" "more" { input = var.missing }\n')
    assert wrong.startswith("infra/network/main.tf:3:1")
    assert "Reference to undeclared input variable" in wrong
    (local,) = await place.problems('    terraform {\n      backend "local" {}\n    }\n')
    assert 'backend "local" is not possible here' in local
    (state,) = [
        str(finding) for finding in place.render(ONE, **{"old.tfstate": "{}"})[1] if "is a state" in finding.message
    ]
    assert "infra/network/old.tfstate is a state" in state


async def test_a_confined_program_sees_nothing_of_the_server(place: Place, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("the server's own")
    said = tmp_path / "kept/states/base/network/said"
    main = f"""
        output "file" {{ value = try(file("{tmp_path}/token"), "nothing") }}
        output "processes" {{ value = fileset("/proc", "*/environ") }}
        resource "terraform_data" "net" {{
          provisioner "local-exec" {{ command = "env > {said}; hostname >> {said}; ls /root /home {tmp_path} >> {said} 2>&1 || true" }}
        }}
    """
    place = Place(folder=tmp_path, program=place.program, confined=True, variables={"GIVEN": "by operators"})
    revision = await place.plan(main)
    outputs = {
        item.object["spec"]["address"]: item.object["spec"]["after"]
        for item in revision.objects
        if item.kind == "ResourceChange"
    }
    assert outputs["output.file"] == "nothing"
    assert len(outputs["output.processes"]) <= 3, "only its own"
    assert (await place.apply(revision)).refusals == ()
    assert place.record.result.problem == ""
    words = said.read_text()
    assert "GIVEN=by operators" in words
    assert "sealane-" in words
    assert "token" not in words
    for name in ("SEALANE", "PYTEST", "VIRTUAL_ENV"):
        assert name not in words


async def test_what_operators_let_it_have_is_shown_nowhere(place: Place, tmp_path: Path) -> None:
    """In a plan, a complaint, a record or the log; a place that has a common name is shown."""
    main = """
        output "told" { value = "s3cr3t-of-operators" }
        resource "terraform_data" "net" {
          provisioner "local-exec" { command = "env; echo $API_TOKEN | base64; exit 1" }
        }
    """
    given = {"API_TOKEN": "s3cr3t-of-operators", "AWS_REGION": "eu-central-1"}
    place = Place(folder=tmp_path, program=place.program, confined=True, variables=given)
    revision = await place.plan(main)
    told = [item.object for item in revision.objects if item.kind != "Configuration"]
    await place.deploy(revision)
    lines = place.programs.folder("base", "network").printed().splitlines()
    assert any("AWS_REGION=eu-central-1" in line for line in lines)
    for text in (json.dumps(told), *lines, str(place.record)):
        assert "s3cr3t-of-operators" not in text
        assert "czNjcjN0LW9mLW9wZXJhdG9yc" not in text


async def test_a_link_that_code_of_a_commit_leaves_is_not_followed(place: Place, tmp_path: Path) -> None:
    """The server took the file at its end for the state that it had to store, and gave it to the next plan."""
    (tmp_path / "token").write_text("the server's own")
    main = f"""
        output "stolen" {{ value = try(file("sealane-kept.tfstate"), "nothing") }}
        resource "terraform_data" "net" {{
          provisioner "local-exec" {{ command = "ln -s {tmp_path}/token errored.tfstate" }}
        }}
    """
    place = Place(folder=tmp_path, program=place.program, confined=True)
    revision = await place.plan(main)
    assert (await place.apply(revision)).refusals == ()
    assert (place.record.result.problem, place.record.result.kept) == ("", "")
    assert "the server's own" not in str(place.record)


@pytest.mark.parametrize("planted", ["link", "link above", "pipe", "folder", "large"])
def test_only_plain_files_are_taken_from_where_a_program_worked(tmp_path: Path, planted: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "errored.tfstate").write_text("the server's own")
    folder = ConfigurationFolder(root=tmp_path / "kept", namespace="base", name="network")
    folder.lay_out({"main.tf": ""})
    path = "errored.tfstate"
    match planted:
        case "link":
            (folder.work / path).symlink_to(outside / path)
        case "link above":
            (folder.work / "above").symlink_to(outside)
            path = f"above/{path}"
        case "pipe":
            os.mkfifo(folder.work / path)
        case "folder":
            (folder.work / path).mkdir()
        case "large":
            (folder.work / path).touch()
            os.truncate(folder.work / path, 10**12)
    with pytest.raises(OSError, match=r"link|plain"):
        folder.read(path)
    assert folder.put_aside() is None
    if planted != "folder":
        folder.write("errored.tfstate", b"ours")
        assert folder.read("errored.tfstate") == b"ours"
    assert (outside / "errored.tfstate").read_text() == "the server's own"
    folder.lay_out({"a/main.tf": ""})
    assert [file.name for file in folder.work.rglob("*")] == ["a", "main.tf"]
    assert [file.name for file in folder.work.parent.iterdir()] == ["network"]


def test_a_program_is_confined_where_parts_of_proc_are_hidden(tmp_path: Path) -> None:
    """As in containers, and under a unit that protects the kernel's settings: Linux lets nobody mount a whole `/proc` there."""
    work, root = tmp_path / "work", tmp_path / "root"
    work.mkdir()
    root.mkdir()
    (tmp_path / "token").write_text("the server's own")
    looks = f"ls -A /proc /.old; cat {tmp_path}/token; ls -A {tmp_path}; echo end > made"
    confined = confinement.Confinement(work=work, root=root, name="bench").command(["/bin/sh", "-c", looks])
    hiding = 'mount --bind /dev/null /proc/kallsyms; exec "$@"'
    said = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c", hiding, "sh", *confined],
        env={"PATH": "/usr/bin:/bin"},  # the image's
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == ["/.old:", "/proc:", "work"]
    assert (work / "made").read_text() == "end\n"


async def test_an_apply_whose_worker_is_killed_goes_on_and_is_not_repeated(place: Place, tmp_path: Path) -> None:
    ran, go = tmp_path / "ran", tmp_path / "go"
    command = f"echo x >> {ran}; for i in $(seq 2400); do test -e {go} && break; sleep 0.05; done"
    revision = await place.plan(COUNTED.replace("COMMAND", command))
    (tmp_path / "revision.json").write_text(json.dumps(revision.to_json()))
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.contracts.opentofu_worker", str(tmp_path), place.program], env=dict(os.environ)
    )
    await asyncio.to_thread(until, "the apply runs", ran.exists)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    successor = asyncio.create_task(place.apply(revision))
    await asyncio.sleep(0)
    go.touch()
    assert (await successor).refusals == ()
    assert ran.read_text() == "x\n"
    assert place.record.is_of(identity(revision, 1))
    assert place.record.result.problem == ""


class States(BaseHTTPRequestHandler):
    """A store of one state, as OpenTofu's backend `http` wants it."""

    state: bytes = b""
    lock: bytes = b""
    broken = False

    def do_GET(self) -> None:
        self._say(200 if self.state else 404, self.state)

    def do_POST(self) -> None:
        content = self._content()
        if not type(self).broken:
            type(self).state = content
        self._say(500 if self.broken else 200)

    def do_LOCK(self) -> None:
        if self.lock:
            return self._say(423, self.lock)
        type(self).lock = self._content()
        return self._say(200)

    def do_UNLOCK(self) -> None:
        type(self).lock = b""
        self._say(200)

    def _content(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def _say(self, code: int, content: bytes = b"") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def states() -> Iterator[tuple[type[States], str]]:
    class Own(States):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        yield (
            Own,
            f'backend "http" {{\n address = "{address}"\n lock_address = "{address}"\n unlock_address = "{address}"\n retry_max = 0\n }}',
        )
        server.shutdown()


async def test_a_lock_is_freed_if_it_is_a_dead_program_s_of_ours_and_told_if_not(place: Place) -> None:
    with states() as (store, backend):
        revision = await place.plan(f"terraform {{\n {backend}\n }}\n{ONE}")
        own = (place.folder / "kept/locks/base/network").read_text().split()[-1]
        store.lock = json.dumps({"ID": "7", "Operation": "OperationTypeApply"}).encode()
        await place.apply(revision)
        assert "already locked: ID=7" in place.record.result.problem, "this backend does not tell whose it is"
        assert store.lock
        async with place.programs.bench(revision.objects[0].object, "base") as bench:
            for who, freed in (("eve@laptop", False), (f"root@{own}", True)):
                detail = f"Lock Info:\n  ID:        7\n  Who:       {who}\n"
                told = program_output.Diagnostic(summary="Error acquiring the state lock", detail=detail)
                assert await bench.free([told]) is freed
                assert bool(store.lock) is not freed


async def test_a_state_that_could_not_be_stored_is_kept_and_stored_later(place: Place) -> None:
    with states() as (store, backend):
        main = f"terraform {{\n {backend}\n }}\n{ONE}"
        revision = await place.plan(main)
        store.broken = True
        kind, reason = verdict(await place.deploy(revision))
        assert kind == "failed"
        (kept,) = (place.folder / "kept/kept/base").glob("network-*.tfstate")
        assert str(kept) in reason
        assert "one" in kept.read_text()
        store.broken = False
        again = await place.plan(main)
        assert changes(again) == {}, "what was made is known"
        assert verdict(await place.deploy(again))[0] == "deployed"


SENSITIVE = """
    variable "password" {
      default   = "hunter2"
      sensitive = true
    }
    resource "terraform_data" "secret" { input = var.password }
"""


async def test_a_pull_request_is_planned_apart_from_what_is_deployed(place: Place) -> None:
    await place.apply(await place.plan(REPLACED.replace("SIZE", "3")))

    def kept() -> dict[str, bytes]:
        files = [path for path in (place.folder / "kept").rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files if {"locks", "previews"}.isdisjoint(path.parts)}

    before = kept()
    left = place.folder / "kept/previews"
    left.mkdir()
    (left / "dead.lock").touch()
    (left / "dead").mkdir()
    revision, findings = place.render(REPLACED.replace("SIZE", "4") + SENSITIVE)
    assert revision, findings
    previewer = TofuPreviewer(programs=place.programs)
    first, second = await asyncio.gather(*(previewer.preview(revision, deletes=0) for _ in range(2)))
    assert first == second
    assert first.summary == "1 to create, 1 to replace"
    assert first.lines[0] == "network: 1 to create, 1 to replace"
    assert '      input: "3" → "4"' in first.lines
    assert "      input: <sensitive>" in first.lines
    changed = [rendered.object for rendered in first.revision.objects if rendered.kind == "ResourceChange"]
    assert "hunter2" not in f"{first.lines}{changed}"
    assert [finding.message for finding in first.findings] == [
        "Configuration network: the plan deletes or replaces terraform_data.net: more than the 0 that are allowed"
    ]
    assert set(changes(first.revision)) == {"terraform_data.net", "terraform_data.secret"}, "policies see them"
    assert kept() == before
    assert [path.name for path in left.iterdir()] == [".lock"]
    assert (await previewer.preview(revision, deletes=1)).findings == ()

    foreign = await previewer.preview(replace(revision, formation="other"), deletes=1)
    assert [finding.message for finding in foreign.findings] == ["Configuration network belongs to net/live"]
    assert foreign.lines == ()
    assert (await place.planner.plan(replace(revision, formation="other"), deletes=1))[0] is None
    bad, _ = place.render('resource "terraform_data" "net" { inputs = 1 }')
    assert bad
    (finding,) = (await previewer.preview(bad, deletes=1)).findings
    assert str(finding.place) == "infra/network/main.tf:1:1"


async def test_a_pull_request_cannot_write_what_is_deployed(place: Place) -> None:
    """Its program sees a copy of the state, and neither other states nor variables of the destination."""
    await place.apply(await place.plan(ONE))
    confined = replace(place, confined=True)
    revision, _ = confined.render(
        'resource "terraform_data" "net" { input = file("PATH") }'.replace(
            "PATH", str(place.folder / "kept/states/base/network/terraform.tfstate")
        )
    )
    assert revision
    (finding,) = (await TofuPreviewer(programs=confined.programs).preview(revision, deletes=0)).findings
    assert "no file exists" in finding.message


async def test_a_pull_request_gets_the_state_and_nothing_that_lies_beside_it(place: Place, tmp_path: Path) -> None:
    """A link that code of an earlier commit had left there was followed when the state was copied."""
    (tmp_path / "token").write_text("the server's own")
    place = replace(place, confined=True)
    state = place.folder / "kept/states/base/network"
    linked = COUNTED.replace("COMMAND", f"ln -s {tmp_path}/token {state}/stolen")
    await place.apply(await place.plan(linked))
    assert (state / "stolen").is_symlink()
    there = 'fileset("${path.root}/../../../states/base/network", "**")'
    revision, _ = place.render(f'{linked}\noutput "there" {{ value = {there} }}')
    assert revision
    preview = await TofuPreviewer(programs=place.programs).preview(revision, deletes=0)
    assert preview.findings == ()
    seen = [line for line in preview.lines if "tfstate" in line or "stolen" in line]
    assert [line.partition("there: ")[2] or line.strip() for line in seen] == ['["terraform.tfstate"]']


def test_a_program_of_the_machine_is_confined_while_another_one_runs_it(tmp_path: Path) -> None:
    sleep = Path(shutil.which("sleep") or "").resolve()
    work, root = tmp_path / "work", tmp_path / "root"
    work.mkdir()
    root.mkdir()
    confined = confinement.Confinement(work=work, root=root, name="here", reads=(sleep,)).command([str(sleep), "0"])
    with subprocess.Popen([str(sleep), "60"]) as busy:
        ended = subprocess.run(confined, env=confinement.variables({}, root), capture_output=True, check=False)
        busy.kill()
    assert ended.returncode == 0, ended.stderr
