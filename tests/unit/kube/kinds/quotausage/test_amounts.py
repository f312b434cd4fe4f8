import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.kinds.quotausage.amounts import added, most, parsed, pod_amounts, taken, with_overhead
from wherry.kube.machinery.model import Object


def container(cpu: str, name: str = "c", **more: object) -> Object:
    return {"name": name, "resources": {"requests": {"cpu": cpu}}, **more}


def cpu(pod: Object) -> str:
    return str(pod_amounts(pod, "requests").get("cpu", "none"))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"containers": [container("1"), container("500m")]}, "1500m"),
        ({"containers": [container("1")], "initContainers": [container("3"), container("2")]}, "3"),
        ({"containers": [container("1")], "initContainers": [container("500m")]}, "1"),
        ({"containers": [container("1")], "initContainers": [container("1", restartPolicy="Always")]}, "2"),
        (
            {
                "containers": [container("1")],
                "initContainers": [container("1", restartPolicy="Always"), container("4")],
            },
            "5",
        ),
        ({"containers": [container("1")], "resources": {"requests": {"cpu": "10"}}}, "10"),
        ({"containers": [{"name": "c"}]}, "none"),
        ({}, "none"),
    ],
)
def test_a_pod_asks_for_the_largest_of_its_times(spec: Object, expected: str) -> None:
    assert cpu({"spec": spec}) == expected


def test_what_a_container_still_has_counts_until_it_is_given_back() -> None:
    status = {"containerStatuses": [{"name": "c", "allocatedResources": {"cpu": "4"}}]}
    assert cpu({"spec": {"containers": [container("1")]}, "status": status}) == "4"
    status = {"containerStatuses": [{"name": "c", "resources": {"requests": {"cpu": "500m"}}}]}
    assert cpu({"spec": {"containers": [container("1")]}, "status": status}) == "1"


def test_overhead_comes_on_top_of_limits_only_where_there_are_some() -> None:
    spec = {"containers": [container("1")], "overhead": {"cpu": "250m", "memory": "64Mi"}}
    assert {name: str(each) for name, each in with_overhead({"spec": spec}, "requests").items()} == {
        "cpu": "1250m", "memory": "64Mi",
    }  # fmt: skip
    assert with_overhead({"spec": spec}, "limits") == {}


AMOUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 100).map(lambda n: parsed({"x": n})["x"]))


@given(AMOUNTS, AMOUNTS)
def test_sums_maxima_and_differences_agree(one: dict, other: dict) -> None:
    assert most(one, other) == most(other, one) and added(one, other) == added(other, one)
    assert added(most(one, other)) == most(one, most(one, other), other)
    assert taken(added(one, other), other) == {**taken(one, {}), **{n: one.get(n, q - q) for n, q in other.items()}}
