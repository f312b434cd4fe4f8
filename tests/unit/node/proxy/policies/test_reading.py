from tests.unit.node.proxy.objects import labelled, policy
from wherry.node.proxy.policies.reading import EGRESS, INGRESS, is_about, selector, subjects


def directions(**spec: object) -> str:
    return " ".join(each.name for each in (INGRESS, EGRESS) if is_about(policy(**spec), each))


def test_directions_are_those_that_are_named_or_have_rules() -> None:
    assert directions() == "ingress"
    assert directions(egress=[{}]) == "ingress egress"
    assert directions(policyTypes=["Egress"]) == "egress"
    assert directions(policyTypes=["Ingress"], egress=[{}]) == "ingress"


def test_it_is_about_pods_of_its_own_namespace() -> None:
    assert str(subjects(policy(selector=labelled(app="web")))) == "default/app=web"


def test_peers_are_of_its_own_namespace_unless_one_is_selected() -> None:
    pods, team = labelled(app="web"), labelled(team="a")
    assert str(selector({"podSelector": pods}, policy())) == "default/app=web"
    assert str(selector({"podSelector": pods, "namespaceSelector": team}, policy())) == "(team=a)/app=web"
    every = selector({"namespaceSelector": {}}, policy())
    assert every.namespace is None and every.pods.is_everything
