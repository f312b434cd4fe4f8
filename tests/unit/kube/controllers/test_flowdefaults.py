import pytest

from wherry.kube.controllers.flowdefaults import objects
from wherry.kube.machinery.model import GroupVersionKind, Object
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.schema.conform import conform


@pytest.mark.parametrize("obj", objects(), ids=lambda obj: f"{obj['kind']}-{obj['metadata']['name']}")
def test_each_is_what_its_schema_says(obj: Object) -> None:
    assert conform(obj, schema_of(GroupVersionKind.of(obj))) == []


def test_every_schema_names_a_level_that_is_there() -> None:
    levels = {each["metadata"]["name"] for each in objects() if each["kind"] == "PriorityLevelConfiguration"}
    schemas = [each for each in objects() if each["kind"] == "FlowSchema"]
    assert {each["spec"]["priorityLevelConfiguration"]["name"] for each in schemas} == levels
    assert len(levels) == 8 and len(schemas) == 13


def test_rules_are_read_from_their_words() -> None:
    found = {each["metadata"]["name"]: each["spec"]["rules"][0] for each in objects() if each["kind"] == "FlowSchema"}
    assert found["probes"]["nonResourceRules"] == [
        {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/readyz", "/livez"]}
    ]
    assert found["exempt"]["resourceRules"] == [
        {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}
    ]
    assert found["system-node-high"]["resourceRules"] == [
        {"verbs": ["*"], "apiGroups": [""], "resources": ["nodes", "nodes/status"], "clusterScope": True},
        {"verbs": ["*"], "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "namespaces": ["*"]},
    ]
