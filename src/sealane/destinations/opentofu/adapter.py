"""OpenTofu's line in the table of destinations: where Sealane keeps what it knows, and what programs may have."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from sealane.configfiles.fields import File, Maybe
from sealane.destinations.opentofu.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext, Planner

if TYPE_CHECKING:
    from sealane.destinations.opentofu.workbench import Programs

_Text = Annotated[str, Field(min_length=1, max_length=4096)]
_Setting = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*=[^\x00]*$", max_length=4096)]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class OpenTofuFile(File):
    """Configurations of OpenTofu or Terraform, planned and applied by the program on the machine that deploys."""

    folder: _Text
    """A folder that all workers share: records, saved plans, and states without a backend."""
    program: Maybe[_Text] = None
    """The program; when left out `tofu`, or else `terraform`."""
    mirror: Maybe[_Text] = None
    """A folder with providers (`filesystem_mirror`); they come from nowhere else then."""
    variables: Annotated[tuple[_Setting, ...], Field(default_factory=tuple)]
    """Variables of its environment, `NAME=value`."""
    pass_variables: Annotated[tuple[_Name, ...], Field(default_factory=tuple)]
    """Names of variables of the machine's environment that it gets, such as AWS_ACCESS_KEY_ID."""
    confined: bool = True
    """Whether a server runs it confined, which needs Linux; false lets code of a commit read whatever the server may."""


def _placed(written: OpenTofuFile, folder: Path) -> OpenTofuFile:
    mirror = str(folder / written.mirror) if written.mirror else None
    return written.model_copy(update={"folder": str(folder / written.folder), "mirror": mirror})


def _programs(written: OpenTofuFile, context: DestinationContext) -> Programs:
    from sealane.clients import opentofu
    from sealane.destinations.opentofu.workbench import Programs

    passed = {name: os.environ[name] for name in written.pass_variables if name in os.environ}
    return Programs(
        root=Path(written.folder),
        program=opentofu.find(written.program),
        variables={**passed, **dict(setting.split("=", 1) for setting in written.variables)},
        mirror=Path(written.mirror) if written.mirror else None,
        confined=written.confined and context.state is not None,  # people's own commands run their own files
    )


@asynccontextmanager
async def _open(written: OpenTofuFile, context: DestinationContext) -> AsyncIterator[Destination]:
    from sealane.destinations.opentofu.destination import OpenTofuDestination

    assert context.keys is not None, "everybody who deploys has a folder of keys"
    yield OpenTofuDestination(_programs(written, context), keys=context.keys)


def _planner(written: OpenTofuFile, context: DestinationContext) -> Planner:
    from sealane.destinations.opentofu.planner import TofuPlanner

    assert context.keys is not None, "everybody who deploys has a folder of keys"
    return TofuPlanner(programs=_programs(written, context), keys=context.keys)


ADAPTER = DestinationAdapter(file=OpenTofuFile, open=_open, platform=PLATFORM, placed=_placed, planner=_planner)
