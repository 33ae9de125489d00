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
from sealane.destinations.outputs import OutputSource
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext, Planner, Previewer

if TYPE_CHECKING:
    from sealane.destinations.opentofu.workbench import Programs

_Text = Annotated[str, Field(min_length=1, max_length=4096)]
_Setting = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*=[^\x00]*$", max_length=4096)]
_Passed = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(=[A-Za-z_][A-Za-z0-9_]*)?$")]


# Lists are tuples here, which strictly no list of a file is: connections are kept by their entry, so it must have a hash.


class PullRequestsFile(File):
    """What programs get that plan pull requests, in place of what those of the destination get."""

    variables: Annotated[tuple[_Setting, ...], Field(default_factory=tuple, strict=False)]
    """Variables of their environment, `NAME=value`."""
    pass_variables: Annotated[tuple[_Passed, ...], Field(default_factory=tuple, strict=False)]
    """Variables of the machine's environment that they get; `NAME=OTHER` gives them OTHER under that name."""


class OpenTofuFile(File):
    """Configurations of OpenTofu or Terraform, planned and applied by the program on the machine that deploys."""

    folder: _Text
    """A folder that all workers share: records, saved plans, and states without a backend."""
    program: Maybe[_Text] = None
    """The program; when left out `tofu`, or else `terraform`."""
    mirror: Maybe[_Text] = None
    """A folder with providers (`filesystem_mirror`); they come from nowhere else then."""
    variables: Annotated[tuple[_Setting, ...], Field(default_factory=tuple, strict=False)]
    """Variables of its environment, `NAME=value`."""
    pass_variables: Annotated[tuple[_Passed, ...], Field(default_factory=tuple, strict=False)]
    """Variables of the machine's environment that it gets, such as AWS_ACCESS_KEY_ID; `NAME=OTHER` gives it OTHER under that name."""
    confined: bool = True
    """Whether a server runs it confined, which needs Linux; false lets code of a commit read whatever the server may."""
    pull_requests: Maybe[PullRequestsFile] = None
    """Plans pull requests, whose code nobody has reviewed; none is planned when left out."""


def _placed(written: OpenTofuFile, folder: Path) -> OpenTofuFile:
    mirror = str(folder / written.mirror) if written.mirror else None
    return written.model_copy(update={"folder": str(folder / written.folder), "mirror": mirror})


def _variables(given: OpenTofuFile | PullRequestsFile) -> dict[str, str]:
    parted = (passed.partition("=") for passed in given.pass_variables)
    sources = {name: other or name for name, _, other in parted}
    passed = {name: os.environ[source] for name, source in sources.items() if source in os.environ}
    return {**passed, **dict(setting.split("=", 1) for setting in given.variables)}


def _programs(
    written: OpenTofuFile, context: DestinationContext, given: OpenTofuFile | PullRequestsFile | None = None
) -> Programs:
    from sealane.clients import opentofu
    from sealane.destinations.opentofu.workbench import Programs

    return Programs(
        root=Path(written.folder),
        program=opentofu.find(written.program),
        variables=_variables(given or written),
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


def _outputs(written: OpenTofuFile, _: DestinationContext) -> OutputSource:
    from sealane.destinations.opentofu.recorded_outputs import RecordedOutputs

    return RecordedOutputs(root=Path(written.folder))


def _previewer(written: OpenTofuFile, context: DestinationContext) -> Previewer:
    from sealane.destinations.opentofu.previews import TofuPreviewer

    return TofuPreviewer(programs=_programs(written, context, written.pull_requests))


ADAPTER = DestinationAdapter(
    file=OpenTofuFile,
    open=_open,
    platform=PLATFORM,
    placed=_placed,
    planner=_planner,
    plans_pull_requests=lambda written: written.pull_requests is not None,
    previewer=_previewer,
    outputs=_outputs,
)
