import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import changed, container, made, pod_spec
from wherry.kube.kinds.pod import KIND
from wherry.kube.kinds.podspec.annotations import MIRROR
from wherry.kube.machinery.model import Object

UPDATABLE = (
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)
TOLERATION = {"key": "a", "operator": "Exists", "effect": "NoExecute"}


def update(old: Object, change: Callable[[Object], Any], subresource: str = "") -> list[str]:
    spec = copy.deepcopy(old["spec"])
    change(spec)
    return changed(KIND, old, subresource, spec=spec)


def pod(*containers: Object, **fields: Any) -> Object:
    return made(KIND, spec=pod_spec(*containers, **fields))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"activeDeadlineSeconds": 10}),
        ({"activeDeadlineSeconds": 10}, {"activeDeadlineSeconds": 5}),
        ({"terminationGracePeriodSeconds": -1}, {"terminationGracePeriodSeconds": 1}),
        ({"tolerations": [TOLERATION]}, {"tolerations": [{**TOLERATION, "tolerationSeconds": 5}]}),
        ({"tolerations": [TOLERATION]}, {"tolerations": [{"key": "b", "operator": "Exists"}, TOLERATION]}),
        ({"schedulingGates": [{"name": "a"}]}, {"schedulingGates": []}),
        ({"schedulingGates": [{"name": "a"}]}, {"nodeSelector": {"b": "c"}}),
        ({}, {"initContainers": []}),
    ],
)
def test_what_may_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert update(pod(**before), lambda spec: spec.update(after)) == []


def test_an_image_may_change() -> None:
    assert update(pod(), lambda spec: spec["containers"][0].update(image="nginx:2")) == []
    assert (
        update(pod(), lambda spec: spec["containers"][0].update(image="nginx "))
        == ['spec.containers[0].image: Invalid value: "nginx ": must not have leading or trailing whitespace'] * 2
    )  # as upstream, which asks both what it is now and whether it may have become so


@pytest.mark.parametrize(
    ("after", "shown"),
    [
        ({"nodeName": "n"}, 'nodeName: null -> "n"'),
        ({"hostNetwork": True}, "hostNetwork: null -> true"),
        ({"terminationGracePeriodSeconds": 5}, "terminationGracePeriodSeconds: 30 -> 5"),
    ],
)
def test_what_may_not_change(after: dict[str, Any], shown: str) -> None:
    assert update(pod(), lambda spec: spec.update(after)) == [UPDATABLE + shown]


@pytest.mark.parametrize(
    ("before", "after", "errors"),
    [
        (
            {},
            {"containers": []},
            [
                "spec.containers: Required value",
                "spec.containers: Forbidden: pod updates may not add or remove containers",
            ],
        ),
        (
            {"activeDeadlineSeconds": 5},
            {"activeDeadlineSeconds": 6},
            ["spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"],
        ),
        (
            {"activeDeadlineSeconds": 5},
            {"activeDeadlineSeconds": None},
            [
                "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value",
            ],
        ),
        (
            {"tolerations": [TOLERATION]},
            {"tolerations": []},
            [
                "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
            ],
        ),
        (
            {},
            {"schedulingGates": [{"name": "a"}]},
            [
                "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
            ],
        ),
        (
            {"schedulingGates": [{"name": "a"}], "nodeSelector": {"b": "c"}},
            {"nodeSelector": {"b": "d"}},
            [
                'spec.nodeSelector: Invalid value: {"b":"d"}: only additions to spec.nodeSelector are allowed '
                "(no mutations or deletions)"
            ],
        ),
    ],
)
def test_changes_with_words_of_their_own(before: dict[str, Any], after: dict[str, Any], errors: list[str]) -> None:
    assert update(pod(**before), lambda spec: spec.update(after)) == errors


def node_affinity(*expressions: Object) -> Object:
    terms = [{"matchExpressions": list(expressions)}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def test_a_gated_pod_may_become_choosier() -> None:
    first, second = ({"key": key, "operator": "Exists"} for key in "ab")
    old = pod(schedulingGates=[{"name": "a"}], affinity=node_affinity(first))
    assert update(old, lambda spec: spec.update(affinity=node_affinity(first, second))) == []
    (error,) = update(old, lambda spec: spec.update(affinity=node_affinity(second)))
    assert error.endswith("]}: only additions are allowed (no mutations or deletions)")


DEBUG = {"name": "debug", "image": "busybox"}


def test_ephemeral_containers_are_added_and_stay() -> None:
    old = pod()
    assert update(old, lambda spec: spec.update(ephemeralContainers=[DEBUG]), "ephemeralcontainers") == []
    old["spec"]["ephemeralContainers"] = [DEBUG]
    KIND.strategy.default(old)
    assert update(old, lambda spec: spec.pop("ephemeralContainers"), "ephemeralcontainers") == [
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n'
    ]
    other = [{**DEBUG, "image": "alpine"}]
    (error,) = update(old, lambda spec: spec.update(ephemeralContainers=other), "ephemeralcontainers")
    assert error.startswith(
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n'
    )


def test_static_pods_have_no_ephemeral_containers() -> None:
    old = made(KIND, metadata={"annotations": {MIRROR: "x"}}, spec=pod_spec(nodeName="n"))
    assert update(old, lambda spec: spec.update(ephemeralContainers=[DEBUG]), "ephemeralcontainers") == [
        ": Forbidden: static pods do not support ephemeral containers"
    ]


BURSTABLE = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}}


@pytest.mark.parametrize(
    ("resources", "errors"),
    [
        ({"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "3", "memory": "3Gi"}}, []),
        (
            {"requests": {"cpu": "2", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
            ['spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'],
        ),
        (
            {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "2Gi"}},
            # The default is the limit.
            [],
        ),
        (
            {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2"}},
            ["spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"],
        ),
        (
            {**BURSTABLE, "requests": {**BURSTABLE["requests"], "ephemeral-storage": "1Gi"}},
            ["spec: Forbidden: only cpu and memory resources are mutable"],
        ),
    ],
)
def test_resizing(resources: Object, errors: list[str]) -> None:
    old = pod(container(resources=BURSTABLE))
    assert update(old, lambda spec: spec["containers"][0].update(resources=resources), "resize") == errors


def test_memory_is_not_taken_back_from_what_runs() -> None:
    less = {"requests": BURSTABLE["requests"], "limits": {"cpu": "2", "memory": "1Gi"}}
    found = update(
        pod(container(resources=BURSTABLE)), lambda spec: spec["containers"][0].update(resources=less), "resize"
    )
    why = "memory limits cannot be decreased unless resizePolicy is RestartContainer"
    assert found == [f"spec.containers[0].resources.limits[memory]: Forbidden: {why}"]
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    restarting = pod(container(resources=BURSTABLE, resizePolicy=policy))
    assert update(restarting, lambda spec: spec["containers"][0].update(resources=less), "resize") == []


def test_containers_are_not_added_by_a_resize() -> None:
    old = pod(container(resources=BURSTABLE))
    more = container(name="b", resources=BURSTABLE)
    assert update(old, lambda spec: spec["containers"].append(more), "resize") == [
        "spec: Forbidden: only cpu and memory resources are mutable"
    ]
