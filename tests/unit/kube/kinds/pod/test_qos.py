from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container, pod_spec
from wherry.kube.kinds.pod.qos import BEST_EFFORT, BURSTABLE, GUARANTEED, qos_class

BOTH = {"cpu": "1", "memory": "1Gi"}
FULL = {"requests": BOTH, "limits": BOTH}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([{}], BEST_EFFORT),
        ([{"requests": {"cpu": "0"}}], BEST_EFFORT),
        ([{"limits": {"example.com/gpu": "1"}}], BEST_EFFORT),
        ([{"requests": {"cpu": "1"}}], BURSTABLE),
        ([{"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}], BURSTABLE),
        ([FULL], GUARANTEED),
        ([{"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": BOTH}], GUARANTEED),
        ([{"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": BOTH}], BURSTABLE),
        ([FULL, {}], BURSTABLE),
        ([FULL, FULL], GUARANTEED),
    ],
)
def test_a_pod_is_as_good_as_its_worst_container(resources: list[dict[str, Any]], expected: str) -> None:
    containers = [container(name=f"c{number}", resources=each) for number, each in enumerate(resources)]
    assert qos_class(pod_spec(*containers)) == expected


def test_init_containers_count() -> None:
    assert qos_class(pod_spec(container(resources=FULL), initContainers=[container(name="i")])) == BURSTABLE


def test_resources_of_the_pod_come_before_those_of_its_containers() -> None:
    assert qos_class(pod_spec(container(), resources=FULL)) == GUARANTEED
    assert qos_class(pod_spec(container(resources=FULL), resources={"requests": {"cpu": "3"}})) == BURSTABLE
