"""Whether the process is alive, and whether it is ready. Needs no token, so it tells nothing else."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse

from sealane.server import dependencies
from sealane.server.readiness import Readiness

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    alive: bool = True


class Part(BaseModel):
    """One part of the server."""

    ready: bool
    reason: str | None


class Ready(BaseModel):
    """Whether the server can do its work."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    ready: bool
    checks: dict[str, Part]
    """`database`, its `migrations`, the `journal` of workflows, `workers`, the `disk` of the data folder, and
    `subscribers`: who is told what happens, and may be behind without harm."""


@router.get("/healthz")
@router.head("/healthz", include_in_schema=False)
async def healthz() -> Alive:
    """Whether the process lives; asks nothing else."""
    return Alive()


@router.get(
    "/readyz", response_model=Ready, responses={503: {"model": Ready, "description": "Some part is not ready."}}
)
@router.head("/readyz", include_in_schema=False)
async def readyz(request: Request, server: dependencies.OpenServer) -> JSONResponse:
    """Whether the server can do its work now, and if not, which part keeps it from that. Looks at most once a second."""
    readiness: Readiness = request.app.state.readiness
    looks = await readiness.look(server)
    checks = {check.name: Part(ready=check.ready, reason=check.reason) for check in looks}
    ready = Ready(ready=all(check.ready for check in checks.values()), checks=checks)
    return JSONResponse(ready.model_dump(), status_code=200 if ready.ready else 503)
