"""Which volume for which claim."""

import pytest

from tests.unit.kube.scheduler.objects import facts, node
from tests.unit.kube.scheduler.volumes.objects import claim, storage_class, volume
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.volumes.matching import LOST_VOLUME, WRONG_NODE, check_bound, choose

Fields = dict[str, object]


def known_with_class(provisioner: str = "kubernetes.io/no-provisioner") -> Facts:
    known = facts([node("n"), node("m")])
    storage_class(known, "local", waits=True, provisioner=provisioner)
    return known


def chosen(known: Facts, *names: str, on: str = "n") -> str | None:
    """``claim=volume`` of each that is bound, ``claim`` of each that is provisioned."""
    claims = [found for name in names if (found := known.volumes.claim(("default", name))) is not None]
    found = choose(known.volumes, claims, known.cluster.nodes[on])
    if found is None:
        return None
    return " ".join(
        [*(f"{one.name}={two.name}" for one, two in found.bound), *(each.name for each in found.provisioned)]
    )


@pytest.mark.parametrize(
    ("volumes", "more", "found"),
    [
        ({}, {}, None),
        ({"a": {}}, {}, "data=a"),
        ({"a": {"size": "3Gi"}, "b": {"size": "2Gi"}, "c": {"size": "500Mi"}}, {}, "data=b"),
        ({"a": {"node": "m"}}, {}, None),
        ({"a": {"node": "n"}}, {}, "data=a"),
        ({"a": {"owner": "other"}}, {}, None),
        ({"a": {}, "b": {"owner": "data", "size": "9Gi", "phase": "Bound"}}, {}, "data=b"),
        ({"a": {"phase": "Released"}}, {}, None),
        ({"a": {"modes": ["ReadOnlyMany"]}}, {}, None),
        ({"a": {"modes": ["ReadOnlyMany", "ReadWriteOnce"]}}, {}, "data=a"),
        ({"a": {"volumeMode": "Block"}}, {}, None),
        ({"a": {"volumeMode": "Block"}}, {"volumeMode": "Block"}, "data=a"),
        ({"a": {"labels": {"x": "y"}}, "b": {}}, {"selector": {"matchLabels": {"x": "y"}}}, "data=a"),
        ({"a": {"meta": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}}, {}, None),
    ],
)  # fmt: skip
def test_the_smallest_that_will_do(
    volumes: dict[str, dict[str, object]], more: dict[str, object], found: str | None
) -> None:
    known = known_with_class()
    for name, each in volumes.items():
        volume(known, name, "local", **each)
    volume(known, "other-class", "slow")
    claim(known, "data", "local", **more)
    assert chosen(known, "data") == found


def test_small_claims_leave_the_large_volumes_to_the_others() -> None:
    known = known_with_class()
    for name, size in (("large", "5Gi"), ("small", "1Gi")):
        volume(known, f"pv-{name}", "local", size=size)
    claim(known, "a", "local", size="4Gi")
    claim(known, "b", "local", size="1Gi")
    assert chosen(known, "a", "b") == "b=pv-small a=pv-large"
    claim(known, "c", "local", size="1Gi")
    assert chosen(known, "a", "b", "c") is None


def test_what_is_not_there_is_provisioned() -> None:
    known = known_with_class("example.com/local-path")
    volume(known, "pv", "local")
    claim(known, "a", "local")
    claim(known, "b", "local")
    assert chosen(known, "a", "b") == "a=pv b"


def test_a_claim_that_has_been_promised_a_node_stays_there() -> None:
    known = known_with_class("example.com/local-path")
    volume(known, "pv", "local")
    claim(known, "a", "local", node="m")
    assert chosen(known, "a") is None and chosen(known, "a", on="m") == "a"


def test_volumes_that_are_bound_are_where_they_are() -> None:
    known = known_with_class()
    volume(known, "pv", "local", node="n")
    claim(known, "a", "local", bound="pv")
    claim(known, "b", "local", bound="gone")
    a, b = (known.volumes.claims["default", name] for name in "ab")
    nodes = known.cluster.nodes
    assert check_bound(known.volumes, [a], nodes["n"]) == []
    assert check_bound(known.volumes, [a], nodes["m"]) == [WRONG_NODE]
    assert check_bound(known.volumes, [a, b], nodes["n"]) == [LOST_VOLUME]
