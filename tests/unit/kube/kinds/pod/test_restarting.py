"""Who starts again."""

import pytest

from wherry.kube.kinds.pod.restarting import ALL, action, all_may_restart, restarts
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


def test_the_first_rule_that_is_about_it_says_what_is_done() -> None:
    own = {"restartPolicyRules": [rule("In", 42), rule("NotIn", 1, action=ALL), rule("In", 1)]}
    assert [action(own, code) for code in (42, 41, 1)] == ["Restart", ALL, "Restart"]
    assert action({"restartPolicyRules": [rule("In", 42)]}, 1) == action({}, 1) == ""


@pytest.mark.parametrize("kind", ["initContainers", "containers", "ephemeralContainers"])
def test_one_may_be_enough_for_all(kind: str) -> None:
    assert all_may_restart({kind: [{}, {"restartPolicyRules": [rule("In", 1), rule("In", 2, action=ALL)]}]}) is (
        kind != "ephemeralContainers"
    )
    assert not all_may_restart({kind: [{"restartPolicyRules": [rule("In", 1)]}]})
