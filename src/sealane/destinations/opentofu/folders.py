"""The folder in which Sealane keeps what it knows of configurations: records, saved plans, states, locks.

    records/NAMESPACE/NAME.json      what was applied last, by whom, and how it ended
    plans/NAMESPACE/NAME/HASH.age    saved plans, encrypted
    states/NAMESPACE/NAME/           the state of a configuration without a backend
    kept/NAMESPACE/NAME-TIME.tfstate a state that could not be stored where it belongs
    locks/NAMESPACE/NAME             locked while a program works on the configuration, until its last process has ended
    work/NAMESPACE/NAME/             its files while it is planned or applied
    ledgers/NAMESPACE/APP/FORMATION.json

Only its owner may read it. All workers that deploy there share it. Code of commits runs in `work` and `states`: what Sealane itself reads
and writes there is reached by descriptors, without following links, and nothing of `work` is used twice.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from sealane import clock, descriptors, typed_data
from sealane.clients import age
from sealane.destinations.opentofu.model import Record
from sealane.errors import NotThere, Unavailable

_TRY_EVERY = 0.1
_FORMER, _LONGEST = 50, 8192
_MOST_PRINTED = 16 * 1024 * 1024
LARGEST = 256 * 1024 * 1024
"""Bytes of a plan or a state."""
ERRORED = "errored.tfstate"
"""Where the program leaves a state that it could not store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLock:
    """The lock of a configuration's folder, held by this process and the programs that it hands the descriptor to."""

    descriptor: int
    former: tuple[str, ...]
    """The names under which it was held before: no process that had it lives any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigurationFolder:
    """What is kept of one configuration."""

    root: Path
    namespace: str
    name: str
    mask: Callable[[str], str] = field(default=str, repr=False, compare=False)
    """Hides what programs may know and nobody may read."""

    def _path(self, part: str, *, ending: str = "") -> Path:
        path = self.root / part / self.namespace / f"{self.name}{ending}"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    @property
    def work(self) -> Path:
        """Its files while a program works on them."""
        return self._path("work")

    @property
    def home(self) -> Path:
        """Where the program's own root is mounted."""
        return self._path("homes")

    @property
    def state(self) -> Path:
        """The folder of its state if it has no backend."""
        return self._path("states")

    @property
    def log(self) -> Path:
        """What the last apply printed."""
        return self._path("logs", ending=".jsonl")

    def printed(self) -> str:
        """The end of what the last apply printed, masked, from a line's beginning on: code of the commit may print without an end."""
        try:
            with self.log.open("rb") as file:
                cut = os.fstat(file.fileno()).st_size > _MOST_PRINTED
                if cut:
                    file.seek(-_MOST_PRINTED, os.SEEK_END)
                printed = file.read(_MOST_PRINTED)
        except FileNotFoundError:
            return ""
        return self.mask((printed.partition(b"\n")[2] if cut else printed).decode(errors="replace"))

    def record(self) -> Record | None:
        """Its record."""
        try:
            return typed_data.from_json(self._path("records", ending=".json").read_bytes(), Record)
        except FileNotFoundError:
            return None

    def keep(self, record: Record) -> None:
        """Writes its record, all of it or nothing."""
        write_whole(self._path("records", ending=".json"), msgspec.json.encode(record))

    @staticmethod
    def records(root: Path, namespace: str) -> tuple[Record, ...]:
        """The records of all configurations in a namespace. Raises Unavailable when one can't be read."""
        folder = root / "records" / namespace
        try:
            files = sorted(file for file in folder.iterdir() if file.suffix == ".json")
            return tuple(typed_data.from_json(file.read_bytes(), Record) for file in files)
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.MsgspecError) as error:
            raise Unavailable(f"the records in {folder} can't be read: {error}", hint="may you read them?") from error

    async def keep_plan(self, sha256: str, plan: bytes, recipient: str) -> None:
        """Keeps a saved plan, encrypted; older ones are of no use any more, as they are of the same state or an older one."""
        folder = self._path("plans")
        sealed = await age.encrypt(plan, [recipient])
        folder.mkdir(exist_ok=True, mode=0o700)
        write_whole(folder / f"{sha256}.age", sealed)

    async def plan(self, sha256: str, identities: tuple[age.Identity, ...]) -> bytes:
        """A saved plan. Raises NotThere when it is gone."""
        try:
            sealed = (self._path("plans") / f"{sha256}.age").read_bytes()
        except FileNotFoundError:
            raise NotThere("the saved plan is gone", hint="deploy again: it is planned anew") from None
        return await age.decrypt(sealed, identities)

    def forget_plans(self) -> None:
        """Removes all saved plans: the state has moved on, so none of them can be applied any more."""
        shutil.rmtree(self._path("plans"), ignore_errors=True)

    @asynccontextmanager
    async def locked(self, within: float, host: str) -> AsyncIterator[HeldLock]:
        """Alone with the configuration, under that name. Raises Unavailable when others take longer."""
        with self._lock_file() as descriptor:
            deadline = asyncio.get_running_loop().time() + within
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if asyncio.get_running_loop().time() > deadline:
                        message = f"{self.name} is being planned or applied by another process"
                        raise Unavailable(message, hint="wait until it has ended") from None
                    await asyncio.sleep(_TRY_EVERY)
            former = os.pread(descriptor, _LONGEST, 0).decode().split()
            os.pwrite(descriptor, " ".join([*former[-_FORMER:], host]).encode(), 0)
            yield HeldLock(descriptor=descriptor, former=tuple(former))

    @contextmanager
    def _lock_file(self) -> Iterator[int]:
        descriptor = os.open(self._path("locks"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def is_busy(self) -> bool:
        """Whether a program works on it now."""
        with self._lock_file() as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def put_aside(self) -> Path | None:
        """Saves a state that the program could not store, before its folder is emptied."""
        try:
            state = self.read(ERRORED)
        except OSError:  # none, or something that the configuration's own code has made
            return None
        kept = self._path("kept", ending=f"-{clock.now():%Y%m%dT%H%M%S%f}.tfstate")
        write_whole(kept, state)
        (self.work / ERRORED).unlink()
        return kept

    def read(self, path: str) -> bytes:
        """A file of the folder that its program works in. Raises OSError, also when it is no plain file."""
        return descriptors.read(self.work, path, most=LARGEST)

    def write(self, name: str, content: bytes) -> None:
        """Writes a file of the folder that its program works in. Raises OSError."""
        descriptors.write(self.work, name, content)

    def lay_out(self, files: dict[str, str]) -> None:
        """A new folder with these files alone. The former one may be one that can't be emptied."""
        work = self.work
        with suppress(FileNotFoundError):
            work.rename(work.with_name(f".{work.name}.{secrets.token_hex(8)}"))
        for former in work.parent.glob(f".{work.name}.*"):
            remove(former)
        work.mkdir(mode=0o700)
        for folder in (self.home, self.state):
            folder.mkdir(exist_ok=True, mode=0o700)
        for path, content in files.items():
            file = self.work / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")


def remove(folder: Path) -> None:
    """Removes a folder, with folders in it that forbid it; a link is no folder."""
    for place, names, _ in os.walk(folder):
        for inner in (place, *(os.path.join(place, name) for name in names)):  # noqa: PTH118 - as os.walk has it
            if not os.path.islink(inner):  # noqa: PTH114
                os.chmod(inner, 0o700)  # noqa: PTH101
    shutil.rmtree(folder, ignore_errors=True)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that only its owner may read, all of it or nothing."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    new.replace(path)
