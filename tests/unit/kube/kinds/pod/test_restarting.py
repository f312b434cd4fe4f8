"""Who starts again."""

import pytest

from wherry.kube.kinds.pod.restarting import restarts
from wherry.kube.machinery.model import Object


def rule(operator: str, *values: int, action: str = "Restart") -> Object:
    return {"action": action, "exitCodes": {"operator": operator, "values": list(values)}}


@pytest.mark.parametrize(
    ("policy", "own", "code", "again"),
    [
        (None, {}, 0, True),
        ("Always", {}, 0, True),
        ("OnFailure", {}, 0, False),
        ("OnFailure", {}, 1, True),
        ("Never", {}, 1, False),
        ("Never", {"restartPolicy": "Always"}, 0, True),
        ("Never", {"restartPolicy": "OnFailure"}, 1, True),
        ("Always", {"restartPolicy": "Never"}, 1, False),
        ("Never", {"restartPolicy": "Never", "restartPolicyRules": [rule("In", 42)]}, 42, True),
        ("Never", {"restartPolicy": "Never", "restartPolicyRules": [rule("In", 42)]}, 41, False),
        ("Never", {"restartPolicy": "Never", "restartPolicyRules": [rule("NotIn", 42)]}, 41, True),
        ("Never", {"restartPolicy": "OnFailure", "restartPolicyRules": [rule("In", 42)]}, 41, True),
        ("Never", {"restartPolicy": "Never", "restartPolicyRules": [rule("In", 1, action="Other")]}, 1, False),
        ("Never", {"restartPolicy": "OnFailure", "restartPolicyRules": [rule("In", 1, action="Other")]}, 1, True),
    ],
)
def test_own_rules_come_before_own_policy_and_that_before_the_pods(
    policy: str | None, own: Object, code: int, again: bool
) -> None:
    assert restarts({"restartPolicy": policy}, {"name": "c", **own}, code) is again
