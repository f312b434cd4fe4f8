"""Pod templates and the selectors that find their pods."""

import pytest

from tests.unit.kube.kinds.objects import pod_spec, said
from wherry.kube.kinds import templates
from wherry.kube.kinds.rules import SPEC
from wherry.kube.machinery.model import Object

TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": pod_spec()}


def workload(**fields: object) -> Object:
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE, **fields}
    templates.default_template(spec)
    return spec


def test_a_template_gets_the_defaults_of_pods() -> None:
    assert workload()["template"]["spec"]["restartPolicy"] == "Always"
    assert said(templates.validate_template(workload()["template"], SPEC)) == []


@pytest.mark.parametrize(
    ("selector", "errors"),
    [
        ({"matchLabels": {"app": "a"}}, []),
        (None, ["spec.selector: Required value"]),
        ({}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
    ],
)
def test_there_is_a_selector_and_it_selects(selector: Object | None, errors: list[str]) -> None:
    assert said(templates.validate_selector({"selector": selector}, SPEC, "deployment")) == errors


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"selector": {"matchLabels": {"app": "b"}}},
         ['spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`']),
        ({"selector": {"matchExpressions": [{"key": "a", "operator": "X"}]}},
         ['spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"X"}]}: invalid label selector']),
        ({"template": {**TEMPLATE, "spec": pod_spec(restartPolicy="Never")}},
         ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']),
        ({"template": {**TEMPLATE, "spec": pod_spec(activeDeadlineSeconds=1)}},
         ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"]),
    ],
)  # fmt: skip
def test_pods_that_run_for_ever(change: Object, errors: list[str]) -> None:
    assert said(templates.validate_controlled(workload(**change), SPEC, "ReplicaSet")) == errors


def test_warnings_come_when_something_counts() -> None:
    old = {"metadata": {"name": "a.b", "generation": 1}, "spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}}
    beta = {"template": {"spec": {"nodeSelector": {"beta.kubernetes.io/os": "linux"}}}}
    new = {"metadata": {"name": "a.b", "generation": 2}, "spec": beta}
    assert templates.warnings(old, old) == []
    assert templates.warnings(new, old) == [
        'spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'
    ]
    assert len(templates.warnings(new, None)) == 2
