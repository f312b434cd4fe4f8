from typing import Any

import pytest

from tests.unit.kube.controllers.job.jobs import indexed, job, job_pod
from wherry.kube.controllers.job import policies
from wherry.kube.controllers.job.indexes import Indexes
from wherry.kube.machinery.model import Object


def with_rules(*rules: Object) -> Object:
    return job(podFailurePolicy={"rules": list(rules)})


def codes(action: str, operator: str, *values: int, **more: str) -> Object:
    return {"action": action, "onExitCodes": {"operator": operator, "values": list(values), **more}}


def conditions(action: str, *patterns: Object) -> Object:
    return {"action": action, "onPodConditions": list(patterns)}


DISRUPTED = {"type": "DisruptionTarget", "status": "True"}


@pytest.mark.parametrize(
    ("rules", "code", "action"),
    [
        ([codes("Ignore", "In", 3, 4)], 3, "Ignore"),
        ([codes("Ignore", "In", 3, 4)], 5, ""),
        ([codes("Count", "NotIn", 3)], 5, "Count"),
        ([codes("Count", "NotIn", 3)], 3, ""),
        ([codes("FailIndex", "NotIn", 3)], 0, ""),
        ([codes("FailIndex", "In", 3, containerName="c")], 3, "FailIndex"),
        ([codes("FailIndex", "In", 3, containerName="d")], 3, ""),
        ([codes("Count", "In", 3), codes("FailJob", "In", 3)], 3, "Count"),
    ],
)
def test_a_rule_about_exit_codes(rules: list[Object], code: int, action: str) -> None:
    judged = policies.judge(with_rules(*rules), job_pod("p", "Failed", code=code))
    assert judged.action == action and judged.counts is (action != "Ignore")


def test_a_rule_that_fails_the_job_says_why() -> None:
    rules = with_rules(conditions("Ignore", DISRUPTED), codes("FailJob", "In", 42))
    failed = job_pod("p", "Failed", code=42)
    expected = "Container c for pod default/p failed with exit code 42 matching FailJob rule at index 1"
    assert policies.judge(rules, failed).message == expected
    assert policies.job_failure(rules, [job_pod("q", "Failed"), failed]) == expected
    assert policies.job_failure(rules, [job_pod("q", "Failed")]) == policies.job_failure(job(), [failed]) == ""


def test_a_rule_about_conditions() -> None:
    failed = job_pod("p", "Failed")
    failed["status"]["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]
    assert policies.judge(with_rules(conditions("Ignore", DISRUPTED)), failed).action == "Ignore"
    assert policies.judge(with_rules(conditions("Ignore", {**DISRUPTED, "status": "False"})), failed).action == ""
    expected = "Pod default/p has condition DisruptionTarget matching FailJob rule at index 0"
    assert policies.judge(with_rules(conditions("FailJob", {"type": "DisruptionTarget"})), failed).message == expected


def test_a_container_that_still_ends_and_an_init_container() -> None:
    failed = job_pod("p", "Failed")
    failed["status"]["containerStatuses"][0]["state"] = {"running": {}}
    failed["status"]["initContainerStatuses"] = [{"name": "i", "state": {"terminated": {"exitCode": 7}}}]
    assert policies.judge(with_rules(codes("Ignore", "In", 7)), failed).action == "Ignore"


@pytest.mark.parametrize(
    ("rule", "done", "met"),
    [
        ({"succeededCount": 2}, [0, 5], True),
        ({"succeededCount": 3}, [0, 5], False),
        ({"succeededIndexes": "0,2-4"}, [0, 2, 3, 4], True),
        ({"succeededIndexes": "0,2-4"}, [0, 2, 4, 5], False),
        ({"succeededIndexes": "0,2-4", "succeededCount": 2}, [2, 4, 5], True),
        ({"succeededIndexes": "0,2-4", "succeededCount": 2}, [5, 6, 4], False),
        ({"succeededIndexes": "90"}, [0], False),
        ({"succeededCount": 0}, [], False),
    ],
)
def test_when_some_successes_are_enough(rule: Any, done: list[int], met: bool) -> None:
    mine = indexed(completions=10, successPolicy={"rules": [{"succeededCount": 9}, rule]})
    assert policies.success(mine, Indexes.of(done)) == ("Matched rules at index 1" if met else "")
    assert policies.success(indexed(), Indexes.of(done)) == ""
