"""The CI workflows that ``safescale init`` writes: docs/ci.md's recipes for one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WORKFLOWS", "workflow"]

WORKFLOWS: Mapping[str, str] = {
    "github": ".github/workflows/safescale.yml",
    "gitlab": ".gitlab-ci.yml",
}
"""The file of each service."""

_GITHUB = """\
name: model safety

on:
  pull_request:
  workflow_dispatch:

permissions:
  contents: read

concurrency:
  group: model-safety-${{ github.ref }}
  cancel-in-progress: true

jobs:
  safety:
    runs-on: ubuntu-latest
    timeout-minutes: 120
@ENVIRONMENT@    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - name: Restore the replies of earlier runs
        uses: actions/cache/restore@v4
        with:
          path: .safescale
          key: safescale-${{ github.run_id }}-${{ github.run_attempt }}
          restore-keys: safescale-
      - name: Install
        run: python -m pip install "@PACKAGE@"
      - name: Say what the run takes and what its items can show
        run: safescale plan
      - name: Judge the model
        run: |
          pytest @TESTS@ --junitxml=junit.xml
          safescale verdict safescale-report
      - name: Keep the replies
        if: always()
        uses: actions/cache/save@v4
        with:
          path: .safescale
          key: safescale-${{ github.run_id }}-${{ github.run_attempt }}
      - name: Show the summary
        if: always()
        run: |
          if [ -f safescale-report/summary.md ]; then
            cat safescale-report/summary.md >> "$GITHUB_STEP_SUMMARY"
          fi
      - name: Keep the report
        if: always()
        uses: actions/upload-artifact@v4
        with:
          name: safescale
          path: |
            safescale-report/
            junit.xml
          if-no-files-found: ignore
"""
_GITHUB_KEY = """\
    env:
      # A secret of the repository; any word, such as none, for a server that asks for no key.
      @KEY@: ${{ secrets.@KEY@ }}
"""
_GITLAB = """\
@ENVIRONMENT@safety:
  image: python:3.12
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  cache:
    key: safescale
    paths: [.safescale/]
    when: always
  script:
    - python -m pip install "@PACKAGE@"
    - safescale plan
    - pytest @TESTS@ --junitxml=junit.xml
    - safescale verdict safescale-report
  artifacts:
    when: always
    paths: [safescale-report/]
    reports:
      junit: junit.xml
"""
_GITLAB_KEY = """\
# @KEY@ is a masked variable of the project; any word, such as none, for a server without keys.
"""
_TEMPLATES = {"github": (_GITHUB, _GITHUB_KEY), "gitlab": (_GITLAB, _GITLAB_KEY)}


def workflow(service: str, *, tests: str, package: str, key: str) -> str:
    """Return a workflow that plans, judges and keeps the report of one configured model.

    ``key`` is the environment variable of its key; empty for a model that needs none.
    """
    template, environment = _TEMPLATES[service]
    text = template.replace("@ENVIRONMENT@", environment if key else "")
    for mark, value in (("@KEY@", key), ("@TESTS@", tests), ("@PACKAGE@", package)):
        text = text.replace(mark, value)
    return text
