"""What goes wrong around a run ends in a clear word, not in a hang."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from pathlib import Path

from tests.integration import engines, runs
from tests.integration.runs import Folder, until


def started(here: Folder) -> bool:
    return (here.path / "started").exists()


def ended(process: subprocess.Popen[str], seconds: float = 200) -> tuple[int, str, str]:
    out, said = process.communicate(timeout=seconds)
    return process.returncode, out, said


def test_an_engine_that_dies_in_the_middle_of_a_step_breaks_the_run_without_a_hang(
    here: Folder, tmp_path: Path
) -> None:
    """What it left is removed by the next run, once an engine answers again."""
    here.write(steps=[{"name": "long", "commands": ["touch started", "sleep 300"]}])
    with engines.beside_the_bed(tmp_path) as second:
        bed, here.socket = here.socket, str(second.socket)
        process = here.start()
        until(lambda: started(here))
        second.kill()
        code, _, said = ended(process)
        here.socket = bed
    assert code == 3
    assert f"the container engine at unix://{second.socket} does not answer" in said
    assert "what the run made could not be removed" in said
    assert len(here.traces()) == 2

    here.write(steps=[{"name": "short", "commands": ["true"]}])
    assert here.run().returncode == 0
    assert here.traces() == []


def test_a_step_survives_an_engine_that_comes_back(here: Folder, tmp_path: Path) -> None:
    """Its container is found again, and no line of its output is lost or told twice."""
    commands = ["echo one; touch started; while [ ! -e go ]; do sleep 0.1; done; echo two"]
    here.write(steps=[{"name": "long", "commands": commands}])
    with engines.beside_the_bed(tmp_path) as second:
        bed, here.socket = here.socket, str(second.socket)
        process = here.start()
        until(lambda: started(here))
        second.kill()
        time.sleep(1)  # long enough for the run to notice
        second.start()
        (here.path / "go").touch()
        code, out, said = ended(process)
        here.socket = bed
    assert code == 0, said
    assert out.splitlines()[1:] == ["long | one", "long | two"]


def test_a_full_disk_of_the_engine_is_named(tmp_path: Path, busybox_image: str) -> None:
    with engines.on_a_small_disk(busybox_image, megabytes=24) as (small, disk):
        here = runs.folder(tmp_path, str(small.socket), busybox_image)
        here.write(steps=[{"name": "one", "commands": ["true"]}])
        filler = disk / "filler"
        subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"], check=False, capture_output=True)
        done = here.run()
        filler.unlink()
        assert done.returncode == 3, done.stdout + done.stderr
        assert "the engine's disk is full" in done.stderr
        assert "podman system prune" in done.stderr
        assert here.run().returncode == 0
        assert here.traces() == []


def test_a_step_that_meets_a_full_disk_says_so(here: Folder) -> None:
    here.write(steps=[{"name": "one", "commands": ["dd if=/dev/zero of=/dev/full bs=1k count=1"]}])
    done = here.run()
    assert done.returncode == 1
    assert "one: exit code 1; it says that a disk is full" in done.stderr


def test_an_image_nobody_has_fails_the_step_and_names_it(here: Folder, registry: str) -> None:
    image = f"{registry}/nobody/has-this:1"
    here.write(steps=[{"name": "one", "image": image, "commands": ["true"]}])
    done = here.run()
    assert done.returncode == 1
    assert f"one: image {image} can't be pulled" in done.stderr


def test_an_image_only_the_registry_has_is_fetched(here: Folder, registry: str) -> None:
    """Over plain HTTP, as registries on this machine speak."""
    del registry
    digest = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", "--format={{.Digest}}", f"docker://{here.image}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    name = f"{here.image.rpartition(':')[0]}-copy-{here.app}:1"
    copy = ["skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false"]
    subprocess.run([*copy, f"docker://{here.image}", f"docker://{name}"], check=True, capture_output=True)
    here.write(steps=[{"name": "one", "image": name, "commands": ["echo there"]}])
    done = here.run()
    assert done.returncode == 0, done.stderr
    assert f"one | fetching image {name}" in done.stdout
    assert "one | there" in done.stdout
    assert digest.startswith("sha256:")


def test_a_registry_that_does_not_answer_is_the_machinerys_fault(here: Folder) -> None:
    here.write(steps=[{"name": "one", "image": "127.0.0.1:1/x/y:1", "commands": ["true"]}])
    done = here.run()
    assert done.returncode == 3
    assert "image 127.0.0.1:1/x/y:1 is not on this engine and could not be fetched" in done.stderr


def test_machinery_is_tried_again_as_often_as_the_step_says(here: Folder) -> None:
    retry = {"limit": 1, "on": ["infrastructure"]}
    here.write(steps=[{"name": "one", "image": "127.0.0.1:1/x/y:1", "commands": ["true"], "retry": retry}])
    done = here.run()
    assert done.returncode == 3
    assert "after 2 attempts" in done.stderr


def test_a_failing_step_is_tried_again_when_it_asks_for_that(here: Folder) -> None:
    commands = ["echo x >> tries", "test $(wc -l < tries) -ge 3"]
    here.write(steps=[{"name": "flaky", "commands": commands, "retry": {"limit": 2, "on": ["failure"]}}])
    done = here.run()
    assert done.returncode == 0, done.stderr
    assert (here.path / "tries").read_text() == "x\n" * 3
    assert "started, attempt 3" in done.stderr


def test_an_image_without_a_shell_says_what_is_missing(here: Folder) -> None:
    (here.path / "Dockerfile").write_text("FROM scratch\nCOPY .sealane.yml /file\n")
    here.write(
        images={"bare": {"build": "."}},
        steps=[{"name": "one", "image": "${image.bare}", "commands": ["true"], "needs": ["bare"]}],
    )
    done = here.run()
    assert done.returncode == 1
    assert "has no /bin/sh to run `commands` with" in done.stderr
    subprocess.run(
        [
            "curl",
            "-s",
            "-X",
            "DELETE",
            "--unix-socket",
            here.socket,
            f"http://e/v1.41/images/localhost/{here.app}/bare:local",
        ],
        check=True,
        capture_output=True,
    )


def test_a_step_over_its_time_fails(here: Folder) -> None:
    here.write(steps=[{"name": "slow", "commands": ["sleep 300"], "timeout": "1s"}])
    done = here.run()
    assert done.returncode == 1
    assert "slow: took longer than 1s and was ended" in done.stderr


def test_a_service_that_never_becomes_healthy_fails_the_run_and_shows_its_log(here: Folder) -> None:
    check = {"test": "echo not yet; exit 1", "interval": "200ms", "retries": 3}
    here.write(
        services={
            "db": {
                "command": ["/bin/sh", "-c", "echo waiting for $PASSWORD; sleep 300"],
                "healthcheck": check,
                "environment": {"PASSWORD": "x"},
            }
        },
        steps=[{"name": "one", "commands": ["touch started"]}],
    )
    done = here.run()
    assert done.returncode == 1
    assert "db  | waiting for x" in done.stdout
    assert "service db: not healthy after 3 checks; its check said last: not yet (exit code 1)" in done.stderr
    assert not started(here)


def test_a_service_that_ends_fails_the_run_at_once_with_its_log_masked(here: Folder) -> None:
    command = ["/bin/sh", "-c", "echo bad password $PASSWORD; exit 7"]
    check = {"test": "false", "interval": "5m", "retries": 30}
    here.write(
        services={"db": {"command": command, "healthcheck": check, "secrets": ["PASSWORD"], "ready_within": "5m"}},
        steps=[{"name": "one", "commands": ["touch started"]}],
    )
    (here.path / "secrets").write_text("PASSWORD=hunter2-hunter2\n")
    done = here.run("--secrets-file", "secrets")
    assert done.returncode == 1
    assert "db  | bad password ***" in done.stdout
    assert "service db: it ended: exit code 7" in done.stderr


def test_a_step_that_failed_because_a_service_died_says_so(here: Folder) -> None:
    """It fails for want of the service, so the service has ended first, however slow the machine is."""
    command = [
        "/bin/sh",
        "-c",
        "httpd -p 8000 -h /etc; while [ ! -e /die ]; do sleep 0.1; done; echo out of luck; exit 9",
    ]
    check = {"test": "touch /die", "retries": 5}
    needs = "while wget -q -T 2 -O /dev/null http://db:8000/passwd; do sleep 0.1; done"
    here.write(
        services={"db": {"command": command, "healthcheck": check}},
        steps=[{"name": "one", "commands": [needs, "sleep 1", "false"]}],  # a second for the engine to notice its end
    )
    done = here.run()
    assert done.returncode == 1
    assert "one: exit code 1; service db: it ended: exit code 9" in done.stderr
    assert "db  | out of luck" in done.stdout


def test_a_very_long_log_is_cut_with_a_word_and_held_in_little_memory(here: Folder) -> None:
    """The step prints 96 MiB; the run keeps 64 MiB and never holds more than a small part of it."""
    line = "0123456789" * 10
    here.write(steps=[{"name": "talk", "commands": [f"yes {line} | head -c {96 << 20}", "echo; echo the end"]}])
    process = here.start("--json", stderr=subprocess.DEVNULL)
    most = [0]

    def watch() -> None:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            try:
                peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
            except (OSError, StopIteration):
                return
            most[0] = int(peak.split()[1])
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert process.stdout is not None
    total = 0
    last = ""
    with process:
        for text in process.stdout:
            total += len(text)
            last = text if '"LogWritten"' in text else last
    watcher.join()
    assert process.returncode == 0
    assert 64 << 20 < total < 80 << 20
    assert "[sealane] 32 MiB more were printed and not kept" in last
    assert most[0] < 160 * 1024  # KiB


def test_a_line_without_end_and_binary_output_do_no_harm(here: Folder) -> None:
    here.write(steps=[{"name": "noise", "commands": ["head -c 3000000 /dev/urandom", "echo", "echo fine"]}])
    done = here.run()
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "noise | fine"
    assert not any(ord(letter) < 32 and letter != "\n" for letter in done.stdout)


def test_a_stopped_run_whose_engine_has_gone_ends_too(here: Folder, tmp_path: Path) -> None:
    here.write(steps=[{"name": "long", "commands": ["touch started", "sleep 300"]}])
    with engines.beside_the_bed(tmp_path) as second:
        bed, here.socket = here.socket, str(second.socket)
        process = here.start()
        until(lambda: started(here))
        second.kill()
        process.send_signal(signal.SIGINT)
        code, _, said = ended(process)
        here.socket = bed
    assert code in {3, 130}
    assert "could not be removed" in said
    here.write(steps=[{"name": "short", "commands": ["true"]}])
    assert here.run().returncode == 0
