"""Break-glass: a person of a named group lets one deployment begin though its window is shut, with a reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sealane import clock, inputs
from sealane.access.model import Actor
from sealane.errors import Conflicting, Refused, UsageError
from sealane.records.deployments import BrokenGlass, Deployment, DeploymentState
from sealane.store.all_stores import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakGlass:
    """Lets people break the glass; `groups` says who may in an environment, `look` opens gates that may open."""

    store: Store
    groups: Callable[[str], tuple[str, ...]]
    look: Callable[[str], Awaitable[None]]
    now: clock.Clock = clock.now

    def may(self, app: str, environment: str, *, by: Actor, reason: str) -> None:
        """Raises Refused when the person may not there, UsageError without a reason."""
        inputs.check_text(reason, "the reason")
        if not reason.strip():
            raise UsageError("the glass is broken with a reason", hint="say why, in a sentence")
        named = self.groups(environment)
        if not named:
            hint = "operators name groups in its file, under windows: break_glass:"
            raise Refused(f"nobody may break the glass of {environment}", hint=hint)
        if not by.groups & set(named):
            raise Refused(f"{by.name} is in none of the groups that may: {', '.join(named)}")
        if not by.approves_as(app, environment) & set(named):
            raise Refused(f"{by.name} may not approve {app}/{environment}: grants of access.yaml say where they may")

    async def break_it(self, deployment_id: str, *, by: Actor, reason: str) -> Deployment:
        """Lets a waiting deployment begin whatever its window says; approvals and holds stay as they are.

        Raises NotThere, Conflicting when it doesn't wait or its window is open, and as `may` does.
        """
        deployment = await self.store.deployments.get(deployment_id)
        self.may(deployment.app, deployment.environment, by=by, reason=reason)
        if deployment.state is not DeploymentState.WAITING:
            raise Conflicting(f"{deployment_id} does not wait any more: it is {deployment.state}")
        if deployment.glass:
            raise Conflicting(f"{deployment.glass.by} has broken the glass for it: {deployment.glass.reason}")
        glass = BrokenGlass(by=by.name, reason=reason.strip(), at=self.now())
        await self.store.deployments.break_glass(deployment_id, glass)
        await self.look(deployment.app)
        return await self.store.deployments.get(deployment_id)
