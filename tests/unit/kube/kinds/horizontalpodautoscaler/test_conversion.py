"""Between autoscaling/v2 and v1."""

from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.horizontalpodautoscaler.examples import external, of_object, pods, resource, scaler, use
from wherry.kube.kinds.horizontalpodautoscaler.conversion import BEHAVIOR, CONDITIONS, METRICS, from_v1, to_v1
from wherry.kube.machinery.model import GroupVersionKind, Object
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.schema.conform import conform


def schema(version: str) -> Any:
    return schema_of(GroupVersionKind("autoscaling", version, "HorizontalPodAutoscaler"))


def v2(*metrics: Object, **fields: Any) -> Object:
    return {"metadata": {"name": "a"}, "spec": scaler(metrics=list(metrics)), **fields}


def test_the_use_of_cpu_has_a_field() -> None:
    old = to_v1(v2(use(50)))
    assert old["spec"]["targetCPUUtilizationPercentage"] == 50
    assert "annotations" not in old["metadata"]
    assert from_v1(old) == v2(use(50))


def test_what_has_no_field_is_an_annotation() -> None:
    obj = v2(use(50), pods("1"), status={"conditions": [{"type": "AbleToScale", "status": "True"}]})
    obj["spec"]["behavior"] = {"scaleDown": {"selectPolicy": "Max"}}
    old = to_v1(obj)
    assert old["metadata"]["annotations"] == {
        METRICS: '[{"type":"Pods","pods":{"metricName":"requests","targetAverageValue":"1"}}]',
        CONDITIONS: '[{"type":"AbleToScale","status":"True"}]',
        BEHAVIOR: '{"ScaleDown":{"SelectPolicy":"Max"}}',
    }
    assert "behavior" not in old["spec"]
    assert conform(old, schema("v1")) == []


def test_without_either_it_is_the_default_use_of_cpu() -> None:
    assert from_v1({"spec": scaler()})["spec"]["metrics"] == [use(80)]


def test_what_is_measured_has_a_field_too() -> None:
    current = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 30}}}
    old = to_v1(v2(use(50), status={"currentMetrics": [current]}))
    assert old["status"] == {"currentCPUUtilizationPercentage": 30}
    assert from_v1(old)["status"]["currentMetrics"] == [current]
    assert from_v1({"spec": scaler(), "status": {"currentCPUUtilizationPercentage": 30}})["status"] == {
        "currentMetrics": [current]
    }


def test_what_it_is_given_stays_as_it_was() -> None:
    obj = v2(pods("1"))
    before = deepcopy(obj)
    to_v1(obj)
    assert obj == before


AMOUNTS = st.integers(1, 10**6).map(str)
METRIC = st.one_of(
    st.builds(use, st.integers(1, 100), st.sampled_from(("memory", "disk"))),
    st.builds(lambda amount: resource("memory", type="AverageValue", averageValue=amount), AMOUNTS),
    st.builds(pods, AMOUNTS),
    st.builds(lambda amount: external(type="Value", value=amount), AMOUNTS),
    st.builds(lambda amount: external(type="AverageValue", averageValue=amount), AMOUNTS),
    st.builds(lambda amount: of_object(type="Value", value=amount), AMOUNTS),
    st.builds(lambda amount: of_object(type="AverageValue", averageValue=amount), AMOUNTS),
)


@given(st.lists(METRIC, max_size=4), st.integers(1, 100))
def test_every_metric_survives_the_way_and_back(metrics: list[Object], percent: int) -> None:
    obj = v2(*metrics, use(percent))
    assert from_v1(to_v1(obj)) == obj


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("type", "pods", "resource", "name", "targetAverageValue", "target", "x")), inner
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("name", [METRICS, CONDITIONS, BEHAVIOR])
@given(text=st.text(max_size=10) | JSON.map(lambda value: msgspec.json.encode(value).decode()))
def test_whatever_an_annotation_says_v2_can_hold_what_comes_of_it(name: str, text: str) -> None:
    obj = {"metadata": {"annotations": {name: text}}, "spec": scaler()}
    conform(from_v1(obj), schema("v2"))


def test_depth_is_no_danger() -> None:
    obj = {"metadata": {"annotations": {BEHAVIOR: "[" * 900 + "]" * 900}}, "spec": scaler()}
    assert "behavior" not in from_v1(obj)["spec"]
