import copy

from tests.unit.kube.kinds.objects import NOW, created, made, pod_spec
from wherry.kube.kinds.podtemplate import KIND


def test_a_template_has_the_defaults_of_a_pod() -> None:
    found = made(KIND, template={"spec": pod_spec()})
    assert found["template"]["spec"]["restartPolicy"] == "Always"
    again = copy.deepcopy(found)
    KIND.strategy.default(again)
    assert again == found


def test_rules_of_templates_are_applied() -> None:
    assert created(KIND, template={"spec": pod_spec()}) == []
    assert created(KIND, template={"spec": {}}) == ["template.spec.containers: Required value"]
    assert created(KIND) == ["template.spec.containers: Required value"]


def test_warnings_are_those_of_templates() -> None:
    found = made(KIND, template={"spec": pod_spec(imagePullSecrets=[{"name": ""}])})
    assert KIND.strategy.warnings(found, None) == ['template.spec.imagePullSecrets[0].name: invalid empty name ""']


def test_a_row() -> None:
    assert KIND.cells is not None
    found = made(KIND, template={"metadata": {"labels": {"a": "b"}}, "spec": pod_spec()})
    assert list(KIND.cells(found, NOW)) == ["a", "web", "nginx:1.27", "a=b"]
