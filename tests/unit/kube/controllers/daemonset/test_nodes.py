from tests.unit.kube.controllers.daemonset.daemons import node, taint
from wherry.kube.client.cache import Cache
from wherry.kube.controllers.daemonset.nodes import NodeChanges
from wherry.kube.controllers.frame import Key
from wherry.kube.machinery.model import Object

EVERYBODY = [Key("default", "agent")]


class Told:
    """As an informer tells of changes, in the way of an Interest."""

    def __init__(self) -> None:
        self.cache = Cache()
        self.changes = NodeChanges(self.cache, lambda: EVERYBODY)

    def change(self, new: Object | None, name: str = "n1") -> list[Key]:
        old = self.cache.get(name)
        if new is None:
            self.cache.remove(("", name))
        else:
            self.cache.put(new)
        return [key for each in (old, new) if each is not None for key in self.changes(each)]


def test_labels_taints_and_comings_and_goings_matter_and_nothing_else() -> None:
    told = Told()
    assert told.change(node("n1")) == EVERYBODY
    assert told.change({**node("n1"), "status": {"heartbeat": 1}}) == []
    assert told.change(node("n1", zone="a")) == EVERYBODY
    assert told.change(node("n1", taint("x"), zone="a")) == EVERYBODY
    assert told.change(node("n1", taint("x"), zone="a")) == []
    assert told.change(None) == EVERYBODY and told.changes.count == 4
    assert told.change(node("n1")) == EVERYBODY


def test_a_version_is_the_same_until_something_matters() -> None:
    told = Told()
    told.change(node("n1"))
    first = told.changes.version(node("n1"))
    assert told.changes.version({**node("n1"), "status": {}}) == first
    assert told.changes.version(node("n1", zone="b")) != first
