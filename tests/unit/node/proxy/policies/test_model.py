from tests.unit.node.proxy.objects import pod
from wherry.node.proxy.model import NamedPort
from wherry.node.proxy.policies.model import policy_pod


def test_a_pod_is_what_the_api_says_until_something_else_is_known() -> None:
    found = policy_pod(pod("web", "10.0.0.1,fd00::1", labels={"b": "2", "a": "1"}), "here")
    assert found is not None
    assert (found.addresses, found.labels, found.is_local) == (("10.0.0.1", "fd00::1"), (("a", "1"), ("b", "2")), True)
    known = policy_pod(pod("web"), "there", ("10.0.0.2",))
    assert known is not None
    assert (known.addresses, known.is_local) == (("10.0.0.2",), False)


def test_who_has_no_address_of_its_own_is_no_pod_for_policies() -> None:
    assert policy_pod(pod("web"), "here") is None
    assert policy_pod(pod("web", "10.0.0.1", phase="Succeeded"), "here") is None
    assert policy_pod(pod("web", "10.0.0.1", hostNetwork=True), "here") is None


def test_ports_have_names_also_of_init_containers_that_go_on() -> None:
    made = pod("web", "10.0.0.1", ports=[{"name": "http", "containerPort": 80}, {"containerPort": 81}])
    sidecar = {"ports": [{"name": "metrics", "containerPort": 9090, "protocol": "UDP"}]}
    made["spec"]["initContainers"] = [{**sidecar, "restartPolicy": "Always"}, sidecar]
    found = policy_pod(made, "here")
    assert found is not None
    assert found.ports == (NamedPort("http", "TCP", 80), NamedPort("metrics", "UDP", 9090))
