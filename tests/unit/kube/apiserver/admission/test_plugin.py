from tests.unit.kube.apiserver.admission.asking import create, pod
from wherry.kube.apiserver.admission.limitranger import RANGES
from wherry.kube.apiserver.admission.plugin import CREATE, PODS, REMEMBERED, InNamespaces, Plugin, name_of, refusal
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import Operation
from wherry.kube.machinery.model import GroupResource, Object


class OfPods(Plugin):
    resources = frozenset({PODS})
    operations = CREATE


def test_a_plugin_is_asked_about_what_it_says() -> None:
    plugin = OfPods()
    assert plugin.handles(PODS, Operation.CREATE, "")
    assert not plugin.handles(PODS, Operation.UPDATE, "") and not plugin.handles(PODS, Operation.CREATE, "eviction")
    assert not plugin.handles(GroupResource("metrics.k8s.io", "pods"), Operation.CREATE, "")
    assert Plugin().handles(GroupResource("example.com", "things"), Operation.DELETE, "")


def test_a_refusal_names_the_object_or_what_its_name_begins_with() -> None:
    request = create(pod())
    assert str(refusal(request, "no")) == 'pods "web" is forbidden: no'
    request = create({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-", "namespace": "x"}})
    assert str(refusal(request, "no")) == 'pods "web-" is forbidden: no'
    request.object = None
    assert name_of(request) == "Unknown"


def test_rules_of_a_namespace_are_those_of_now() -> None:
    """That there are none is remembered until any of them changes."""

    def limits(namespace: str, name: str) -> Object:
        return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": name, "namespace": namespace}}

    listers = FakeListers()
    rules = InNamespaces(listers.of(RANGES))
    assert not rules.of("a") and not rules.of("b") and not rules.of("")
    listers.put(limits("a", "z"), limits("a", "y"))
    assert [each["metadata"]["name"] for each in rules.of("a")] == ["y", "z"]
    assert not rules.of("b") and not rules.of("b")
    listers.put(limits("b", "x"))
    assert len(rules.of("a")) == 2 and len(rules.of("b")) == 1
    listers.remove(limits("b", "x"))
    assert not rules.of("b") and not rules.of("")


def test_namespaces_that_come_and_go_are_not_remembered_for_ever() -> None:
    rules = InNamespaces(FakeListers().of(RANGES))
    for number in range(2 * REMEMBERED + 10):
        assert not rules.of(f"n{number}")
    assert len(rules._bare) <= REMEMBERED and rules._bare >= {"", f"n{number}"}
