from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container, made, pod_spec, with_status
from wherry.kube.kinds.pod import KIND

RUNNING: dict[str, Any] = {"running": {}}
FAILED = {"terminated": {"exitCode": 1}}
DONE = {"terminated": {"exitCode": 0}}


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        ({"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}, []),
        (
            {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]},
            [
                'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP '
                "for each IP family"
            ],
        ),
        (
            {"podIPs": [{"ip": "x"}]},
            [
                'status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
            ],
        ),
        (
            {"hostIP": "10.0.0.9", "hostIPs": [{"ip": "10.0.0.1"}]},
            ['status.hostIPs[0].ip: Invalid value: "10.0.0.1": must be equal to `hostIP`'],
        ),
        (
            {"resourceClaimStatuses": [{"name": "gpu"}]},
            [
                'status.resourceClaimStatuses[0].name: Invalid value: "gpu": must match the name of an entry in '
                "`spec.resourceClaims`"
            ],
        ),
        ({"conditions": [{"type": "PodScheduled"}, {"type": "example.com/mine"}]}, []),
    ],
)
def test_statuses(status: dict[str, Any], errors: list[str]) -> None:
    assert with_status(KIND, made(KIND, spec=pod_spec()), **status) == errors


def test_conditions_of_others_are_qualified() -> None:
    (error,) = with_status(KIND, made(KIND, spec=pod_spec()), conditions=[{"type": "a b"}])
    assert error.startswith('metadata.conditions[0].Type: Invalid value: "a b": name part must consist of')


@pytest.mark.parametrize(
    ("policy", "before", "refused"),
    [
        ("Always", DONE, False),
        ("OnFailure", FAILED, False),
        ("OnFailure", DONE, True),
        ("Never", FAILED, True),
        ("Never", RUNNING, False),
    ],
)
def test_a_container_that_has_ended_for_good_does_not_run_again(
    policy: str, before: dict[str, Any], refused: bool
) -> None:
    old = made(KIND, spec=pod_spec(restartPolicy=policy))
    old["status"]["containerStatuses"] = [{"name": "web", "state": before}]
    found = with_status(KIND, old, containerStatuses=[{"name": "web", "state": RUNNING}])
    error = "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"
    assert found == [error] * refused


@pytest.mark.parametrize(("code", "refused"), [(42, False), (1, True), (0, True)])
def test_a_container_whose_own_rules_say_so_runs_again(code: int, refused: bool) -> None:
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    spec = pod_spec(containers=[container(name="web", restartPolicy="Never", restartPolicyRules=rules)])
    old = made(KIND, spec=spec | {"restartPolicy": "Never"})
    old["status"]["containerStatuses"] = [{"name": "web", "state": {"terminated": {"exitCode": code}}}]
    found = with_status(KIND, old, containerStatuses=[{"name": "web", "state": RUNNING}])
    assert len(found) == refused


def test_where_all_may_begin_anew_those_that_were_done_run_again() -> None:
    rules = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}]
    web = container(name="web", restartPolicy="Never", restartPolicyRules=rules)
    spec = pod_spec(containers=[web, container(name="b")], initContainers=[container(name="i")], restartPolicy="Never")
    old = made(KIND, spec=spec)
    old["status"] |= {"containerStatuses": [{"name": "b", "state": DONE}]}
    old["status"] |= {"initContainerStatuses": [{"name": "i", "state": DONE}]}
    again = {"containerStatuses": [{"name": "b", "state": RUNNING}]}
    again |= {"initContainerStatuses": [{"name": "i", "state": RUNNING}]}
    assert with_status(KIND, old, **again) == []


def test_a_sidecar_may_run_again() -> None:
    spec = pod_spec(initContainers=[container(name="s", restartPolicy="Always")], restartPolicy="Never")
    old = made(KIND, spec=spec)
    old["status"]["initContainerStatuses"] = [{"name": "s", "state": DONE}]
    assert with_status(KIND, old, initContainerStatuses=[{"name": "s", "state": RUNNING}]) == []
