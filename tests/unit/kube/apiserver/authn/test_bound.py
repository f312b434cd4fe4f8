"""What tokens are bound to. How each answer reads, is in test_tokens."""

import pytest

from tests.unit.kube.apiserver.authn.keys import ACCOUNT, NODE, NOW, POD, thing
from wherry.kube.apiserver.authn.bound import BoundObjects, is_deleted
from wherry.kube.apiserver.authn.claims import Bound, Reference
from wherry.kube.apiserver.authn.model import InvalidToken
from wherry.kube.apiserver.fake import FakeListers

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


def test_deleted_is_what_has_been_on_its_way_out_for_a_minute() -> None:
    going = thing("Pod", "web", "pod-1", meta={"deletionTimestamp": "2027-01-15T08:00:00Z"})  # NOW
    assert not is_deleted(going, NOW + 60)
    assert is_deleted(going, NOW + 61)
    assert not is_deleted(POD, NOW)
