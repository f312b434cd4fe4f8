"""What the rows of ``kubectl get`` have in common."""

from tests.unit.kube.kinds.objects import CREATED, NOW
from wherry.kube.kinds import rows


def test_name_and_age() -> None:
    obj = {"metadata": {"name": "a", "creationTimestamp": CREATED}}
    assert (rows.name(obj), rows.age(obj, NOW)) == ("a", "2m5s")
    assert (rows.name({}), rows.age({}, NOW)) == ("", "<unknown>")


def test_labels() -> None:
    assert rows.labels({"b": "2", "a": "1"}) == "a=1,b=2"
    assert rows.labels(None) == "<none>"


def test_selectors() -> None:
    assert rows.selector({"matchLabels": {"a": "b"}}) == "a=b"
    assert rows.selector({}) == "<none>"
    assert rows.selector({"matchExpressions": [{"key": "a", "operator": "Near"}]}) == "<error>"


def test_containers() -> None:
    template = {"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}}
    assert rows.containers(template) == ("a,b", "x,y")
    assert rows.containers({}) == ("", "")


def test_some_of_many() -> None:
    assert rows.some(["a", "b", "c"], 3) == "a,b,c"
    assert rows.some(["a", "b", "c", "d"], 4) == "a,b,c + 1 more..."
