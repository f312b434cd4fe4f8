from tests.unit.kube.apiserver.admission.asking import create, pod
from wherry.kube.apiserver.admission.plugin import CREATE, PODS, Plugin, name_of, refusal
from wherry.kube.apiserver.model import Operation
from wherry.kube.machinery.model import GroupResource


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
