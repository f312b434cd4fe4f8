"""What tokens are bound to. How each answer reads, is in test_tokens."""

import math

import pytest

from tests.unit.kube.apiserver.authn.keys import ACCOUNT, NODE, NOW, POD, SECRET, thing
from wherry.kube.apiserver.authn.bound import BoundObjects, Holding, is_deleted
from wherry.kube.apiserver.authn.claims import Bound, Reference
from wherry.kube.apiserver.authn.model import InvalidToken
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.machinery.model import Object

ROBOT = Reference("robot", "sa-1")


def test_an_account_alone_is_enough() -> None:
    BoundObjects(FakeListers(ACCOUNT)).check(Bound("a", serviceaccount=ROBOT), NOW)


def test_everything_is_looked_for_in_the_accounts_namespace() -> None:
    elsewhere = FakeListers(ACCOUNT, thing("Pod", "web", "pod-1", namespace="b"))
    with pytest.raises(InvalidToken):
        BoundObjects(elsewhere).check(Bound("a", pod=Reference("web", "pod-1"), serviceaccount=ROBOT), NOW)


def test_of_pod_and_node_the_pod_counts() -> None:
    bound = Bound("a", pod=Reference("web", "pod-1"), node=Reference("n1", "node-0"), serviceaccount=ROBOT)
    BoundObjects(FakeListers(ACCOUNT, POD, NODE)).check(bound, NOW)
    alone = Bound("a", node=Reference("n1", "node-0"), serviceaccount=ROBOT)
    with pytest.raises(InvalidToken, match="node UID"):
        BoundObjects(FakeListers(ACCOUNT, POD, NODE)).check(alone, NOW)


WEB, OWN_KEY, HERE = Reference("web", "pod-1"), Reference("key", "secret-1"), Reference("n1", "node-1")


@pytest.mark.parametrize(
    ("bound", "obj"),
    [
        (Bound("a", serviceaccount=ROBOT), ACCOUNT),
        (Bound("a", serviceaccount=ROBOT, pod=WEB), POD),
        (Bound("a", serviceaccount=ROBOT, secret=OWN_KEY), SECRET),
        (Bound("a", serviceaccount=ROBOT, node=HERE), NODE),
    ],
)
def test_what_is_looked_at_again_is_what_has_changed(bound: Bound, obj: Object) -> None:
    caches = FakeListers(ACCOUNT, POD, SECRET, NODE)
    holding = Holding(BoundObjects(caches), bound)
    for each in (ACCOUNT, obj):
        holding.check(NOW)
        caches.remove(each)
        for _ in range(2):
            with pytest.raises(InvalidToken):
                holding.check(NOW)
        caches.put(each)
        holding.check(NOW)


def test_what_is_on_its_way_out_is_looked_at_again_in_time() -> None:
    going = thing("Pod", "web", "pod-1", meta={"deletionTimestamp": "2027-01-15T08:00:00Z"})  # NOW
    bound = Bound("a", pod=Reference("web", "pod-1"), serviceaccount=ROBOT)
    assert BoundObjects(FakeListers(ACCOUNT, going)).check(bound, NOW) == NOW + 60
    assert BoundObjects(FakeListers(ACCOUNT, POD)).check(bound, NOW) == math.inf
    holding = Holding(BoundObjects(FakeListers(ACCOUNT, going)), bound)
    holding.check(NOW)
    holding.check(NOW + 60)
    with pytest.raises(InvalidToken):
        holding.check(NOW + 60.1)


def test_deleted_is_what_has_been_on_its_way_out_for_a_minute() -> None:
    going = thing("Pod", "web", "pod-1", meta={"deletionTimestamp": "2027-01-15T08:00:00Z"})  # NOW
    assert not is_deleted(going, NOW + 60)
    assert is_deleted(going, NOW + 61)
    assert not is_deleted(POD, NOW)
