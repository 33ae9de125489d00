"""`sealane run` on a real engine: what it runs, shows and ends with."""

from __future__ import annotations

import subprocess

import pytest

from tests.integration.runs import Folder


def test_steps_run_in_order_over_one_workspace_and_services_are_found_by_name(here: Folder) -> None:
    """The whole of it once: a service, an artefact handed on, a secret, and lines behind each step's name."""
    ready = "mkdir /www; echo served > /www/index.html; sleep 0.5; exec httpd -f -p 8000 -h /www"
    here.write(
        services={"web": {"command": ["/bin/sh", "-c", ready], "healthcheck": {"test": "wget -q -O- http://web:8000"}}},
        steps=[
            {"name": "make", "commands": ["echo made > artefact", "pwd"], "environment": {"GREETING": "hello there"}},
            {
                "name": "use",
                "commands": ["cat artefact", "wget -q -O- http://web:8000", "echo t $TOKEN"],
                "secrets": ["TOKEN"],
            },
        ],
    )
    (here.path / "secrets").write_text("export TOKEN='hunter2 hunter2'\n")
    done = here.run("--secrets-file", "secrets")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines == [
        "make | + echo made > artefact",
        "make | + pwd",
        "make | /workspace",
        "use  | + cat artefact",
        "use  | made",
        "use  | + wget -q -O- http://web:8000",
        "use  | served",
        "use  | + echo t $TOKEN",
        "use  | t ***",
    ]
    assert "web  : healthy" in done.stderr
    assert "passed in" in done.stderr.splitlines()[-1]
    assert (here.path / "artefact").read_text() == "made\n"


def test_a_file_of_woodpecker_runs_as_it_is(here: Folder) -> None:
    """In its folder's name: an entry point with settings, a folder of its own, and a failure that is ignored."""
    (here.path / ".sealane.yml").unlink(missing_ok=True)
    (here.path / ".woodpecker.yml").write_text(
        f"""\
variables: [&image {here.image}]
steps:
  - {{name: Make It, image: *image, commands: ['mkdir sub', 'echo ${{CI_PIPELINE_EVENT}} $CI_STEP_NAME $${{CI}}']}}
  - name: plugin
    image: *image
    directory: sub
    entrypoint: [/bin/sh, -c, 'echo $PLUGIN_TAGS; pwd; exit 3']
    settings: {{tags: [a, b]}}
    failure: ignore
  - {{name: after, image: *image, entrypoint: [/bin/sh, -c, 'echo "$CI_SCRIPT" | base64 -d'], commands: [mine]}}
"""
    )
    done = here.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "make-it | + mkdir sub",
        "make-it | + echo push $CI_STEP_NAME ${CI}",
        "make-it | push Make It woodpecker",
        "plugin  | a,b",
        "plugin  | /workspace/sub",
        "after   | mine",
    ]
    assert "exit code 3; its failure is ignored" in done.stderr


def test_steps_know_what_runs_them(here: Folder) -> None:
    here.write(steps=[{"name": "tell", "commands": ["env"], "environment": {"MINE": "yes", "CI": "overruled"}}])
    said = set(here.run("--event", "tag", "--ref", "refs/tags/v1").stdout.splitlines())
    assert {
        "tell | SEALANE=true",
        "tell | SEALANE_EVENT=tag",
        "tell | SEALANE_REF=refs/tags/v1",
        f"tell | SEALANE_APP={here.app}",
        "tell | SEALANE_STEP=tell",
        "tell | MINE=yes",
        "tell | CI=overruled",
    } <= said


def test_a_failing_step_ends_with_1_leaves_out_the_rest_and_runs_what_asked_for_failure(here: Folder) -> None:
    here.write(
        steps=[
            {"name": "test", "commands": ["echo before", "exit 3", "echo after"]},
            {"name": "build", "commands": ["echo never"]},
            {"name": "tell", "commands": ["echo told"], "when": {"status": "failure"}},
        ]
    )
    done = here.run()
    assert done.returncode == 1
    assert "test  | before" in done.stdout
    assert "after" not in done.stdout.replace("+ echo after", "")
    assert "never" not in done.stdout
    assert "tell  | told" in done.stdout
    assert "build : skipped: test failed" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("failed in")
    assert done.stderr.splitlines()[-1].endswith("test: exit code 3")


def test_json_is_one_document_a_line_and_a_summary_last(here: Folder) -> None:
    here.write(steps=[{"name": "one", "commands": ["echo hello"]}], deliver=[{"formation": "dev"}])
    events = here.events()
    assert events[0]["event"] == "RunStarted"
    assert "".join(event["data"] for event in events if event["event"] == "LogWritten") == "+ echo hello\nhello\n"
    summary = events[-1]
    assert (summary["event"], summary["status"], summary["exit_code"]) == ("summary", "passed", 0)
    assert [(step["key"], step["status"]) for step in summary["steps"]] == [
        ("step/one", "passed"),
        ("deliver/dev", "skipped"),
    ]
    assert summary["steps"][1]["reason"] == "delivering is the server's: push the commit"


