"""Reads the operators' files of a folder.

A command names files relative to its working folder. A server names them relative to the operators' folder (`base`):
readers of a refusal should not learn where that is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sealane import paths
from sealane.adapters import SHIPPED, Adapters
from sealane.environments import app_access, notice_files, reading
from sealane.environments import people as known_people
from sealane.environments.app_access import AppAccess
from sealane.environments.model import FOLDER, DestinationConfig, DestinationShape, Environment
from sealane.environments.notice_files import NoticeConfig
from sealane.environments.people import People
from sealane.errors import InvalidFiles, NotThere, Unavailable
from sealane.findings import Finding, Place, errors, not_utf8

_ENDINGS = {".yaml", ".yml"}


def gather(
    config: Path, *, base: Path | None = None, adapters: Adapters = SHIPPED
) -> tuple[dict[str, Environment], list[Finding]]:
    """The environments in `config`/environments by name, and everything wrong with their files.

    Raises NotThere when there is no such folder, Unavailable when one of them can't be read.
    """
    folder = config / FOLDER
    if not folder.is_dir():
        raise NotThere(
            f"there is no folder {_named(folder, base)}", hint="it holds the operators' files, one an environment"
        )
    environments: dict[str, Environment] = {}
    findings: list[Finding] = []
    for file in sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS):
        environment, problems = _read(file, base, adapters)
        findings.extend(problems)
        if environment is not None and environments.setdefault(environment.name, environment) is not environment:
            message = f"the environment {environment.name} is also in {environments[environment.name].place.file}"
            findings.append(Finding(message=message, place=Place(file=_named(file, base)), hint="keep one"))
    return environments, findings


def people(config: Path, *, base: Path | None = None, adapters: Adapters = SHIPPED) -> People:
    """The people in `config`/people.yaml; nobody without the file.

    Raises InvalidFiles with everything wrong in it, Unavailable when it can't be read.
    """
    file = config / known_people.FILE
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return People()
    except UnicodeDecodeError as error:
        raise InvalidFiles([not_utf8(error, _named(file, base))]) from error
    except OSError as error:
        raise Unavailable(f"can't read {_named(file, base)}: {error.strerror}") from error
    known, problems = known_people.read(text, _named(file, base), adapters)
    if known is None or errors(problems):
        raise InvalidFiles(errors(problems))
    return known


def gather_access(config: Path, *, base: Path | None = None) -> tuple[AppAccess | None, list[Finding]]:
    """The content of `config`/access.yaml, or everything wrong with it; without the file, the defaults. Raises Unavailable."""
    file = config / app_access.FILE
    try:
        return app_access.read(file.read_text(encoding="utf-8"), _named(file, base))
    except FileNotFoundError:
        return app_access.DEFAULTS, []
    except UnicodeDecodeError as error:
        return None, [not_utf8(error, _named(file, base))]
    except OSError as error:
        raise Unavailable(f"can't read {_named(file, base)}: {error.strerror}") from error


def gather_notices(
    config: Path, *, base: Path | None = None, adapters: Adapters = SHIPPED
) -> tuple[NoticeConfig | None, list[Finding]]:
    """The content of `config`/notices.yaml, or everything wrong with it; without the file, no notices. Raises Unavailable."""
    file = config / notice_files.FILE
    try:
        return notice_files.read(file.read_text(encoding="utf-8"), _named(file, base), adapters)
    except FileNotFoundError:
        return notice_files.NOTHING, []
    except UnicodeDecodeError as error:
        return None, [not_utf8(error, _named(file, base))]
    except OSError as error:
        raise Unavailable(f"can't read {_named(file, base)}: {error.strerror}") from error


def _named(file: Path, base: Path | None) -> str:
    return str(file.relative_to(base)) if base is not None and file.is_relative_to(base) else str(file)


def _read(file: Path, base: Path | None, adapters: Adapters) -> tuple[Environment | None, list[Finding]]:
    try:
        environment, findings = reading.read(file.read_text(encoding="utf-8"), _named(file, base), adapters)
        return (_placed(environment, paths.absolute(file).parent) if environment else None), findings
    except UnicodeDecodeError as error:
        return None, [not_utf8(error, _named(file, base))]
    except OSError as error:
        raise Unavailable(f"can't read {_named(file, base)}: {error.strerror}") from error


def _placed(environment: Environment, folder: Path) -> Environment:
    """The environment with absolute paths of its destinations; in the file, they are relative to its folder."""

    def placed(config: DestinationConfig) -> DestinationConfig:
        shape = environment.adapters.destinations.get(config.kind, DestinationShape)
        return replace(config, written=shape.placed(config.written, folder))

    return replace(
        environment,
        destinations={
            name: placed(destination_config) for name, destination_config in environment.destinations.items()
        },
    )
