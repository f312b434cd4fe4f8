"""Following a lister."""

from wherry.kube.apiserver.authz.tracking import Tracked, key_of
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.machinery.model import GroupResource, Object

PODS = GroupResource("", "pods")


def pod(name: str, label: str = "") -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a", "labels": {"l": label}}}


def test_at_first_everything_is_to_be_read() -> None:
    tracked = Tracked(FakeListers(pod("x")).of(PODS))

    assert tracked.moved
    assert tracked.changes() is None
    assert not tracked.moved


def test_then_what_changed_since() -> None:
    listers = FakeListers(pod("x"), pod("y"))
    tracked = Tracked(listers.of(PODS))
    tracked.changes()

    listers.put(pod("x", "new"), pod("z"))
    listers.remove(pod("y"))
    assert tracked.moved
    changes = tracked.changes()
    assert changes is not None
    assert list(changes) == [(("a", "x"), pod("x", "new")), (("a", "z"), pod("z")), (("a", "y"), None)]
    assert not tracked.moved


def test_everything_again_when_changes_were_forgotten() -> None:
    listers = FakeListers(pod("x"))
    tracked = Tracked(listers.of(PODS))
    tracked.changes()

    listers.put(pod("y"))
    listers.of(PODS).forget_changes()
    assert tracked.changes() is None


class Forgetful:
    """A lister that knows no changes."""

    revision = 1

    def get(self, name: str, namespace: str = "") -> Object | None:
        return None

    def list(self, namespace: str | None = None) -> tuple[Object, ...]:
        return ()


def test_and_always_of_a_lister_that_knows_no_changes() -> None:
    tracked = Tracked(Forgetful())

    assert tracked.changes() is None
    assert tracked.changes() is None
    assert not tracked.moved


def test_keys() -> None:
    assert key_of(pod("x")) == ("a", "x")
    assert key_of({"metadata": {"name": "n"}}) == ("", "n")
