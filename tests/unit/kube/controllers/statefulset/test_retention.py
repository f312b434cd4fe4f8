import pytest

from tests.unit.kube.controllers.statefulset.sets import claim, member, stateful, with_claims
from tests.unit.kube.controllers.workloads import reference
from wherry.kube.controllers.statefulset import retention
from wherry.kube.machinery.model import Object

DB = stateful(3)
TO_SET = reference(DB)
OTHER = {"apiVersion": "example.com/v1", "kind": "Backup", "name": "b", "uid": "b"}


def to_pod(ordinal: int, uid: str = "") -> Object:
    return {**reference(member(DB, ordinal)), "uid": uid or f"uid-db-{ordinal}"}


@pytest.mark.parametrize(
    ("deleted", "scaled", "inside", "surplus"),
    [
        ("Retain", "Retain", [], []),
        ("Delete", "Retain", [TO_SET], [TO_SET]),
        ("Retain", "Delete", [], [to_pod(7)]),
        ("Delete", "Delete", [TO_SET], [to_pod(7)]),
    ],
)
def test_whose_a_claim_is(deleted: str, scaled: str, inside: list[Object], surplus: list[Object]) -> None:
    owner = with_claims(DB, deleted, scaled)
    for ordinal, expected in ((1, inside), (7, surplus)):
        for before in ([], [TO_SET], [to_pod(ordinal)], [to_pod(ordinal, "former"), TO_SET]):
            found = retention.owners_of(owner, TO_SET, member(DB, ordinal), claim(owner, ordinal, OTHER, *before))
            assert found == [OTHER, *expected]
    assert retention.owners_of(owner, TO_SET, None, claim(owner, 1)) == inside


def test_a_claim_that_somebody_else_controls_is_left_alone() -> None:
    owner = with_claims(DB, "Delete", "Delete")
    held = claim(owner, 1, {**OTHER, "controller": True})
    assert retention.owners_of(owner, TO_SET, member(DB, 1), held) == held["metadata"]["ownerReferences"]


def test_a_claim_that_goes_with_a_former_pod_is_stale() -> None:
    former = claim(DB, 1, to_pod(1, "former"))
    assert retention.is_stale(with_claims(DB, "Retain", "Delete"), "db-1", former)
    assert not retention.is_stale(with_claims(DB), "db-1", former)
    assert not retention.is_stale(with_claims(DB, "Retain", "Delete"), "db-1", claim(DB, 1, TO_SET))
