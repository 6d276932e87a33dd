"""Whose scan it is, out of the environment of the CI systems that say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from holdfast.systems.scans.model import ScanContext

REPOSITORY = (
    "GITHUB_REPOSITORY",
    "CI_PROJECT_PATH",
    "BITBUCKET_REPO_FULL_NAME",
    "CODEBUILD_SOURCE_REPO_URL",
    "JOB_NAME",
)
BRANCH = (
    "GITHUB_HEAD_REF",  # of a pull request; GITHUB_REF_NAME is `12/merge` there
    "GITHUB_REF_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_COMMIT_REF_NAME",
    "CODEBUILD_WEBHOOK_HEAD_REF",
    "CHANGE_BRANCH",
    "BRANCH_NAME",
    "GIT_BRANCH",
    "BITBUCKET_BRANCH",
)
COMMIT = (
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "GIT_COMMIT",
    "BITBUCKET_COMMIT",
)
CI_RUN = ("CI_JOB_URL", "CI_PIPELINE_URL", "CODEBUILD_BUILD_URL", "CODEBUILD_BUILD_ID", "BUILD_URL")
SOURCE_ROOT = (
    "GITHUB_WORKSPACE",
    "CI_PROJECT_DIR",
    "CODEBUILD_SRC_DIR",
    "BITBUCKET_CLONE_DIR",
    "WORKSPACE",
)
"""Variables in the order they are asked: GitHub Actions, GitLab CI, CodeBuild, Jenkins, Bitbucket."""


def context_from(
    environment: Mapping[str, str], now: datetime, project: str = "", branch: str = ""
) -> ScanContext:
    """The context of a scan: the settings' project and branch first, then what the CI system says."""
    return ScanContext(
        now=now,
        project=project,
        branch=branch or _short_branch(_first(environment, BRANCH)),
        commit=_first(environment, COMMIT),
        ci_run=_ci_run(environment),
        repository=_short_repository(_first(environment, REPOSITORY)),
        source_root=_first(environment, SOURCE_ROOT),
    )


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _short_branch(reference: str) -> str:
    for prefix in ("refs/heads/", "refs/remotes/", "origin/"):
        reference = reference.removeprefix(prefix)
    return reference


def _short_repository(name: str) -> str:
    return name.rstrip("/").removesuffix(".git").rpartition("/")[2]


def _ci_run(environment: Mapping[str, str]) -> str:
    repository, number = environment.get("GITHUB_REPOSITORY"), environment.get("GITHUB_RUN_ID")
    if repository and number:
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{repository}/actions/runs/{number}"
    return _first(environment, CI_RUN) or environment.get("BITBUCKET_BUILD_NUMBER", "")
