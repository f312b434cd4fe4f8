from tests.unit.node.proxy.objects import labelled, pod
from wherry.kube.machinery.selectors import EVERYTHING, of_object
from wherry.node.proxy.policies.model import PolicyPod, policy_pod
from wherry.node.proxy.policies.peers import Pods, Selector

WEB, CLIENT = of_object(labelled(app="web")), of_object(labelled(app="client"))


def made(name: str, namespace: str, app: str) -> PolicyPod:
    found = policy_pod(pod(name, "10.0.0.1", namespace=namespace, labels={"app": app}), "here")
    assert found is not None
    return found


EVERYBODY = [
    made("a", "one", "web"), made("b", "one", "client"), made("c", "two", "client"), made("d", "lost", "client"),
]  # fmt: skip
NAMESPACES = {"one": {"team": "x"}, "two": {"team": "y"}}
PODS = Pods(EVERYBODY, NAMESPACES)


def names(selector: Selector) -> str:
    assert PODS.selected(selector) == PODS.selected(selector)
    assert set(PODS.selected(selector)) == {each for each in EVERYBODY if selector.selects(each, NAMESPACES)}
    return "".join(sorted(each.name for each in PODS.selected(selector)))


def test_pods_of_a_namespace() -> None:
    assert names(Selector(CLIENT, "one")) == "b"
    assert names(Selector(EVERYTHING, "one")) == "ab"
    assert names(Selector(EVERYTHING, "nowhere")) == ""


def test_pods_of_namespaces_with_labels() -> None:
    assert names(Selector(CLIENT, None, of_object(labelled(team="y")))) == "c"
    assert names(Selector(CLIENT, None, EVERYTHING)) == "bc", "nobody knows the labels of the third namespace"


def test_a_selector_has_a_text_of_its_own() -> None:
    texts = {str(Selector(WEB, "one")), str(Selector(WEB)), str(Selector(WEB, None, WEB)), str(Selector(CLIENT, "one"))}
    assert len(texts) == 4