def test_missing_secrets_are_found_before_anything_starts(here: Folder) -> None:
    here.write(
        steps=[
            {"name": "one", "commands": ["touch started"]},
            {"name": "two", "commands": ["true"], "secrets": ["TOKEN", "KEY"]},
        ]
    )
    (here.path / "secrets").write_text("KEY=12345\n")
    done = here.run("--secrets-file", "secrets")
    assert done.returncode == 2
    assert "missing secrets: TOKEN (for step two)" in done.stderr
    assert not (here.path / "started").exists()


def test_a_secret_too_short_to_mask_is_refused_with_the_reason(here: Folder) -> None:
    here.write(steps=[{"name": "one", "commands": ["true"], "secrets": ["PIN"]}])
    (here.path / "secrets").write_text("PIN=123\n")
    done = here.run("--secrets-file", "secrets")
    assert done.returncode == 2
    assert "secret PIN: shorter than 4 characters, which can't be masked" in done.stderr


def test_findings_of_a_bad_file_come_all_at_once_with_their_places(here: Folder) -> None:
    (here.path / ".sealane.yml").write_text("app: shop\nsteps:\n  - name: one\n    imag: x\n    timeout: soon\n")
    done = here.run()
    assert done.returncode == 2
    assert ".sealane.yml:4:5: error:" in done.stderr
    assert ".sealane.yml:5:" in done.stderr


def test_a_folder_without_a_pipeline_says_how_to_begin(here: Folder) -> None:
    done = here.run()
    assert done.returncode == 2
    assert "there is no .sealane.yml in" in done.stderr
    assert "sealane init" in done.stderr


def test_only_the_steps_asked_for_run(here: Folder) -> None:
    here.write(steps=[{"name": name, "commands": [f"echo {name}"]} for name in ("one", "two", "three")])
    assert [line for line in here.run("--step", "two").stdout.splitlines() if "+" not in line] == ["two   | two"]
    unknown = here.run("--step", "tow")
    assert unknown.returncode == 2
    assert "did you mean two?" in unknown.stderr


def test_clean_runs_a_fresh_clone_of_the_last_commit(here: Folder) -> None:
    """What is not committed is not there, and what the steps write stays out of the folder."""

    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=here.path, check=True)

    here.write(steps=[{"name": "look", "commands": ["cat file", "ls", "touch made", "echo $SEALANE_BRANCH"]}])
    (here.path / "file").write_text("committed\n")
    git("init", "-q", "-b", "trunk")
    git("add", ".")
    git("commit", "-qm", "First")
    (here.path / "file").write_text("changed\n")
    (here.path / "stray").touch()
    done = here.run("--clean")
    assert done.returncode == 0, done.stderr
    assert "look | committed" in done.stdout
    assert "stray" not in done.stdout
    assert not (here.path / "made").exists()
    assert not list((here.path.parent / "home").rglob("work"))
    assert "look | changed" in here.run().stdout


def test_clean_without_a_commit_says_so(here: Folder) -> None:
    here.write(steps=[{"name": "one", "commands": ["true"]}])
    done = here.run("--clean")
    assert done.returncode == 2
    assert "has no commit to run with --clean" in done.stderr


def test_an_image_is_built_here_and_used_by_a_step(here: Folder) -> None:
    """Nothing is pushed, and a plain line says so."""
    (here.path / "Dockerfile").write_text(f"FROM {here.image}\nRUN echo baked > /baked\n")
    here.write(
        images={"tool": {"build": "."}},
        steps=[{"name": "use", "image": "${image.tool}", "commands": ["cat /baked"], "needs": ["tool"]}],
    )
    done = here.run()
    assert done.returncode == 0, done.stderr + done.stdout
    assert "use        | baked" in done.stdout
    assert f"built localhost/{here.app}/tool:local; only a server pushes images" in done.stdout
    subprocess.run(
        [
            "curl",
            "-sf",
            "-X",
            "DELETE",
            "--unix-socket",
            here.socket,
            f"http://e/v1.41/images/localhost/{here.app}/tool:local",
        ],
        check=True,
        capture_output=True,
    )


def test_without_an_engine_every_address_tried_is_named(here: Folder) -> None:
    here.write(steps=[{"name": "one", "commands": ["true"]}])
    done = here.run(DOCKER_HOST="unix:///nowhere/engine.sock")
    assert done.returncode == 3
    assert "no container engine answers" in done.stderr
    assert "unix:///nowhere/engine.sock (DOCKER_HOST): no such socket" in done.stderr
    assert "unset DOCKER_HOST" in done.stderr


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {}])
def test_what_is_piped_has_no_colours(here: Folder, variable: dict[str, str]) -> None:
    here.write(steps=[{"name": "one", "commands": ["printf '\\033[31mred\\033[0m \\033]0;title\\007 \\a\\n'"]}])
    done = here.run(**variable)
    assert "\x1b" not in done.stdout + done.stderr
    assert "one | red  \ufffd" in done.stdout
