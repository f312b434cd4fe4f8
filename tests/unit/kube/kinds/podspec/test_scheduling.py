from typing import Any

import pytest

from tests.unit.kube.kinds.objects import pod_spec, said
from tests.unit.kube.kinds.podspec.specs import wrong_spec
from wherry.kube.kinds.podspec.scheduling import validate_node_selector, validate_spread
from wherry.kube.machinery.fielderrors import Path

S = "t.spec"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


@pytest.mark.parametrize(
    ("expression", "errors"),
    [
        ({"key": "a", "operator": "In", "values": ["b", "c"]}, []),
        ({"key": "a", "operator": "Exists"}, []),
        ({"key": "a", "operator": "Gt", "values": ["5"]}, []),
        (
            {"key": "a", "operator": "In"},
            [".values: Required value: must be specified when `operator` is 'In' or 'NotIn'"],
        ),
        (
            {"key": "a", "operator": "Exists", "values": ["b"]},
            [".values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"],
        ),
        (
            {"key": "a", "operator": "Lt", "values": []},
            [".values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"],
        ),
        ({"key": "a", "operator": "Near"}, ['.operator: Invalid value: "Near": not a valid selector operator']),
    ],
)
def test_expressions_about_nodes(expression: dict[str, Any], errors: list[str]) -> None:
    term = {"matchExpressions": [expression]}
    found = wrong_spec(affinity={"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}})
    at = f"{S}.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0]"
    assert found == [at + each for each in errors]


@pytest.mark.parametrize(
    ("field", "errors"),
    [
        ({"key": "metadata.name", "operator": "In", "values": ["n1"]}, []),
        (
            {"key": "metadata.name", "operator": "In", "values": ["n1", "n2"]},
            [
                ".values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field "
                "selector"
            ],
        ),
        (
            {"key": "metadata.name", "operator": "Exists"},
            ['.operator: Invalid value: "Exists": not a valid selector operator'],
        ),
        (
            {"key": "metadata.uid", "operator": "In", "values": ["x"]},
            ['.key: Invalid value: "metadata.uid": not a valid field selector key'],
        ),
    ],
)
def test_a_node_may_be_meant_by_its_name_only(field: dict[str, Any], errors: list[str]) -> None:
    found = said(validate_node_selector({"nodeSelectorTerms": [{"matchFields": [field]}]}, Path("s")))
    assert found == [f"s.nodeSelectorTerms[0].matchFields[0]{each}" for each in errors]


def test_a_node_selector_has_a_term() -> None:
    assert said(validate_node_selector({"nodeSelectorTerms": []}, Path("s"))) == [
        "s.nodeSelectorTerms: Required value: must have at least one node selector term"
    ]


@pytest.mark.parametrize("weight", [0, 101])
def test_weights_are_percentages(weight: int) -> None:
    preference = {"matchExpressions": [{"key": "a", "operator": "Exists"}]}
    found = wrong_spec(affinity={"nodeAffinity": {PREFERRED: [{"weight": weight, "preference": preference}]}})
    at = f"{S}.affinity.nodeAffinity.{PREFERRED}[0].weight"
    assert found == [f"{at}: Invalid value: {weight}: must be in the range 1-100"]


@pytest.mark.parametrize(
    ("term", "errors"),
    [
        ({"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}, "matchLabelKeys": ["c"]}, []),
        (
            {"topologyKey": "zone", "matchLabelKeys": ["c"]},
            [".matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"],
        ),
        (
            {"topologyKey": "zone", "labelSelector": {}, "matchLabelKeys": ["c"], "mismatchLabelKeys": ["c"]},
            ['.matchLabelKeys[0]: Invalid value: "c": exists in both matchLabelKeys and mismatchLabelKeys'],
        ),
        (
            {"topologyKey": "zone", "labelSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}},
            ['.labelSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator'],
        ),
    ],
)
@pytest.mark.parametrize("kind", ["podAffinity", "podAntiAffinity"])
def test_terms_about_other_pods(term: dict[str, Any], errors: list[str], kind: str) -> None:
    at = f"{S}.affinity.{kind}.{REQUIRED}[0]"
    assert wrong_spec(affinity={kind: {REQUIRED: [term]}}) == [at + each for each in errors]
    weighted = {PREFERRED: [{"weight": 1, "podAffinityTerm": term}]}
    at = f"{S}.affinity.{kind}.{PREFERRED}[0].podAffinityTerm"
    assert wrong_spec(affinity={kind: weighted}) == [at + each for each in errors]


def test_a_term_has_a_topology() -> None:
    first, *_ = wrong_spec(affinity={"podAffinity": {REQUIRED: [{"labelSelector": {}}]}})
    assert first == f"{S}.affinity.podAffinity.{REQUIRED}[0].topologyKey: Required value: can not be empty"


@pytest.mark.parametrize(
    ("toleration", "errors"),
    [
        ({"operator": "Exists"}, []),
        ({"key": "a", "value": "b", "effect": "NoSchedule"}, []),
        ({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}, []),
        (
            {"operator": "Equal"},
            [
                '.operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means '
                '"match all values and all keys"'
            ],
        ),
        (
            {"key": "a", "operator": "Exists", "tolerationSeconds": 5},
            [".effect: Invalid value: \"\": effect must be 'NoExecute' when `tolerationSeconds` is set"],
        ),
        (
            {"key": "a", "operator": "Like"},
            ['.operator: Unsupported value: "Like": supported values: "Equal", "Exists"'],
        ),
        (
            {"key": "a", "operator": "Exists", "effect": "Nothing"},
            ['.effect: Unsupported value: "Nothing": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"'],
        ),
    ],
)
def test_tolerations(toleration: dict[str, Any], errors: list[str]) -> None:
    assert wrong_spec(tolerations=[toleration]) == [f"{S}.tolerations[0]{each}" for each in errors]


SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"minDomains": 2}, []),
        ({"maxSkew": 0}, [".maxSkew: Invalid value: 0: must be greater than zero"]),
        ({"topologyKey": ""}, [".topologyKey: Required value: can not be empty"]),
        (
            {"whenUnsatisfiable": "Wait"},
            ['.whenUnsatisfiable: Unsupported value: "Wait": supported values: "DoNotSchedule", "ScheduleAnyway"'],
        ),
        (
            {"whenUnsatisfiable": "ScheduleAnyway", "minDomains": 1},
            [
                ".minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not "
                "ScheduleAnyway"
            ],
        ),
        ({"minDomains": 0}, [".minDomains: Invalid value: 0: must be greater than zero"]),
        (
            {"nodeTaintsPolicy": "Maybe"},
            ['.nodeTaintsPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"'],
        ),
        (
            {"labelSelector": {"matchLabels": {"a": "b"}}, "matchLabelKeys": ["a"]},
            ['.matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector'],
        ),
        (
            {"labelSelector": None, "matchLabelKeys": ["a"]},
            [".matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"],
        ),
    ],
)
def test_spreading(fields: dict[str, Any], errors: list[str]) -> None:
    found = wrong_spec(topologySpreadConstraints=[{**SPREAD, **fields}])
    assert found == [f"{S}.topologySpreadConstraints[0]{each}" for each in errors]


def test_a_constraint_is_not_said_twice() -> None:
    assert wrong_spec(topologySpreadConstraints=[SPREAD, {**SPREAD, "maxSkew": 2}]) == [
        f"{S}.topologySpreadConstraints[0].{{topologyKey, whenUnsatisfiable}}: Duplicate value: "
        '"{zone, DoNotSchedule}"'
    ]


def test_the_selector_of_a_pod_has_the_keys_already() -> None:
    merged = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}
    constraint = {**SPREAD, "labelSelector": merged, "matchLabelKeys": ["a"]}
    assert validate_spread([constraint], Path("c"), is_pod=True) == []
    assert len(validate_spread([constraint], Path("c"), is_pod=False)) == 1


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {"schedulingGates": [{"name": "a"}, {"name": "a"}]},
            [f'{S}.schedulingGates[1]: Duplicate value: "a"'],
        ),
        (
            {"nodeSelector": {"a": "b c"}},
            [
                f'{S}.nodeSelector: Invalid value: "b c": a valid label must be an empty string or consist of '
                "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
                "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
                "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            ],
        ),
        (
            {"preemptionPolicy": "Maybe"},
            [f'{S}.preemptionPolicy: Unsupported value: "Maybe": supported values: "Never", "PreemptLowerPriority"'],
        ),
    ],
)
def test_other_fields_about_placement(fields: dict[str, Any], errors: list[str]) -> None:
    assert wrong_spec(**fields) == errors


def test_nothing_is_wrong_with_an_empty_spec() -> None:
    assert wrong_spec(**pod_spec()) == []
