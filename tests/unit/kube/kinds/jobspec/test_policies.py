"""What makes a job fail or succeed before its time."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from tests.unit.kube.kinds.workloads import job
from wherry.kube.kinds.jobspec.policies import validate_failure_policy, validate_success_policy
from wherry.kube.kinds.rules import SPEC
from wherry.kube.machinery.model import Object

AT = "spec.podFailurePolicy.rules[0]"
CODES = {"operator": "In", "values": [1, 2]}
PATTERN = {"type": "DisruptionTarget", "status": "True"}


def failing(rule: Object, **spec: Any) -> list[str]:
    whole = job(podFailurePolicy={"rules": [rule]}, **spec)
    return said(validate_failure_policy(whole, SPEC.child("podFailurePolicy")))


@pytest.mark.parametrize(
    ("rule", "errors"),
    [
        ({"action": "FailJob", "onExitCodes": CODES}, []),
        ({"action": "Ignore", "onPodConditions": [PATTERN]}, []),
        ({"action": "Count", "onExitCodes": {**CODES, "containerName": "web"}}, []),
        ({"action": "Wait", "onExitCodes": CODES},
         [f'{AT}.action: Unsupported value: "Wait": supported values: "Count", "FailIndex", "FailJob", "Ignore"']),
        ({"onExitCodes": CODES},
         [f'{AT}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]']),
        ({"action": "FailIndex", "onExitCodes": CODES},
         [f'{AT}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set']),
        ({"action": "FailJob"},
         [f"{AT}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required"]),
        ({"action": "FailJob", "onExitCodes": CODES, "onPodConditions": [PATTERN]},
         [f"{AT}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported"]),
        ({"action": "FailJob", "onExitCodes": {**CODES, "values": []}},
         [f"{AT}.onExitCodes.values: Invalid value: []: at least one value is required"]),
        ({"action": "FailJob", "onExitCodes": {"operator": "In", "values": [0, 2, 1, 1]}},
         [f"{AT}.onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator",
          f"{AT}.onExitCodes.values[3]: Duplicate value: 1",
          f"{AT}.onExitCodes.values: Invalid value: [0,2,1,1]: must be ordered"]),
        ({"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [0]}}, []),
        ({"action": "FailJob", "onExitCodes": {**CODES, "containerName": "db"}},
         [f'{AT}.onExitCodes.containerName: Invalid value: "db": must be one of the container or initContainer names '
          "in the pod template"]),
        ({"action": "FailJob", "onPodConditions": [{**PATTERN, "status": "Yes"}]},
         [f'{AT}.onPodConditions[0].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"']),
    ],
)  # fmt: skip
def test_a_rule_of_a_failure(rule: Object, errors: list[str]) -> None:
    assert failing(rule) == errors


def test_an_index_may_fail_where_it_has_a_limit() -> None:
    assert failing({"action": "FailIndex", "onExitCodes": CODES}, backoffLimitPerIndex=1) == []


def succeeding(rule: Object | None, **spec: Any) -> list[str]:
    rules = [] if rule is None else [rule]
    whole = job(**{"completionMode": "Indexed", "completions": 10, **spec}, successPolicy={"rules": rules})
    return said(validate_success_policy(whole, SPEC.child("successPolicy")))


ON = "spec.successPolicy.rules[0]"


@pytest.mark.parametrize(
    ("rule", "errors"),
    [
        ({"succeededIndexes": "0-2"}, []),
        ({"succeededCount": 3}, []),
        ({"succeededIndexes": "0-2", "succeededCount": 3}, []),
        (None, ["spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy "
                "is specified"]),
        ({}, [f"{ON}: Required value: at least one of succeededCount or succeededIndexes must be specified"]),
        ({"succeededIndexes": "5-3"},
         [f'{ON}.succeededIndexes: Invalid value: "5-3": error parsing succeededIndexes: non-increasing order, '
          "previous: 5, current: 3"]),
        ({"succeededCount": -1},
         [f"{ON}.succeededCount: Invalid value: -1: must be greater than or equal to 0"]),
        ({"succeededCount": 11},
         [f"{ON}.succeededCount: Invalid value: 11: must be less than or equal to 10 (the number of specified "
          "completions)"]),
        ({"succeededIndexes": "0-2", "succeededCount": 4},
         [f"{ON}.succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the "
          "specified succeededIndexes field)"]),
    ],
)  # fmt: skip
def test_a_rule_of_a_success(rule: Object | None, errors: list[str]) -> None:
    assert succeeding(rule) == errors


def test_only_indexed_jobs_succeed_by_rules() -> None:
    (error,) = succeeding({"succeededCount": 1}, completionMode="NonIndexed")
    assert error.endswith(": requires indexed completion mode")
    assert succeeding({"succeededCount": 1}, completions=None) == []
