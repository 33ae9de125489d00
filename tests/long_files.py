"""Which files take long, as the end of a whole run tells them."""

from __future__ import annotations

from typing import Final

LONG: Final = frozenset(
    {
        "contracts/store/test_metric_totals.py",
        "contracts/store/test_people.py",
        "contracts/test_bed_beside.py",
        "contracts/test_deployment_story.py",
        "contracts/test_destinations.py",
        "contracts/test_ecs_destination.py",
        "contracts/test_engine_pulls.py",
        "contracts/test_step_habits.py",
        "e2e/test_pages.py",
        "integration/deployments/test_role.py",
        "integration/deployments/test_rollout_going_back.py",
        "integration/deployments/test_rollout_scenarios.py",
        "integration/deployments/test_rollout_storm.py",
        "integration/deployments/test_rollout_strategies.py",
        "integration/kubernetes/test_helm_release_trouble.py",
        "integration/test_artifact_deployments.py",
        "integration/test_gitea.py",
        "integration/test_images.py",
        "integration/test_limits_of_all_roads.py",
        "integration/test_living_health.py",
        "integration/test_observed.py",
        "integration/test_openapi_conformance.py",
        "integration/test_scope_of_all_routes.py",
        "integration/test_server_health.py",
        "integration/test_server_pushes.py",
        "integration/test_server_relay.py",
        "integration/test_server_relay_processes.py",
        "integration/test_server_secrets.py",
        "integration/test_tutorial.py",
        "integration/test_workflows.py",
        "recovery/test_kills.py",
        "recovery/test_kills_beside.py",
        "recovery/test_kills_in_strategies.py",
        "recovery/test_kills_through_a_relay.py",
        "recovery/test_kills_with_images.py",
        "recovery/test_notices.py",
        "recovery/test_real_cluster.py",
        "recovery/test_release_groups.py",
        "recovery/test_sleepers.py",
    }
)
"""Files that take half a minute or more in a lane. One that began late would run on alone when all others have ended."""
