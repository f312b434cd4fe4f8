from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container
from tests.unit.kube.kinds.podspec.specs import wrong_container, wrong_spec
from wherry.kube.kinds.podspec.resources import container_requests

R = "t.spec.containers[0].resources"


@pytest.mark.parametrize(
    ("resources", "errors"),
    [
        ({"limits": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}, "requests": {"cpu": "100m"}}, []),
        ({"limits": {"example.com/gpu": "1"}}, []),
        (
            {"requests": {"cpu": "1"}, "limits": {"cpu": "500m"}},
            ['.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m'],
        ),
        (
            {"limits": {"cpu": "-1"}},
            ['.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
        ),
        (
            {"limits": {"cpu": "lots"}},
            [
                '.limits[cpu]: Invalid value: "lots": quantities must match the regular expression '
                "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            ],
        ),
        (
            {"limits": {"disk": "1"}},
            [
                '.limits[disk]: Invalid value: "disk": must be a standard resource type or fully qualified',
                '.limits[disk]: Invalid value: "disk": must be a standard resource for containers',
            ],
        ),
        (
            {"limits": {"pods": "1"}},
            ['.limits[pods]: Invalid value: "pods": must be a standard resource for containers'],
        ),
        (
            {"limits": {"requests.example.com/gpu": "1"}},
            [
                '.limits[requests.example.com/gpu]: Invalid value: "requests.example.com/gpu": doesn\'t follow '
                "extended resource name standard"
            ],
        ),
        (
            {"limits": {"example.com/gpu": "1.5"}},
            ['.limits[example.com/gpu]: Invalid value: "1500m": must be an integer'],
        ),
        (
            {"requests": {"example.com/gpu": "1"}},
            [".limits: Required value: Limit must be set for non overcommitable resources"],
        ),
        (
            {"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "2"}},
            ['.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2'],
        ),
        (
            {"limits": {"hugepages-2Mi": "1Mi", "cpu": "1"}},
            ['.limits[hugepages-2Mi]: Invalid value: "1Mi": 1Mi is not positive integer multiple of hugepages-2Mi'],
        ),
        ({"limits": {"hugepages-2Mi": "2Mi"}}, [": Forbidden: HugePages require cpu or memory"]),
        (
            {"claims": [{"name": "gpu"}, {"name": ""}]},
            [
                '.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty',
                ".claims[1]: Required value",
            ],
        ),
    ],
)
def test_resources_of_a_container(resources: Any, errors: list[str]) -> None:
    assert wrong_container(resources=resources) == [f"{R}{each}" for each in errors]


def test_a_claim_is_one_of_the_pods() -> None:
    claims = [{"name": "gpu", "resourceClaimName": "a"}]

    def wrong(*used: Any) -> list[str]:
        return wrong_spec(containers=[container(resources={"claims": list(used)})], resourceClaims=claims)

    assert wrong({"name": "gpu"}) == []
    assert wrong({"name": "gpu", "request": "a"}, {"name": "gpu", "request": "b"}) == []
    assert wrong({"name": "gpu"}, {"name": "gpu"}) == [f'{R}.claims[1]: Duplicate value: "gpu"']
    assert wrong({"name": "gpu", "request": "a"}, {"name": "gpu"}) == [f'{R}.claims[1]: Duplicate value: "gpu"']
    assert wrong({"name": "net"}) == [
        f'{R}.claims[0]: Not found: "net": must be one of the names in pod.spec.resourceClaims: gpu'
    ]


def _with(resources: Any, **fields: Any) -> list[str]:
    inner = {"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}}
    return wrong_spec(containers=[container(resources=inner)], resources=resources, **fields)


def test_resources_of_a_pod_hold_those_of_its_containers() -> None:
    assert _with({"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}}) == []
    assert _with({"requests": {"cpu": "500m"}}) == [
        't.spec.resources.requests[cpu]: Invalid value: "500m": must be greater than or equal to aggregate container '
        "requests of 1"
    ]
    assert _with({"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}) == [
        't.spec.resources.containers[0][memory].limits: Invalid value: "2Gi": must be less than or equal to pod limits '
        "of 1Gi"
    ]
    assert _with({"limits": {"ephemeral-storage": "1"}}) == [
        't.spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", '
        '"hugepages-", "memory"'
    ]


def test_init_containers_count_as_far_as_they_need_more() -> None:
    def of(cpu: str, **fields: Any) -> Any:
        return {"resources": {"requests": {"cpu": cpu}}, **fields}

    spec = {
        "containers": [of("1"), of("2")],
        "initContainers": [of("4"), of("500m", restartPolicy="Always"), of("1")],
    }
    assert str(container_requests(spec)["cpu"]) == "4"
    spec["initContainers"][0] = of("1")
    assert str(container_requests(spec)["cpu"]) == "3500m"


def test_overhead_is_a_limit_of_its_own() -> None:
    assert wrong_spec(overhead={"cpu": "10m"}) == []
    assert wrong_spec(overhead={"cpu": "-10m"}) == [
        't.spec.overhead.limits[cpu]: Invalid value: "-10m": must be greater than or equal to 0'
    ]
