"""Variables that steps of Woodpecker's and Drone's files get here, as far as a run knows them. Pure.

Names as in https://woodpecker-ci.org/docs/usage/environment and https://docs.drone.io/pipeline/environment/reference;
Drone's names for Woodpecker's as in Woodpecker's pipeline/frontend/metadata/drone_compatibility.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from sealane.pipelines import event_variables

WOODPECKER = event_variables.NAMES | {
    "CI",
    "CI_PIPELINE_STATUS",
    "CI_SCRIPT",
    "CI_STEP_NAME",
    "CI_SYSTEM_NAME",
    "CI_WORKFLOW_NAME",
    "CI_WORKSPACE",
}

SAME: Mapping[str, str] = {
    "DRONE_BRANCH": "CI_COMMIT_BRANCH",
    "DRONE_BUILD_CREATED": "CI_PIPELINE_CREATED",
    "DRONE_BUILD_STATUS": "CI_PIPELINE_STATUS",
    "DRONE_COMMIT": "CI_COMMIT_SHA",
    "DRONE_COMMIT_AUTHOR": "CI_COMMIT_AUTHOR",
    "DRONE_COMMIT_AUTHOR_NAME": "CI_COMMIT_AUTHOR",
    "DRONE_COMMIT_BEFORE": "CI_PREV_COMMIT_SHA",
    "DRONE_COMMIT_BRANCH": "CI_COMMIT_BRANCH",
    "DRONE_COMMIT_REF": "CI_COMMIT_REF",
    "DRONE_COMMIT_SHA": "CI_COMMIT_SHA",
    "DRONE_GIT_HTTP_URL": "CI_REPO_CLONE_URL",
    "DRONE_PULL_REQUEST": "CI_COMMIT_PULL_REQUEST",
    "DRONE_REMOTE_URL": "CI_REPO_CLONE_URL",
    "DRONE_REPO": "CI_REPO",
    "DRONE_REPO_BRANCH": "CI_REPO_DEFAULT_BRANCH",
    "DRONE_REPO_NAME": "CI_REPO_NAME",
    "DRONE_REPO_NAMESPACE": "CI_REPO_OWNER",
    "DRONE_REPO_OWNER": "CI_REPO_OWNER",
    "DRONE_STAGE_NAME": "CI_WORKFLOW_NAME",
    "DRONE_STEP_NAME": "CI_STEP_NAME",
    "DRONE_TAG": "CI_COMMIT_TAG",
    "DRONE_TARGET_BRANCH": "CI_COMMIT_TARGET_BRANCH",
    "DRONE_WORKSPACE": "CI_WORKSPACE",
}
"""Drone's variables, and Woodpecker's of the same value."""

DRONE = frozenset(
    [
        *SAME,
        "CI",
        "CI_SCRIPT",
        "DRONE",
        "DRONE_BUILD_EVENT",
        "DRONE_FAILED_STEPS",
        "DRONE_REPO_SCM",
        "DRONE_SEMVER",
        "DRONE_SEMVER_BUILD",
        "DRONE_SEMVER_ERROR",
        "DRONE_SEMVER_MAJOR",
        "DRONE_SEMVER_MINOR",
        "DRONE_SEMVER_PATCH",
        "DRONE_SEMVER_PRERELEASE",
        "DRONE_SEMVER_SHORT",
    ]
)
